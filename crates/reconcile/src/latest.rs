//! Stating which release of each channel is the current one, again and again: what was stated once soon
//! expires, so that clients notice a mirror that stands still.

use std::sync::Arc;

use picket_domain::{ChannelName, Release};
use picket_publisher::{LatestTerms, LookAtLog};

use crate::engine::{Engine, blocking, now};
use crate::lane::Lane;

impl Engine {
    /// States it for each channel where it is time, one by one: what fails for one keeps no other from
    /// it.
    pub(crate) async fn state_all_latest(&self, lane: &Lane) {
        for channel in &self.channels {
            let name = channel.name();
            let step = format!("stating which release of {name} is current");
            lane.attempt(&step, self.state_recorded(name)).await;
        }
    }

    /// Whether what comes next could be signed: an outage is seen before a release waits for it.
    pub(crate) async fn ask_signer(&self) -> anyhow::Result<()> {
        let publisher = Arc::clone(&self.publisher);
        blocking(move || publisher.signer().can_sign()).await
    }

    /// Enters what is to be in the release log, and makes its damaged files again.
    pub(crate) async fn keep_release_log(&self, lane: &Lane, closely: LookAtLog) {
        let publisher = Arc::clone(&self.publisher);
        let channels: Vec<_> = self.channels.iter().map(|it| it.name().clone()).collect();
        let keep = move || publisher.keep_release_log(&channels, closely);
        lane.attempt("keeping the release log", blocking(keep))
            .await;
    }

    async fn state_recorded(&self, channel: &ChannelName) -> anyhow::Result<()> {
        let look = self.look(channel).await?;
        let recorded = look.facts().current_release();
        self.state_latest(channel, recorded).await
    }

    /// States it for a channel whose current release is this one, or a later one that is out and not
    /// recorded yet.
    pub(crate) async fn state_latest(
        &self,
        channel: &ChannelName,
        recorded: Option<&Release>,
    ) -> anyhow::Result<()> {
        let publisher = Arc::clone(&self.publisher);
        let (of, recorded) = (channel.clone(), recorded.cloned());
        let terms = LatestTerms {
            base_url: self.base_url.clone(),
            valid_seconds: self.latest_seconds,
        };
        let state = move || publisher.state_latest(&of, recorded.as_ref(), &terms, now());
        blocking(state).await.map(drop)
    }
}
