//! Jobs that a release need not wait for, because the team said so.

use crate::audit::{Action, Actor, Entry};
use crate::build::Fault;
use crate::id::JobName;
use crate::policy::{JobPattern, Policy};
use crate::time::Timestamp;

/// The team's word that releases go without jobs that no machine can build: those of a system whose
/// builder is away. It does not cover what a change breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// The jobs.
    pub jobs: JobPattern,
    /// Builds that ended before this time are covered. What was released by it stays; what is built
    /// later waits for the jobs again.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: Actor,
}

/// How many days a waiver lasts at most: what is missing longer is no exception any more.
pub const WAIVER_DAYS_MAX: u32 = 30;

impl Waiver {
    /// Whether a build that ended then may go without this job.
    pub fn covers(&self, job: &JobName, fault: Fault, built_at: Timestamp) -> bool {
        let is_away = match fault {
            Fault::NoMachine | Fault::Machine => true,
            Fault::Certain | Fault::Change | Fault::Base => false,
        };
        is_away && built_at < self.until && self.jobs.matches(job)
    }
}

/// By what a channel weighs builds: its policy, and what the team waived.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// What the team waived.
    pub waivers: &'a [Waiver],
}

impl Rules<'_> {
    /// Whether a build that ended then may go without a job that failed.
    pub(crate) fn waives(&self, job: &JobName, fault: Fault, built_at: Timestamp) -> bool {
        let mut waivers = self.waivers.iter();
        waivers.any(|it| it.covers(job, fault, built_at))
    }
}

/// The last word on each pattern of jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Waivers(Vec<Waiver>);

impl Waivers {
    pub(crate) fn all(&self) -> &[Waiver] {
        &self.0
    }

    pub(crate) fn take_in(&mut self, entry: &Entry) {
        match &entry.action {
            Action::Waive {
                channel: _,
                jobs,
                until,
                reason,
            } => {
                self.0.retain(|it| it.jobs != *jobs);
                self.0.push(Waiver {
                    jobs: jobs.clone(),
                    until: *until,
                    reason: reason.clone(),
                    by: entry.actor.clone(),
                });
            }
            // What was built until now goes on being covered: ending it takes no fix away.
            Action::EndWaiver { jobs, .. } => {
                for waiver in self.0.iter_mut().filter(|it| it.jobs == *jobs) {
                    waiver.until = waiver.until.min(entry.at);
                }
            }
            Action::Nominate { .. }
            | Action::SubmitPatch { .. }
            | Action::Approve { .. }
            | Action::ResolveConflict { .. }
            | Action::DropResolutions { .. }
            | Action::ChooseForm { .. }
            | Action::Dismiss { .. }
            | Action::Reopen { .. }
            | Action::Veto { .. }
            | Action::Withdraw { .. }
            | Action::Overrule { .. }
            | Action::CancelBuild { .. }
            | Action::RetryBuild { .. }
            | Action::Released { .. }
            | Action::Superseded { .. }
            | Action::Returned { .. }
            | Action::Account { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{channel, decisions};

    fn job(name: &str) -> JobName {
        JobName::parse(name).unwrap()
    }

    fn waive(jobs: &str, until: i64) -> Action {
        Action::Waive {
            channel: channel(),
            jobs: JobPattern::parse(jobs).unwrap(),
            until: Timestamp::from_unix(until),
            reason: "the builder is away".into(),
        }
    }

    fn end(jobs: &str) -> Action {
        Action::EndWaiver {
            channel: channel(),
            jobs: JobPattern::parse(jobs).unwrap(),
            reason: "it is back".into(),
        }
    }

    /// Whether a failing job of a build that ended then is waived by what was decided, at 0, 1, ..
    fn is_waived(actions: &[Action], name: &str, fault: Fault, at: i64) -> bool {
        let actions: Vec<_> = actions.iter().map(|it| ("ada", it.clone())).collect();
        let mut waivers = Waivers::default();
        decisions(&actions)
            .iter()
            .for_each(|it| waivers.take_in(it));
        let at = Timestamp::from_unix(at);
        waivers
            .all()
            .iter()
            .any(|it| it.covers(&job(name), fault, at))
    }

    #[test]
    fn what_the_machine_lacks_is_waived_and_nothing_that_a_change_breaks() {
        let arm = [waive("*.aarch64-linux", 100)];
        for (name, fault, waived) in [
            ("curl.aarch64-linux", Fault::NoMachine, true),
            ("curl.aarch64-linux", Fault::Machine, true),
            ("curl.aarch64-linux", Fault::Change, false),
            ("curl.aarch64-linux", Fault::Certain, false),
            ("curl.x86_64-linux", Fault::NoMachine, false),
        ] {
            assert_eq!(is_waived(&arm, name, fault, 50), waived, "{name} {fault:?}");
        }
    }

    #[test]
    fn a_waiver_covers_builds_before_its_end_and_none_after_it() {
        let of = |actions: &[Action], at| is_waived(actions, "a.arm", Fault::NoMachine, at);
        let once = [waive("*.arm", 100)];
        assert!(of(&once, 99) && !of(&once, 100));
        let longer = [waive("*.arm", 100), waive("*.arm", 200)];
        assert!(of(&longer, 199), "the last word counts");
        let ended = [waive("*.arm", 100), waive("b", 100), end("*.arm")];
        assert!(of(&ended, 1), "what was built before goes on being covered");
        assert!(!of(&ended, 2) && is_waived(&ended, "b", Fault::Machine, 99));
    }
}
