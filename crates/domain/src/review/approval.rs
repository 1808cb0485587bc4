//! Who may decide, and what an approval records.

use crate::audit::Action;
use crate::candidate::Candidate;
use crate::facts::Facts;
use crate::id::{CommitSha, Login};
use crate::resolve::Resolution;
use crate::standing::Standing;
use crate::status::{PickStatus, status};

use super::seen::{Seen, approvals};

/// What a page showed, as its form says.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The head.
    pub head: &'a CommitSha,
    /// [`Seen::digest`].
    pub seen: &'a str,
    /// What of the pull request's own diff it did not show, a line each.
    pub not_shown: &'a [String],
}

/// Why a decision is not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objection {
    /// They opened the pull request, and nobody decides about their own.
    Own,
    /// The author pushed since the page was loaded.
    HeadMoved,
    /// The stable channel has it: nothing is left to decide.
    Settled,
    /// What the pick changes is not what the page showed.
    PickMoved,
}

/// Whether somebody may decide about a pull request, so far as that is not a matter of the team.
///
/// # Errors
/// [`Objection::Own`].
pub fn may_decide(facts: &Facts, candidate: &Candidate, by: &Login) -> Result<(), Objection> {
    match candidate.is_by(by, facts.team.account(by)) {
        true => Err(Objection::Own),
        false => Ok(()),
    }
}

/// Whether a member may put an end to somebody's veto: there is one, and whose it is cannot take it
/// back, being on the team no more.
pub fn can_be_overruled(facts: &Facts, candidate: &Candidate, of: &Login) -> bool {
    let has_vetoed = match facts.standing(candidate, &candidate.head) {
        Standing::Vetoed { vetoes } => vetoes.iter().any(|veto| veto.by == *of),
        Standing::Pending { .. } | Standing::Approved { .. } => false,
    };
    has_vetoed && !facts.team.has(of)
}

/// Whether anything is left to decide.
///
/// # Errors
/// [`Objection::Settled`].
pub fn is_open(status: &PickStatus) -> Result<(), Objection> {
    match status {
        PickStatus::InBase | PickStatus::Superseded { .. } => Err(Objection::Settled),
        PickStatus::InOtherPick
        | PickStatus::ResolvedAway
        | PickStatus::Dismissed { .. }
        | PickStatus::PutOff { .. }
        | PickStatus::Vetoed { .. }
        | PickStatus::AwaitingApproval { .. }
        | PickStatus::Conflict { .. }
        | PickStatus::Disputed { .. }
        | PickStatus::Stale { .. }
        | PickStatus::Unavailable { .. }
        | PickStatus::BuildFailed { .. }
        | PickStatus::GivenUp { .. }
        | PickStatus::BuildCancelled { .. }
        | PickStatus::NoMachine { .. }
        | PickStatus::Assembling
        | PickStatus::Building { .. }
        | PickStatus::Retrying { .. }
        | PickStatus::Releasing
        | PickStatus::Released { .. } => Ok(()),
    }
}

/// What an approval is recorded as: nothing where the person has approved of the same already.
/// `resolution` is that of the same facts.
///
/// # Errors
/// Why it is not recorded.
pub fn approval(
    facts: &Facts,
    resolution: &Resolution,
    candidate: &Candidate,
    by: &Login,
    shown: Shown<'_>,
) -> Result<Option<Action>, Objection> {
    may_decide(facts, candidate, by)?;
    if candidate.head != *shown.head {
        return Err(Objection::HeadMoved);
    }
    is_open(&status(facts, resolution, candidate))?;
    let seen = Seen::of(facts, resolution, candidate);
    if seen.digest() != shown.seen {
        return Err(Objection::PickMoved);
    }
    let given = approvals(facts, candidate);
    let mut own = given.iter().filter(|approval| approval.by == *by);
    Ok(match own.any(|approval| seen.is_covered_by(approval)) {
        true => None,
        false => Some(Action::Approve {
            channel: facts.policy.channel.clone(),
            pr: candidate.pr,
            head: candidate.head.clone(),
            patches: seen.patches(),
            not_shown: shown.not_shown.to_vec(),
        }),
    })
}
