//! Somebody's last word on a pull request.

use std::sync::Arc;

use crate::audit::{Action, Actor, Entry};
use crate::facts::Facts;
use crate::id::{Login, PrNumber};

/// The last word that somebody gave on a pull request of the channel.
pub fn last_word<'a>(facts: &'a Facts, pr: PrNumber, by: &Login) -> Option<&'a Entry> {
    let mut entries = facts.log.of(pr).iter().rev().map(Arc::as_ref);
    entries.find(|entry| {
        let is_theirs = matches!(&entry.actor, Actor::Person(person) if person == by);
        is_theirs
            && is_word(&entry.action)
            && entry.action.pick() == Some((&facts.policy.channel, pr))
    })
}

/// Whether somebody has an approval or a veto to take back.
pub fn has_spoken(facts: &Facts, pr: PrNumber, by: &Login) -> bool {
    last_word(facts, pr, by)
        .is_some_and(|entry| matches!(entry.action, Action::Approve { .. } | Action::Veto { .. }))
}

/// Whether an action is somebody's word on a pull request, rather than work on it.
fn is_word(action: &Action) -> bool {
    match action {
        Action::Approve { .. } | Action::Veto { .. } | Action::Withdraw { .. } => true,
        Action::Nominate { .. }
        | Action::SubmitPatch { .. }
        | Action::ResolveConflict { .. }
        | Action::DropResolutions { .. }
        | Action::ChooseForm { .. }
        | Action::CancelBuild { .. }
        | Action::RetryBuild { .. }
        | Action::Waive { .. }
        | Action::EndWaiver { .. }
        | Action::Dismiss { .. }
        | Action::Reopen { .. }
        | Action::Overrule { .. }
        | Action::Released { .. }
        | Action::Superseded { .. }
        | Action::Returned { .. }
        | Action::Account { .. } => false,
    }
}
