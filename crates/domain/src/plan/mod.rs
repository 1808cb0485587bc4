//! Planning: from what is known to what is to be done.
//!
//! [`plan()`] is level-triggered. It looks at facts only, never at what happened just now, so a
//! lost event, a crash or a step done twice cannot lead it astray. Its steps are independent of
//! each other: they may be carried out in any order, or fail, and the next plan makes up for it.

mod hold;
mod release;

use std::sync::Arc;

use crate::assembly::PickOutcome;
use crate::base::Base;
use crate::candidate::Candidate;
use crate::chain_spec::ChainSpec;
use crate::facts::{Facts, OnBase, PickInput};
use crate::form::Form;
use crate::id::{CommitSha, PrNumber, ReleaseSeq};
use crate::impact::Certainty;
use crate::release::ReleasedPick;
use crate::resolve::{Next, Resolution, resolve};
use crate::resolved_set::ResolvedSet;
use crate::time::Timestamp;

pub use hold::Hold;

/// What is to be done for a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Steps to carry out now, in any order.
    pub steps: Vec<Step>,
    /// When to look again, where something is to be tried again later.
    pub wake_at: Option<Timestamp>,
    /// Why the channel does not move although it should.
    pub holds: Vec<Hold>,
}

/// One thing to do. Each is idempotent, and its outcome becomes a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Find out what comes of picking a candidate, alone, onto the base.
    Assess {
        /// The candidate.
        pr: PrNumber,
        /// Its head.
        head: CommitSha,
        /// The base.
        base: CommitSha,
        /// What people made of its conflicts.
        resolved: ResolvedSet,
        /// In which form the channel is to carry it.
        form: Form,
    },
    /// Find out what history says of a candidate's conflict with the base.
    Investigate {
        /// The candidate.
        pr: PrNumber,
        /// Its head.
        head: CommitSha,
        /// The base.
        base: CommitSha,
        /// What people made of its conflicts so far.
        resolved: ResolvedSet,
    },
    /// Find out what a candidate changes of the package set, alone on the base.
    Measure {
        /// The candidate.
        pr: PrNumber,
        /// Its head.
        head: CommitSha,
        /// The base.
        base: CommitSha,
        /// What people made of its conflicts.
        resolved: ResolvedSet,
        /// In which form the channel is to carry it.
        form: Form,
        /// How well.
        certainty: Certainty,
    },
    /// Make a pick chain.
    Assemble(ChainSpec),
    /// Evaluate and build what differs between the base and a commit of a chain.
    Build {
        /// The base.
        base: CommitSha,
        /// The commit.
        rev: CommitSha,
    },
    /// Take a sequence number for a release and fix its content.
    Reserve {
        /// The number.
        seq: ReleaseSeq,
        /// The base.
        base: Base,
        /// The chain's last commit.
        tip: CommitSha,
        /// The picks in it.
        picks: Vec<ReleasedPick>,
    },
    /// Write a reserved release's store paths and files, check them all, and seal it.
    Stage(ReleaseSeq),
    /// Tag a sealed release, move the branch, and point clients at it.
    Publish(ReleaseSeq),
    /// Give up a release that clients were never led to.
    Abandon {
        /// Which.
        seq: ReleaseSeq,
        /// Why, for a person.
        reason: String,
    },
    /// Record that the stable channel has caught up with a pick.
    RecordSuperseded {
        /// The pick.
        pr: PrNumber,
        /// The base that contains it.
        base: CommitSha,
        /// See [`crate::Action::Superseded`].
        lag_seconds: i64,
    },
    /// Record that the stable channel, which had a pick, does not have it any more.
    RecordReturned {
        /// The pick.
        pr: PrNumber,
        /// The base that is without it.
        base: CommitSha,
    },
}

/// Says what is to be done for a channel.
pub fn plan(facts: &Facts, now: Timestamp) -> Plan {
    plan_of(facts, &resolve(facts, now), now)
}

/// As [`plan()`], for facts whose resolution is known.
pub fn plan_of(facts: &Facts, resolution: &Resolution, now: Timestamp) -> Plan {
    let mut plan = Plan {
        steps: assessments(facts),
        wake_at: wake_at(facts, resolution),
        holds: hold::holds(facts, resolution),
    };
    plan.steps.extend(superseded(facts));
    let next = resolution.all().filter_map(next_step);
    plan.steps
        .extend(next.filter(|step| may_begin(facts, step)));
    release::plan(facts, resolution, now, &mut plan);
    // Help for a person; what leads to a release comes first.
    plan.steps.extend(investigations(facts));
    plan.steps.extend(measurements(facts));
    plan
}

/// When time alone changes what is to be done.
fn wake_at(facts: &Facts, resolution: &Resolution) -> Option<Timestamp> {
    let overtaken = facts.machine.building.values();
    let overtaken = overtaken.map(|since| since.plus_seconds(facts.policy.overtake_seconds));
    let held = resolution.held.as_ref().and_then(|held| held.until);
    let put_off = facts.log.next_end_of_put_off(resolution.as_of);
    overtaken
        .chain(resolution.retry_at())
        .chain(held)
        .chain(put_off)
        .min()
}

/// Nothing new is built while a disk runs short: a build that fills it fails by no fault of its own.
fn may_begin(facts: &Facts, step: &Step) -> bool {
    facts.machine.disk.is_none() || !matches!(step, Step::Build { .. })
}

fn next_step(resolution: &Resolution) -> Option<Step> {
    let base = &resolution.base.as_ref()?.rev;
    match &resolution.next {
        Next::NoBase | Next::Nothing => None,
        Next::Assemble(spec) => Some(Step::Assemble(spec.clone())),
        Next::Build(rev) => Some(Step::Build {
            base: base.clone(),
            rev: rev.clone(),
        }),
    }
}

/// The candidates of which it is not known what comes of picking them onto the base.
fn assessments(facts: &Facts) -> Vec<Step> {
    let is_due = |on: &OnBase, input: &PickInput| !on.assessments.contains_key(input);
    of_candidates(facts, is_due, |(candidate, base), resolved| Step::Assess {
        pr: candidate.pr,
        head: candidate.head.clone(),
        base: base.rev.clone(),
        resolved,
        form: facts.form(candidate.pr, &candidate.head).clone(),
    })
}

/// The conflicts of which history was not looked at.
fn investigations(facts: &Facts) -> Vec<Step> {
    let is_due = |on: &OnBase, input: &PickInput| {
        let outcome = on.assessments.get(input).map(Arc::as_ref);
        matches!(outcome, Some(PickOutcome::Conflict { .. })) && !on.investigated.contains(input)
    };
    of_candidates(facts, is_due, |(candidate, base), resolved| {
        Step::Investigate {
            pr: candidate.pr,
            head: candidate.head.clone(),
            base: base.rev.clone(),
            resolved,
        }
    })
}

/// The candidates of which it is not known what they change, or not well enough. All are estimated
/// before any is looked at exactly, which takes longer.
fn measurements(facts: &Facts) -> Vec<Step> {
    let wanted = facts.machine.measures;
    let levels = [Certainty::Estimate, Certainty::Exact].into_iter();
    let levels = levels.filter(|level| wanted.is_some_and(|wanted| *level <= wanted));
    let mut steps = levels.map(|level| measurements_of(facts, level));
    steps.find(|steps| !steps.is_empty()).unwrap_or_default()
}

fn measurements_of(facts: &Facts, certainty: Certainty) -> Vec<Step> {
    let is_due = |on: &OnBase, input: &PickInput| {
        let outcome = on.assessments.get(input).map(Arc::as_ref);
        matches!(outcome, Some(PickOutcome::Picked { .. }))
            && on
                .impacts
                .get(input)
                .is_none_or(|known| known.is_below(certainty))
    };
    of_candidates(facts, is_due, |(candidate, base), resolved| Step::Measure {
        pr: candidate.pr,
        head: candidate.head.clone(),
        base: base.rev.clone(),
        resolved,
        form: facts.form(candidate.pr, &candidate.head).clone(),
        certainty,
    })
}

/// A step for each candidate for which it is due.
fn of_candidates(
    facts: &Facts,
    is_due: impl Fn(&OnBase, &PickInput) -> bool,
    step: impl Fn((&Candidate, &Base), ResolvedSet) -> Step,
) -> Vec<Step> {
    let Some(on) = &facts.today else {
        return Vec::new();
    };
    let due = facts
        .active()
        .filter(|candidate| is_due(on, &facts.input(candidate)));
    due.map(|candidate| step((candidate, &on.base), facts.resolved(candidate.pr).clone()))
        .collect()
}

/// What the log does not say yet of released picks that the base has, or has no more.
fn superseded(facts: &Facts) -> Vec<Step> {
    let Some(base) = facts.base() else {
        return Vec::new();
    };
    let step = |candidate: &Arc<Candidate>| {
        let released_at = facts.first_released_at(candidate.pr)?;
        let is_in_base = match facts.assessment(candidate)? {
            outcome if outcome.is_in_base() => true,
            PickOutcome::Picked { .. } => false,
            PickOutcome::Contained { .. }
            | PickOutcome::Conflict { .. }
            | PickOutcome::Disputed { .. }
            | PickOutcome::Unavailable { .. } => return None,
        };
        match (is_in_base, facts.superseded_after(candidate.pr).is_some()) {
            (true, true) | (false, false) => None,
            (true, false) => Some(Step::RecordSuperseded {
                pr: candidate.pr,
                base: base.rev.clone(),
                lag_seconds: base.seen_at.seconds_since(released_at),
            }),
            (false, true) => Some(Step::RecordReturned {
                pr: candidate.pr,
                base: base.rev.clone(),
            }),
        }
    };
    facts.candidates.values().filter_map(step).collect()
}

#[cfg(test)]
mod tests;
