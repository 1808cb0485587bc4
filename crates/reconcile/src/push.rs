//! The lane that pushes releases to a channel's git remote.
//!
//! Clients get a release whether or not it is pushed; what is not is a debt, on the board until it
//! is paid.

use std::sync::Arc;

use anyhow::{anyhow, bail};
use picket_domain::{Facts, Release, Timestamp};
use picket_merger::{PushRefs, Pushed};
use tracing::info;

use crate::engine::{Engine, PROGRESS, blocking, now};
use crate::lane::Lane;
use crate::settings::Channel;
use crate::supervise::{Bell, Work};

/// So many tags are pushed at once; the others follow.
const TAGS_AT_ONCE: usize = 100;

pub(crate) struct Push {
    engine: Arc<Engine>,
    channel: Arc<Channel>,
}

impl Work for Push {
    async fn pass(&mut self, lane: &Lane) -> anyhow::Result<Option<Timestamp>> {
        let look = self.engine.look(self.channel.name()).await?;
        let facts = look.facts();
        let pushed = self.engine.store.pushed(self.channel.name()).await?;
        let Some(current) = facts.current_release() else {
            return Ok(None);
        };
        if pushed < Some(current.seq) {
            let push = self.engine.push(&self.channel, facts, current);
            lane.attempt("pushing the channel's branch", push).await;
        }
        Ok(None)
    }
}

impl Push {
    pub(crate) fn new(engine: Arc<Engine>, channel: Arc<Channel>, _: Bell) -> Self {
        Self { engine, channel }
    }
}

impl Engine {
    /// Pushes a release's branch, and the tags of all releases that the remote may lack.
    pub(crate) async fn push(
        &self,
        channel: &Channel,
        facts: &Facts,
        newest: &Release,
    ) -> anyhow::Result<()> {
        let Some(remote) = channel.push_to.clone() else {
            return Ok(());
        };
        let pushed = self.store.pushed(channel.name()).await?;
        let of_newest = |release: &&Release| release.seq == newest.seq;
        let is_missing = |it: &&Release| {
            it.published_at().is_some() && it.seq < newest.seq && Some(it.seq) > pushed
        };
        let newest_first = facts.releases.iter().rev();
        let missing = newest_first.filter(|it| of_newest(it) || is_missing(it));
        let tags = missing.take(TAGS_AT_ONCE);
        let tags = tags.map(|release| (release.name.clone(), release.rev.clone()));
        let refs = PushRefs {
            branch: channel.branch(),
            rev: newest.rev.clone(),
            tags: tags.collect(),
        };
        let (merger, to) = (self.merger.clone(), remote.clone());
        let outcome = blocking(move || merger.push_refs(&to, &refs)).await?;
        let (at, branch) = (now(), channel.branch());
        match outcome {
            Pushed::Pushed => info!(target: PROGRESS, "pushed {} to {remote}", newest.name),
            Pushed::NothingToDo => {}
            Pushed::NotFastForward { at } => bail!(
                "{remote} has its branch {branch} at {}, which is no release of this channel: \
                 somebody else moved it. Put it back, or take it away",
                at.short()
            ),
            Pushed::TagTaken { tag, at } => bail!(
                "{remote} has the tag {tag} at {}: tags never move. Remove it there",
                at.short()
            ),
            Pushed::Refused { message } => bail!("{remote} refuses the push: {message}"),
            Pushed::Unreachable { message } => {
                return Err(anyhow!(message).context(format!("{remote} cannot be reached")));
            }
        }
        self.store
            .record_push(channel.name(), newest.seq, at)
            .await?;
        Ok(())
    }
}
