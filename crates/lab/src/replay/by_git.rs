//! The same picks by git.

use std::path::Path;

use picket_treemerge::{OpenError, Repository};

use super::backport::{Backport, Trees, Triple, trees};
use super::git::{GitAnswer, GitError, GitMerge, GitMerges};
use super::outcome::Replayed;
use super::pick::Pick;

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
