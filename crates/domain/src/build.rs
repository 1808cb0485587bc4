//! What evaluating and building a revision came to.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, is_required};
use crate::failure::{FailureCause, FailureClass};
use crate::id::JobName;
use crate::package_set::PackageSet;
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
    /// The evaluation was stopped by a limit, or from outside: nothing is known of the revision's
    /// jobs, and it may go through another time.
    EvaluationUnfinished {
        /// What stopped it.
        cause: EvaluationLimit,
        /// What it had taken by then.
        spent: EvaluationCost,
        /// What the base's evaluation took, which did end; `None` where that is not known.
        base: Option<EvaluationCost>,
        /// The limit, and what Nix said last, bounded.
        detail: String,
    },
    /// The job set was evaluated, and what differs was built as far as it can be.
    Evaluated {
        /// How many jobs the revision has.
        jobs: u32,
        /// The jobs whose outputs differ from the base's, by name.
        changed: Vec<JobReport>,
        /// The jobs that stand for some of these.
        #[serde(default)]
        aggregates: Vec<Aggregate>,
        /// How many packages differ.
        #[serde(default)]
        packages: PackageSet,
    },
}

/// What can stop an evaluation before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvaluationLimit {
    /// It took longer than it may.
    Time,
    /// It needed more memory than it may have.
    Memory,
    /// Somebody else stopped it: the kernel out of memory, an operator.
    Killed,
}

/// What an evaluation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EvaluationCost {
    /// Seconds from its start to its end.
    pub seconds: u64,
    /// The most memory that was seen in use, in bytes. Looked at several times a second: an
    /// evaluation that ends at once was perhaps never seen.
    pub peak_bytes: u64,
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
        /// Whether the base's build of the same job fails too: it is not the change's fault then.
        #[serde(default)]
        fails_at_base: bool,
    },
    /// It was looked at before it ships, and is not fit for that.
    Refused {
        /// Why, for a person.
        why: String,
    },
    /// It evaluated at the base and does not any more.
    EvaluationFailed {
        /// Nix's message, bounded.
        error: String,
    },
}

/// A build report weighed by a channel's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// No job that the channel requires is broken, but for those that the base breaks.
    Passed,
    /// The change breaks these jobs, as far as one try tells; none where the job set itself does
    /// not evaluate.
    Broken(Vec<JobName>),
    /// The change breaks these jobs, and another try would come out the same.
    Rejected(Vec<JobName>),
    /// No machine builds these jobs, and the change breaks none.
    NoMachine(Vec<JobName>),
    /// These jobs failed by the machine's fault, and none by the change's; none where the job set
    /// could not be evaluated to its end.
    Inconclusive(Vec<JobName>),
}

impl Verdict {
    /// The verdict on required jobs that fail.
    pub(crate) fn of<'a>(failing: impl Iterator<Item = (Fault, &'a JobName)>) -> Self {
        let mut by = [const { Vec::new() }; 4];
        for (fault, job) in failing {
            let at = match fault {
                Fault::Certain => 0,
                Fault::Change => 1,
                Fault::NoMachine => 2,
                Fault::Machine => 3,
                Fault::Base => continue,
            };
            by[at].push(job.clone());
        }
        let [certain, suspected, unsupported, inconclusive] = by;
        let is_certain = !certain.is_empty();
        let broken = [certain, suspected].concat();
        if is_certain {
            Self::Rejected(broken)
        } else if !broken.is_empty() {
            Self::Broken(broken)
        } else if !unsupported.is_empty() {
            Self::NoMachine(unsupported)
        } else if !inconclusive.is_empty() {
            Self::Inconclusive(inconclusive)
        } else {
            Self::Passed
        }
    }
}

/// Whose fault a job's failure is, and whether that is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The change's: another try would come out the same.
    Certain,
    /// The change's, as far as one try tells.
    Change,
    /// Nobody's: there is no machine for it.
    NoMachine,
    /// The machine's.
    Machine,
    /// The base's, which breaks the job too.
    Base,
}

impl JobReport {
    /// Whose fault it is that the job is not there; `None`: it is there, or is a package that is not
    /// to be had any more, as one is that upstream marks as insecure or removes.
    pub fn fault(&self) -> Option<Fault> {
        match &self.outcome {
            JobOutcome::EvaluationFailed { .. } if self.job.is_package() => None,
            outcome => outcome.fault(),
        }
    }
}

impl JobOutcome {
    /// Whose fault it is that the job is not there; `None`: it is there.
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Self::Built { .. } => None,
            Self::Refused { .. } => Some(Fault::Certain),
            Self::EvaluationFailed { .. } => Some(Fault::Change),
            Self::Failed {
                cause,
                fails_at_base,
                ..
            } => Some(match cause.class() {
                FailureClass::NoMachine => Fault::NoMachine,
                FailureClass::Infrastructure => Fault::Machine,
                FailureClass::Suspected | FailureClass::Certain if *fails_at_base => Fault::Base,
                FailureClass::Suspected => Fault::Change,
                FailureClass::Certain => Fault::Certain,
            }),
        }
    }
}

impl BuildReport {
    /// Weighs the report by the channel's policy.
    pub fn verdict(&self, policy: &Policy) -> Verdict {
        let (changed, aggregates) = match self {
            Self::Evaluated {
                changed,
                aggregates,
                ..
            } => (changed, aggregates),
            Self::EvaluationFailed { .. } => return Verdict::Broken(Vec::new()),
            Self::EvaluationUnfinished { .. } => return Verdict::Inconclusive(Vec::new()),
        };
        let required = changed
            .iter()
            .filter(|report| is_required(aggregates, policy, &report.job));
        Verdict::of(required.filter_map(|report| Some((report.fault()?, &report.job))))
    }

    /// The jobs that differ from the base's, by name.
    pub fn changed(&self) -> &[JobReport] {
        match self {
            Self::Evaluated { changed, .. } => changed,
            Self::EvaluationFailed { .. } | Self::EvaluationUnfinished { .. } => &[],
        }
    }

    /// The jobs that stand for some of those that differ.
    pub fn aggregates(&self) -> &[Aggregate] {
        match self {
            Self::Evaluated { aggregates, .. } => aggregates,
            Self::EvaluationFailed { .. } | Self::EvaluationUnfinished { .. } => &[],
        }
    }

    /// How many packages differ; `None`: nothing was evaluated to its end.
    pub fn packages(&self) -> Option<&PackageSet> {
        match self {
            Self::Evaluated { packages, .. } => Some(packages),
            Self::EvaluationFailed { .. } | Self::EvaluationUnfinished { .. } => None,
        }
    }

    /// The outputs of all changed jobs that were built, sorted, each once; but for those of packages'
    /// tests, which no server asks for.
    pub fn built_outputs(&self) -> Vec<StorePath> {
        let outputs = self
            .changed()
            .iter()
            .filter(|report| !report.job.is_package_test())
            .flat_map(|report| match &report.outcome {
                JobOutcome::Built { outputs, .. } => outputs.as_slice(),
                JobOutcome::Failed { .. }
                | JobOutcome::Refused { .. }
                | JobOutcome::EvaluationFailed { .. } => &[],
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{built, failed, policy};
    use crate::{JobPattern, PackageTests};

    #[test]
    fn an_evaluation_that_ran_into_a_limit_is_not_blamed_on_the_change() {
        let report = BuildReport::EvaluationUnfinished {
            cause: EvaluationLimit::Memory,
            spent: EvaluationCost {
                seconds: 300,
                peak_bytes: 8 << 30,
            },
            base: None,
            detail: "it needed more than 8 GiB".into(),
        };
        assert_eq!(
            report.verdict(&policy(1)),
            Verdict::Inconclusive(Vec::new())
        );
        let kept: BuildReport =
            serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
        assert_eq!(kept, report);
    }

    #[test]
    fn what_the_base_breaks_too_is_not_the_changes_fault() {
        let at_base = |cause| {
            let mut report = failed("a", cause);
            let BuildReport::Evaluated { changed, .. } = &mut report else {
                unreachable!("a build that failed was evaluated");
            };
            let JobOutcome::Failed { fails_at_base, .. } = &mut changed[0].outcome else {
                unreachable!("its job failed");
            };
            *fails_at_base = true;
            report.verdict(&policy(1))
        };
        assert_eq!(at_base(FailureCause::Builder), Verdict::Passed);
        assert_eq!(at_base(FailureCause::TimedOut), Verdict::Passed);
        // A missing machine is not made good by the base's missing one.
        assert!(matches!(
            at_base(FailureCause::NoMachine),
            Verdict::NoMachine(_)
        ));
    }

    #[test]
    fn a_packages_test_is_required_as_its_own_key_says_and_by_no_pattern() {
        let mut policy = policy(1);
        let name = JobName::parse("redis.passthru.tests.basic").unwrap();
        let report = failed(
            JobName::of_package_test(&name).as_str(),
            FailureCause::TimedOut,
        );
        let no_machine = failed(
            JobName::of_package_test(&name).as_str(),
            FailureCause::NoMachine,
        );
        assert!(matches!(report.verdict(&policy), Verdict::Rejected(_)));
        assert!(matches!(no_machine.verdict(&policy), Verdict::NoMachine(_)));
        policy.required_jobs = vec![JobPattern::parse("nothing").unwrap()];
        assert!(matches!(report.verdict(&policy), Verdict::Rejected(_)));
        policy.required_jobs = vec![JobPattern::all()];
        for tests in [PackageTests::Build, PackageTests::Off] {
            policy.package_tests = tests;
            assert_eq!(report.verdict(&policy), Verdict::Passed);
            assert_eq!(no_machine.verdict(&policy), Verdict::Passed);
        }
    }

    #[test]
    fn what_a_packages_test_leaves_is_not_published() {
        let test = JobName::of_package_test(&JobName::parse("a.passthru.tests.b").unwrap());
        assert!(built(test.as_str()).built_outputs().is_empty());
        assert!(!built("a").built_outputs().is_empty());
    }

    #[test]
    fn a_job_that_is_not_required_may_fail() {
        let mut policy = policy(1);
        policy.required_jobs = vec![JobPattern::parse("tests.*").unwrap()];
        let report = failed("nixpkgs.a", FailureCause::Builder);
        assert_eq!(report.verdict(&policy), Verdict::Passed);
    }
}
