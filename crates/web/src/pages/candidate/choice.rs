//! What the viewer of a candidate's page may do there.

use picket_domain::{Candidate, PickStatus};

use super::people::has_spoken;
use crate::look::Look;
use crate::seen::{Seen, approvals};
use crate::sign_in::Viewer;

/// What the viewer may do here.
pub(super) enum Choice {
    SignIn,
    NotMember,
    Author,
    /// Nothing is left to decide: the stable channel has it.
    Settled,
    Member {
        has_approved: bool,
        /// Whether an approval of the same head was given to something else.
        approves_again: bool,
        has_spoken: bool,
    },
}

impl Choice {
    pub(super) fn of(
        look: &Look<'_>,
        candidate: &Candidate,
        status: &PickStatus,
        viewer: &Viewer,
    ) -> Self {
        if matches!(status, PickStatus::InBase | PickStatus::Superseded { .. }) {
            return Self::Settled;
        }
        let Some(person) = &viewer.person else {
            return Self::SignIn;
        };
        if !person.is_member {
            Self::NotMember
        } else if person.login == candidate.author {
            Self::Author
        } else {
            let (approvals, seen) = (approvals(look, candidate), Seen::of(look, candidate));
            let own = approvals.iter().find(|one| one.by == person.login);
            Self::Member {
                has_approved: own.is_some_and(|own| seen.is_covered_by(own)),
                approves_again: own.is_some(),
                has_spoken: has_spoken(look, candidate.pr, &person.login),
            }
        }
    }
}
