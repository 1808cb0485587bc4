//! Watching builds: their logs go to files, their progress to whoever listens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use picket_domain::{CommitSha, StorePath};

use crate::daemon::{BuildResult, Event, Status};
use crate::derivation::{self, display_name};
use crate::logs::LogWriter;

/// Follows the builds of one request.
#[derive(Debug)]
pub(crate) struct Monitor {
    rev: CommitSha,
    /// How many derivations are to be built.
    total: usize,
    started: usize,
    done: u64,
    running: BTreeMap<u64, Running>,
    failed: BTreeSet<StorePath>,
    logs: LogWriter,
}

#[derive(Debug)]
struct Running {
    drv: StorePath,
    outputs: Vec<StorePath>,
    told: bool,
}

impl Monitor {
    pub(crate) fn new(rev: CommitSha, total: usize, logs: LogWriter) -> Self {
        Self {
            rev,
            total,
            started: 0,
            done: 0,
            running: BTreeMap::new(),
            failed: BTreeSet::new(),
            logs,
        }
    }

    pub(crate) fn event(&mut self, event: Event) {
        match event {
            Event::BuildStarted { activity, drv } => self.start(activity, &drv),
            Event::LogLine { activity, line } => self.line(activity, &line),
            Event::BuildCounts { done } => self.count(done),
            Event::Message(message) => self.message(&message),
        }
    }

    fn start(&mut self, activity: u64, drv: &str) {
        let Ok(drv) = StorePath::parse(drv) else {
            return;
        };
        self.started += 1;
        // Builds that nobody counted before, as those of a substitute that failed, count too.
        self.total = self.total.max(self.started);
        let name = display_name(&drv);
        tracing::info!(
            target: "picket::progress",
            rev = %self.rev, drv = %drv, log = %drv,
            "building {} of {}: {name}", self.started, self.total
        );
        if let Err(error) = self.logs.begin(&drv) {
            tracing::error!(%error, %drv, "the log of {name} cannot be kept");
        }
        let outputs = derivation::read(&drv).map(|recipe| recipe.outputs);
        self.running.insert(
            activity,
            Running {
                drv,
                outputs: outputs.unwrap_or_default(),
                told: false,
            },
        );
    }

    fn line(&mut self, activity: u64, line: &str) {
        let Some(running) = self.running.get(&activity) else {
            return;
        };
        if let Err(error) = self.logs.line(&running.drv, line) {
            tracing::error!(%error, drv = %running.drv, "a line of a log is lost");
        }
    }

    /// Nix counts builds, but does not say which one has ended; its outputs do.
    fn count(&mut self, done: u64) {
        while self.done < done {
            self.done += 1;
            let built = |running: &&mut Running| {
                !running.told
                    && !running.outputs.is_empty()
                    && running
                        .outputs
                        .iter()
                        .all(|out| Path::new(out.as_str()).exists())
            };
            let Some(running) = self.running.values_mut().find(built) else {
                continue;
            };
            running.told = true;
            tracing::info!(
                target: "picket::progress",
                rev = %self.rev, drv = %running.drv,
                "built {} of {}: {}", self.done, self.total, display_name(&running.drv)
            );
        }
    }

    fn message(&mut self, message: &str) {
        let failed = self
            .running
            .values()
            .find(|running| !running.told && message.contains(running.drv.as_str()))
            .filter(|_| message.contains("error:"))
            .map(|running| running.drv.clone());
        if let Some(drv) = failed {
            self.tell_failed(&drv);
        }
    }

    fn tell_failed(&mut self, drv: &StorePath) {
        if self.failed.insert(drv.clone()) {
            tracing::info!(
                target: "picket::progress",
                rev = %self.rev, drv = %drv,
                "failed: {}", display_name(drv)
            );
        }
    }

    /// Tells what was not told yet, and hands back the logs, which are still to be finished.
    pub(crate) fn finish(mut self, results: &BTreeMap<StorePath, BuildResult>) -> LogWriter {
        for (drv, result) in results {
            match result.status {
                Status::Success | Status::DependencyFailed => {}
                Status::Failure | Status::Transient | Status::TimedOut | Status::Machine => {
                    self.tell_failed(drv);
                }
            }
        }
        self.logs
    }
}
