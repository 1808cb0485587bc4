//! The part of a candidate's page that says who said what about it.

use picket_domain::{Action, Actor, Approval, Candidate, Entry, Login, PrNumber, Standing, Veto};

use crate::look::Look;
use crate::seen::stale;
use crate::time::When;
use crate::view::Badge;

/// Somebody's word on the candidate.
pub(super) struct PersonView {
    pub(super) login: String,
    pub(super) badge: Badge,
    pub(super) detail: String,
    pub(super) when: Option<When>,
}

/// Everybody who has a say in the candidate's standing.
pub(super) fn people(look: &Look<'_>, candidate: &Candidate) -> Vec<PersonView> {
    let approved = |one: &Approval| approved(look, candidate, one);
    let vetoed = |veto: &Veto| PersonView {
        login: veto.by.to_string(),
        badge: Badge::new("bad", "Vetoed"),
        detail: veto.reason.clone(),
        when: Some(When::new(veto.at, look.now)),
    };
    match Standing::of(candidate, &look.facts.policy, &look.facts.log) {
        Standing::Vetoed { vetoes } => vetoes.iter().map(vetoed).collect(),
        Standing::Approved { approvals, .. } => approvals.iter().map(approved).collect(),
        Standing::Pending {
            approvals, stale, ..
        } => {
            let stale = stale.iter().map(|by| outdated(look, candidate.pr, by));
            approvals.iter().map(approved).chain(stale).collect()
        }
    }
}

/// An approval of the current head, which may have been given to another change than today's.
fn approved(look: &Look<'_>, candidate: &Candidate, approval: &Approval) -> PersonView {
    let is_stale = stale(look, candidate).is_some_and(|it| !approval.covers(&it.commits));
    let head = candidate.head.short();
    let (badge, detail) = match is_stale {
        false => (Badge::new("good", "Approved"), format!("head {head}")),
        true => (
            Badge::new("warn", "Out of date"),
            format!("approved something else of head {head} than it changes now"),
        ),
    };
    PersonView {
        login: approval.by.to_string(),
        badge,
        detail,
        when: Some(When::new(approval.at, look.now)),
    }
}

/// An approval of a head that is not the current one any more, as the log has it.
fn outdated(look: &Look<'_>, pr: PrNumber, by: &Login) -> PersonView {
    let head = last_word(look, pr, by).and_then(|entry| match &entry.action {
        Action::Approve { head, .. } => Some((head, entry.at)),
        _ => None,
    });
    PersonView {
        login: by.to_string(),
        badge: Badge::new("warn", "Out of date"),
        detail: match head {
            Some((head, _)) => format!("approved the earlier head {}", head.short()),
            None => "approved an earlier head".to_owned(),
        },
        when: head.map(|(_, at)| When::new(at, look.now)),
    }
}

/// The last word that somebody gave on a pull request of this channel.
fn last_word<'a>(look: &'a Look<'_>, pr: PrNumber, by: &Login) -> Option<&'a Entry> {
    look.facts.log.iter().rev().find(|entry| {
        let is_theirs = matches!(&entry.actor, Actor::Person(person) if person == by);
        is_theirs
            && is_word(&entry.action)
            && entry.action.pick() == Some((look.channel.name(), pr))
    })
}

/// Whether an action is somebody's word on a pull request, rather than work on it.
fn is_word(action: &Action) -> bool {
    match action {
        Action::Approve { .. } | Action::Veto { .. } | Action::Withdraw { .. } => true,
        Action::Nominate { .. }
        | Action::ResolveConflict { .. }
        | Action::DropResolutions { .. }
        | Action::Released { .. }
        | Action::Superseded { .. } => false,
    }
}

/// Whether somebody has an approval or a veto to take back.
pub(crate) fn has_spoken(look: &Look<'_>, pr: PrNumber, by: &Login) -> bool {
    last_word(look, pr, by)
        .is_some_and(|entry| matches!(entry.action, Action::Approve { .. } | Action::Veto { .. }))
}
