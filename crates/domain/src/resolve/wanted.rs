//! Which picks are wanted, and in which order.

use crate::candidate::Candidate;
use crate::chain_spec::ApprovedPick;
use crate::facts::Facts;
use crate::form::Form;
use crate::id::CommitSha;
use crate::standing::Standing;

/// The approved picks in their order; pull requests approved at the same time by number.
pub(super) fn wanted(facts: &Facts) -> Vec<ApprovedPick> {
    let mut picks: Vec<_> = facts
        .candidates
        .values()
        .filter_map(|candidate| {
            let form = facts.form(candidate.pr, &candidate.head);
            approved(facts, candidate, (&candidate.head, form)).or_else(|| {
                let released = facts.released_pick(candidate.pr)?;
                approved(facts, candidate, (&released.head, &released.form))
            })
        })
        .collect();
    in_order(facts, &mut picks);
    picks
}

/// The pick of the head that servers have, in the form that they have it in, where the team approved
/// that one too and this newer one cannot be released: rather an earlier fix than none.
pub(super) fn released_instead(facts: &Facts, newer: &ApprovedPick) -> Option<ApprovedPick> {
    let released = facts.released_pick(newer.pr)?;
    let is_newer = (&newer.head, &newer.form) != (&released.head, &released.form);
    let candidate = facts.candidates.get(&newer.pr).filter(|_| is_newer)?;
    approved(facts, candidate, (&released.head, &released.form))
}

/// Whether servers have just this.
pub(super) fn is_released(facts: &Facts, pick: &ApprovedPick) -> bool {
    facts
        .released_pick(pick.pr)
        .is_some_and(|released| (&released.head, &released.form) == (&pick.head, &pick.form))
}

/// Puts a pick in the place of another one of the same pull request.
pub(super) fn put_back(facts: &Facts, picks: &mut Vec<ApprovedPick>, released: &ApprovedPick) {
    picks.retain(|pick| pick.pr != released.pr);
    picks.push(released.clone());
    in_order(facts, picks);
}

/// Sorts by approval, and puts a pull request that stands on another one's commits after it.
fn in_order(facts: &Facts, picks: &mut Vec<ApprovedPick>) {
    picks.sort_by_key(|pick| (pick.approved_at, pick.pr));
    let mut waiting = std::mem::take(picks);
    while !waiting.is_empty() {
        let is_free = |pick: &ApprovedPick| !waiting.iter().any(|it| stands_on(facts, pick, it));
        let next = waiting.iter().position(is_free).unwrap_or(0);
        picks.push(waiting.remove(next));
    }
}

/// Whether a pull request's commits include the other one's head.
fn stands_on(facts: &Facts, pick: &ApprovedPick, other: &ApprovedPick) -> bool {
    let candidate = facts.candidates.get(&pick.pr);
    pick.head != other.head
        && candidate.is_some_and(|it| {
            it.head == pick.head && it.commits().iter().any(|commit| commit.sha == other.head)
        })
}

fn approved(
    facts: &Facts,
    candidate: &Candidate,
    (head, form): (&CommitSha, &Form),
) -> Option<ApprovedPick> {
    let standing = facts.standing_as(candidate, head, form);
    let needed = standing.needed(facts.required_approvals(candidate, head));
    match standing {
        Standing::Approved { approvals, at, .. } => Some(ApprovedPick {
            pr: candidate.pr,
            head: head.clone(),
            approvals,
            approved_at: at,
            resolved: facts.resolved(candidate.pr).clone(),
            form: form.clone(),
            needed,
        }),
        Standing::Pending { .. } | Standing::Vetoed { .. } => None,
    }
}
