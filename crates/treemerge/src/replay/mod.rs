//! Replays backports that people made, as ground truth: each picked commit is picked again onto
//! the backport's first parent, and the tree compared with the one that people committed.

mod cpu;
mod git;
mod history;
mod propose;
mod report;

use std::{path::Path, time::Instant};

pub use git::{GitAnswer, GitError, GitMerge, GitMerges, Triple};
pub use history::{HistoryError, backports, listed, resolve_revision};
pub use propose::{ConflictedFile, ConflictedPick, Proposed, Proposer, Verdict};
pub use report::{Figures, ProposalFigures, Report};

use crate::{
    Drivers, Kind, ObjectId, Objects, OpenError, Outcome, ReadError, Repository, commit::Commit,
    merge,
};
use cpu::ThreadCpu;

/// A backport and the commit that it says it was picked from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Backport {
    /// The commit on the branch.
    pub backport: ObjectId,
    /// The commit that was picked.
    pub source: ObjectId,
}

/// What a replayed pick came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// Clean, with the tree that people committed.
    Identical,
    /// Clean, with this other tree.
    Different(ObjectId),
    /// Not clean.
    Conflict,
    /// Not attempted, since the outcome could differ from git's; counts as a conflict.
    Unsure(&'static str),
    /// The picked commit is a merge.
    MergeSource,
    /// An object is not in the repository, as in a partial clone.
    Missing(String),
}

impl Replayed {
    /// Whether two engines agree: the same clean tree, or a conflict by both.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        let conflict = |outcome: &Self| matches!(outcome, Self::Conflict | Self::Unsure(_));
        match (self, other) {
            (Self::Missing(_), Self::Missing(_)) => true,
            _ => (conflict(self) && conflict(other)) || self == other,
        }
    }
}

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
    const fn without_merge(backport: Backport, outcome: Replayed) -> Self {
        Self {
            backport,
            outcome,
            cpu_ns: None,
            wall_ns: None,
            proposed: None,
        }
    }
}

/// The trees that a pick merges, and the tree that people committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trees {
    /// The picked commit's parent, the backport's parent, the picked commit.
    pub triple: Triple,
    /// The backport.
    pub committed: ObjectId,
}

/// The trees of a pick, or why it is none.
///
/// # Errors
/// [`Replayed::MergeSource`] or [`Replayed::Missing`].
pub fn trees(objects: &impl Objects, pick: &Backport) -> Result<Trees, Replayed> {
    let commit = |id: &ObjectId| -> Result<Commit, Replayed> {
        let content = objects
            .read(id, Kind::Commit)
            .map_err(|error| missing(&error))?;
        Commit::parse(&content).ok_or_else(|| {
            missing(&ReadError::Malformed {
                id: *id,
                kind: Kind::Commit,
            })
        })
    };
    let backport = commit(&pick.backport)?;
    let source = commit(&pick.source)?;
    if source.parents.len() > 1 {
        return Err(Replayed::MergeSource);
    }
    let base = match source.parents.first() {
        Some(parent) => commit(parent)?.tree,
        None => ObjectId::EMPTY_TREE,
    };
    let ours = match backport.parents.first() {
        Some(parent) => commit(parent)?.tree,
        None => ObjectId::EMPTY_TREE,
    };
    Ok(Trees {
        triple: Triple {
            base,
            ours,
            theirs: source.tree,
        },
        committed: backport.tree,
    })
}

fn missing(error: &ReadError) -> Replayed {
    Replayed::Missing(error.to_string())
}

/// Replays one pick with this crate's engine. If it conflicts, the proposer is asked.
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
            Err(error) => done.outcome = missing(&error),
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
        Err(error) => missing(error),
    }
}

/// Replays picks with this crate's engine; `progress` is told how many are done.
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

/// Picks by git.
#[derive(Debug)]
pub struct GitPicks {
    /// Each pick, in the order asked.
    pub picks: Vec<Pick>,
    /// Processor time of all git processes in nanoseconds, from start to end.
    pub cpu_ns: u64,
    /// Time on the clock likewise.
    pub wall_ns: u64,
}

/// Replays picks with git; see [`GitMerges::run`] for `scratch`. `progress` is told how many are
/// done.
///
/// # Errors
/// When the repository cannot be opened, git cannot be run, or it answers otherwise than
/// documented.
pub fn replay_with_git(
    repository: &Path,
    scratch: &Path,
    picks: &[Backport],
    progress: impl FnMut(usize),
) -> Result<GitPicks, ReplayError> {
    let objects = Repository::open(repository)?;
    let trees: Vec<_> = picks.iter().map(|pick| trees(&objects, pick)).collect();
    let triples: Vec<Triple> = trees.iter().flatten().map(|trees| trees.triple).collect();
    let git = GitMerges::run(repository, scratch, &triples, progress)?;
    let mut merges = git.merges.iter();
    let picks = picks
        .iter()
        .zip(trees)
        .map(|(backport, trees)| by_git(*backport, trees, &mut merges))
        .collect();
    Ok(GitPicks {
        picks,
        cpu_ns: git.cpu_ns,
        wall_ns: git.wall_ns,
    })
}

fn by_git<'g>(
    backport: Backport,
    trees: Result<Trees, Replayed>,
    merges: &mut impl Iterator<Item = &'g GitMerge>,
) -> Pick {
    let none = |outcome| Pick::without_merge(backport, outcome);
    let committed = match trees {
        Ok(trees) => trees.committed,
        Err(reason) => return none(reason),
    };
    let Some(merge) = merges.next() else {
        return none(Replayed::Missing("git was not asked".to_owned()));
    };
    let outcome = match merge.answer {
        GitAnswer::Merged(tree) if tree == committed => Replayed::Identical,
        GitAnswer::Merged(tree) => Replayed::Different(tree),
        GitAnswer::Conflict => Replayed::Conflict,
        GitAnswer::GaveUp => return none(Replayed::Missing("git gave up".to_owned())),
    };
    Pick {
        backport,
        outcome,
        cpu_ns: Some(merge.cpu_ns),
        wall_ns: Some(merge.wall_ns),
        proposed: None,
    }
}

/// A replay cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The repository cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// git cannot be asked.
    #[error(transparent)]
    Git(#[from] GitError),
}
