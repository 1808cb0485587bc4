//! What planning needs of a build's report.
//!
//! A report names every job that changed, with its outputs and its log's end: megabytes for a
//! library that everything needs. Whether the channel's policy lets it pass depends on the jobs
//! that fail, by name, and those are few. The policy itself may change, so it is weighed at every
//! look.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, is_required};
use crate::build::{Attempt, BuildReport, Fault, JobOutcome, JobReport, Verdict};
use crate::failure::FailureCause;
use crate::id::JobName;
use crate::policy::Policy;
use crate::time::Timestamp;
use crate::waiver::Rules;

/// One try at building a revision, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptSummary {
    /// Its place among the tries at the same revision and base, from 1: its report is kept under
    /// this number.
    pub number: u32,
    /// When it ended.
    pub at: Timestamp,
    /// What came of it.
    pub report: ReportSummary,
}

/// What came of a try, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum ReportSummary {
    /// The job set as a whole does not evaluate.
    EvaluationFailed,
    /// The evaluation was stopped by a limit, or from outside.
    EvaluationUnfinished,
    /// The job set was evaluated, and what differs was built as far as it can be.
    Evaluated {
        /// How many jobs the revision has.
        jobs: u32,
        /// How many of them differ from the base's.
        changed: u32,
        /// Those that failed, those of the change's own fault first; at most
        /// [`ReportSummary::MOST_NAMED`].
        failing: Vec<FailingJob>,
        /// How many more failed.
        unnamed: u32,
        /// The jobs that stand for some of those that failed.
        #[serde(default)]
        aggregates: Vec<Aggregate>,
    },
}

/// A job that failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FailingJob {
    /// Whose fault it is.
    pub fault: Fault,
    /// The job.
    pub job: JobName,
    /// Why it failed; `None` where it does not evaluate, or was recorded when there were fewer
    /// kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<FailureCause>,
}

impl AttemptSummary {
    /// Sums a try up.
    pub fn of(number: u32, attempt: &Attempt) -> Self {
        Self {
            number,
            at: attempt.at,
            report: ReportSummary::of(&attempt.report),
        }
    }

    /// Weighs the report by the channel's rules, as they hold for a build that ended when this did.
    pub fn verdict(&self, rules: Rules<'_>) -> Verdict {
        self.report
            .weighed(rules.policy, |it| !it.is_waived(rules, self.at))
    }

    /// The jobs that it goes without because the team said so, required or not.
    pub fn waived(&self, rules: Rules<'_>) -> impl Iterator<Item = &JobName> {
        let failing = self.report.failing().iter();
        let waived = failing.filter(move |it| it.is_waived(rules, self.at));
        waived.map(|it| &it.job)
    }
}

impl ReportSummary {
    /// How many failing jobs a summary names.
    pub const MOST_NAMED: usize = 1_000;

    /// Sums a report up.
    pub fn of(report: &BuildReport) -> Self {
        match report {
            BuildReport::EvaluationFailed { .. } => Self::EvaluationFailed,
            BuildReport::EvaluationUnfinished { .. } => Self::EvaluationUnfinished,
            BuildReport::Evaluated {
                jobs,
                changed,
                aggregates,
                packages: _,
            } => {
                let mut failing: Vec<_> = changed.iter().filter_map(FailingJob::of).collect();
                failing.sort();
                let unnamed = failing.len().saturating_sub(Self::MOST_NAMED) as u32;
                failing.truncate(Self::MOST_NAMED);
                Self::Evaluated {
                    jobs: *jobs,
                    changed: changed.len() as u32,
                    aggregates: of_failing(aggregates, &failing),
                    failing,
                    unnamed,
                }
            }
        }
    }

    /// Weighs the report by the channel's policy: as [`BuildReport::verdict`], but that where more
    /// jobs fail than are named, all are taken to be required.
    pub fn verdict(&self, policy: &Policy) -> Verdict {
        self.weighed(policy, |_| true)
    }

    fn weighed(&self, policy: &Policy, counts: impl Fn(&FailingJob) -> bool) -> Verdict {
        let (failing, unnamed, aggregates) = match self {
            Self::EvaluationFailed => return Verdict::Broken(Vec::new()),
            Self::EvaluationUnfinished => return Verdict::Inconclusive(Vec::new()),
            Self::Evaluated {
                failing,
                unnamed,
                aggregates,
                ..
            } => (failing, unnamed, aggregates),
        };
        let required = failing
            .iter()
            .filter(|it| *unnamed > 0 || is_required(aggregates, policy, &it.job))
            .filter(|it| counts(it));
        Verdict::of(required.map(|it| (it.fault, &it.job)))
    }

    /// The jobs that failed, as far as they are named.
    pub fn failing(&self) -> &[FailingJob] {
        match self {
            Self::Evaluated { failing, .. } => failing,
            Self::EvaluationFailed | Self::EvaluationUnfinished => &[],
        }
    }

    /// The jobs that the base breaks too.
    pub fn broken_at_base(&self) -> impl Iterator<Item = &JobName> {
        let failing = self.failing().iter();
        failing
            .filter(|it| it.fault == Fault::Base)
            .map(|it| &it.job)
    }
}

/// What the aggregates stand for, as far as it failed.
fn of_failing(aggregates: &[Aggregate], failing: &[FailingJob]) -> Vec<Aggregate> {
    let of = |aggregate: &Aggregate| {
        let stands_for = |it: &&FailingJob| aggregate.constituents.contains(&it.job);
        let constituents = failing.iter().filter(stands_for);
        Aggregate {
            job: aggregate.job.clone(),
            constituents: constituents.map(|it| it.job.clone()).collect(),
        }
    };
    let all = aggregates.iter().map(of);
    all.filter(|aggregate| !aggregate.constituents.is_empty())
        .collect()
}

impl FailingJob {
    fn is_waived(&self, rules: Rules<'_>, built_at: Timestamp) -> bool {
        rules.waives(&self.job, self.fault, built_at)
    }

    fn of(report: &JobReport) -> Option<Self> {
        let cause = match &report.outcome {
            JobOutcome::Built { .. }
            | JobOutcome::Refused { .. }
            | JobOutcome::EvaluationFailed { .. } => None,
            JobOutcome::Failed { cause, .. } => Some(*cause),
        };
        Some(Self {
            fault: report.fault()?,
            job: report.job.clone(),
            cause,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::{built, failed, policy};
    use crate::{JobPattern, PackageSet};

    /// By what a policy requires a job.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum By {
        Name,
        Aggregate,
        Nothing,
    }

    fn by() -> impl Strategy<Value = By> {
        prop_oneof![Just(By::Name), Just(By::Aggregate), Just(By::Nothing)]
    }

    /// One job of each way to end, and by what the policy requires it, if it does.
    fn report(ends: &[(u8, By)]) -> BuildReport {
        let name = |at: usize, by: By| match by {
            By::Name => format!("tests.job{at}"),
            By::Aggregate | By::Nothing => format!("other.job{at}"),
        };
        let job = |(at, (end, by)): (usize, &(u8, By))| {
            let name = name(at, *by);
            let report = match end {
                0 => built(&name),
                1 => failed(&name, FailureCause::Transient),
                2 => failed(&name, FailureCause::TimedOut),
                3 => failed(&name, FailureCause::NoMachine),
                _ => failed(&name, FailureCause::Builder),
            };
            report.changed()[0].clone()
        };
        let of_aggregate = |(at, (_, by)): (usize, &(u8, By))| {
            (*by == By::Aggregate).then(|| JobName::parse(&name(at, *by)).unwrap())
        };
        let aggregate = |job: &str, constituents| Aggregate {
            job: JobName::parse(job).unwrap(),
            constituents,
        };
        BuildReport::Evaluated {
            jobs: ends.len() as u32,
            changed: ends.iter().enumerate().map(job).collect(),
            aggregates: vec![
                aggregate("optional", [JobName::parse("other.job0").unwrap()].into()),
                aggregate(
                    "tested",
                    ends.iter().enumerate().filter_map(of_aggregate).collect(),
                ),
            ],
            packages: PackageSet::default(),
        }
    }

    fn policy_of_tests() -> Policy {
        let mut policy = policy(1);
        policy.required_jobs = ["tests.*", "tested"]
            .map(|pattern| JobPattern::parse(pattern).unwrap())
            .into();
        policy
    }

    proptest! {
        #[test]
        fn a_summary_is_weighed_as_its_report(
            ends in proptest::collection::vec((0..5u8, by()), 0..8),
        ) {
            let policy = policy_of_tests();
            let report = report(&ends);
            let sorted = |verdict| match verdict {
                Verdict::Broken(mut jobs) => { jobs.sort(); Verdict::Broken(jobs) }
                Verdict::Rejected(mut jobs) => { jobs.sort(); Verdict::Rejected(jobs) }
                Verdict::NoMachine(mut jobs) => { jobs.sort(); Verdict::NoMachine(jobs) }
                Verdict::Inconclusive(mut jobs) => { jobs.sort(); Verdict::Inconclusive(jobs) }
                Verdict::Passed => Verdict::Passed,
            };
            let summed_up = sorted(ReportSummary::of(&report).verdict(&policy));
            prop_assert_eq!(summed_up, sorted(report.verdict(&policy)));
        }
    }

    #[test]
    fn what_a_required_aggregate_stands_for_is_required() {
        let summary = |by| ReportSummary::of(&report(&[(0, By::Name), (4, by)]));
        let policy = policy_of_tests();
        let broken = vec![JobName::parse("other.job1").unwrap()];
        assert_eq!(
            summary(By::Aggregate).verdict(&policy),
            Verdict::Broken(broken)
        );
        assert_eq!(summary(By::Nothing).verdict(&policy), Verdict::Passed);
    }

    #[test]
    fn failures_that_are_not_named_are_not_let_through() {
        let policy = policy_of_tests();
        let summary = ReportSummary::of(&report(&vec![(4, By::Nothing); 1_001]));
        let ReportSummary::Evaluated {
            failing, unnamed, ..
        } = &summary
        else {
            panic!("{summary:?}");
        };
        assert_eq!((failing.len(), *unnamed), (1_000, 1));
        assert!(matches!(summary.verdict(&policy), Verdict::Broken(_)));
    }
}
