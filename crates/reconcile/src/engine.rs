//! What the lanes work with, and starting them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use picket_builder::{Builder, Revision};
use picket_domain::{Candidate, ChannelName, CommitSha, Facts, Machine, PrNumber, Timestamp};
use picket_evidence::Evidence;
use picket_merger::Merger;
use picket_publisher::Publisher;
use picket_snapshot::{ChannelSnapshot, Snapshots};
use picket_store::Store;
use picket_watcher::Watcher;
use tokio::sync::{Notify, OnceCell};
use url::Url;

use crate::lane::SharedBoard;
use crate::settings::{Channel, Commenting, Dirs, Measuring, MirrorSetting, Retention};
use crate::trees::{HeldTree, Trees};

/// What the lanes work with.
pub struct Engine {
    /// The database.
    pub store: Store,
    /// GitHub.
    pub watcher: Watcher,
    /// How pull requests are told what became of them; `None`: they are not.
    pub commenting: Option<Arc<Commenting>>,
    /// What is known of advisories, which may name a version bump as a fix.
    pub evidence: Arc<Evidence>,
    /// What it knows, kept by increments.
    pub snapshots: Arc<Snapshots>,
    /// Git.
    pub merger: Merger,
    /// Nix.
    pub builder: Builder,
    /// Where it is found out what candidates change; `None`: it is not.
    pub measuring: Option<Measuring>,
    /// The public folder.
    pub publisher: Arc<Publisher>,
    /// Where the public folder is copied to.
    pub mirrors: Vec<MirrorSetting>,
    /// For the stable channel's `git-revision` and `store-paths.xz`.
    pub http: reqwest::Client,
    /// The channels.
    pub channels: Vec<Channel>,
    /// The data folder.
    pub dirs: Dirs,
    /// What clients call this server.
    pub base_url: Url,
    /// The longest time between two looks.
    pub interval: Duration,
    /// What is kept for how long.
    pub retention: Retention,
    /// For how many seconds it holds what is stated of a channel's current release.
    pub latest_seconds: u32,
    /// Rung by the web side after each decision.
    pub wake: Arc<Notify>,
    /// Told how the lanes are.
    pub board: SharedBoard,
    /// What the lanes share.
    pub shared: Shared,
}

/// What the lanes of one process share, and no database knows.
#[derive(Debug, Default)]
pub struct Shared {
    pub(crate) trees: Trees,
    /// The Nix store's folder, once Nix said it.
    pub(crate) store_dir: OnceCell<String>,
}

impl Engine {
    /// A channel as it is now: what is new in the database is read, and no more.
    pub(crate) async fn look(&self, channel: &ChannelName) -> anyhow::Result<Arc<ChannelSnapshot>> {
        let snapshot = self.snapshots.refresh(now()).await?;
        let found = snapshot.channel(channel).cloned();
        found.context("the channel is not configured")
    }

    /// Changes how things stand on this machine for a channel.
    pub(crate) async fn on_machine(
        &self,
        channel: &ChannelName,
        change: impl FnOnce(&mut Machine),
    ) {
        self.snapshots.on_machine(channel, change, now()).await;
    }

    /// A commit with its tree as files, for as long as it is held.
    pub(crate) async fn tree(
        &self,
        channel: &ChannelName,
        rev: &CommitSha,
    ) -> anyhow::Result<HeldTree> {
        let held = self.shared.trees.hold(Revision {
            rev: rev.clone(),
            tree: self.dirs.tree(channel, rev),
        });
        let (merger, of, dest) = (self.merger.clone(), rev.clone(), held.path().to_owned());
        blocking(move || merger.export(&of, &dest)).await?;
        Ok(held)
    }
}

pub(crate) fn candidate(facts: &Facts, pr: PrNumber) -> anyhow::Result<&Candidate> {
    let candidate = facts.candidates.get(&pr).map(Arc::as_ref);
    candidate.with_context(|| format!("no candidate {pr}"))
}

/// Runs blocking work (git, compression) where it does not hold up the others.
pub(crate) async fn blocking<T, E>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> anyhow::Result<T>
where
    T: Send + 'static,
    E: Into<anyhow::Error> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await?.map_err(Into::into)
}

/// The time.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// The target of events that tell a person how far the work is.
pub(crate) const PROGRESS: &str = "picket::progress";
