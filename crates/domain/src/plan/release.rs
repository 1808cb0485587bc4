//! Planning of releases.

use crate::assembly::Assembly;
use crate::build_record::BuildState;
use crate::facts::Facts;
use crate::id::{PrNumber, ReleaseSeq};
use crate::release::{Release, ReleaseState};
use crate::resolve::{Ready, Resolution};
use crate::time::Timestamp;

use super::{Plan, Step, hold};

/// How often a release is tried that cannot be staged, before it is given up.
const TRIES: u32 = 3;

/// Finishes the release that is under way, or begins the next one.
pub(super) fn plan(facts: &Facts, resolution: &Resolution, now: Timestamp, plan: &mut Plan) {
    match unfinished(facts) {
        Some(release) => plan.steps.push(finish(facts, release, resolution, now)),
        None => next(facts, resolution, now, plan),
    }
}

/// The release that has a number and is neither out nor given up. There is at most one.
fn unfinished(facts: &Facts) -> Option<&Release> {
    let mut latest = facts.releases.iter().rev();
    latest.find(|release| release.is_under_way())
}

/// A reserved release is finished as long as all of its picks are still wanted, even where more
/// are wanted by now: those come with the next one, and this one is nearly out.
fn finish(facts: &Facts, release: &Release, resolution: &Resolution, now: Timestamp) -> Step {
    let seq = release.seq;
    let is_sealed = matches!(release.state, ReleaseState::Sealed { .. });
    let reason = match is_sealed {
        true => passed_by(facts, release),
        false => unfit(facts, release, resolution, now),
    };
    match reason {
        Some(reason) => Step::Abandon { seq, reason },
        None if is_sealed => Step::Publish(seq),
        None => Step::Stage(seq),
    }
}

/// Clients never go back: what is sealed while they are led to a later release cannot come out.
fn passed_by(facts: &Facts, release: &Release) -> Option<String> {
    let public = facts.machine.public.filter(|it| *it > release.seq)?;
    Some(format!("clients have release {public} already"))
}

/// Why a reserved release cannot be finished, if so.
fn unfit(
    facts: &Facts,
    release: &Release,
    resolution: &Resolution,
    now: Timestamp,
) -> Option<String> {
    if let Some(pick) = release.picks.iter().find(|pick| {
        let mut wanted = resolution.all().flat_map(|it| &it.wanted);
        !wanted.any(|it| (it.pr, &it.head) == (pick.pr, &pick.head))
    }) {
        return Some(format!("pull request {} is not approved any more", pick.pr));
    }
    let word = facts.log.build_word(&release.tip);
    let state = facts.under_way.state(facts.rules(), word, now);
    let passes = matches!(state, BuildState::Passed { .. });
    if release.tip != release.base.rev && !passes {
        return Some("there is no build of it that passes by the channel's rules".to_owned());
    }
    let failing = facts.machine.failing.as_ref();
    let failing = failing.filter(|it| it.seq == release.seq && it.failures >= TRIES)?;
    Some(format!(
        "it failed {} times: {}",
        failing.failures, failing.error
    ))
}

/// Releases what is ready, also where more is still being built: a fix that passes does not wait
/// for another one's long build. But no release takes away a fix that servers have and that the
/// rest of the chain would give back.
fn next(facts: &Facts, resolution: &Resolution, now: Timestamp, plan: &mut Plan) {
    let from = resolution.released_from();
    let Some(base) = &from.base else { return };
    let current = facts.current_release();
    if current.is_some_and(|current| base.rev_count < current.base.rev_count) {
        return;
    }
    let sources = std::iter::once(from).chain(from.beside.as_deref());
    let mut ready = sources.filter_map(|source| source.ready.as_ref());
    let Some(ready) = ready.find(|ready| is_due(facts, from, ready)) else {
        return;
    };
    let again = hold::GivenUp::of(facts, &base.rev, &ready.tip).and_then(|it| it.again_at());
    if again.is_some_and(|at| at > now) {
        plan.wake_at = plan.wake_at.into_iter().chain(again).min();
        return;
    }
    plan.steps.push(Step::Reserve {
        seq: next_seq(facts),
        base: base.clone(),
        tip: ready.tip.clone(),
        picks: ready.picks.clone(),
    });
}

/// Whether a release of this would bring servers something, and takes nothing from them that is
/// coming.
fn is_due(facts: &Facts, from: &Resolution, ready: &Ready) -> bool {
    let (Some(current), Some(base)) = (facts.current_release(), &from.base) else {
        return true;
    };
    let is_same = (&current.tip, &current.base.rev) == (&ready.tip, &base.rev);
    let is_kept = |pr: PrNumber| ready.picks.iter().any(|pick| pick.pr == pr);
    let mut lost = current.picks.iter().filter(|pick| !is_kept(pick.pr));
    (!is_same || facts.machine.outdated == Some(current.seq))
        && !lost.any(|pick| is_coming(from, pick.pr))
}

/// Whether a pull request is in the chain that is being built, at whichever head: a newer head of a
/// fix, once approved, takes the place of the one that servers have.
fn is_coming(resolution: &Resolution, pr: PrNumber) -> bool {
    let assembly = resolution.assembly.iter();
    let mut applied = assembly.flat_map(Assembly::applied);
    applied.any(|(coming, _)| coming.pr == pr)
}

/// One more than any number that was ever seen, here or by clients.
fn next_seq(facts: &Facts) -> ReleaseSeq {
    let known = facts.releases.last().map(|release| release.seq);
    let last = known.max(facts.machine.public);
    last.unwrap_or(ReleaseSeq(0)).next()
}
