//! What evaluating and building a revision came to.

use serde::{Deserialize, Serialize};

use crate::id::JobName;
use crate::policy::Policy;
use crate::store_path::StorePath;
use crate::time::Timestamp;

/// What came of evaluating a revision's jobs, comparing them with the base's and building what
/// differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum BuildReport {
    /// The job set as a whole does not evaluate.
    EvaluationFailed {
        /// Nix's message, bounded.
        error: String,
    },
    /// The job set was evaluated, and what differs was built as far as it can be.
    Evaluated {
        /// How many jobs the revision has.
        jobs: u32,
        /// The jobs whose outputs differ from the base's, by name.
        changed: Vec<JobReport>,
    },
}

/// One job that differs from the base's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobReport {
    /// The job.
    pub job: JobName,
    /// What came of it.
    pub outcome: JobOutcome,
}

/// What came of one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum JobOutcome {
    /// Its outputs are in the store.
    Built {
        /// Its derivation.
        drv: StorePath,
        /// Its outputs, sorted.
        outputs: Vec<StorePath>,
    },
    /// It, or something that it needs, did not build.
    Failed {
        /// Its derivation.
        drv: StorePath,
        /// The derivation whose build failed: its own, or one that it needs.
        failed: StorePath,
        /// Why.
        cause: FailureCause,
        /// The end of the failed build's log, bounded.
        log_tail: String,
    },
    /// It evaluated at the base and does not any more.
    EvaluationFailed {
        /// Nix's message, bounded.
        error: String,
    },
}

/// Why a build failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCause {
    /// The builder said so, or did not make what it should: the change's own fault.
    Builder,
    /// It ran, or was silent, for too long.
    TimedOut,
    /// The machine's fault: out of disk, a lost connection, a builder that went away.
    Transient,
}

/// A build report weighed by a channel's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// No job that the channel requires is broken.
    Passed,
    /// The change breaks these jobs; none where the job set itself does not evaluate.
    Broken(Vec<JobName>),
    /// These jobs failed by the machine's fault, and none by the change's.
    Inconclusive(Vec<JobName>),
}

impl BuildReport {
    /// Weighs the report by the channel's policy.
    pub fn verdict(&self, policy: &Policy) -> Verdict {
        let Self::Evaluated { changed, .. } = self else {
            return Verdict::Broken(Vec::new());
        };
        let mut broken = Vec::new();
        let mut inconclusive = Vec::new();
        for report in changed.iter().filter(|report| policy.requires(&report.job)) {
            match &report.outcome {
                JobOutcome::Built { .. } => {}
                JobOutcome::Failed {
                    cause: FailureCause::Transient,
                    ..
                } => {
                    inconclusive.push(report.job.clone());
                }
                JobOutcome::Failed {
                    cause: FailureCause::Builder | FailureCause::TimedOut,
                    ..
                }
                | JobOutcome::EvaluationFailed { .. } => broken.push(report.job.clone()),
            }
        }
        match (broken.is_empty(), inconclusive.is_empty()) {
            (false, _) => Verdict::Broken(broken),
            (true, false) => Verdict::Inconclusive(inconclusive),
            (true, true) => Verdict::Passed,
        }
    }

    /// The jobs that differ from the base's, by name.
    pub fn changed(&self) -> &[JobReport] {
        match self {
            Self::Evaluated { changed, .. } => changed,
            Self::EvaluationFailed { .. } => &[],
        }
    }

    /// The outputs of all changed jobs that were built, sorted, each once.
    pub fn built_outputs(&self) -> Vec<StorePath> {
        let outputs = self
            .changed()
            .iter()
            .flat_map(|report| match &report.outcome {
                JobOutcome::Built { outputs, .. } => outputs.as_slice(),
                JobOutcome::Failed { .. } | JobOutcome::EvaluationFailed { .. } => &[],
            });
        let mut outputs: Vec<_> = outputs.cloned().collect();
        outputs.sort();
        outputs.dedup();
        outputs
    }
}

/// One try at building a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it ended.
    pub at: Timestamp,
    /// What came of it.
    pub report: BuildReport,
}

/// All tries at building one revision against one base, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BuildRecord {
    /// The tries.
    pub attempts: Vec<Attempt>,
}

/// What a build's record comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildState<'a> {
    /// It is to be tried, now.
    Due,
    /// It is to be tried again, at this time.
    RetryAt(Timestamp),
    /// It passed.
    Passed {
        /// The report of the try that passed.
        report: &'a BuildReport,
        /// The jobs that an earlier try of the same revision broke.
        flaky: Vec<JobName>,
    },
    /// It failed, and will not be tried again.
    Failed {
        /// The report of the last try.
        report: &'a BuildReport,
        /// The jobs that it breaks.
        jobs: Vec<JobName>,
    },
}

impl BuildRecord {
    /// What the tries come to under the channel's policy, at this time.
    pub fn state(&self, policy: &Policy, now: Timestamp) -> BuildState<'_> {
        let Some(last) = self.attempts.last() else {
            return BuildState::Due;
        };
        let (jobs, retry_at) = match last.report.verdict(policy) {
            Verdict::Passed => {
                return BuildState::Passed {
                    report: &last.report,
                    flaky: self.flaky(policy),
                };
            }
            Verdict::Broken(jobs) => (jobs, self.retry_of_broken(policy, last.at)),
            Verdict::Inconclusive(jobs) => {
                (jobs, Some(self.retry_of_inconclusive(policy, last.at)))
            }
        };
        match retry_at {
            None => BuildState::Failed {
                report: &last.report,
                jobs,
            },
            Some(at) if at <= now => BuildState::Due,
            Some(at) => BuildState::RetryAt(at),
        }
    }

    fn retry_of_broken(&self, policy: &Policy, last: Timestamp) -> Option<Timestamp> {
        let broken = self.count(|verdict| matches!(verdict, Verdict::Broken(_)), policy);
        (broken < policy.retry.attempts).then_some(last)
    }

    /// Never gives up, since nothing is wrong with the change. Waits double from try to try, up to
    /// 2^10 times the first.
    fn retry_of_inconclusive(&self, policy: &Policy, last: Timestamp) -> Timestamp {
        let tries = self.count(
            |verdict| matches!(verdict, Verdict::Inconclusive(_)),
            policy,
        );
        last.plus_seconds(policy.retry.transient_wait_seconds << tries.saturating_sub(1).min(10))
    }

    fn count(&self, is: impl Fn(&Verdict) -> bool, policy: &Policy) -> u32 {
        self.attempts
            .iter()
            .filter(|attempt| is(&attempt.report.verdict(policy)))
            .count() as u32
    }

    fn flaky(&self, policy: &Policy) -> Vec<JobName> {
        let earlier = self
            .attempts
            .iter()
            .map(|attempt| attempt.report.verdict(policy));
        let mut flaky: Vec<_> = earlier
            .flat_map(|verdict| match verdict {
                Verdict::Broken(jobs) => jobs,
                Verdict::Passed | Verdict::Inconclusive(_) => Vec::new(),
            })
            .collect();
        flaky.sort();
        flaky.dedup();
        flaky
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::fixtures::{built, failed, policy};

    const NOW: Timestamp = Timestamp::from_unix(1_000);

    fn record(reports: &[BuildReport]) -> BuildRecord {
        let attempt = |report: &BuildReport| Attempt {
            at: NOW.plus_seconds(-10),
            report: report.clone(),
        };
        BuildRecord {
            attempts: reports.iter().map(attempt).collect(),
        }
    }

    fn policy_with(attempts: u32) -> Policy {
        let mut policy = policy(1);
        policy.retry.attempts = attempts;
        policy
    }

    #[test]
    fn what_was_never_tried_is_due() {
        assert_eq!(record(&[]).state(&policy(1), NOW), BuildState::Due);
    }

    #[test]
    fn a_failure_that_then_passes_is_flaky() {
        let record = record(&[failed("a", FailureCause::Builder), built("a")]);
        match record.state(&policy_with(2), NOW) {
            BuildState::Passed { flaky, .. } => assert_eq!(flaky[0].as_str(), "a"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_broken_build_is_tried_as_often_as_policy_says() {
        let once = record(&[failed("a", FailureCause::Builder)]);
        assert_eq!(once.state(&policy_with(2), NOW), BuildState::Due);
        assert!(matches!(
            once.state(&policy_with(1), NOW),
            BuildState::Failed { .. }
        ));
    }

    #[test]
    fn the_machines_fault_is_waited_out() {
        let report = failed("a", FailureCause::Transient);
        let once = record(std::slice::from_ref(&report));
        assert_eq!(
            once.state(&policy(1), NOW),
            BuildState::RetryAt(NOW.plus_seconds(50))
        );
        assert_eq!(
            once.state(&policy(1), NOW.plus_seconds(50)),
            BuildState::Due
        );
        let thrice = record(&[report.clone(), report.clone(), report]);
        assert_eq!(
            thrice.state(&policy(1), NOW),
            BuildState::RetryAt(NOW.plus_seconds(230))
        );
    }

    #[test]
    fn a_job_that_is_not_required_may_fail() {
        let mut policy = policy(1);
        policy.required_jobs = vec![crate::JobPattern::parse("tests.*").unwrap()];
        let report = failed("nixpkgs.a", FailureCause::Builder);
        assert_eq!(report.verdict(&policy), Verdict::Passed);
    }
}
