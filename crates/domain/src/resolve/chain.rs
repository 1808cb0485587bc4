//! Resolving the picks on one base.

use std::sync::Arc;

use crate::assembly::{Assembly, PickOutcome, PickResult};
use crate::build_record::BuildState;
use crate::chain_spec::{ApprovedPick, ChainSpec};
use crate::facts::{Facts, PickInput};
use crate::form::Form;
use crate::id::{CommitSha, PrNumber};
use crate::release::ReleasedPick;

use super::examine::{Examined, examine, passes, states};
use super::wanted::{is_released, put_back, released_instead};
use super::{Culprit, Next, Ready, Resolution, Setback, StalePick, View};

fn start(view: View<'_>) -> Resolution {
    Resolution::of(view.facts, Some(&view.on.base), view.now)
}

/// Resolves the approved picks on the view's base.
pub(super) fn resolve(view: View<'_>) -> Resolution {
    let resolution = start(view);
    let picks = resolution.wanted.iter();
    let picks = picks.filter(|pick| !is_in_base(view, pick));
    let mut resolution = resolve_picks(view, picks.cloned().collect(), resolution.clone());
    resolution.beside = beside(view, &resolution).map(Box::new);
    resolution
}

/// What the base has is no part of a chain: a chain with it would be another one, and be built anew.
///
/// What stands in for a fix goes also when the base has the fix as the pull request has it by now.
fn is_in_base(view: View<'_>, pick: &ApprovedPick) -> bool {
    let is_fixed = || {
        let candidate = view.facts.candidates.get(&pick.pr)?;
        view.on.assessments.get(&view.facts.input(candidate))
    };
    let outcome = assessed(view, pick).filter(|outcome| outcome.is_in_base());
    outcome.is_some()
        || !pick.form.is_as_is() && is_fixed().is_some_and(|outcome| outcome.is_in_base())
}

fn assessed<'a>(view: View<'a>, pick: &ApprovedPick) -> Option<&'a PickOutcome> {
    let input = PickInput {
        pr: pick.pr,
        head: pick.head.clone(),
        resolved: view.facts.made_of(pick.pr, &pick.form),
    };
    view.on.assessments.get(&input).map(Arc::as_ref)
}

fn resolve_picks(
    view: View<'_>,
    mut picks: Vec<ApprovedPick>,
    mut resolution: Resolution,
) -> Resolution {
    loop {
        let spec = spec(view, &picks);
        let assembly = match view.on.assemblies.get(&spec.id()) {
            Some(assembly) if !is_outdone(view, &picks, assembly) => assembly.as_ref().clone(),
            None if picks.is_empty() => Assembly { picks: Vec::new() },
            Some(_) | None => {
                resolution.next = Next::Assemble(spec);
                return resolution;
            }
        };
        if !leave_one_out(view, &assembly, &mut picks, &mut resolution) {
            return complete(view, assembly, &picks, resolution);
        }
    }
}

fn spec(view: View<'_>, picks: &[ApprovedPick]) -> ChainSpec {
    ChainSpec {
        channel: view.facts.policy.channel.clone(),
        base: view.on.base.rev.clone(),
        picks: picks.to_vec(),
    }
}

/// Whether a pick of an assembly could not be had when that was made, and can by now.
fn is_outdone(view: View<'_>, picks: &[ApprovedPick], assembly: &Assembly) -> bool {
    picks.iter().any(|pick| {
        let then = assembly.outcome(pick.pr);
        let now = assessed(view, pick);
        matches!(then, Some(PickOutcome::Unavailable { .. }))
            && matches!(now, Some(PickOutcome::Picked { .. }))
    })
}

/// Takes the first pick out that cannot stay, and says whether there was one.
fn leave_one_out(
    view: View<'_>,
    assembly: &Assembly,
    picks: &mut Vec<ApprovedPick>,
    resolution: &mut Resolution,
) -> bool {
    let facts = view.facts;
    if let Some((newer, released)) = not_applying(facts, assembly, picks) {
        resolution.passed_over.push(newer);
        put_back(facts, picks, &released);
        put_back(facts, &mut resolution.wanted, &released);
        return true;
    }
    if let Some(stale) = stale(assembly, picks) {
        set_aside(facts, &stale.pick, picks, &mut resolution.wanted);
        resolution.stale.push(stale);
        return true;
    }
    match examine(assembly, &states(view, assembly)) {
        Examined::Passes => resolution.next = Next::Nothing,
        Examined::Build(rev) => resolution.next = Next::Build(rev),
        Examined::Culprit { pr, rev, setback } => {
            let pick = to_blame(facts, picks, pr, &setback).clone();
            set_aside(facts, &pick, picks, &mut resolution.wanted);
            resolution.culprits.push(Culprit { pick, rev, setback });
            return true;
        }
    }
    false
}

/// The pick to leave out for a build that fails with the pick of `pr`, and not before it.
///
/// Where the machine is at setback, it may have been so by chance: what servers have is not left out
/// for that while something else is in the chain that they do not have.
fn to_blame<'a>(
    facts: &Facts,
    picks: &'a [ApprovedPick],
    pr: PrNumber,
    setback: &Setback,
) -> &'a ApprovedPick {
    let at = picks.iter().position(|pick| pick.pr == pr);
    let at = at.expect("an assembly holds picks of its own spec only");
    let is_released = |pick: &ApprovedPick| is_released(facts, pick);
    let mut newest = picks[..at].iter().rev();
    let instead = newest.find(|pick| !is_released(pick));
    let by_chance = setback.retry_at().is_some() && is_released(&picks[at]);
    instead.filter(|_| by_chance).unwrap_or(&picks[at])
}

fn complete(
    view: View<'_>,
    assembly: Assembly,
    picks: &[ApprovedPick],
    mut resolution: Resolution,
) -> Resolution {
    let states = states(view, &assembly);
    resolution.ready = Some(ready(&view.on.base.rev, &assembly, picks, &states));
    resolution.assembly = Some(assembly);
    resolution
}

/// The first pick that changes what too few people approved of.
fn stale(assembly: &Assembly, picks: &[ApprovedPick]) -> Option<StalePick> {
    assembly.picks.iter().find_map(|result| {
        let PickOutcome::Picked { commits, .. } = &result.outcome else {
            return None;
        };
        let pick = picks.iter().find(|pick| pick.pr == result.pr)?;
        let approvals = pick.approvals.iter();
        let covering = approvals.filter(|it| it.covers(commits)).count() as u32;
        let missing = pick.needed.checked_sub(covering).filter(|it| *it > 0)?;
        Some(StalePick {
            pick: pick.clone(),
            commits: commits.clone(),
            missing,
        })
    })
}

/// Takes a pick out of a chain; the head that servers have comes back in its place.
fn set_aside(
    facts: &Facts,
    pick: &ApprovedPick,
    picks: &mut Vec<ApprovedPick>,
    wanted: &mut Vec<ApprovedPick>,
) {
    picks.retain(|it| it.pr != pick.pr);
    if let Some(released) = released_instead(facts, pick) {
        put_back(facts, picks, &released);
        put_back(facts, wanted, &released);
    }
}

/// The first newer head that does not apply although the team approved it, and the pick of the
/// head that servers have.
fn not_applying(
    facts: &Facts,
    assembly: &Assembly,
    picks: &[ApprovedPick],
) -> Option<(PickResult, ApprovedPick)> {
    let mut failing = assembly.picks.iter().filter(|pick| !pick.outcome.applies());
    failing.find_map(|result| {
        let pick = picks.iter().find(|pick| pick.pr == result.pr)?;
        let released = released_instead(facts, pick)?;
        Some((result.clone(), released))
    })
}

fn ready(
    base: &CommitSha,
    assembly: &Assembly,
    picks: &[ApprovedPick],
    states: &[BuildState<'_>],
) -> Ready {
    let passing = states.iter().rposition(passes).map_or(0, |last| last + 1);
    let applied: Vec<_> = assembly.applied().take(passing).collect();
    Ready {
        tip: applied.last().map_or(base, |(_, tip)| tip).clone(),
        picks: applied
            .iter()
            .map(|(pick, _)| ReleasedPick {
                pr: pick.pr,
                head: pick.head.clone(),
                form: form_of(picks, pick.pr),
            })
            .collect(),
    }
}

fn form_of(picks: &[ApprovedPick], pr: PrNumber) -> Form {
    let pick = picks.iter().find(|pick| pick.pr == pr);
    pick.map(|pick| pick.form.clone()).unwrap_or_default()
}

/// What need not wait for the build that runs, where that has been running for long.
fn beside(view: View<'_>, main: &Resolution) -> Option<Resolution> {
    let Next::Build(rev) = &main.next else {
        return None;
    };
    let slow = slow(view, main.assembly.as_ref()?, rev)?;
    let is_in_it = |pick: &ApprovedPick| slow.contains(&pick.pr);
    let is_released = |pick: &ApprovedPick| is_released(view.facts, pick);
    let mut picks = main.wanted.clone();
    picks.retain(|pick| {
        let is_culprit = main.culprits.iter().any(|it| it.pick == *pick);
        !is_in_base(view, pick) && !is_culprit && (is_released(pick) || !is_in_it(pick))
    });
    let is_news = picks.iter().any(|pick| !is_released(pick));
    is_news.then(|| resolve_picks(view, picks, start(view)))
}

/// The picks of this chain that are in a build that has been running for longer than the policy
/// lets others wait.
fn slow(view: View<'_>, assembly: &Assembly, next: &CommitSha) -> Option<Vec<PrNumber>> {
    let Facts {
        policy, machine, ..
    } = view.facts;
    let is_slow = |rev: &CommitSha| {
        let since = machine.building.get(rev);
        since.is_some_and(|since| view.now.seconds_since(*since) >= policy.overtake_seconds)
    };
    let applied: Vec<_> = assembly.applied().collect();
    let at = applied
        .iter()
        .rposition(|(_, tip)| is_slow(tip))
        .or_else(|| is_slow(next).then(|| applied.len().saturating_sub(1)))?;
    Some(applied[..=at].iter().map(|(pick, _)| pick.pr).collect())
}
