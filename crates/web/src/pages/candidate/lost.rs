//! The part of a candidate's page that says that a held base would take a released fix away.

use picket_domain::{Candidate, PickOutcome};

use crate::look::Look;

/// A fix that servers have, and would lose.
pub(super) struct LostView {
    /// The base on which that would be.
    pub(super) base: String,
    pub(super) why: String,
    /// What to do about it, and what comes otherwise.
    pub(super) remedy: String,
}

impl LostView {
    /// `None` where no base is held because of this fix.
    pub(super) fn of(look: &Look<'_>, candidate: &Candidate) -> Option<Self> {
        let held = look.resolution.held.as_ref()?;
        let lost = held.lost.iter().find(|fix| fix.pr == candidate.pr)?;
        let then = match held.until {
            Some(until) => format!("At {until} the channel goes there without it."),
            None => "Until then the channel stays on the revision that it has.".to_owned(),
        };
        let action = action(look, candidate);
        Some(Self {
            base: held.base.rev.short().to_owned(),
            why: lost.why.clone(),
            remedy: format!("{action}, or veto it if it is not needed any more. {then}"),
        })
    }
}

/// What brings it to the new base.
fn action(look: &Look<'_>, candidate: &Candidate) -> &'static str {
    let is_conflict = |outcome: &PickOutcome| matches!(outcome, PickOutcome::Conflict { .. });
    let mut assemblies = look.resolution.assembly.iter();
    let conflicts = assemblies.any(|it| it.outcome(candidate.pr).is_some_and(is_conflict));
    if look.stale(candidate).is_some() {
        "Approve what it changes there, as this page shows it"
    } else if conflicts {
        "Resolve its conflict with that revision, below"
    } else {
        "Nominate a pull request that makes the same fix there"
    }
}
