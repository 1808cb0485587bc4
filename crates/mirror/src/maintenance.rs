//! Upkeep: a mirror that is fetched into each minute for years stays small and quick.
//!
//! All of it is done by git's own commands, in steps that each leave a whole repository behind.
//! What is stored twice is taken away only while nobody reads ([`Reading`](crate::Reading)): who
//! opened the mirror before would look for it where it was. If somebody reads just then, it is left
//! to the next time.

use std::collections::BTreeSet;
use std::path::Path;

use git2::Repository;
use picket_domain::{CommitSha, PrNumber};
use serde::Serialize;

use crate::error::{MirrorError, Result};
use crate::fetch::kept_prefix;
use crate::git::{Git, Limits, WriteLock, exclusive};
use crate::ids::{has_commit, oid};

/// Under what the commits stand that nothing else refers to and that are to be kept.
const KEPT: &str = "refs/keep/";
/// Branches of upstream, as versions before this one named them.
const FORMER_BRANCHES: &str = "refs/upstream/";
/// Packs that are smaller together than this are made one.
const BATCH: &str = "--batch-size=256m";
/// What nothing refers to is kept for that long: somebody may be about to.
const PRUNED_AFTER: &str = "--expire=2.weeks.ago";

/// What came of upkeep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[must_use]
#[serde(rename_all = "snake_case")]
pub enum Maintained {
    /// All of it was done.
    Whole,
    /// All but to remove what is stored twice: somebody was reading.
    WhileRead,
}

/// How large a mirror is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Objects that are not in a pack.
    pub loose_objects: u64,
    /// How much room they take, in bytes.
    pub loose_bytes: u64,
    /// Packs.
    pub packs: u64,
    /// How much room they take, in bytes.
    pub pack_bytes: u64,
    /// References.
    pub references: u64,
}

pub(crate) fn maintain(
    repo: &Repository,
    mirror: &Path,
    (lock, limits): (&WriteLock, Limits),
    keep: &BTreeSet<CommitSha>,
) -> Result<Maintained> {
    lock.clear_half_packs()?;
    lock.clear_stale([])?;
    keep_only(repo, lock, keep)?;
    remove_all(repo, lock, FORMER_BRANCHES)?;
    let run = |name, args: &[&str]| {
        let git = Git::local(mirror, name, limits).args(args);
        git.stdin(lock.stdin()?).output().map(drop)
    };
    run("commit-graph", &["write", "--reachable", "--split"])?;
    run("repack", &["-l", "-q"])?;
    let has_packs = size(repo, mirror, limits)?.packs > 0;
    if has_packs {
        run("multi-pack-index", &["write"])?;
        run("multi-pack-index", &["repack", BATCH])?;
    }
    let Some(_alone) = exclusive(mirror)? else {
        return Ok(Maintained::WhileRead);
    };
    if has_packs {
        run("multi-pack-index", &["expire"])?;
    }
    // This takes away what is in packs too, and the folders that are empty then: somebody who reads
    // may be about to write into one.
    run("prune", &[PRUNED_AFTER])?;
    Ok(Maintained::Whole)
}

/// Makes the commits of `keep` that are there reachable, and no others that were kept before.
fn keep_only(repo: &Repository, lock: &WriteLock, keep: &BTreeSet<CommitSha>) -> Result<()> {
    for commit in keep {
        let name = format!("{KEPT}{commit}");
        if has_commit(repo, oid(commit))? {
            lock.clear_stale([name.as_str()])?;
            repo.reference(&name, oid(commit), true, "kept")?;
        }
    }
    let is_kept = |name: &str| {
        let commit = name.strip_prefix(KEPT).map(CommitSha::parse);
        matches!(commit, Some(Ok(commit)) if keep.contains(&commit))
    };
    let names = names(repo, KEPT)?;
    remove(repo, lock, names.iter().filter(|name| !is_kept(name)))
}

pub(crate) fn forget_pull_requests(
    repo: &Repository,
    lock: &WriteLock,
    prs: &[PrNumber],
) -> Result<usize> {
    let mut forgotten = 0;
    for pr in prs {
        forgotten += remove_all(repo, lock, &kept_prefix(*pr))?;
    }
    Ok(forgotten)
}

fn remove_all(repo: &Repository, lock: &WriteLock, prefix: &str) -> Result<usize> {
    let names = names(repo, prefix)?;
    remove(repo, lock, &names)?;
    Ok(names.len())
}

fn names(repo: &Repository, prefix: &str) -> Result<Vec<String>> {
    let found = repo.references_glob(&format!("{prefix}*"))?;
    let names = found.filter_map(|found| Some(found.ok()?.name().ok()?.to_owned()));
    Ok(names.collect())
}

fn remove<'n>(
    repo: &Repository,
    lock: &WriteLock,
    names: impl IntoIterator<Item = &'n String>,
) -> Result<()> {
    for name in names {
        lock.clear_stale([name.as_str()])?;
        repo.find_reference(name)?.delete()?;
    }
    Ok(())
}

pub(crate) fn size(repo: &Repository, mirror: &Path, limits: Limits) -> Result<Size> {
    let told = Git::local(mirror, "count-objects", limits)
        .args(["-v"])
        .output()?;
    let told = String::from_utf8_lossy(&told);
    let number = |key: &str| {
        let mut lines = told.lines().filter_map(|line| line.split_once(": "));
        let value = lines.find(|(it, _)| *it == key)?.1;
        value.parse::<u64>().ok()
    };
    let figure = |key| {
        number(key).ok_or_else(|| MirrorError::Unreadable {
            reason: format!("git count-objects does not tell {key:?}"),
        })
    };
    Ok(Size {
        loose_objects: figure("count")?,
        loose_bytes: figure("size")? * 1024,
        packs: figure("packs")?,
        pack_bytes: figure("size-pack")? * 1024,
        references: repo.references()?.count() as u64,
    })
}
