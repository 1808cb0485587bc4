//! Where a pick conflicts: alone on the base, or in the chain.

use std::sync::Arc;

use crate::assembly::{Assembly, PickOutcome, PickResult, PickedCommit};
use crate::candidate::Candidate;
use crate::facts::Facts;
use crate::id::{CommitSha, PrNumber};
use crate::resolve::Resolution;
use crate::status::{PickStatus, status};

/// Where a pick conflicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictPlace<'a> {
    /// The base.
    pub base: &'a CommitSha,
    /// The commit that it is picked onto: the base, or the chain's before it.
    pub onto: &'a CommitSha,
    /// The pull requests that are picked before it, in order; none on the base.
    pub before: Vec<PickedBefore<'a>>,
}

/// A pull request that a chain has before another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickedBefore<'a> {
    /// The pull request.
    pub pr: PrNumber,
    /// What was made of its commits.
    pub commits: &'a [PickedCommit],
}

impl<'a> ConflictPlace<'a> {
    /// The base itself, with nothing picked before.
    pub fn on(base: &'a CommitSha) -> Self {
        Self {
            base,
            onto: base,
            before: Vec::new(),
        }
    }

    /// The place that counts: the chain's for an approved pick, also one that servers have and that
    /// does not apply to the base that is held back because of it; and else the base. `None` where
    /// the pick conflicts in neither, or where it does not matter any more. `resolution` is that of
    /// the same facts.
    pub fn of(facts: &'a Facts, resolution: &'a Resolution, candidate: &Candidate) -> Option<Self> {
        let base = &facts.base()?.rev;
        if resolution.would_lose(candidate.pr) {
            return in_chain(facts, resolution, candidate, base);
        }
        match status(facts, resolution, candidate) {
            PickStatus::Conflict { .. } => in_chain(facts, resolution, candidate, base),
            PickStatus::AwaitingApproval { .. }
            | PickStatus::Dismissed { .. }
            | PickStatus::PutOff { .. }
            | PickStatus::Vetoed { .. }
            | PickStatus::Assembling => match facts.assessment(candidate) {
                Some(PickOutcome::Conflict { .. }) => Some(Self::on(base)),
                Some(
                    PickOutcome::Picked { .. }
                    | PickOutcome::Contained { .. }
                    | PickOutcome::Disputed { .. }
                    | PickOutcome::Unavailable { .. },
                )
                | None => None,
            },
            PickStatus::Superseded { .. }
            | PickStatus::InBase
            | PickStatus::InOtherPick
            | PickStatus::ResolvedAway
            | PickStatus::GivenUp { .. }
            | PickStatus::BuildCancelled { .. }
            | PickStatus::NoMachine { .. }
            | PickStatus::Disputed { .. }
            | PickStatus::Stale { .. }
            | PickStatus::Unavailable { .. }
            | PickStatus::BuildFailed { .. }
            | PickStatus::Building { .. }
            | PickStatus::Retrying { .. }
            | PickStatus::Releasing
            | PickStatus::Released { .. } => None,
        }
    }
}

/// Whether two outcomes are the same conflict, of the same versions.
fn is_same_conflict(one: &PickOutcome, other: &PickOutcome) -> bool {
    match (one, other) {
        (
            PickOutcome::Conflict {
                commit, conflicts, ..
            },
            PickOutcome::Conflict {
                commit: other_commit,
                conflicts: other_conflicts,
                ..
            },
        ) => (commit, conflicts) == (other_commit, other_conflicts),
        _ => false,
    }
}

/// The place in the chain in which the pick was tried and set aside. Where an earlier head took its
/// place, that is not the newest chain. Where the picks before it have nothing to do with it, it is
/// the base: what is said of it there holds in the chain as well.
fn in_chain<'a>(
    facts: &'a Facts,
    resolution: &'a Resolution,
    candidate: &Candidate,
    base: &'a CommitSha,
) -> Option<ConflictPlace<'a>> {
    let is_it = |pick: &&PickResult| {
        let is_conflict = matches!(pick.outcome, PickOutcome::Conflict { .. });
        is_conflict && (pick.pr, &pick.head) == (candidate.pr, &candidate.head)
    };
    let newest = resolution.assembly.iter();
    let tried = newest.clone().flat_map(|assembly| &assembly.picks);
    let tried = resolution.passed_over.iter().chain(tried).find(is_it)?;
    let alone = facts.assessment(candidate);
    if alone.is_some_and(|alone| is_same_conflict(alone, &tried.outcome)) {
        return Some(ConflictPlace::on(base));
    }
    let on_base = facts.today.iter();
    let known = on_base.flat_map(|on| on.assemblies.values().map(Arc::as_ref));
    let mut chains = newest.chain(known);
    let (assembly, at) = chains.find_map(|assembly: &Assembly| {
        let at = assembly.picks.iter().position(|pick| pick == tried)?;
        Some((assembly, at))
    })?;
    let before: Vec<_> = assembly.picks[..at].iter().filter_map(applied).collect();
    let last = before.last().and_then(|before| before.commits.last());
    Some(ConflictPlace {
        base,
        onto: last.map_or(base, |commit| &commit.commit),
        before,
    })
}

fn applied(pick: &PickResult) -> Option<PickedBefore<'_>> {
    match &pick.outcome {
        PickOutcome::Picked { commits, .. } => Some(PickedBefore {
            pr: pick.pr,
            commits,
        }),
        PickOutcome::Contained { .. }
        | PickOutcome::Conflict { .. }
        | PickOutcome::Disputed { .. }
        | PickOutcome::Unavailable { .. } => None,
    }
}
