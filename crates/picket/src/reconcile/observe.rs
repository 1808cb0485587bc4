//! Looking at GitHub and at the stable channels.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, bail};
use picket_domain::{BranchName, CommitSha, Timestamp};
use picket_watcher::{Cursor, WatchError};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Bell, Reconciler, blocking};
use crate::config::{Channel, Follows};
use crate::logging::PROGRESS;

/// The name under which the database keeps the watcher's cursor.
const CURSOR: &str = "github";

impl Reconciler {
    /// Observes at every interval, and at a ring if somebody nominated an unknown pull request.
    pub(super) async fn observe_until(self: Arc<Self>, stop: CancellationToken, bell: Bell) {
        let mut rings = bell.0.subscribe();
        let mut quiet_until = Timestamp::from_unix(0);
        let mut timer = tokio::time::interval(self.interval);
        timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let observed = tokio::select! {
                () = stop.cancelled() => return,
                _ = timer.tick() => stop.run_until_cancelled(self.observe(&mut quiet_until)).await,
                _ = rings.changed() => match self.has_unseen_nomination().await {
                    Ok(true) => stop.run_until_cancelled(self.observe(&mut quiet_until)).await,
                    Ok(false) => continue,
                    Err(error) => {
                        warn!("cannot read the nominations: {error:#}");
                        continue;
                    }
                },
            };
            if observed.is_none() {
                return;
            }
            bell.ring();
            rings.mark_unchanged();
        }
    }

    /// Looks at everything outside once. What cannot be seen now is left for the next time.
    ///
    /// GitHub is not asked before `quiet_until`, which moves on where it asks to be left alone.
    async fn observe(&self, quiet_until: &mut Timestamp) {
        if let Err(error) = self.watch_pull_requests(quiet_until).await {
            warn!("cannot read pull requests: {error:#}");
        }
        if let Err(error) = self.fetch_branches().await {
            warn!("cannot fetch upstream's branches: {error:#}");
            return;
        }
        for channel in &self.channels {
            if let Err(error) = self.follow(channel).await {
                let branch = &channel.follows.branch;
                warn!("cannot tell where {branch} stands: {error:#}");
            }
        }
    }

    async fn has_unseen_nomination(&self) -> anyhow::Result<bool> {
        let known = self.known().await?;
        Ok(self
            .store
            .nominated()
            .await?
            .difference(&known)
            .next()
            .is_some())
    }

    async fn known(&self) -> anyhow::Result<BTreeSet<picket_domain::PrNumber>> {
        Ok(self
            .store
            .candidates()
            .await?
            .iter()
            .map(|candidate| candidate.pr)
            .collect())
    }

    /// Candidates are stored before the cursor: a crash between the two reads some of them again.
    async fn watch_pull_requests(&self, quiet_until: &mut Timestamp) -> anyhow::Result<()> {
        if self.now() < *quiet_until {
            return Ok(());
        }
        let cursor: Option<Cursor> = match self.store.cursor(CURSOR).await? {
            Some(text) => Some(text.parse().context("the database's cursor")?),
            None => None,
        };
        let (known, nominated) = (self.known().await?, self.store.nominated().await?);
        let poll = self.watcher.poll(cursor.as_ref(), &known, &nominated).await;
        if let Err(WatchError::RateLimited { until }) = &poll {
            *quiet_until = *until;
        }
        let poll = poll?;
        for candidate in &poll.candidates {
            self.store.upsert_candidate(candidate).await?;
        }
        self.store
            .set_cursor(CURSOR, &poll.cursor.to_string())
            .await?;
        Ok(())
    }

    /// The stable channels' branches, and those that candidates ask to be merged into: where a
    /// pull request begins is read off the latter.
    async fn fetch_branches(&self) -> anyhow::Result<()> {
        let candidates = self.store.candidates().await?;
        let followed = self
            .channels
            .iter()
            .map(|channel| channel.follows.branch.clone());
        let targets = candidates
            .into_iter()
            .map(|candidate| candidate.base_branch);
        let branches: BTreeSet<BranchName> = followed.chain(targets).collect();
        let mirror = self.mirror.clone();
        blocking(move || mirror.fetch_branches(&branches.into_iter().collect::<Vec<_>>())).await?;
        Ok(())
    }

    async fn follow(&self, channel: &Channel) -> anyhow::Result<()> {
        let rev = self.stable_revision(&channel.follows).await?;
        let name = &channel.policy.channel;
        let known = self.store.current_base(name).await?;
        if known.is_some_and(|base| base.rev == rev) {
            return Ok(());
        }
        let (mirror, now) = (self.mirror.clone(), self.now());
        let base = blocking(move || mirror.base(&rev, now)).await?;
        let base = self.store.record_base(name, &base).await?;
        let branch = &channel.follows.branch;
        info!(target: PROGRESS, "{branch} stands at {} ({})", base.rev.short(), base.rev_count);
        Ok(())
    }

    async fn stable_revision(&self, follows: &Follows) -> anyhow::Result<CommitSha> {
        let Some(url) = &follows.url else {
            let (mirror, branch) = (self.mirror.clone(), follows.branch.clone());
            let tip = blocking(move || mirror.branch_tip(&branch)).await?;
            return tip.with_context(|| format!("upstream has no branch {}", follows.branch));
        };
        let url = format!("{}/git-revision", url.as_str().trim_end_matches('/'));
        let answer = self.http.get(&url).send().await?.error_for_status()?;
        if answer.content_length().is_some_and(|length| length > 1_000) {
            bail!("{url} is no git-revision: it is too long");
        }
        let text = answer.text().await?;
        CommitSha::parse(text.trim()).with_context(|| format!("{url} names no commit"))
    }
}
