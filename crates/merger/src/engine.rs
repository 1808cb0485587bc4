//! The merge itself: three trees in, one tree or the conflicts out.
//!
//! This is libgit2's merge, as `cherrypick_commit` makes it, and a conflict where git sees one and
//! libgit2 does not. Everything else of the crate knows it by the two functions here, so that
//! another engine can take its place. The tests compare it with `git merge-tree` on random trees:
//! it makes the same tree or reports a conflict. Where both sides rename, or where something else
//! takes a renamed file's place, it reports some conflicts that git resolves.
//!
//! libgit2 gives up on inexact renames, and says nothing, where more than `target_limit` entries
//! differ; its default of 1000 is less than what lies between two branches of nixpkgs. No
//! white-space options are set: they hide real differences in Nix's multi-line strings.
//! Attributes of the trees' own `.gitattributes` (`merge=union`) do not count, in a bare
//! repository, for libgit2 nor for git: such files merge, and conflict, like any other.

use git2::{Index, IndexConflict, MergeOptions, Oid, Repository};
use picket_domain::{Conflict, ConflictKind, Versions};

use crate::error::Result;

mod kinds;
mod moved;

/// How many entries may differ before libgit2 stops looking for renames. The largest real
/// divergence between nixpkgs' branches that was seen is a tenth of it.
const RENAME_LIMIT: u32 = 20_000;

/// What came of a merge.
pub(crate) enum Merged {
    /// Everything merged, to this tree.
    Clean(Oid),
    /// What did not; never empty, ordered by path.
    Conflicting(Vec<Conflict>),
}

/// Makes the change from tree `base` to tree `theirs` on the tree `ours`.
pub(crate) fn merge_trees(repo: &Repository, base: Oid, ours: Oid, theirs: Oid) -> Result<Merged> {
    let index = repo.merge_trees(
        &repo.find_tree(base)?,
        &repo.find_tree(ours)?,
        &repo.find_tree(theirs)?,
        Some(&options()),
    )?;
    match outcome(repo, index)? {
        Merged::Clean(tree) => {
            let mut left = moved::files_left_behind(repo, base, ours, theirs)?;
            left.extend(kinds::disagreements(repo, base, ours, theirs)?);
            Ok(if left.is_empty() {
                Merged::Clean(tree)
            } else {
                Merged::Conflicting(left)
            })
        }
        conflicting @ Merged::Conflicting(_) => Ok(conflicting),
    }
}

/// Merges two commits as `git merge` does, from their merge bases.
pub(crate) fn merge_commits(repo: &Repository, ours: Oid, theirs: Oid) -> Result<Merged> {
    let (ours, theirs) = (repo.find_commit(ours)?, repo.find_commit(theirs)?);
    let index = repo.merge_commits(&ours, &theirs, Some(&options()))?;
    outcome(repo, index)
}

fn options() -> MergeOptions {
    let mut options = MergeOptions::new();
    options
        .find_renames(true)
        .rename_threshold(50)
        .target_limit(RENAME_LIMIT);
    options
}

fn outcome(repo: &Repository, mut index: Index) -> Result<Merged> {
    if !index.has_conflicts() {
        return Ok(Merged::Clean(index.write_tree_to(repo)?));
    }
    let conflicts: std::result::Result<Vec<_>, _> = index.conflicts()?.collect();
    let mut conflicts: Vec<Conflict> = conflicts?.iter().map(conflict).collect();
    conflicts.sort_by(|a, b| a.path.cmp(&b.path));
    conflicts.dedup();
    Ok(Merged::Conflicting(conflicts))
}

fn conflict(found: &IndexConflict) -> Conflict {
    let kind = match (&found.ancestor, &found.our, &found.their) {
        (Some(_), Some(_), Some(_)) => ConflictKind::BothModified,
        (None, Some(_), Some(_)) => ConflictKind::BothAdded,
        (Some(_), None, Some(_)) => ConflictKind::DeletedByUs,
        (Some(_), Some(_), None) => ConflictKind::DeletedByThem,
        _ => ConflictKind::Other,
    };
    let entry = [&found.our, &found.their, &found.ancestor]
        .into_iter()
        .flatten()
        .next();
    let path = entry.map_or(&[][..], |entry| &entry.path);
    Conflict {
        path: String::from_utf8_lossy(path).into_owned(),
        kind,
        versions: Versions::default(),
    }
}
