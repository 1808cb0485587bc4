//! Working out where a pull request is.

use crate::assembly::{ContainedBy, PickOutcome};
use crate::candidate::Candidate;
use crate::chain_spec::ApprovedPick;
use crate::facts::Facts;
use crate::release::Release;
use crate::resolve::{Culprit, Next, Resolution, Setback};
use crate::standing::Standing;
use crate::time::Timestamp;

use super::PickStatus;

/// Works out where a candidate is. `resolution` is that of the same facts.
pub fn status(facts: &Facts, resolution: &Resolution, candidate: &Candidate) -> PickStatus {
    if let Some(lag_seconds) = facts.superseded_after(candidate.pr) {
        return PickStatus::Superseded { lag_seconds };
    }
    if is_in_base(facts, candidate) {
        return PickStatus::InBase;
    }
    match facts.standing(candidate, &candidate.head) {
        Standing::Vetoed { vetoes } => PickStatus::Vetoed {
            vetoes,
            still_in: facts.out_with(candidate.pr).map(|it| it.name.clone()),
        },
        Standing::Pending {
            approvals,
            missing,
            lapsed,
            stale,
        } => {
            dismissed(facts, candidate, resolution.as_of).unwrap_or(PickStatus::AwaitingApproval {
                approvals,
                missing,
                lapsed,
                stale,
            })
        }
        Standing::Approved { .. } => approved(facts, resolution, candidate),
    }
}

fn dismissed(facts: &Facts, candidate: &Candidate, now: Timestamp) -> Option<PickStatus> {
    let dismissal = facts.log.dismissal(candidate.pr)?;
    let dismissal = dismissal
        .holds_for(candidate, now)
        .then(|| dismissal.clone())?;
    Some(match dismissal.until() {
        Some(until) => PickStatus::PutOff {
            until,
            reason: dismissal.reason,
            by: dismissal.by,
        },
        None => PickStatus::Dismissed {
            kind: dismissal.kind,
            reason: dismissal.reason,
            by: dismissal.by,
            at: dismissal.at,
        },
    })
}

/// Whether today's base has all of it; of what is not looked at any more, whether an earlier one
/// had.
fn is_in_base(facts: &Facts, candidate: &Candidate) -> bool {
    match facts.assessment(candidate) {
        Some(outcome) => outcome.is_in_base(),
        None => facts.contained.contains(&facts.input(candidate)),
    }
}

/// Where an approved candidate is: by the chain that releases come from, and by the one beside it,
/// which may be further with it.
fn approved(facts: &Facts, resolution: &Resolution, candidate: &Candidate) -> PickStatus {
    let from = resolution.released_from();
    set_aside(from, candidate)
        .or_else(|| released(facts, candidate))
        .unwrap_or_else(|| {
            let is_in = |it: &&Resolution| {
                let mut wanted = it.wanted_of_chain();
                wanted.any(|pr| pr == candidate.pr)
            };
            let beside = from.beside.as_deref().filter(is_in);
            under_way(&beside.unwrap_or(from).next)
        })
}

fn set_aside(resolution: &Resolution, candidate: &Candidate) -> Option<PickStatus> {
    let is_it = |pick: &ApprovedPick| (pick.pr, &pick.head) == (candidate.pr, &candidate.head);
    if let Some(culprit) = resolution.culprits.iter().find(|it| is_it(&it.pick)) {
        return Some(failed(culprit));
    }
    if let Some(stale) = resolution.stale.iter().find(|it| is_it(&it.pick)) {
        let (commits, missing) = (stale.commits.clone(), stale.missing);
        return Some(PickStatus::Stale { commits, missing });
    }
    let mut passed_over = resolution.passed_over.iter();
    let outcome = match passed_over.find(|it| it.pr == candidate.pr) {
        Some(pick) => &pick.outcome,
        None => resolution.assembly.as_ref()?.outcome(candidate.pr)?,
    };
    not_picked(outcome.clone())
}

fn failed(culprit: &Culprit) -> PickStatus {
    match &culprit.setback {
        Setback::Breaks(jobs) => PickStatus::BuildFailed {
            rev: culprit.rev.clone(),
            jobs: jobs.clone(),
        },
        Setback::Waits { until } => PickStatus::Retrying { until: *until },
        Setback::GivenUp { until, jobs, cause } => PickStatus::GivenUp {
            until: *until,
            jobs: jobs.clone(),
            cause: *cause,
        },
        Setback::Cancelled { by } => PickStatus::BuildCancelled {
            rev: culprit.rev.clone(),
            by: by.clone(),
        },
        Setback::NoMachine(jobs) => PickStatus::NoMachine {
            rev: culprit.rev.clone(),
            jobs: jobs.clone(),
        },
    }
}

fn not_picked(outcome: PickOutcome) -> Option<PickStatus> {
    Some(match outcome {
        PickOutcome::Picked { .. } => return None,
        PickOutcome::Contained { by } => match by {
            ContainedBy::Base => PickStatus::InBase,
            ContainedBy::OtherPick => PickStatus::InOtherPick,
            ContainedBy::Resolution => PickStatus::ResolvedAway,
        },
        PickOutcome::Conflict {
            commit, conflicts, ..
        } => PickStatus::Conflict { commit, conflicts },
        PickOutcome::Disputed { commit, git } => PickStatus::Disputed { commit, git },
        PickOutcome::Unavailable { reason } => PickStatus::Unavailable { reason },
    })
}

fn released(facts: &Facts, candidate: &Candidate) -> Option<PickStatus> {
    let has_it = |release: &&Release| {
        let form = facts.form(candidate.pr, &candidate.head);
        release.has_as(candidate.pr, &candidate.head, form)
    };
    if facts.current_release().filter(has_it).is_some() {
        return facts
            .releases
            .with(candidate.pr)
            .filter(has_it)
            .find_map(|release| {
                let at = release.published_at()?;
                let release = release.name.clone();
                Some(PickStatus::Released { release, at })
            });
    }
    let mut coming = facts
        .releases
        .with(candidate.pr)
        .filter(|it| it.is_under_way());
    coming
        .any(|it| has_it(&it))
        .then_some(PickStatus::Releasing)
}

fn under_way(next: &Next) -> PickStatus {
    match next {
        Next::NoBase | Next::Assemble(_) => PickStatus::Assembling,
        Next::Build(rev) => PickStatus::Building { rev: rev.clone() },
        Next::Nothing => PickStatus::Releasing,
    }
}
