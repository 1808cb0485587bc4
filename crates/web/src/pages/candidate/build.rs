//! The part of a candidate's page that shows how its chain's build went.

use std::collections::BTreeSet;
use std::sync::Arc;

use picket_domain::{
    Aggregate, BuildReport, BuildState, Candidate, CommitSha, FailureCause, Fault, JobOutcome,
    JobReport, OnBase, PackageSet, PickOutcome, PickStatus, Policy, PrNumber, StorePath,
    required_by,
};

use super::package_tests;
use crate::error::PageError;
use crate::look::Look;
use crate::state::AppState;
use crate::view::Badge;

/// Jobs that a page lists; a change to a library that everything needs changes thousands.
const JOBS_SHOWN: usize = 100;

/// How a build went.
pub(super) struct BuildView {
    /// The head that is in it, where that is not the candidate's any more.
    pub(super) earlier: Option<String>,
    /// The other picks that are in it.
    pub(super) with: Vec<PrNumber>,
    pub(super) rev: String,
    pub(super) url: String,
    pub(super) broken_at_base: usize,
    pub(super) state: Badge,
    pub(super) tries: usize,
    pub(super) jobs: u32,
    pub(super) changed: usize,
    pub(super) failed: usize,
    /// What is to be said of the packages that differ.
    pub(super) packages: Option<String>,
    /// What is to be said of the tests that they name.
    pub(super) package_tests: Vec<String>,
    /// How many of those are left to clients.
    pub(super) left_out: u32,
    pub(super) flaky: Vec<String>,
    pub(super) error: Option<String>,
    pub(super) shown: Vec<JobView>,
    pub(super) hidden: usize,
}

/// How one job went.
pub(super) struct JobView {
    pub(super) name: String,
    pub(super) badge: Badge,
    /// What to say of its place in the gate; `None`: the policy names it itself.
    pub(super) gate_note: Option<String>,
    /// The derivation that failed, where it is another one than the job's own.
    pub(super) because: Option<String>,
    pub(super) log_url: Option<String>,
    pub(super) log_tail: String,
}

impl BuildView {
    /// The build that tells most about the candidate; `None` before its chain is built.
    pub(super) async fn of(
        app: &AppState,
        look: &Look<'_>,
        candidate: &Candidate,
    ) -> Result<Option<Self>, PageError> {
        let Some((rev, earlier)) = telling(look, candidate, &look.status(candidate)) else {
            return Ok(None);
        };
        let Some(on) = &look.facts.today else {
            return Ok(None);
        };
        let last = on.builds.get(&rev).and_then(|it| it.attempts.last());
        let report = match last {
            None => None,
            Some(last) => {
                let (channel, base) = (look.channel.name(), &on.base.rev);
                app.store.report(channel, base, &rev, last.number).await?
            }
        };
        Ok(Some(Self {
            earlier,
            with: with(look, candidate, &rev),
            ..Self::new(look, on, &rev, report.as_ref())
        }))
    }

    fn new(look: &Look<'_>, on: &OnBase, rev: &CommitSha, report: Option<&BuildReport>) -> Self {
        let record = on.builds.get(rev).map(Arc::as_ref);
        let record = record.cloned().unwrap_or_default();
        let policy = &look.facts.policy;
        let (state, flaky) = match look.facts.build_state(rev, &record, look.now) {
            BuildState::Due => (Badge::new("info", "Being built"), Vec::new()),
            BuildState::RetryAt(_) => (Badge::new("warn", "To be tried again"), Vec::new()),
            BuildState::GivenUp { .. } => (Badge::new("warn", "Given up for now"), Vec::new()),
            BuildState::Passed { flaky, .. } => (Badge::new("good", "Passed"), flaky),
            BuildState::Cancelled { .. } => (Badge::new("warn", "Stopped"), Vec::new()),
            BuildState::NoMachine { .. } => (Badge::new("bad", "No machine builds it"), Vec::new()),
            BuildState::Failed { .. } => (Badge::new("bad", "Failed"), Vec::new()),
        };
        let (jobs, error) = match report {
            Some(BuildReport::Evaluated { jobs, .. }) => (*jobs, None),
            Some(
                BuildReport::EvaluationFailed { error: said }
                | BuildReport::EvaluationUnfinished { detail: said, .. },
            ) => (0, Some(said.clone())),
            None => (0, None),
        };
        let changed = report.map(BuildReport::changed).unwrap_or_default();
        let (failed, mut in_order): (Vec<_>, Vec<_>) =
            changed.iter().partition(|report| !is_built(report));
        let failures = failed.len();
        in_order.splice(0..0, failed);
        let aggregates = report.map(BuildReport::aggregates).unwrap_or_default();
        let view =
            |report: &JobReport| JobView::new(rev, report, gate_note(aggregates, policy, report));
        let shown = in_order.iter().take(JOBS_SHOWN).copied().map(view);
        Self {
            earlier: None,
            with: Vec::new(),
            rev: rev.short().to_owned(),
            url: format!("/channels/{}/builds/{rev}", look.channel.name()),
            broken_at_base: changed
                .iter()
                .filter(|it| it.fault() == Some(Fault::Base))
                .count(),
            state,
            tries: record.attempts.len(),
            jobs,
            changed: changed.iter().filter(|it| !it.job.is_beside()).count(),
            packages: report
                .and_then(BuildReport::packages)
                .and_then(packages_line),
            package_tests: report
                .map(|report| package_tests::lines(report, policy))
                .unwrap_or_default(),
            left_out: report
                .and_then(BuildReport::packages)
                .map_or(0, |packages| packages.left_out),
            failed: failures,
            flaky: flaky.iter().map(ToString::to_string).collect(),
            error,
            hidden: in_order.len().saturating_sub(JOBS_SHOWN),
            shown: each_log_once(shown),
        }
    }
}

/// The commit whose build says most: the one that shows the fault, the one being built, or the
/// chain that the candidate is in; and the head that is in that, where it is an earlier one.
fn telling(
    look: &Look<'_>,
    candidate: &Candidate,
    status: &PickStatus,
) -> Option<(CommitSha, Option<String>)> {
    if let PickStatus::BuildFailed { rev, .. }
    | PickStatus::NoMachine { rev, .. }
    | PickStatus::BuildCancelled { rev, .. }
    | PickStatus::Building { rev } = status
    {
        return Some((rev.clone(), None));
    }
    let assembly = look.resolution.assembly.as_ref()?;
    let pick = assembly.picks.iter().find(|pick| pick.pr == candidate.pr)?;
    let earlier = (pick.head != candidate.head).then(|| pick.head.short().to_owned());
    match pick.outcome {
        PickOutcome::Picked { .. } => {
            let (_, tip) = assembly.applied().last()?;
            Some((tip.clone(), earlier))
        }
        PickOutcome::Contained { .. }
        | PickOutcome::Conflict { .. }
        | PickOutcome::Disputed { .. }
        | PickOutcome::Unavailable { .. } => None,
    }
}

/// The other picks of the chain up to a commit of it: what the build says is of all of them.
fn with(look: &Look<'_>, candidate: &Candidate, rev: &CommitSha) -> Vec<PrNumber> {
    let assembly = look.resolution.assembly.as_ref();
    let applied: Vec<_> = assembly.iter().flat_map(|it| it.applied()).collect();
    let Some(last) = applied.iter().position(|(_, tip)| *tip == rev) else {
        return Vec::new();
    };
    let picks = applied[..=last].iter().map(|(pick, _)| pick.pr);
    picks.filter(|pr| *pr != candidate.pr).collect()
}

/// Jobs that fail by the same derivation have the same log, and one look at it is enough.
fn each_log_once(jobs: impl Iterator<Item = JobView>) -> Vec<JobView> {
    let mut seen = BTreeSet::new();
    jobs.map(|mut job| {
        if job.log_url.clone().is_some_and(|url| !seen.insert(url)) {
            job.log_tail.clear();
        }
        job
    })
    .collect()
}

fn is_built(report: &JobReport) -> bool {
    matches!(report.outcome, JobOutcome::Built { .. })
}

impl JobView {
    fn new(rev: &CommitSha, report: &JobReport, gate_note: Option<String>) -> Self {
        let name = report.job.to_string();
        match &report.outcome {
            JobOutcome::Built { .. } => Self {
                name,
                badge: Badge::new("good", "Built"),
                gate_note,
                because: None,
                log_url: None,
                log_tail: String::new(),
            },
            JobOutcome::Failed {
                drv,
                failed,
                cause,
                log_tail,
                fails_at_base,
            } => Self {
                name,
                badge: match fails_at_base {
                    true => Badge::new("", "Already broken at the base"),
                    false => cause_badge(*cause),
                },
                gate_note,
                because: (failed != drv).then(|| failed.name().to_owned()),
                log_url: Some(log_url(rev, failed)),
                log_tail: log_tail.clone(),
            },
            JobOutcome::Refused { why } => Self {
                name,
                badge: Badge::new("bad", "Not fit to ship"),
                gate_note,
                because: None,
                log_url: None,
                log_tail: why.clone(),
            },
            JobOutcome::EvaluationFailed { error } => Self {
                name,
                badge: Badge::new("bad", "Does not evaluate"),
                gate_note,
                because: None,
                log_url: None,
                log_tail: error.clone(),
            },
        }
    }
}

fn gate_note(aggregates: &[Aggregate], policy: &Policy, report: &JobReport) -> Option<String> {
    let job = &report.job;
    if job.is_package() {
        let is_given_up = matches!(report.outcome, JobOutcome::EvaluationFailed { .. });
        return is_given_up.then(|| "does not hold this up".to_owned());
    }
    if job.is_package_test() {
        let is_required = policy.package_tests.are_required();
        return (!is_required).then(|| "does not hold this up".to_owned());
    }
    if policy.requires(job) || job.is_carried() {
        return None;
    }
    Some(match required_by(aggregates, policy, job) {
        Some(aggregate) => format!("required by {aggregate}"),
        None => "not required".to_owned(),
    })
}

fn packages_line(packages: &PackageSet) -> Option<String> {
    if let Some(error) = &packages.unknown {
        return Some(format!(
            "Which packages change is not known, since the base's do not evaluate: {error}"
        ));
    }
    let plural = if packages.changed == 1 { "" } else { "s" };
    match (packages.changed, packages.left_out) {
        (0, _) => None,
        (changed, 0) => Some(format!(
            "{changed} package{plural} of the tree change{}.",
            third(changed)
        )),
        (changed, left_out) => Some(format!(
            "{changed} packages of the tree change. {left_out} of them are beyond the channel's rebuild \
             limit, and servers build them themselves."
        )),
    }
}

/// The ending of a verb.
fn third(n: u32) -> &'static str {
    if n == 1 { "s" } else { "" }
}

fn cause_badge(cause: FailureCause) -> Badge {
    match cause {
        FailureCause::Builder => Badge::new("bad", "Failed"),
        FailureCause::TimedOut => Badge::new("bad", "Timed out"),
        FailureCause::LogTooLarge => Badge::new("bad", "Log too large"),
        FailureCause::OutputRejected => Badge::new("bad", "Output rejected"),
        FailureCause::UnsupportedOutput => Badge::new("bad", "Makes a socket, pipe or device"),
        FailureCause::NotDeterministic => Badge::new("bad", "Not deterministic"),
        FailureCause::NoMachine => Badge::new("bad", "No machine builds it"),
        FailureCause::DiskFull => Badge::new("warn", "Disk full"),
        FailureCause::Killed => Badge::new("warn", "Killed"),
        FailureCause::BuilderLost => Badge::new("warn", "Builder went away"),
        FailureCause::SourceUnavailable => Badge::new("warn", "Source not to be had"),
        FailureCause::InputUnavailable => Badge::new("warn", "Input not to be had"),
        FailureCause::Transient => Badge::new("warn", "Builder trouble"),
    }
}

fn log_url(rev: &CommitSha, drv: &StorePath) -> String {
    format!("/logs/{rev}/{}", drv.base_name())
}
