//! Picks by Picket's engine.

use std::{path::Path, time::Instant};

use picket_treemerge::{Drivers, ObjectId, OpenError, Outcome, ReadError, Repository, merge};

use super::backport::{Backport, Triple, trees};
use super::cpu::ThreadCpu;
use super::outcome::Replayed;
use super::propose::{Proposed, Proposer};

/// One pick, replayed.
#[derive(Clone, Debug)]
pub struct Pick {
    /// What was picked.
    pub backport: Backport,
    /// The outcome.
    pub outcome: Replayed,
    /// Processor time in nanoseconds; nothing where no merge was attempted.
    pub cpu_ns: Option<u64>,
    /// Time on the clock in nanoseconds, likewise.
    pub wall_ns: Option<u64>,
    /// What was proposed, where that was asked for and the pick conflicts.
    pub proposed: Option<Proposed>,
}

impl Pick {
    /// One of which no merge was attempted.
    pub(super) const fn without_merge(backport: Backport, outcome: Replayed) -> Self {
        Self {
            backport,
            outcome,
            cpu_ns: None,
            wall_ns: None,
            proposed: None,
        }
    }
}

/// Replays one pick with Picket's engine. If it conflicts, the proposer is asked.
pub fn replay(
    repository: &Repository,
    drivers: &dyn Drivers,
    proposer: Option<&dyn Proposer>,
    pick: Backport,
) -> Pick {
    let (cpu, wall) = (ThreadCpu::now(), Instant::now());
    let trees = match trees(repository, &pick) {
        Err(none) => return Pick::without_merge(pick, none),
        Ok(trees) => trees,
    };
    let Triple { base, ours, theirs } = trees.triple;
    let merged = merge(repository, drivers, base, ours, theirs);
    let mut done = Pick {
        backport: pick,
        outcome: compare(&merged, trees.committed),
        cpu_ns: Some(cpu.elapsed_ns()),
        wall_ns: Some(u64::try_from(wall.elapsed().as_nanos()).unwrap_or(u64::MAX)),
        proposed: None,
    };
    if let (Some(proposer), Ok(Outcome::Conflict(conflicts))) = (proposer, merged) {
        match Proposed::by(proposer, repository, &pick, &trees, conflicts) {
            Ok(proposed) => done.proposed = Some(proposed),
            Err(error) => done.outcome = Replayed::missing(&error),
        }
    }
    done
}

fn compare(merged: &Result<Outcome, ReadError>, committed: ObjectId) -> Replayed {
    match merged {
        Ok(Outcome::Merged(merged)) if merged.tree == committed => Replayed::Identical,
        Ok(Outcome::Merged(merged)) => Replayed::Different(merged.tree),
        Ok(Outcome::Conflict(_)) => Replayed::Conflict,
        Ok(Outcome::Unsure(reason)) => Replayed::Unsure(reason),
        Err(error) => Replayed::missing(error),
    }
}

/// Replays picks with Picket's engine; `progress` is told how many are done.
///
/// # Errors
/// When the repository cannot be opened.
pub fn replay_all(
    repository: &Path,
    drivers: &dyn Drivers,
    proposer: Option<&dyn Proposer>,
    picks: &[Backport],
    mut progress: impl FnMut(usize),
) -> Result<Vec<Pick>, OpenError> {
    let repository = Repository::open(repository)?;
    let mut done = Vec::with_capacity(picks.len());
    for pick in picks {
        done.push(replay(&repository, drivers, proposer, *pick));
        progress(done.len());
    }
    Ok(done)
}
