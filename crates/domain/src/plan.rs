//! Planning: from what is known to what is to be done.
//!
//! [`plan()`] is level-triggered. It looks at facts only, never at what happened just now, so a
//! lost event, a crash or a step done twice cannot lead it astray. Its steps are independent of
//! each other: they may be carried out in any order, or fail, and the next plan makes up for it.

use crate::assembly::{Assembly, ChainSpec, PickOutcome};
use crate::audit::Action;
use crate::base::Base;
use crate::candidate::Candidate;
use crate::conflict::ResolvedSet;
use crate::facts::{Facts, PickInput};
use crate::id::{CommitSha, PrNumber, ReleaseSeq};
use crate::release::{Release, ReleaseState, ReleasedPick};
use crate::resolve::{Next, Resolution, resolve};
use crate::time::Timestamp;

/// What is to be done for a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Steps to carry out now, in any order.
    pub steps: Vec<Step>,
    /// When to look again, where something is to be tried again later.
    pub wake_at: Option<Timestamp>,
    /// Why the channel does not move although it should.
    pub hold: Option<Hold>,
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
    /// Give up a reserved release that nobody could see yet.
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
        /// See [`Action::Superseded`].
        lag_seconds: i64,
    },
}

/// Why a channel does not move although it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// The stable channel went back in time. Clients must never be offered an older base, so a
    /// person has to look.
    BaseWentBack {
        /// The base of the current release.
        released: Base,
        /// The older one that the stable channel stands at now.
        now: Base,
    },
}

/// Says what is to be done for a channel.
pub fn plan(facts: &Facts, now: Timestamp) -> Plan {
    let resolution = resolve(facts, now);
    let mut plan = Plan {
        steps: assessments(facts),
        wake_at: None,
        hold: None,
    };
    plan.steps.extend(superseded(facts, &resolution));
    match (&resolution.next, &facts.base) {
        (Next::NoBase, _) | (_, None) => {}
        (Next::Assemble(spec), _) => plan.steps.push(Step::Assemble(spec.clone())),
        (Next::Build(rev), Some(base)) => {
            plan.steps.push(Step::Build {
                base: base.rev.clone(),
                rev: rev.clone(),
            });
        }
        (Next::Wait { until, .. }, _) => plan.wake_at = Some(*until),
        (Next::Nothing, _) => {}
    }
    match unfinished(facts) {
        Some(release) => plan.steps.push(finish(release, &resolution)),
        None => release_next(facts, &resolution, &mut plan),
    }
    // Help for a person; what leads to a release comes first.
    plan.steps.extend(investigations(facts));
    plan
}

/// The candidates of which it is not known what comes of picking them onto the base.
fn assessments(facts: &Facts) -> Vec<Step> {
    let unassessed = |input: &PickInput| !facts.assessments.contains_key(input);
    let step = |(candidate, base): (&Candidate, &Base), resolved| Step::Assess {
        pr: candidate.pr,
        head: candidate.head.clone(),
        base: base.rev.clone(),
        resolved,
    };
    of_candidates(facts, unassessed, step)
}

/// The conflicts of which history was not looked at.
fn investigations(facts: &Facts) -> Vec<Step> {
    let is_conflict = |input: &PickInput| {
        let outcome = facts.assessments.get(input);
        matches!(outcome, Some(PickOutcome::Conflict { .. }))
    };
    let is_due = |input: &PickInput| is_conflict(input) && !facts.investigated.contains(input);
    let step = |(candidate, base): (&Candidate, &Base), resolved| Step::Investigate {
        pr: candidate.pr,
        head: candidate.head.clone(),
        base: base.rev.clone(),
        resolved,
    };
    of_candidates(facts, is_due, step)
}

/// A step for each candidate for which it is due.
fn of_candidates(
    facts: &Facts,
    is_due: impl Fn(&PickInput) -> bool,
    step: impl Fn((&Candidate, &Base), ResolvedSet) -> Step,
) -> Vec<Step> {
    let Some(base) = &facts.base else {
        return Vec::new();
    };
    let candidates = facts.candidates.values();
    candidates
        .filter(|candidate| is_due(&facts.input(candidate)))
        .map(|candidate| step((candidate, base), facts.resolved(candidate.pr)))
        .collect()
}

/// The release that has a number and is neither out nor given up. There is at most one.
fn unfinished(facts: &Facts) -> Option<&Release> {
    facts.releases.iter().find(|release| {
        matches!(
            release.state,
            ReleaseState::Reserved | ReleaseState::Sealed { .. }
        )
    })
}

/// A reserved release is finished as long as all of its picks are still wanted, even where more
/// are wanted by now: those come with the next one, and this one is nearly out.
fn finish(release: &Release, resolution: &Resolution) -> Step {
    if matches!(release.state, ReleaseState::Sealed { .. }) {
        return Step::Publish(release.seq);
    }
    let unwanted = release.picks.iter().find(|pick| {
        !resolution
            .wanted
            .iter()
            .any(|wanted| (wanted.pr, &wanted.head) == (pick.pr, &pick.head))
    });
    match unwanted {
        None => Step::Stage(release.seq),
        Some(pick) => Step::Abandon {
            seq: release.seq,
            reason: format!("pull request {} is not approved any more", pick.pr),
        },
    }
}

/// Releases what is ready, also where more is still being built: a fix that passes does not wait
/// for another one's long build. But no release takes away a fix that servers have and that the
/// rest of the chain would give back.
fn release_next(facts: &Facts, resolution: &Resolution, plan: &mut Plan) {
    let (Some(ready), Some(base)) = (&resolution.ready, &facts.base) else {
        return;
    };
    if let Some(current) = facts.current_release() {
        let is_same = (&current.tip, &current.base.rev) == (&ready.tip, &base.rev);
        if is_same && facts.outdated != Some(current.seq) {
            return;
        }
        let is_kept = |pr: PrNumber| ready.picks.iter().any(|pick| pick.pr == pr);
        let mut lost = current.picks.iter().filter(|pick| !is_kept(pick.pr));
        if lost.any(|pick| is_coming(resolution, pick.pr)) {
            return;
        }
        if base.rev_count < current.base.rev_count {
            let (released, now) = (current.base.clone(), base.clone());
            plan.hold = Some(Hold::BaseWentBack { released, now });
            return;
        }
    }
    let last = facts
        .releases
        .iter()
        .map(|release| release.seq)
        .max()
        .unwrap_or(ReleaseSeq(0));
    plan.steps.push(Step::Reserve {
        seq: last.next(),
        base: base.clone(),
        tip: ready.tip.clone(),
        picks: ready.picks.clone(),
    });
}

/// Whether a pull request is in the chain that is being built, at whichever head: a newer head of a
/// fix, once approved, takes the place of the one that servers have.
fn is_coming(resolution: &Resolution, pr: PrNumber) -> bool {
    let mut applied = resolution.assembly.iter().flat_map(Assembly::applied);
    applied.any(|(coming, _)| coming.pr == pr)
}

/// Picks that were released and that the base now contains, as far as that is not recorded.
fn superseded(facts: &Facts, resolution: &Resolution) -> Vec<Step> {
    let (Some(base), Some(assembly)) = (&facts.base, &resolution.assembly) else {
        return Vec::new();
    };
    let contained = assembly
        .picks
        .iter()
        .filter(|pick| pick.outcome == PickOutcome::Contained);
    contained
        .filter(|pick| !is_recorded_as_superseded(facts, pick.pr))
        .filter_map(|pick| {
            let released_at = facts.first_released_at(pick.pr)?;
            let lag_seconds = base.seen_at.seconds_since(released_at);
            Some(Step::RecordSuperseded {
                pr: pick.pr,
                base: base.rev.clone(),
                lag_seconds,
            })
        })
        .collect()
}

fn is_recorded_as_superseded(facts: &Facts, pr: PrNumber) -> bool {
    let is_it = |action: &Action| matches!(action, Action::Superseded { pr: it, .. } if *it == pr);
    facts.log.iter().any(|entry| is_it(&entry.action))
}

#[cfg(test)]
mod tests;
