//! From the approved picks to the chain that can be released.
//!
//! Conflicts are set aside by the assembly itself. A pick that breaks the build is found here, by
//! bisection over the chain's own commits: the base passes by definition, so somewhere in the
//! chain a commit that passes is followed by one that fails, and the pick between them is the
//! culprit. The chain without it is resolved in the same way. Nothing of the search is stored:
//! each build's record is, and the search is done again from those at every look.
//!
//! Where a newer head of a pull request is what conflicts or breaks, the head that servers have
//! takes its place: setting it aside altogether would take a fix away from them.

use crate::assembly::{ApprovedPick, Assembly, ChainSpec, PickOutcome, PickResult, PickedCommit};
use crate::build::{BuildRecord, BuildState};
use crate::candidate::Candidate;
use crate::facts::Facts;
use crate::id::{CommitSha, JobName, PrNumber};
use crate::release::ReleasedPick;
use crate::standing::Standing;
use crate::time::Timestamp;

/// How far the approved picks are on their way to a chain that can be released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// The approved picks, in order of approval; of a pull request whose newer head cannot be
    /// released, that of the head that servers have.
    pub wanted: Vec<ApprovedPick>,
    /// The picks that were set aside because they break the build.
    pub culprits: Vec<Culprit>,
    /// Approved heads that do not apply, and in whose place an earlier one stays released.
    pub passed_over: Vec<PickResult>,
    /// The picks that were set aside because too few people approved of what they change here.
    pub stale: Vec<StalePick>,
    /// The newest assembly of what is left, where it was made.
    pub assembly: Option<Assembly>,
    /// As much of that assembly, from its start, as is known to pass.
    pub ready: Option<Ready>,
    /// What is to be done next.
    pub next: Next,
}

/// The start of a chain that is known to pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Its last commit; the base where it has no pick.
    pub tip: CommitSha,
    /// Its picks, in order.
    pub picks: Vec<ReleasedPick>,
}

/// A pick that breaks the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Culprit {
    /// The pick.
    pub pick: ApprovedPick,
    /// The commit whose build shows it.
    pub rev: CommitSha,
    /// The jobs that it breaks; none where the job set does not evaluate any more.
    pub jobs: Vec<JobName>,
}

/// A pick that changes something else than what people approved: the base, or a pick before it,
/// is not what it was, or a conflict was resolved otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StalePick {
    /// The pick.
    pub pick: ApprovedPick,
    /// What it is here.
    pub commits: Vec<PickedCommit>,
    /// How many more people have to approve of that; at least 1.
    pub missing: u32,
}

/// The next thing to do for a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The stable channel was not fetched yet.
    NoBase,
    /// The chain is to be assembled.
    Assemble(ChainSpec),
    /// A commit of the chain is to be built.
    Build(CommitSha),
    /// A commit of the chain failed to build by the machine's fault, and is to be tried again.
    Wait {
        /// The commit.
        rev: CommitSha,
        /// When.
        until: Timestamp,
    },
    /// Nothing: the whole chain passes.
    Nothing,
}

/// Works out how far the approved picks are.
pub fn resolve(facts: &Facts, now: Timestamp) -> Resolution {
    let mut resolution = Resolution {
        wanted: wanted(facts),
        culprits: Vec::new(),
        passed_over: Vec::new(),
        stale: Vec::new(),
        assembly: None,
        ready: None,
        next: Next::NoBase,
    };
    let Some(base) = &facts.base else {
        return resolution;
    };
    let mut picks = resolution.wanted.clone();
    loop {
        let channel = facts.policy.channel.clone();
        let spec = ChainSpec {
            channel,
            base: base.rev.clone(),
            picks: picks.clone(),
        };
        let assembly = match facts.assemblies.get(&spec.id()) {
            Some(assembly) => assembly.clone(),
            None if picks.is_empty() => Assembly { picks: Vec::new() },
            None => {
                resolution.next = Next::Assemble(spec);
                return resolution;
            }
        };
        if let Some((newer, released)) = not_applying(facts, &assembly) {
            resolution.passed_over.push(newer);
            put_back(facts, &mut picks, &released);
            put_back(facts, &mut resolution.wanted, &released);
            continue;
        }
        if let Some(stale) = stale(facts, &assembly, &picks) {
            set_aside(facts, &stale.pick, &mut picks, &mut resolution.wanted);
            resolution.stale.push(stale);
            continue;
        }
        let states = states(facts, &assembly, now);
        resolution.next = match examine(&assembly, &states) {
            Examined::Passes => Next::Nothing,
            Examined::Build(rev) => Next::Build(rev),
            Examined::Wait { rev, until } => Next::Wait { rev, until },
            Examined::Culprit { pr, rev, jobs } => {
                let pick = picks.iter().find(|pick| pick.pr == pr).cloned();
                let pick = pick.expect("an assembly holds picks of its own spec only");
                set_aside(facts, &pick, &mut picks, &mut resolution.wanted);
                resolution.culprits.push(Culprit { pick, rev, jobs });
                continue;
            }
        };
        resolution.ready = Some(ready(&base.rev, &assembly, &states));
        resolution.assembly = Some(assembly);
        return resolution;
    }
}

/// The first pick that changes what too few people approved of.
fn stale(facts: &Facts, assembly: &Assembly, picks: &[ApprovedPick]) -> Option<StalePick> {
    let required = facts.policy.required_approvals.max(1);
    assembly.picks.iter().find_map(|result| {
        let PickOutcome::Picked { commits, .. } = &result.outcome else {
            return None;
        };
        let pick = picks.iter().find(|pick| pick.pr == result.pr)?;
        let approvals = pick.approvals.iter();
        let covering = approvals.filter(|it| it.covers(commits)).count() as u32;
        let missing = required.checked_sub(covering).filter(|it| *it > 0)?;
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
    if let Some(released) = released_instead(facts, pick.pr, &pick.head) {
        put_back(facts, picks, &released);
        put_back(facts, wanted, &released);
    }
}

/// The first newer head that does not apply although the team approved it, and the pick of the
/// head that servers have.
fn not_applying(facts: &Facts, assembly: &Assembly) -> Option<(PickResult, ApprovedPick)> {
    let applies = |pick: &&PickResult| {
        matches!(
            pick.outcome,
            PickOutcome::Picked { .. } | PickOutcome::Contained
        )
    };
    let mut failing = assembly.picks.iter().filter(|pick| !applies(pick));
    failing.find_map(|pick| {
        let released = released_instead(facts, pick.pr, &pick.head)?;
        Some((pick.clone(), released))
    })
}

/// The pick of the head that servers have, where the team approved that one too and this newer one
/// cannot be released: rather an earlier fix than none.
fn released_instead(facts: &Facts, pr: PrNumber, newer: &CommitSha) -> Option<ApprovedPick> {
    let released = released_head(facts, pr).filter(|head| *head != newer)?;
    approved_at_head(facts, facts.candidates.get(&pr)?, released)
}

/// Puts a pick in the place of that of another head of the same pull request.
fn put_back(facts: &Facts, picks: &mut Vec<ApprovedPick>, released: &ApprovedPick) {
    picks.retain(|pick| pick.pr != released.pr);
    picks.push(released.clone());
    in_order(facts, picks);
}

/// The approved picks in their order; pull requests approved at the same time by number.
fn wanted(facts: &Facts) -> Vec<ApprovedPick> {
    let mut picks: Vec<_> = facts
        .candidates
        .values()
        .filter_map(|candidate| {
            approved_at_head(facts, candidate, &candidate.head)
                .or_else(|| approved_at_head(facts, candidate, released_head(facts, candidate.pr)?))
        })
        .collect();
    in_order(facts, &mut picks);
    picks
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
            it.head == pick.head && it.commits.iter().any(|commit| commit.sha == other.head)
        })
}

fn approved_at_head(
    facts: &Facts,
    candidate: &Candidate,
    head: &CommitSha,
) -> Option<ApprovedPick> {
    match Standing::of_head(candidate, head, &facts.policy, &facts.log) {
        Standing::Approved { approvals, at } => Some(ApprovedPick {
            pr: candidate.pr,
            head: head.clone(),
            approvals,
            approved_at: at,
            resolved: facts.resolved(candidate.pr),
        }),
        Standing::Pending { .. } | Standing::Vetoed { .. } => None,
    }
}

/// The head of a pull request that servers have now.
///
/// It stays in the channel while a newer head waits for approval: otherwise a push, which anybody
/// who opened a pull request can make at any time, would take a fix away from servers.
fn released_head(facts: &Facts, pr: PrNumber) -> Option<&CommitSha> {
    let picks = &facts.current_release()?.picks;
    picks
        .iter()
        .find(|pick| pick.pr == pr)
        .map(|pick| &pick.head)
}

/// The state of the build after each applied pick.
fn states<'a>(facts: &'a Facts, assembly: &Assembly, now: Timestamp) -> Vec<BuildState<'a>> {
    static UNTRIED: BuildRecord = BuildRecord {
        attempts: Vec::new(),
    };
    let record = |tip: &CommitSha| facts.builds.get(tip).unwrap_or(&UNTRIED);
    assembly
        .applied()
        .map(|(_, tip)| record(tip).state(&facts.policy, now))
        .collect()
}

fn ready(base: &CommitSha, assembly: &Assembly, states: &[BuildState<'_>]) -> Ready {
    let passing = states.iter().rposition(passes).map_or(0, |last| last + 1);
    let applied: Vec<_> = assembly.applied().take(passing).collect();
    Ready {
        tip: applied.last().map_or(base, |(_, tip)| tip).clone(),
        picks: applied
            .iter()
            .map(|(pick, _)| ReleasedPick {
                pr: pick.pr,
                head: pick.head.clone(),
            })
            .collect(),
    }
}

enum Examined {
    Passes,
    Build(CommitSha),
    Wait {
        rev: CommitSha,
        until: Timestamp,
    },
    Culprit {
        pr: PrNumber,
        rev: CommitSha,
        jobs: Vec<JobName>,
    },
}

/// Looks for the pick that breaks an assembled chain, or for the build that would tell.
///
/// A pick that is known to break what stands before it is a culprit even where a later one might
/// mend it: otherwise every new approval would cost one more failing build.
fn examine(assembly: &Assembly, states: &[BuildState<'_>]) -> Examined {
    let applied: Vec<_> = assembly.applied().collect();
    let Some(last) = states.last() else {
        return Examined::Passes;
    };
    if passes(last) {
        return Examined::Passes;
    }
    let first_failure = states
        .iter()
        .position(|state| matches!(state, BuildState::Failed { .. }));
    let Some(failure) = first_failure else {
        return build_or_wait(applied[states.len() - 1].1, last);
    };
    let first_untold = states[..failure]
        .iter()
        .rposition(passes)
        .map_or(0, |passed| passed + 1);
    if let (true, BuildState::Failed { jobs, .. }) = (first_untold == failure, &states[failure]) {
        let (pick, tip) = applied[failure];
        return Examined::Culprit {
            pr: pick.pr,
            rev: tip.clone(),
            jobs: jobs.clone(),
        };
    }
    let middle = (first_untold + failure - 1) / 2;
    build_or_wait(applied[middle].1, &states[middle])
}

fn passes(state: &BuildState<'_>) -> bool {
    matches!(state, BuildState::Passed { .. })
}

fn build_or_wait(rev: &CommitSha, state: &BuildState<'_>) -> Examined {
    match state {
        BuildState::RetryAt(until) => Examined::Wait {
            rev: rev.clone(),
            until: *until,
        },
        BuildState::Due | BuildState::Passed { .. } | BuildState::Failed { .. } => {
            Examined::Build(rev.clone())
        }
    }
}
