//! Taking a number for a release.

use picket_domain::{
    Base, CommitSha, Facts, Release, ReleaseName, ReleaseSeq, ReleaseState, ReleasedPick,
};
use tracing::{info, warn};

use super::history::{message, previous};
use crate::engine::{Engine, PROGRESS, blocking, now};
use crate::settings::Channel;

impl Engine {
    /// The release's commit is made before its number is taken: its name holds the commit's id.
    pub(super) async fn reserve(
        &self,
        channel: &Channel,
        facts: &Facts,
        seq: ReleaseSeq,
        (base, tip): (&Base, &CommitSha),
        picks: &[ReleasedPick],
    ) -> anyhow::Result<()> {
        self.look_at_disks().await?;
        self.takes_nothing_away(facts, picks).await?;
        let before = self.previous_commit(channel, facts, seq).await;
        let message = message(channel.name(), seq, base, picks);
        let (merger, of) = (self.merger.clone(), tip.clone());
        let commit = move || merger.release_commit(before.as_ref(), &of, &message);
        let rev = blocking(commit).await?;
        let release = Release {
            channel: channel.name().clone(),
            seq,
            name: ReleaseName::of(base, seq, &rev)?,
            base: base.clone(),
            tip: tip.clone(),
            rev,
            picks: picks.to_vec(),
            reserved_at: now(),
            state: ReleaseState::Reserved,
        };
        let release = self.store.reserve(&release).await?;
        info!(target: PROGRESS, "release {} with {} picks", release.name, release.picks.len());
        Ok(())
    }

    /// The commit of the release before, fetched back or made again where the mirror has lost it.
    /// Where it cannot be had at all, the branch begins anew: a fix does not wait for history.
    async fn previous_commit(
        &self,
        channel: &Channel,
        facts: &Facts,
        seq: ReleaseSeq,
    ) -> Option<CommitSha> {
        let before = previous(facts, seq)?;
        match self.restore(channel, facts, before).await {
            Ok(()) => Some(before.rev.clone()),
            Err(error) => {
                warn!(
                    "the branch begins anew, since {} is lost: {error:#}",
                    before.name
                );
                None
            }
        }
    }
}
