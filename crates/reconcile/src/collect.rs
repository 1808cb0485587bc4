//! What is not needed any more, and removing it.
//!
//! What goes is planned first, and the plan is what `picket gc --dry-run` shows. Each crate knows what
//! its own files need and holds the locks that keep them from being removed under somebody's hands, in
//! this process or another: `picket gc` may run beside a service. A crash in the middle leaves the rest
//! for the next time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use picket_builder::{Keep, Kept, Kind};
use picket_domain::{CommitSha, Facts, Release, Timestamp};
use picket_publisher::{
    Collected, Publisher, RecordState, ReleaseRecord, RetentionPlan, RetentionPolicy,
};
use picket_snapshot::Snapshots;
use picket_store::Store;
use serde::Serialize;
use tokio::task::spawn_blocking;

use crate::settings::Retention;

/// What all build logs together may take, in bytes.
const LOGS_BYTES: u64 = 4 << 30;
const SECONDS_A_DAY: u64 = 86_400;
/// Advisories name a fix 25 days after it at the median; hardly one does after three months.
const PASSED_BY_SECONDS: i64 = 90 * 86_400;

/// What goes, or would go.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RetentionReport {
    /// Each thing.
    pub removed: Vec<Removed>,
    /// The length of all files among them, in bytes.
    pub bytes: u64,
    /// What would have gone too, and why it is still there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Removed>,
}

/// One thing, or some of one kind, that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// The length of its files, in bytes.
    pub bytes: u64,
}

impl RetentionReport {
    fn add(&mut self, what: String, why: impl Into<String>, bytes: u64) {
        let why = why.into();
        self.bytes += bytes;
        self.removed.push(Removed { what, why, bytes });
    }

    fn leave(&mut self, what: String, why: impl Into<String>, bytes: u64) {
        let why = why.into();
        self.left.push(Removed { what, why, bytes });
    }

    fn add_plan(&mut self, plan: &RetentionPlan) {
        for release in &plan.releases {
            let what = format!("release {}", release.name);
            let why = format!("the next one took its place at {}", release.superseded_at);
            self.add(what, why, release.bytes);
        }
        let (paths, nars) = (plan.paths.len(), plan.nars.len());
        if paths > 0 || nars > 0 {
            let what = format!("{paths} store paths and {nars} NARs of the binary cache");
            let bytes = plan.nars.iter().map(|nar| nar.bytes).sum();
            self.add(what, "no release that is kept needs them", bytes);
        }
    }
}

/// What is looked at for what can go.
pub struct Collector {
    /// The database.
    pub store: Store,
    /// What it knows.
    pub snapshots: Arc<Snapshots>,
    /// What builds left.
    pub builds: picket_builder::Retention,
    /// The public folder.
    pub publisher: Arc<Publisher>,
    /// What is kept for how long.
    pub retention: Retention,
}

impl Collector {
    /// Removes what the retention rules let go, or says what that would be.
    ///
    /// # Errors
    /// Where something cannot be looked at. What was removed by then stays removed.
    pub async fn collect(&self, dry_run: bool) -> anyhow::Result<RetentionReport> {
        let mut report = RetentionReport::default();
        let snapshot = self.snapshots.refresh(Timestamp::now()).await?;
        let channels = snapshot.channels().iter();
        let all: Vec<_> = channels.map(|it| Arc::clone(it.facts())).collect();
        self.collect_releases(&all, dry_run, &mut report).await?;
        self.collect_builds(&all, dry_run, &mut report).await?;
        self.collect_rows(&all, dry_run, &mut report).await?;
        Ok(report)
    }

    async fn collect_releases(
        &self,
        all: &[Arc<Facts>],
        dry_run: bool,
        report: &mut RetentionReport,
    ) -> anyhow::Result<()> {
        let records: Vec<_> = all
            .iter()
            .flat_map(|facts| facts.releases.iter())
            .map(record)
            .collect();
        let policy = RetentionPolicy {
            keep_days: self.retention.days,
            keep_releases: self.retention.releases as usize,
            path_days: self.retention.cache_days,
        };
        let publisher = Arc::clone(&self.publisher);
        let work = move || {
            let now = Timestamp::now();
            if !dry_run {
                publisher.remove_leftovers()?;
            }
            let plan = publisher.retention_plan(&records, policy, now)?;
            let collected = match dry_run || plan.is_empty() {
                true => None,
                false => Some(publisher.collect(&plan, now)?),
            };
            anyhow::Ok((plan, collected))
        };
        let (plan, collected) = spawn_blocking(work).await??;
        match collected {
            Some(Collected::Busy) => {
                let why = "something is published at this moment: try again later";
                report.leave("releases and the binary cache".to_owned(), why, 0);
            }
            Some(Collected::Removed { .. }) | None => report.add_plan(&plan),
        }
        Ok(())
    }

    async fn collect_builds(
        &self,
        all: &[Arc<Facts>],
        dry_run: bool,
        report: &mut RetentionReport,
    ) -> anyhow::Result<()> {
        let needed: BTreeSet<_> = all
            .iter()
            .flat_map(|facts| needed_revisions(facts))
            .collect();
        let days = u64::from(self.retention.build_days);
        let keep = Keep {
            evaluations: needed.clone(),
            roots: needed.clone(),
            logs: needed,
            younger_than: Duration::from_secs(days * SECONDS_A_DAY),
            logs_bytes: LOGS_BYTES,
        };
        let builds = self.builds.clone();
        let work = move || match dry_run {
            true => builds.plan(&keep).map(|removed| picket_builder::Collected {
                removed,
                ..Default::default()
            }),
            false => builds.collect(&keep),
        };
        let collected = spawn_blocking(work).await??;
        for (kept, reason) in collected.removed {
            report.add(name_of(&kept), reason.to_string(), kept.bytes);
        }
        for kept in collected.in_use {
            report.leave(name_of(&kept), "a build works with it", kept.bytes);
        }
        for (kept, error) in collected.failed {
            report.leave(name_of(&kept), error.to_string(), kept.bytes);
        }
        Ok(())
    }

    async fn collect_rows(
        &self,
        all: &[Arc<Facts>],
        dry_run: bool,
        report: &mut RetentionReport,
    ) -> anyhow::Result<()> {
        for facts in all {
            let (channel, bases) = (&facts.policy.channel, needed_bases(facts));
            let rows = match dry_run {
                true => self.store.forgettable(channel, &bases).await?,
                false => self.store.forget_bases(channel, &bases).await?,
            };
            if rows > 0 {
                let what = format!("{rows} rows of the database about {channel}");
                report.add(what, "they are of bases that nobody looks at any more", 0);
            }
        }
        if !dry_run {
            let now = Timestamp::now();
            self.store.forget_sessions(now).await?;
            let since = now.plus_seconds(-PASSED_BY_SECONDS);
            self.store.forget_passed_by(since).await?;
        }
        Ok(())
    }
}

fn name_of(kept: &Kept) -> String {
    let kind = match kept.kind {
        Kind::Evaluations => "evaluations",
        Kind::Roots => "roots in the Nix store",
        Kind::Logs => "build logs",
    };
    format!("{kind} of {}", kept.rev.short())
}

fn record(release: &Release) -> ReleaseRecord {
    ReleaseRecord {
        channel: release.channel.clone(),
        name: release.name.clone(),
        seq: release.seq,
        state: match release.published_at() {
            Some(at) => RecordState::Published(at),
            None => RecordState::NotPublished,
        },
    }
}

/// The bases of which planning looks at what is derived.
fn needed_bases(facts: &Facts) -> Vec<CommitSha> {
    let looked_at = [&facts.today, &facts.released];
    let looked_at = looked_at
        .into_iter()
        .flatten()
        .map(|on| on.base.rev.clone());
    let under_way = facts
        .releases
        .iter()
        .filter(|release| release.is_under_way());
    looked_at
        .chain(under_way.map(|release| release.base.rev.clone()))
        .collect()
}

/// The revisions that are built, were built for what is not out yet, or are shown.
pub(crate) fn needed_revisions(facts: &Facts) -> Vec<CommitSha> {
    let looked_at = [&facts.today, &facts.released];
    let built = looked_at
        .into_iter()
        .flatten()
        .flat_map(|on| on.builds.keys());
    let under_way = facts
        .releases
        .iter()
        .filter(|release| release.is_under_way());
    let current = facts.current_release();
    let tips = under_way.chain(current).map(|release| release.tip.clone());
    needed_bases(facts)
        .into_iter()
        .chain(built.cloned())
        .chain(tips)
        .collect()
}
