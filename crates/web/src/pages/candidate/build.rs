//! The part of a candidate's page that shows how its chain's build went.

use std::collections::BTreeSet;

use picket_domain::{
    BuildReport, BuildState, Candidate, CommitSha, FailureCause, JobOutcome, JobReport,
    PickOutcome, PickStatus, StorePath,
};

use crate::look::Look;
use crate::view::Badge;

/// Jobs that a page lists; a change to a library that everything needs changes thousands.
const JOBS_SHOWN: usize = 100;

/// How a build went.
pub(super) struct BuildView {
    pub(super) rev: String,
    pub(super) state: Badge,
    pub(super) tries: usize,
    pub(super) jobs: u32,
    pub(super) changed: usize,
    pub(super) failed: usize,
    pub(super) flaky: Vec<String>,
    pub(super) error: Option<String>,
    pub(super) shown: Vec<JobView>,
    pub(super) hidden: usize,
}

/// How one job went.
pub(super) struct JobView {
    pub(super) name: String,
    pub(super) badge: Badge,
    pub(super) is_required: bool,
    /// The derivation that failed, where it is another one than the job's own.
    pub(super) because: Option<String>,
    pub(super) log_url: Option<String>,
    pub(super) log_tail: String,
}

impl BuildView {
    /// The build that tells most about the candidate; `None` before its chain is built.
    pub(super) fn of(look: &Look<'_>, candidate: &Candidate, status: &PickStatus) -> Option<Self> {
        let rev = telling_rev(look, candidate, status)?;
        let record = look.facts.builds.get(&rev).cloned().unwrap_or_default();
        let policy = &look.facts.policy;
        let (state, flaky) = match record.state(policy, look.now) {
            BuildState::Due => (Badge::new("info", "Being built"), Vec::new()),
            BuildState::RetryAt(_) => (Badge::new("warn", "To be tried again"), Vec::new()),
            BuildState::Passed { flaky, .. } => (Badge::new("good", "Passed"), flaky),
            BuildState::Failed { .. } => (Badge::new("bad", "Failed"), Vec::new()),
        };
        let report = record.attempts.last().map(|attempt| &attempt.report);
        let (jobs, error) = match report {
            Some(BuildReport::Evaluated { jobs, .. }) => (*jobs, None),
            Some(BuildReport::EvaluationFailed { error }) => (0, Some(error.clone())),
            None => (0, None),
        };
        let changed = report.map(BuildReport::changed).unwrap_or_default();
        let (failed, mut in_order): (Vec<_>, Vec<_>) =
            changed.iter().partition(|report| !is_built(report));
        let failures = failed.len();
        in_order.splice(0..0, failed);
        let view = |report: &JobReport| JobView::new(&rev, report, policy.requires(&report.job));
        let shown = in_order.iter().take(JOBS_SHOWN).copied().map(view);
        Some(Self {
            rev: rev.short().to_owned(),
            state,
            tries: record.attempts.len(),
            jobs,
            changed: changed.len(),
            failed: failures,
            flaky: flaky.iter().map(ToString::to_string).collect(),
            error,
            hidden: in_order.len().saturating_sub(JOBS_SHOWN),
            shown: each_log_once(shown),
        })
    }
}

/// The commit whose build says most: the one that shows the fault, the one being built, or the
/// chain that the candidate is in.
fn telling_rev(look: &Look<'_>, candidate: &Candidate, status: &PickStatus) -> Option<CommitSha> {
    if let PickStatus::BuildFailed { rev, .. } | PickStatus::Building { rev } = status {
        return Some(rev.clone());
    }
    let assembly = look.resolution.assembly.as_ref()?;
    match assembly.outcome(candidate.pr)? {
        PickOutcome::Picked { .. } => assembly.applied().last().map(|(_, tip)| tip.clone()),
        PickOutcome::Contained
        | PickOutcome::Conflict { .. }
        | PickOutcome::Disputed { .. }
        | PickOutcome::Unavailable { .. } => None,
    }
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
    fn new(rev: &CommitSha, report: &JobReport, is_required: bool) -> Self {
        let name = report.job.to_string();
        match &report.outcome {
            JobOutcome::Built { .. } => Self {
                name,
                badge: Badge::new("good", "Built"),
                is_required,
                because: None,
                log_url: None,
                log_tail: String::new(),
            },
            JobOutcome::Failed {
                drv,
                failed,
                cause,
                log_tail,
            } => Self {
                name,
                badge: cause_badge(*cause),
                is_required,
                because: (failed != drv).then(|| failed.name().to_owned()),
                log_url: Some(log_url(rev, failed)),
                log_tail: log_tail.clone(),
            },
            JobOutcome::EvaluationFailed { error } => Self {
                name,
                badge: Badge::new("bad", "Does not evaluate"),
                is_required,
                because: None,
                log_url: None,
                log_tail: error.clone(),
            },
        }
    }
}

fn cause_badge(cause: FailureCause) -> Badge {
    match cause {
        FailureCause::Builder => Badge::new("bad", "Failed"),
        FailureCause::TimedOut => Badge::new("bad", "Timed out"),
        FailureCause::Transient => Badge::new("warn", "Builder trouble"),
    }
}

fn log_url(rev: &CommitSha, drv: &StorePath) -> String {
    format!("/logs/{rev}/{}", drv.base_name())
}
