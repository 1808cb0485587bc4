//! What builds are doing: for each revision, the state of each derivation.
//!
//! While a revision is built, it is in memory, and whoever looks is told of each change. Beside the
//! logs, `builds.json` keeps how it was in the end.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use picket_domain::{CommitSha, StorePath, Timestamp};
use picket_files::write_whole;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::logs::Logs;

/// The file with how all of a revision's derivations were in the end.
const FILE: &str = "builds.json";

/// How one derivation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It waits for what it needs, or for a machine.
    Waiting,
    /// What it needs is being substituted.
    Substituting,
    /// It is being built.
    Building,
    /// Its outputs are in the store.
    Done,
    /// It failed.
    Failed,
    /// Something that it needs failed.
    NeedsFailed,
    /// No machine builds it.
    NoMachine,
}

/// One derivation of a revision's build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildStep {
    /// The derivation.
    pub drv: StorePath,
    /// How it is.
    pub state: StepState,
    /// The address of the machine that builds it; empty: this one, or none yet.
    pub machine: String,
    /// When its build began.
    pub started: Option<Timestamp>,
    /// When it came to an end.
    pub ended: Option<Timestamp>,
}

/// A revision's build, in the order of its derivations' names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BuildSteps {
    /// Its derivations.
    pub steps: Vec<BuildStep>,
    /// Whether it runs.
    #[serde(skip)]
    pub is_running: bool,
}

/// The builds that run, and those of which logs are kept. Clones share it.
#[derive(Debug, Clone)]
pub struct Live {
    logs: Logs,
    running: Arc<Mutex<BTreeMap<CommitSha, Running>>>,
}

#[derive(Debug)]
struct Running {
    steps: BTreeMap<StorePath, BuildStep>,
    /// Told of each change and of each line of a log.
    changed: watch::Sender<()>,
}

impl Live {
    /// The builds of which these logs are.
    pub fn new(logs: Logs) -> Self {
        Self {
            logs,
            running: Arc::default(),
        }
    }

    /// How a revision's build is, or was in the end; `None`: nothing is known of one. Reads a file:
    /// not for an async thread.
    ///
    /// # Errors
    /// Where what is kept cannot be read.
    pub fn of(&self, rev: &CommitSha) -> io::Result<Option<BuildSteps>> {
        if let Some(running) = self.running().get(rev) {
            return Ok(Some(BuildSteps {
                steps: running.steps.values().cloned().collect(),
                is_running: true,
            }));
        }
        match fs::read(self.file(rev)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tells of each change of a revision's build, and of each line of its logs; `None`: it does not
    /// run. The sender goes away when the build ends.
    pub fn watch(&self, rev: &CommitSha) -> Option<watch::Receiver<()>> {
        let running = self.running();
        running.get(rev).map(|running| running.changed.subscribe())
    }

    /// A revision's build begins, with these derivations. Reads a file: not for an async thread.
    pub(crate) fn begin(&self, rev: &CommitSha, drvs: &[StorePath]) -> Watched {
        let step = |drv: &StorePath| {
            let step = BuildStep {
                drv: drv.clone(),
                state: StepState::Waiting,
                machine: String::new(),
                started: None,
                ended: None,
            };
            (drv.clone(), step)
        };
        // What an earlier try did is still so; what cannot be read is not worth a failure.
        let before = self.of(rev).ok().flatten().unwrap_or_default();
        let before = before.steps.into_iter().map(|it| (it.drv.clone(), it));
        let running = Running {
            steps: before.chain(drvs.iter().map(step)).collect(),
            changed: watch::Sender::new(()),
        };
        self.running().insert(rev.clone(), running);
        Watched {
            live: self.clone(),
            rev: rev.clone(),
        }
    }

    fn file(&self, rev: &CommitSha) -> PathBuf {
        self.logs.folder(rev).join(FILE)
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<CommitSha, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running build that others can look at, until it is dropped.
#[derive(Debug)]
pub(crate) struct Watched {
    live: Live,
    rev: CommitSha,
}

impl Watched {
    /// Changes what is told of a derivation, which is taken in where it is not known yet.
    pub(crate) fn set(&self, drv: &StorePath, change: impl FnOnce(&mut BuildStep)) {
        if let Some(running) = self.live.running().get_mut(&self.rev) {
            let step = running.steps.entry(drv.clone());
            change(step.or_insert_with(|| BuildStep {
                drv: drv.clone(),
                state: StepState::Waiting,
                machine: String::new(),
                started: None,
                ended: None,
            }));
            running.changed.send_replace(());
        }
    }

    /// A log grew.
    pub(crate) fn grew(&self) {
        if let Some(running) = self.live.running().get(&self.rev) {
            running.changed.send_replace(());
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let ended = self.live.running().remove(&self.rev);
        let Some(ended) = ended.filter(|ended| !ended.steps.is_empty()) else {
            return;
        };
        let mut steps: Vec<_> = ended.steps.into_values().collect();
        for step in &mut steps {
            if matches!(step.state, StepState::Building | StepState::Substituting) {
                // It was stopped.
                step.state = StepState::Waiting;
            }
        }
        let steps = BuildSteps {
            steps,
            is_running: false,
        };
        let kept = serde_json::to_vec(&steps).map_err(io::Error::from);
        let kept = kept.and_then(|json| {
            fs::create_dir_all(self.live.logs.folder(&self.rev))?;
            write_whole(&self.live.file(&self.rev), &json)
        });
        if let Err(error) = kept {
            tracing::error!(%error, rev = %self.rev, "what a build did could not be kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_build_can_be_watched_and_is_known_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let live = Live::new(Logs::new(dir.path()));
        let rev = CommitSha::parse(&"a".repeat(40)).unwrap();
        let drv = StorePath::parse(&format!("/nix/store/{}-x.drv", "0".repeat(32))).unwrap();
        assert_eq!(live.of(&rev).unwrap(), None);
        assert!(live.watch(&rev).is_none());

        let watched = live.begin(&rev, std::slice::from_ref(&drv));
        let mut changed = live.watch(&rev).unwrap();
        assert!(!changed.has_changed().unwrap());
        watched.set(&drv, |step| step.state = StepState::Building);
        changed.changed().await.unwrap();
        let seen = live.of(&rev).unwrap().unwrap();
        assert_eq!(
            (seen.is_running, seen.steps[0].state),
            (true, StepState::Building)
        );
        watched.grew();
        changed.changed().await.unwrap();

        watched.set(&drv, |step| step.state = StepState::Done);
        drop(watched);
        // What changed last is told, and then that it is over.
        changed.borrow_and_update();
        assert!(changed.changed().await.is_err());
        let again = Live::new(Logs::new(dir.path())).of(&rev).unwrap().unwrap();
        assert_eq!(
            (again.is_running, again.steps[0].state),
            (false, StepState::Done)
        );
    }
}
