//! All that planning needs of the tries at building a revision.

use std::collections::BTreeSet;

use crate::audit::Actor;
use crate::build::Verdict;
use crate::build_summary::AttemptSummary;
use crate::build_word::BuildWord;
use crate::failure::FailureCause;
use crate::id::JobName;
use crate::time::Timestamp;
use crate::waiver::Rules;

/// All tries at building one revision against one base, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BuildRecord {
    /// The tries.
    pub attempts: Vec<AttemptSummary>,
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
        /// The try that passed.
        attempt: &'a AttemptSummary,
        /// The jobs that an earlier try of the same revision broke.
        flaky: Vec<JobName>,
        /// The jobs that it goes without, because the team said so.
        waived: Vec<JobName>,
    },
    /// It failed by the machine's fault as often as the policy tries, and is given up for now.
    GivenUp {
        /// When it is tried again.
        until: Timestamp,
        /// The jobs that failed; none where the evaluation itself did not come to an end.
        jobs: Vec<JobName>,
        /// Why the first of them did, the last time.
        cause: Option<FailureCause>,
    },
    /// A person stopped it, and it is not tried before a person asks for that.
    Cancelled {
        /// Who.
        by: Actor,
    },
    /// There is no machine for it, and it will not be tried again.
    NoMachine {
        /// The last try.
        attempt: &'a AttemptSummary,
        /// The jobs that no machine builds.
        jobs: Vec<JobName>,
    },
    /// It failed, and will not be tried again.
    Failed {
        /// The last try.
        attempt: &'a AttemptSummary,
        /// The jobs that it breaks.
        jobs: Vec<JobName>,
    },
}

/// Jobs of builds that pass, which are not as they should be all the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OddJobs {
    /// They failed, and passed when they were built again.
    pub flaky: BTreeSet<JobName>,
    /// They fail, and fail at the base too.
    pub broken_at_base: BTreeSet<JobName>,
    /// No machine could build them, and the team said that releases go without.
    pub waived: BTreeSet<JobName>,
}

impl OddJobs {
    /// Takes in those of a build, where it passes.
    pub fn add(&mut self, state: &BuildState<'_>) {
        if let BuildState::Passed {
            attempt,
            flaky,
            waived,
        } = state
        {
            self.flaky.extend(flaky.iter().cloned());
            self.waived.extend(waived.iter().cloned());
            let broken = attempt.report.broken_at_base();
            self.broken_at_base.extend(broken.cloned());
        }
    }
}

impl BuildRecord {
    /// What the tries, and the team's last word on them, come to under the channel's rules, at
    /// this time. What passed has passed, whatever is said of it afterwards.
    pub fn state(
        &self,
        rules: Rules<'_>,
        word: Option<&BuildWord>,
        now: Timestamp,
    ) -> BuildState<'_> {
        let last = self.attempts.last();
        let passes = |it: &AttemptSummary| it.verdict(rules) == Verdict::Passed;
        let since = match word {
            _ if last.is_some_and(passes) => 0,
            Some(BuildWord::Cancelled { by, .. }) => {
                return BuildState::Cancelled { by: by.clone() };
            }
            Some(BuildWord::Retry { at }) => self.attempts.partition_point(|it| it.at < *at),
            None => 0,
        };
        self.after(since, rules, now)
    }

    /// What the tries from the one at this place on come to.
    fn after(&self, since: usize, rules: Rules<'_>, now: Timestamp) -> BuildState<'_> {
        let tries = &self.attempts[since..];
        let Some(last) = tries.last() else {
            return BuildState::Due;
        };
        match last.verdict(rules) {
            Verdict::Passed => BuildState::Passed {
                attempt: last,
                flaky: self.flaky(rules),
                waived: last.waived(rules).cloned().collect(),
            },
            Verdict::Broken(jobs) => after_broken(rules, tries, last, jobs),
            Verdict::Rejected(jobs) => BuildState::Failed {
                attempt: last,
                jobs,
            },
            Verdict::NoMachine(jobs) => BuildState::NoMachine {
                attempt: last,
                jobs,
            },
            Verdict::Inconclusive(jobs) => after_inconclusive(rules, tries, now, jobs),
        }
    }

    fn flaky(&self, rules: Rules<'_>) -> Vec<JobName> {
        let earlier = self.attempts.iter().map(|attempt| attempt.verdict(rules));
        let mut flaky: Vec<_> = earlier
            .flat_map(|verdict| match verdict {
                Verdict::Broken(jobs) | Verdict::Rejected(jobs) => jobs,
                Verdict::Passed | Verdict::NoMachine(_) | Verdict::Inconclusive(_) => Vec::new(),
            })
            .collect();
        flaky.sort();
        flaky.dedup();
        flaky
    }
}

fn after_broken<'a>(
    rules: Rules<'_>,
    tries: &[AttemptSummary],
    attempt: &'a AttemptSummary,
    jobs: Vec<JobName>,
) -> BuildState<'a> {
    let broken = count(
        tries,
        |verdict| matches!(verdict, Verdict::Broken(_)),
        rules,
    );
    if broken < rules.policy.retry.attempts {
        BuildState::Due
    } else {
        BuildState::Failed { attempt, jobs }
    }
}

/// Nothing is wrong with the change, as far as is known, so that it is never given up for good.
/// But others do not wait for it: after a round of tries, each wait twice the one before, it is
/// given up for a while, and then comes the next round.
fn after_inconclusive<'a>(
    rules: Rules<'_>,
    tries: &[AttemptSummary],
    now: Timestamp,
    jobs: Vec<JobName>,
) -> BuildState<'a> {
    let Some(last) = tries.last() else {
        return BuildState::Due;
    };
    let retry = &rules.policy.retry;
    let is_inconclusive = |verdict: &Verdict| matches!(verdict, Verdict::Inconclusive(_));
    let of_round = count(tries, is_inconclusive, rules) % retry.transient_attempts.max(1);
    let is_given_up = of_round == 0;
    let wait = match is_given_up {
        true => retry.give_up_seconds,
        false => retry.transient_wait_seconds << (of_round - 1).min(10),
    };
    match last.at.plus_seconds(wait) {
        at if at <= now => BuildState::Due,
        until if is_given_up => BuildState::GivenUp {
            until,
            cause: cause_of(last, &jobs),
            jobs,
        },
        until => BuildState::RetryAt(until),
    }
}

fn count(tries: &[AttemptSummary], is: impl Fn(&Verdict) -> bool, rules: Rules<'_>) -> u32 {
    let verdicts = tries.iter().map(|attempt| attempt.verdict(rules));
    verdicts.filter(is).count() as u32
}

/// Why the first of these jobs failed.
fn cause_of(attempt: &AttemptSummary, jobs: &[JobName]) -> Option<FailureCause> {
    let failing = attempt.report.failing().iter();
    let mut failing = failing.filter(|it| jobs.first() == Some(&it.job));
    failing.next()?.cause
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{Attempt, BuildReport};
    use crate::fixtures::{built, failed, policy};
    use crate::policy::Policy;

    const NOW: Timestamp = Timestamp::from_unix(1_000);

    fn record(reports: &[BuildReport]) -> BuildRecord {
        let attempt = |(number, report): (u32, &BuildReport)| {
            let (at, report) = (NOW.plus_seconds(-10), report.clone());
            AttemptSummary::of(number, &Attempt { at, report })
        };
        BuildRecord {
            attempts: (1..).zip(reports).map(attempt).collect(),
        }
    }

    fn rules(policy: &Policy) -> Rules<'_> {
        Rules {
            policy,
            waivers: &[],
        }
    }

    fn policy_with(attempts: u32) -> Policy {
        let mut policy = policy(1);
        policy.retry.attempts = attempts;
        policy
    }

    #[test]
    fn what_was_never_tried_is_due() {
        assert_eq!(
            record(&[]).state(rules(&policy(1)), None, NOW),
            BuildState::Due
        );
    }

    #[test]
    fn a_failure_that_then_passes_is_flaky() {
        let record = record(&[failed("a", FailureCause::Builder), built("a")]);
        match record.state(rules(&policy_with(2)), None, NOW) {
            BuildState::Passed { flaky, .. } => assert_eq!(flaky[0].as_str(), "a"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_broken_build_is_tried_as_often_as_policy_says() {
        let once = record(&[failed("a", FailureCause::Builder)]);
        assert_eq!(
            once.state(rules(&policy_with(2)), None, NOW),
            BuildState::Due
        );
        assert!(matches!(
            once.state(rules(&policy_with(1)), None, NOW),
            BuildState::Failed { .. }
        ));
    }

    #[test]
    fn the_machines_fault_is_waited_out() {
        let report = failed("a", FailureCause::Transient);
        let once = record(std::slice::from_ref(&report));
        assert_eq!(
            once.state(rules(&policy(1)), None, NOW),
            BuildState::RetryAt(NOW.plus_seconds(50))
        );
        assert_eq!(
            once.state(rules(&policy(1)), None, NOW.plus_seconds(50)),
            BuildState::Due
        );
        let thrice = record(&[report.clone(), report.clone(), report]);
        assert_eq!(
            thrice.state(rules(&policy(1)), None, NOW),
            BuildState::RetryAt(NOW.plus_seconds(230))
        );
    }

    #[test]
    fn what_would_come_out_the_same_is_not_tried_again() {
        for cause in [
            FailureCause::TimedOut,
            FailureCause::LogTooLarge,
            FailureCause::OutputRejected,
            FailureCause::UnsupportedOutput,
            FailureCause::NotDeterministic,
        ] {
            let once = record(&[failed("a", cause)]);
            let state = once.state(rules(&policy_with(2)), None, NOW);
            assert!(matches!(state, BuildState::Failed { .. }), "{cause:?}");
        }
    }

    #[test]
    fn what_no_machine_builds_is_not_tried_again_and_is_nobodys_fault() {
        let once = record(&[failed("a", FailureCause::NoMachine)]);
        let state = once.state(rules(&policy_with(2)), None, NOW.plus_seconds(1_000_000));
        match state {
            BuildState::NoMachine { jobs, .. } => assert_eq!(jobs[0].as_str(), "a"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_always_killed_gives_way_and_says_why() {
        let report = failed("a", FailureCause::Killed);
        let tries = vec![report; 4];
        match record(&tries).state(rules(&policy(1)), None, NOW) {
            BuildState::GivenUp { jobs, cause, .. } => {
                assert_eq!(jobs[0].as_str(), "a");
                assert_eq!(cause, Some(FailureCause::Killed));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_a_person_stopped_stays_so_until_one_asks_for_another_try() {
        let failed = failed("a", FailureCause::OutputRejected);
        let once = record(std::slice::from_ref(&failed));
        let cancelled = BuildWord::Cancelled {
            by: Actor::Picket,
            at: NOW,
        };
        let state = |record: &BuildRecord, word: &BuildWord| {
            format!("{:?}", record.state(rules(&policy(1)), Some(word), NOW))
        };
        assert!(state(&once, &cancelled).starts_with("Cancelled"));
        assert!(state(&record(&[]), &cancelled).starts_with("Cancelled"));
        let retry = BuildWord::Retry { at: NOW };
        assert_eq!(state(&once, &retry), "Due");
        // The try that followed counts.
        let earlier = BuildWord::Retry {
            at: NOW.plus_seconds(-20),
        };
        assert!(state(&once, &earlier).starts_with("Failed"));
        // What passed has passed.
        let passed = record(&[failed, built("a")]);
        for word in [&cancelled, &retry] {
            assert!(state(&passed, word).starts_with("Passed"));
        }
    }
}
