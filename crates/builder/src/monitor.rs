//! Watching builds: their logs go to files, their progress to whoever looks or listens.

use std::collections::BTreeMap;

use picket_domain::{CommitSha, StorePath, Timestamp};

use crate::daemon::{BuildResult, Event, Status};
use crate::live::{BuildStep, StepState, Watched};
use crate::logs::{LogWriter, WrittenLog};
use picket_nix::derivation::display_name;

/// Follows the builds of one run.
#[derive(Debug)]
pub(crate) struct Monitor {
    rev: CommitSha,
    /// How many derivations are to be built.
    total: usize,
    started: usize,
    built: usize,
    /// What is built, by the connection and its activity.
    running: BTreeMap<(u64, u64), StorePath>,
    logs: LogWriter,
    watched: Watched,
}

impl Monitor {
    pub(crate) fn new(rev: CommitSha, total: usize, logs: LogWriter, watched: Watched) -> Self {
        Self {
            rev,
            total,
            started: 0,
            built: 0,
            running: BTreeMap::new(),
            logs,
            watched,
        }
    }

    /// Takes in what a connection tells of the build of a derivation.
    pub(crate) fn event(&mut self, connection: u64, of: &StorePath, event: Event) {
        match event {
            Event::SubstitutionStarted => self.substitutes(of),
            Event::BuildStarted {
                activity,
                drv,
                machine,
            } => self.start((connection, activity), &drv, machine),
            Event::LogLine { activity, line } => self.line((connection, activity), &line),
            Event::Message(_) => {}
        }
    }

    fn substitutes(&self, of: &StorePath) {
        self.watched.set(of, |step| {
            if step.state == StepState::Waiting {
                step.state = StepState::Substituting;
            }
        });
    }

    fn start(&mut self, activity: (u64, u64), drv: &str, machine: String) {
        let Ok(drv) = StorePath::parse(drv) else {
            return;
        };
        // Where another machine builds it, that one's Nix tells of the same build once more.
        let mut running = self.running.iter();
        if running.any(|((connection, _), it)| *connection == activity.0 && *it == drv) {
            self.running.insert(activity, drv);
            return;
        }
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
        self.watched.set(&drv, |step| {
            step.state = StepState::Building;
            step.machine = machine;
            step.started = Some(Timestamp::now());
        });
        self.running.insert(activity, drv);
    }

    fn line(&mut self, activity: (u64, u64), line: &str) {
        let Some(drv) = self.running.get(&activity) else {
            return;
        };
        if let Err(error) = self.logs.line(drv, line) {
            tracing::error!(%error, %drv, "a line of a log is lost");
        }
        self.watched.grew();
    }

    /// The log of a derivation that came to an end.
    pub(crate) fn log(&mut self, drv: &StorePath) -> WrittenLog {
        self.logs.written(drv)
    }

    /// A derivation came to an end; hands back how many seconds it was built, where it was.
    pub(crate) fn end(&mut self, drv: &StorePath, result: &BuildResult) -> Option<u64> {
        self.running.retain(|_, running| running != drv);
        let now = Timestamp::now();
        let mut took = None;
        self.watched.set(drv, |step| {
            step.state = state(result.status);
            step.ended = Some(now);
            took = seconds(step);
        });
        let name = display_name(drv);
        if result.status.is_own_failure() {
            tracing::info!(
                target: "picket::progress",
                rev = %self.rev, drv = %drv,
                "failed: {name}"
            );
        } else if result.status == Status::Success && took.is_some() {
            self.built += 1;
            tracing::info!(
                target: "picket::progress",
                rev = %self.rev, drv = %drv,
                "built {} of {}: {name}", self.built, self.total
            );
        }
        took
    }
}

fn seconds(step: &BuildStep) -> Option<u64> {
    let seconds = step.ended?.seconds_since(step.started?);
    u64::try_from(seconds).ok()
}

fn state(status: Status) -> StepState {
    match status {
        Status::Success => StepState::Done,
        Status::DependencyFailed => StepState::NeedsFailed,
        Status::NoMachine => StepState::NoMachine,
        Status::Failure
        | Status::OutputRejected
        | Status::LogLimitExceeded
        | Status::NotDeterministic
        | Status::Transient
        | Status::TimedOut
        | Status::NoSubstituters
        | Status::Machine
        | Status::Lost => StepState::Failed,
    }
}
