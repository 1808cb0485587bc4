//! The lane that fetches branches and follows the stable channels.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use picket_domain::{BranchName, CommitSha, Timestamp};
use picket_merger::FetchedBranch;
use tracing::info;

use crate::engine::{Engine, PROGRESS, blocking, now};
use crate::lane::{Lane, Tried};
use crate::settings::{Channel, Follows};
use crate::supervise::{Bell, Work};

/// An answer that is longer than this is no `git-revision`.
const LONGEST_REVISION: u64 = 1_000;

pub(crate) struct Observe {
    engine: Arc<Engine>,
    bell: Bell,
    /// When everything was last looked at.
    last: Option<Timestamp>,
}

impl Work for Observe {
    /// Looks at every interval. What cannot be seen now is left for the next time, and holds nothing
    /// else up.
    async fn pass(&mut self, lane: &Lane) -> anyhow::Result<Option<Timestamp>> {
        if !self.is_due() {
            return Ok(self.next());
        }
        self.last = Some(now());
        let branches = self.engine.branches().await?;
        let fetching = self.engine.fetch_branches(lane, &branches);
        lane.attempt("fetching branches", fetching).await;
        for channel in &self.engine.channels {
            let step = format!("following {}", channel.follows.branch);
            let followed = lane.attempt(&step, self.engine.follow(channel)).await;
            if followed == Tried::Done {
                lane.checked(Some(channel.name()));
            }
        }
        self.bell.ring();
        Ok(self.next())
    }
}

impl Observe {
    pub(crate) fn new(engine: Arc<Engine>, bell: Bell) -> Self {
        Self {
            engine,
            bell,
            last: None,
        }
    }

    fn is_due(&self) -> bool {
        self.next().is_none_or(|at| at <= now())
    }

    fn next(&self) -> Option<Timestamp> {
        let seconds = i64::try_from(self.engine.interval.as_secs()).unwrap_or(i64::MAX);
        Some(self.last?.plus_seconds(seconds))
    }
}

impl Engine {
    /// The stable channels' branches, and those that active candidates ask to be merged into: where
    /// a pull request begins is read off the latter.
    async fn branches(&self) -> anyhow::Result<BTreeSet<BranchName>> {
        let mut branches = BTreeSet::new();
        for channel in &self.channels {
            branches.insert(channel.follows.branch.clone());
            let look = self.look(channel.name()).await?;
            branches.extend(look.facts().active().map(|it| it.base_branch.clone()));
        }
        Ok(branches)
    }

    /// A branch that cannot be had is a trouble of its own, and holds up no other one. One that does
    /// not exist is no trouble, unless a channel follows it: that shows where it is followed.
    async fn fetch_branches(
        &self,
        lane: &Lane,
        branches: &BTreeSet<BranchName>,
    ) -> anyhow::Result<()> {
        let (merger, wanted) = (
            self.merger.clone(),
            branches.iter().cloned().collect::<Vec<_>>(),
        );
        let fetched = blocking(move || merger.fetch_branches(&wanted)).await?;
        for (branch, outcome) in fetched {
            let step = format!("fetching {branch}");
            match outcome {
                FetchedBranch::Fetched(_) | FetchedBranch::Absent => lane.mended(&step),
                FetchedBranch::Failed(reason) => lane.failed(&step, &anyhow!(reason), None),
            }
        }
        Ok(())
    }

    async fn follow(&self, channel: &Channel) -> anyhow::Result<()> {
        let rev = self.stable_revision(&channel.follows).await?;
        let name = channel.name();
        let known = self.store.current_base(name).await?;
        if known.is_some_and(|base| base.rev == rev) {
            return Ok(());
        }
        let merger = self.merger.clone();
        let base = blocking(move || merger.base(&rev, now())).await?;
        let base = self.store.record_base(name, &base).await?;
        let branch = &channel.follows.branch;
        info!(target: PROGRESS, "{branch} stands at {} ({})", base.rev.short(), base.rev_count);
        Ok(())
    }

    async fn stable_revision(&self, follows: &Follows) -> anyhow::Result<CommitSha> {
        let Some(url) = &follows.url else {
            let (merger, branch) = (self.merger.clone(), follows.branch.clone());
            let tip = blocking(move || merger.branch_tip(&branch)).await?;
            return tip.with_context(|| format!("upstream has no branch {}", follows.branch));
        };
        let url = format!("{}/git-revision", url.as_str().trim_end_matches('/'));
        let mut answer = self.http.get(&url).send().await?.error_for_status()?;
        let mut text = Vec::new();
        while let Some(part) = answer.chunk().await? {
            text.extend_from_slice(&part);
            if text.len() as u64 > LONGEST_REVISION {
                bail!("{url} is no git-revision: it is too long");
            }
        }
        let text = String::from_utf8_lossy(&text);
        CommitSha::parse(text.trim()).with_context(|| format!("{url} names no commit"))
    }
}
