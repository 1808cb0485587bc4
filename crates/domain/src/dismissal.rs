//! Heads that the team looked at and does not want in a channel.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::advisory::Advisory;
use crate::audit::{Action, Actor, Entry};
use crate::candidate::Candidate;
use crate::id::CommitSha;
use crate::time::Timestamp;

/// Why a head is not for a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DismissalKind {
    /// The channel does not have what it mends.
    NotAffected,
    /// It is no fix for this channel.
    Rejected,
    /// It is to be decided later.
    Later {
        /// From when on it waits for a decision again.
        until: Timestamp,
    },
}

/// The longest time for which a decision is put off, in days: nothing is lost by silence.
pub const PUT_OFF_DAYS_MAX: u32 = 90;

impl DismissalKind {
    /// In words, for the beginning of a sentence's second half.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotAffected => "not affected",
            Self::Rejected => "not for this channel",
            Self::Later { .. } => "put off",
        }
    }
}

/// The team's word that nothing is to be done about a head, as long as it stays what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dismissal {
    head: CommitSha,
    /// What it named then.
    advisories: BTreeSet<Advisory>,
    /// Why.
    pub kind: DismissalKind,
    /// Why, in the person's own words.
    pub reason: String,
    /// Who said so.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl Dismissal {
    /// Whether it was said of the candidate as it stands, and its time is not over: a push, or an advisory that it did not name
    /// then, is a reason to look again.
    pub fn holds_for(&self, candidate: &Candidate, now: Timestamp) -> bool {
        let is_known = |it: &Advisory| self.advisories.contains(it);
        self.until().is_none_or(|until| now < until)
            && self.head == candidate.head
            && candidate.advisories().iter().all(is_known)
    }

    /// When it ends by itself.
    pub fn until(&self) -> Option<Timestamp> {
        match self.kind {
            DismissalKind::NotAffected | DismissalKind::Rejected => None,
            DismissalKind::Later { until } => Some(until),
        }
    }

    /// What an entry about the same pull request leaves of one: whoever approves, or takes it back,
    /// puts an end to it.
    pub(crate) fn after(before: Option<Self>, entry: &Entry) -> Option<Self> {
        match &entry.action {
            Action::Dismiss {
                channel: _,
                pr: _,
                head,
                advisories,
                kind,
                reason,
            } => Some(Self {
                head: head.clone(),
                advisories: advisories.iter().cloned().collect(),
                kind: *kind,
                reason: reason.clone(),
                by: entry.actor.clone(),
                at: entry.at,
            }),
            Action::Reopen { .. } | Action::Approve { .. } => None,
            Action::Nominate { .. }
            | Action::SubmitPatch { .. }
            | Action::ResolveConflict { .. }
            | Action::DropResolutions { .. }
            | Action::ChooseForm { .. }
            | Action::Veto { .. }
            | Action::Withdraw { .. }
            | Action::Overrule { .. }
            | Action::CancelBuild { .. }
            | Action::RetryBuild { .. }
            | Action::Waive { .. }
            | Action::EndWaiver { .. }
            | Action::Released { .. }
            | Action::Superseded { .. }
            | Action::Returned { .. }
            | Action::Account { .. } => before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::fixtures::{candidate, channel, decisions, policy};
    use crate::id::PrNumber;
    use crate::resolve::resolve;
    use crate::status::{PickStatus, status};

    const NOW: Timestamp = Timestamp::from_unix(1_000);

    fn dismiss(candidate: &Candidate) -> Action {
        Action::Dismiss {
            channel: channel(),
            pr: candidate.pr,
            head: candidate.head.clone(),
            advisories: candidate.advisories(),
            kind: DismissalKind::NotAffected,
            reason: "the module is not built".into(),
        }
    }

    fn state(candidate: &Candidate, actions: &[Action]) -> PickStatus {
        let facts = facts(candidate, actions);
        status(&facts, &resolve(&facts, NOW), candidate)
    }

    fn facts(candidate: &Candidate, actions: &[Action]) -> Facts {
        let actions: Vec<_> = actions.iter().map(|it| ("ada", it.clone())).collect();
        let mut facts = Facts::new(policy(2));
        facts.log = decisions(&actions).into_iter().collect();
        facts
            .candidates
            .insert(candidate.pr, candidate.clone().into());
        facts
    }

    #[test]
    fn what_is_put_off_waits_for_a_decision_again_at_its_time() {
        let seven = candidate(7, "head");
        let until = NOW.plus_seconds(60);
        let Action::Dismiss {
            channel,
            pr,
            head,
            advisories,
            ..
        } = dismiss(&seven)
        else {
            panic!("it dismisses");
        };
        let said = [Action::Dismiss {
            channel,
            pr,
            head,
            advisories,
            kind: DismissalKind::Later { until },
            reason: "the maintainer asked for a day".into(),
        }];
        let facts = facts(&seven, &said);
        let at = |now| status(&facts, &resolve(&facts, now), &seven);
        assert_eq!(
            at(NOW).reason(),
            "put off until 1970-01-01T00:17:40Z, says ada: the maintainer asked for a day"
        );
        let wake_at = |now| crate::plan::plan(&facts, now).wake_at;
        assert_eq!(wake_at(NOW), Some(until));
        assert!(matches!(at(until), PickStatus::AwaitingApproval { .. }));
        assert_eq!(wake_at(until), None);
    }

    #[test]
    fn what_is_dismissed_stays_so_until_its_head_or_its_advisories_change() {
        let mut seven = candidate(7, "head");
        seven.named = Advisory::find_all("CVE-2026-0001");
        let said = [dismiss(&seven)];
        let is_dismissed =
            |it: &Candidate| matches!(state(it, &said), PickStatus::Dismissed { .. });
        assert!(is_dismissed(&seven));
        assert_eq!(
            state(&seven, &said).reason(),
            "not affected, says ada: the module is not built"
        );
        let mut fewer = seven.clone();
        fewer.named.clear();
        assert!(is_dismissed(&fewer), "it names less");
        let pushed = Candidate {
            head: crate::fixtures::sha("other"),
            ..seven.clone()
        };
        assert!(!is_dismissed(&pushed));
        seven.named = Advisory::find_all("CVE-2026-0001 CVE-2026-0002");
        assert!(!is_dismissed(&seven));
    }

    #[test]
    fn whoever_approves_or_reopens_puts_an_end_to_it() {
        let seven = candidate(7, "head");
        let reopen = Action::Reopen {
            channel: channel(),
            pr: PrNumber(7),
            reason: "it is built after all".into(),
        };
        let approve = Action::Approve {
            channel: channel(),
            pr: PrNumber(7),
            head: seven.head.clone(),
            patches: Vec::new(),
            not_shown: Vec::new(),
        };
        for end in [reopen, approve] {
            let state = state(&seven, &[dismiss(&seven), end]);
            assert!(
                matches!(state, PickStatus::AwaitingApproval { .. }),
                "{state:?}"
            );
        }
    }
}
