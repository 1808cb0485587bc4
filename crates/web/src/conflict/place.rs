//! Where a pick conflicts: alone on the base, or in the chain.

use picket_domain::{
    Assembly, Candidate, CommitSha, PickOutcome, PickResult, PickStatus, PickedCommit, PrNumber,
};

use crate::look::Look;

/// Where a pick conflicts.
pub(crate) struct Place<'a> {
    /// The base.
    pub(crate) base: &'a CommitSha,
    /// The commit that it is picked onto: the base, or the chain's before it.
    pub(crate) onto: &'a CommitSha,
    /// The pull requests that are picked before it, in order; none on the base.
    pub(crate) before: Vec<Before<'a>>,
}

/// A pull request that a chain has before another one.
pub(crate) struct Before<'a> {
    pub(crate) pr: PrNumber,
    pub(crate) commits: &'a [PickedCommit],
}

impl<'a> Place<'a> {
    fn on(base: &'a CommitSha) -> Self {
        Self {
            base,
            onto: base,
            before: Vec::new(),
        }
    }

    /// The place that counts: the chain's for an approved pick, and else the base. `None` where the
    /// pick conflicts in neither, or where it does not matter any more.
    pub(crate) fn of(look: &'a Look<'_>, candidate: &Candidate) -> Option<Self> {
        let base = &look.facts.base.as_ref()?.rev;
        match look.status(candidate) {
            PickStatus::Conflict { .. } => in_chain(look, candidate, base),
            PickStatus::AwaitingApproval { .. }
            | PickStatus::Vetoed { .. }
            | PickStatus::Assembling => match look.assessment(candidate) {
                Some(PickOutcome::Conflict { .. }) => Some(Self::on(base)),
                _ => None,
            },
            PickStatus::Superseded { .. }
            | PickStatus::InBase
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
    look: &'a Look<'_>,
    candidate: &Candidate,
    base: &'a CommitSha,
) -> Option<Place<'a>> {
    let is_it = |pick: &&PickResult| {
        let is_conflict = matches!(pick.outcome, PickOutcome::Conflict { .. });
        is_conflict && (pick.pr, &pick.head) == (candidate.pr, &candidate.head)
    };
    let newest = look.resolution.assembly.iter();
    let tried = newest.clone().flat_map(|assembly| &assembly.picks);
    let tried = look
        .resolution
        .passed_over
        .iter()
        .chain(tried)
        .find(is_it)?;
    let alone = look.assessment(candidate);
    if alone.is_some_and(|alone| is_same_conflict(alone, &tried.outcome)) {
        return Some(Place::on(base));
    }
    let mut chains = newest.chain(look.facts.assemblies.values());
    let (assembly, at) = chains.find_map(|assembly: &Assembly| {
        let at = assembly.picks.iter().position(|pick| pick == tried)?;
        Some((assembly, at))
    })?;
    let before: Vec<_> = assembly.picks[..at].iter().filter_map(applied).collect();
    let last = before.last().and_then(|before| before.commits.last());
    Some(Place {
        base,
        onto: last.map_or(base, |commit| &commit.commit),
        before,
    })
}

fn applied(pick: &PickResult) -> Option<Before<'_>> {
    match &pick.outcome {
        PickOutcome::Picked { commits, .. } => Some(Before {
            pr: pick.pr,
            commits,
        }),
        PickOutcome::Contained
        | PickOutcome::Conflict { .. }
        | PickOutcome::Disputed { .. }
        | PickOutcome::Unavailable { .. } => None,
    }
}
