//! The lane that removes what is not needed any more, sees to it that the disk has room, and looks after
//! what is published.
//!
//! What goes is said in `collect`; here is when.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use picket_domain::{ChannelName, CommitSha, PrNumber, ReleaseName, Timestamp};
use picket_merger::Maintained;
use picket_publisher::LookAtLog;
use tracing::{info, warn};

use crate::collect::{Collector, needed_revisions};
use crate::engine::{Engine, PROGRESS, blocking, now};
use crate::lane::Lane;
use crate::published::Closely;
use crate::supervise::Work;

/// So often the disk is looked at.
const DISK_SECONDS: i64 = 30;
/// What is read again of the binary cache each time, in bytes.
const REREAD_BYTES: u64 = 256 << 20;

pub(crate) struct Retain {
    engine: Arc<Engine>,
    /// When the disk was last looked at.
    looked: Option<Timestamp>,
    /// When things were last put in order.
    last: Option<Timestamp>,
}

impl Work for Retain {
    async fn pass(&mut self, lane: &Lane) -> anyhow::Result<Option<Timestamp>> {
        let engine = &self.engine;
        if self
            .looked
            .is_none_or(|at| now().seconds_since(at) >= DISK_SECONDS)
        {
            self.looked = Some(now());
            lane.attempt("looking at the disk", engine.look_at_disks())
                .await;
            engine.look_at_published(lane, Closely::AtNames).await;
            lane.attempt("asking the signer", engine.ask_signer()).await;
            engine.keep_release_log(lane, LookAtLog::AtNames).await;
            engine.state_all_latest(lane).await;
        }
        let began = *self.last.get_or_insert_with(now);
        let period = i64::from(engine.retention.every_seconds);
        if now().seconds_since(began) < period {
            return Ok(Some(began.plus_seconds(period)));
        }
        self.last = Some(now());
        lane.attempt("removing what is not needed", engine.collect())
            .await;
        lane.attempt("maintaining the mirror", engine.maintain())
            .await;
        lane.attempt("reading the binary cache again", engine.reread())
            .await;
        engine.look_at_published(lane, Closely::AtBytes).await;
        engine.keep_release_log(lane, LookAtLog::AtBytes).await;
        Ok(Some(now().plus_seconds(period)))
    }
}

impl Retain {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            looked: None,
            last: None,
        }
    }
}

impl Engine {
    /// What looks at what can go.
    fn collector(&self) -> Collector {
        Collector {
            store: self.store.clone(),
            snapshots: Arc::clone(&self.snapshots),
            builds: self.builder.retention().clone(),
            publisher: Arc::clone(&self.publisher),
            retention: self.retention,
        }
    }

    /// Removes what the retention rules let go, and the trees that nobody works in. Those are held in
    /// this process alone, so that no other removes them.
    async fn collect(&self) -> anyhow::Result<()> {
        let report = self.collector().collect(false).await?;
        if !report.removed.is_empty() {
            info!(
                target: PROGRESS,
                "removed what is not needed any more: {} MiB", report.bytes >> 20
            );
        }
        for left in report.left {
            info!("not removed yet: {}: {}", left.what, left.why);
        }
        for channel in &self.channels {
            self.remove_idle_trees(channel.name()).await;
        }
        Ok(())
    }

    /// Removes a channel's trees that nobody works in, but for that of its base, which the next
    /// build needs again.
    pub(crate) async fn remove_idle_trees(&self, channel: &ChannelName) {
        let latest = self.snapshots.latest();
        let base = latest.channel(channel).and_then(|it| it.facts().base());
        let base = base.map(|base| base.rev.to_string());
        let (trees, below) = (self.shared.trees.clone(), self.dirs.trees(channel));
        let removing = tokio::task::spawn_blocking(move || {
            trees.remove_idle(&below, base.as_deref());
        });
        if let Err(error) = removing.await {
            warn!("trees are left that nobody works in: {error}");
        }
    }

    /// Lets go of pull requests that are settled, and puts the mirror's files in order.
    async fn maintain(&self) -> anyhow::Result<()> {
        let (mut keep, mut settled): (BTreeSet<CommitSha>, BTreeSet<PrNumber>) = Default::default();
        for (n, channel) in self.channels.iter().enumerate() {
            let look = self.look(channel.name()).await?;
            let facts = look.facts();
            keep.extend(needed_revisions(facts));
            keep.extend(
                facts
                    .releases
                    .iter()
                    .flat_map(|it| [it.rev.clone(), it.tip.clone()]),
            );
            let candidates = facts.candidates.values();
            let here = candidates
                .filter(|it| facts.is_settled(it))
                .map(|it| it.pr)
                .collect();
            settled = match n {
                0 => here,
                _ => settled.intersection(&here).copied().collect(),
            };
        }
        let merger = self.merger.clone();
        blocking(move || {
            merger.forget_pull_requests(&settled.into_iter().collect::<Vec<_>>())?;
            let (Maintained::Whole | Maintained::WhileRead) = merger.maintain(&keep)?;
            anyhow::Ok(())
        })
        .await
    }

    /// Reads some of the binary cache again; what is damaged is made again: releases' trees from the
    /// mirror, all else from the Nix store, where that still has it.
    async fn reread(&self) -> anyhow::Result<()> {
        let publisher = Arc::clone(&self.publisher);
        let report = blocking(move || publisher.reread(REREAD_BYTES, now())).await?;
        for (channel, name) in report.damaged_trees.into_values() {
            self.repair_tree(&channel, &name).await?;
        }
        for path in report.lost_trees {
            warn!(
                "{path} is damaged, and its release is gone: locks on that release need a copy of it from \
                 a backup of the binary cache"
            );
        }
        if report.damaged.is_empty() {
            return Ok(());
        }
        let damaged: Vec<_> = report.damaged.into_iter().collect();
        let closure = self.builder.closure(&damaged).await?;
        let (publisher, paths) = (Arc::clone(&self.publisher), damaged.clone());
        blocking(move || publisher.repair(&paths, &closure)).await?;
        info!(target: PROGRESS, "made {} damaged store paths again", damaged.len());
        Ok(())
    }

    async fn repair_tree(&self, channel: &ChannelName, name: &ReleaseName) -> anyhow::Result<()> {
        let look = self.look(channel).await?;
        let mut releases = look.facts().releases.iter();
        let release = releases.find(|release| release.name == *name);
        let release = release.with_context(|| format!("{name} is not on record"))?;
        let tree = self.tree(channel, &release.rev).await?;
        let (publisher, release) = (Arc::clone(&self.publisher), release.clone());
        blocking(move || publisher.repair_tree(&release, tree.path())).await?;
        info!(target: PROGRESS, "made the tree of {name} again");
        Ok(())
    }
}
