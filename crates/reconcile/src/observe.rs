//! The lane that looks at GitHub and at the stable channels.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use picket_domain::{BranchName, CommitSha, PrNumber, Timestamp};
use picket_merger::FetchedBranch;
use picket_watcher::{Cursor, WatchError};
use tracing::info;

use crate::engine::{Engine, PROGRESS, blocking, now};
use crate::lane::Lane;
use crate::settings::{Channel, Follows};
use crate::supervise::{Bell, Work};

/// The name under which the database keeps the watcher's cursor.
const CURSOR: &str = "github";
const READING: &str = "reading pull requests";
/// An answer that is longer than this is no `git-revision`.
const LONGEST_REVISION: u64 = 1_000;

pub(crate) struct Observe {
    engine: Arc<Engine>,
    bell: Bell,
    /// When everything was last looked at.
    last: Option<Timestamp>,
}

impl Work for Observe {
    /// Looks at every interval, and at a ring if somebody nominated an unknown pull request. What
    /// cannot be seen now is left for the next time, and holds nothing else up.
    async fn pass(&mut self, lane: &Lane) -> anyhow::Result<Option<Timestamp>> {
        if !self.is_due() && !self.engine.has_unseen_nomination().await? {
            return Ok(self.next());
        }
        self.last = Some(now());
        self.engine.read_pull_requests(lane).await;
        let branches = self.engine.branches().await?;
        let fetching = self.engine.fetch_branches(lane, &branches);
        lane.attempt("fetching branches", fetching).await;
        for channel in &self.engine.channels {
            let step = format!("following {}", channel.follows.branch);
            lane.attempt(&step, self.engine.follow(channel)).await;
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
    async fn has_unseen_nomination(&self) -> anyhow::Result<bool> {
        let known = self.known().await?;
        let nominated = self.store.nominated().await?;
        Ok(nominated.difference(&known).next().is_some())
    }

    async fn known(&self) -> anyhow::Result<BTreeSet<PrNumber>> {
        let Some(channel) = self.channels.first() else {
            return Ok(BTreeSet::new());
        };
        let look = self.look(channel.name()).await?;
        Ok(look.facts().candidates.keys().copied().collect())
    }

    /// Where GitHub asks to be left alone for a while, it is.
    async fn read_pull_requests(&self, lane: &Lane) {
        if !lane.is_due(READING) {
            return;
        }
        match self.watch_pull_requests().await {
            Ok(()) => lane.mended(READING),
            Err(error) => {
                let until = match error.downcast_ref::<WatchError>() {
                    Some(WatchError::RateLimited { until }) => Some(*until),
                    _ => None,
                };
                lane.failed(READING, &error, until);
            }
        }
    }

    /// Candidates are stored before the cursor: a crash between the two reads some of them again.
    async fn watch_pull_requests(&self) -> anyhow::Result<()> {
        let cursor: Option<Cursor> = match self.store.cursor(CURSOR).await? {
            Some(text) => Some(text.parse().context("the database's cursor")?),
            None => None,
        };
        let (known, nominated) = (self.known().await?, self.store.nominated().await?);
        let poll = self
            .watcher
            .poll(cursor.as_ref(), &known, &nominated)
            .await?;
        for candidate in &poll.candidates {
            self.store.upsert_candidate(candidate).await?;
            if let Some(id) = candidate.author_id {
                self.store.saw_account(&candidate.author, id, now()).await?;
            }
        }
        self.store
            .set_cursor(CURSOR, &poll.cursor.to_string())
            .await?;
        Ok(())
    }

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
