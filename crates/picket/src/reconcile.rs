//! The reconcile loop: look, decide, act, look again.
//!
//! One observer looks at GitHub and at the stable channels and writes what it saw to the database.
//! One worker a channel reads the database, asks [`picket_domain::plan`] what is to be done, does
//! it, and writes down what came of it. The two know of each other through the database alone:
//! a wake-up only makes the other look sooner, and a lost one costs at most an interval.
//!
//! What can go wrong, and the answer:
//! - *Killed at any instruction*: each step is idempotent and its outcome is recorded only when it
//!   is done, so the next start plans the same step again.
//! - *A step fails*: it is logged and left for the next look; the other steps go on.
//! - *Facts change while a step runs* (a veto, a push, a new base): the step's outcome is recorded
//!   under the inputs that it had, and the next plan is made from all facts.
//! - *A veto while a release is staged*: the plan is made anew between staging and publishing, and
//!   the database refuses to seal a release that was abandoned.
//! - *Two processes on one database*: every write is guarded in the database; both do the same
//!   work twice, and neither can undo the other's.

mod act;
mod observe;
mod publish;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use picket_builder::Builder;
use picket_domain::Timestamp;
use picket_merger::Mirror;
use picket_publisher::Publisher;
use picket_store::Store;
use picket_watcher::Watcher;
use picket_web::Health;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::config::Channel;
use crate::dirs::Dirs;

/// What the reconcile loop works with.
pub struct Reconciler {
    /// The database.
    pub store: Store,
    /// GitHub.
    pub watcher: Watcher,
    /// Git.
    pub mirror: Mirror,
    /// Nix.
    pub builder: Builder,
    /// The public folder.
    pub publisher: Publisher,
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
    /// Rung by the web side after each decision.
    pub wake: Arc<Notify>,
    /// Told after each look.
    pub health: Arc<Health>,
}

/// Rings every worker: a counter, so that a ring while a worker is busy is not lost.
#[derive(Debug, Clone)]
struct Bell(Arc<watch::Sender<u64>>);

impl Bell {
    fn ring(&self) {
        self.0.send_modify(|rings| *rings += 1);
    }
}

impl Reconciler {
    /// Reconciles until cancelled; a build that runs then is ended.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let bell = Bell(Arc::new(watch::Sender::new(0)));
        let tasks = TaskTracker::new();
        for channel in self.channels.clone() {
            let worker = worker::Worker::new(Arc::clone(&self), channel, bell.clone());
            tasks.spawn(worker.run(stop.clone()));
        }
        tasks.spawn(Arc::clone(&self).observe_until(stop.clone(), bell.clone()));
        tasks.spawn(Arc::clone(&self).pass_on_rings(stop, bell));
        tasks.close();
        tasks.wait().await;
    }

    /// The web side rings once for whoever waits; every worker must hear it.
    async fn pass_on_rings(self: Arc<Self>, stop: CancellationToken, bell: Bell) {
        while stop
            .run_until_cancelled(self.wake.notified())
            .await
            .is_some()
        {
            bell.ring();
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Runs blocking work (git, compression) where it does not hold up the others.
async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> anyhow::Result<T>
where
    T: Send + 'static,
    E: Into<anyhow::Error> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await?.map_err(Into::into)
}
