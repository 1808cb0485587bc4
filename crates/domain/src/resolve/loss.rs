//! Bases on which a fix that servers have would be lost.

use crate::advisory::Advisory;
use crate::assembly::{Assembly, PickOutcome};
use crate::base::Base;
use crate::candidate::{Candidate, UpstreamState};
use crate::facts::{Facts, OnBase, PickInput};
use crate::id::PrNumber;
use crate::policy::AfterHold;
use crate::release::{Release, ReleasedPick};
use crate::time::Timestamp;

use super::{Next, Resolution, Setback, View, chain};

/// A base that is held back: on it, fixes would be lost that servers have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBase {
    /// The base.
    pub base: Base,
    /// When the channel goes to it all the same; `None` where a person has to decide.
    pub until: Option<Timestamp>,
    /// The fixes.
    pub lost: Vec<LostFix>,
    /// What the base fixes, and the channel lacks as long as it stays where it is.
    pub missed: Vec<MissedFix>,
    /// How far the approved picks are on the base of the current release, where the channel stays.
    pub resolution: Box<Resolution>,
}

/// A released fix that a base takes away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostFix {
    /// The pull request.
    pub pr: PrNumber,
    /// Why, as the end of a sentence.
    pub why: String,
}

/// A fix that the channel lacks because a base is held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedFix {
    /// The pull request.
    pub pr: PrNumber,
    /// What it fixes, as far as it says.
    pub advisories: Vec<Advisory>,
}

/// Whether the channel stays on the base of its current release, which the view is of.
pub(super) fn held(released: View<'_>, today: &Resolution) -> Option<HeldBase> {
    let base = today.base.clone()?;
    let current = released.facts.current_release()?;
    let is_waited_for = matches!(today.next, Next::NoBase | Next::Assemble(_));
    let went_back = base.rev_count < current.base.rev_count;
    if is_waited_for || went_back {
        return None;
    }
    let picks = current.picks.iter();
    let lost: Vec<_> = picks.filter_map(|pick| lost(today, pick)).collect();
    let until = until(released, &base);
    let is_over = until.is_some_and(|until| until <= released.now);
    (!lost.is_empty() && !is_over).then(|| HeldBase {
        base,
        until,
        lost,
        missed: missed(released.facts, current),
        resolution: Box::new(chain::resolve(released)),
    })
}

fn until(view: View<'_>, base: &Base) -> Option<Timestamp> {
    let hold = view.facts.policy.base_hold;
    match hold.then {
        AfterHold::Hold => None,
        AfterHold::Drop => Some(base.seen_at.plus_seconds(hold.seconds)),
    }
}

/// The candidates that the newest base has, and neither the current release nor its base.
fn missed(facts: &Facts, current: &Release) -> Vec<MissedFix> {
    let (Some(today), Some(released)) = (&facts.today, &facts.released) else {
        return Vec::new();
    };
    let in_base = today.assessments.iter().filter(|(_, it)| it.is_in_base());
    let fixes = in_base.filter_map(|(input, _)| {
        let candidate = facts.candidates.get(&input.pr)?;
        let is_missed = candidate.head == input.head
            && !current.has(input.pr)
            && is_lacking(released, input, candidate);
        is_missed.then(|| MissedFix {
            pr: input.pr,
            advisories: candidate.advisories(),
        })
    });
    fixes.collect()
}

/// Whether a base is known to lack a fix: it was looked at there, or was merged after the base was
/// made.
fn is_lacking(on: &OnBase, input: &PickInput, candidate: &Candidate) -> bool {
    match on.assessments.get(input) {
        Some(outcome) => !outcome.is_in_base(),
        None => match &candidate.upstream {
            UpstreamState::Merged { at, .. } => *at > on.base.committed_at,
            UpstreamState::Open | UpstreamState::Closed => false,
        },
    }
}

/// Whether a fix that servers have is wanted and does not come along. One that is still being built
/// is not lost, nor one that the base has.
fn lost(today: &Resolution, released: &ReleasedPick) -> Option<LostFix> {
    let pr = released.pr;
    today.wanted.iter().find(|pick| pick.pr == pr)?;
    let why = match outcome(today.assembly.as_ref(), pr) {
        Some(outcome) if outcome.applies() => return None,
        Some(outcome) => not_applying(outcome),
        None => left_out(today, pr)?,
    };
    Some(LostFix { pr, why })
}

fn outcome(assembly: Option<&Assembly>, pr: PrNumber) -> Option<&PickOutcome> {
    assembly?.outcome(pr)
}

fn not_applying(outcome: &PickOutcome) -> String {
    match outcome {
        PickOutcome::Picked { .. } | PickOutcome::Contained { .. } => "it applies".to_owned(),
        PickOutcome::Conflict { .. } => "it conflicts".to_owned(),
        PickOutcome::Disputed { .. } => "git picks it otherwise".to_owned(),
        PickOutcome::Unavailable { reason } => reason.clone(),
    }
}

fn left_out(today: &Resolution, pr: PrNumber) -> Option<String> {
    if today.stale.iter().any(|it| it.pick.pr == pr) {
        return Some("it changes something else there than what was approved".to_owned());
    }
    let culprit = today.culprits.iter().find(|it| it.pick.pr == pr)?;
    Some(match culprit.setback {
        Setback::Breaks(_) => "it breaks the build".to_owned(),
        Setback::Waits { .. } | Setback::GivenUp { .. } => "its build fails".to_owned(),
        Setback::Cancelled { .. } => "its build was cancelled".to_owned(),
        Setback::NoMachine(_) => "no machine builds it".to_owned(),
    })
}
