//! What the viewer of a candidate's page may do there.

use picket_domain::{Candidate, PickStatus, StatusGroup, has_spoken, is_open, may_decide};

use crate::look::Look;
use crate::session::Viewer;

/// What the viewer may do here.
pub(super) enum Choice {
    SignIn,
    Author,
    /// Nothing is left to decide: the stable channel has it.
    Settled,
    Member {
        has_approved: bool,
        /// Whether an approval of the same head was given to something else.
        approves_again: bool,
        has_spoken: bool,
        dismissing: Dismissing,
    },
}

/// Whether a candidate can be dismissed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dismissing {
    /// It waits for approval.
    Can,
    /// It is dismissed or put off, and can be looked at again.
    Is,
    /// It is on its way, or out.
    Cannot,
}

impl Dismissing {
    fn of(status: &PickStatus) -> Self {
        match status.group() {
            StatusGroup::NeedsDecision => Self::Can,
            StatusGroup::Dismissed | StatusGroup::PutOff => Self::Is,
            StatusGroup::UnderWay
            | StatusGroup::SetAside
            | StatusGroup::Out
            | StatusGroup::Done => Self::Cannot,
        }
    }
}

impl Choice {
    pub(super) fn of(
        look: &Look<'_>,
        candidate: &Candidate,
        status: &PickStatus,
        viewer: &Viewer,
    ) -> Self {
        if is_open(status).is_err() {
            return Self::Settled;
        }
        let Some(person) = &viewer.person else {
            return Self::SignIn;
        };
        if may_decide(&look.facts, candidate, &person.login).is_err() {
            Self::Author
        } else {
            let (approvals, seen) = (look.approvals(candidate), look.seen(candidate));
            let own = approvals.iter().find(|one| one.by == person.login);
            Self::Member {
                has_approved: own.is_some_and(|own| seen.is_covered_by(own)),
                approves_again: own.is_some(),
                dismissing: Dismissing::of(status),
                has_spoken: has_spoken(&look.facts, candidate.pr, &person.login),
            }
        }
    }
}
