//! What people said about the build of a revision.

use serde::{Deserialize, Serialize};

use crate::audit::{Action, Actor, Entry};
use crate::id::CommitSha;
use crate::time::Timestamp;

/// The last word of the team on the build of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BuildWord {
    /// It is not to be built.
    Cancelled {
        /// Who said so.
        by: Actor,
        /// When.
        at: Timestamp,
    },
    /// It is to be tried afresh: what it came to before this time does not count.
    Retry {
        /// When it was said.
        at: Timestamp,
    },
}

impl BuildWord {
    /// What an entry of the audit log says of a revision's build, where it does.
    pub(crate) fn of(entry: &Entry) -> Option<(&CommitSha, Self)> {
        let at = entry.at;
        match &entry.action {
            Action::CancelBuild { rev, .. } => {
                let by = entry.actor.clone();
                Some((rev, Self::Cancelled { by, at }))
            }
            Action::RetryBuild { rev, .. } => Some((rev, Self::Retry { at })),
            Action::Nominate { .. }
            | Action::SubmitPatch { .. }
            | Action::Approve { .. }
            | Action::ResolveConflict { .. }
            | Action::DropResolutions { .. }
            | Action::ChooseForm { .. }
            | Action::Veto { .. }
            | Action::Withdraw { .. }
            | Action::Overrule { .. }
            | Action::Waive { .. }
            | Action::EndWaiver { .. }
            | Action::Dismiss { .. }
            | Action::Reopen { .. }
            | Action::Released { .. }
            | Action::Superseded { .. }
            | Action::Returned { .. }
            | Action::Account { .. } => None,
        }
    }
}
