//! Upstream's branches.
//!
//! Each has a reference of its own whose name no other can collide with: git can hold `x` and
//! `x/y` at once no more than a folder can be a file, and upstream may remove the one and make the
//! other between two fetches. So a branch's slashes are written as `%2F`, and a name that is too long
//! for a file then by its hash.

use std::collections::{BTreeMap, BTreeSet};

use git2::Oid;
use picket_domain::{BranchName, CommitSha, Sha256};

use super::{Fetched, Fetcher};
use crate::error::{MirrorError, Result};
use crate::ids::{find_ref, has_commit, sha};

/// What came of fetching one branch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum FetchedBranch {
    /// The mirror has it, and it stands here.
    Fetched(CommitSha),
    /// Upstream does not have it. One that it had before stays in the mirror as it was.
    Absent,
    /// Upstream has it, and it cannot be had: git's words.
    Failed(String),
}

/// The mirror's reference of an upstream branch.
pub(crate) fn branch_ref(branch: &BranchName) -> String {
    let name = branch.as_str().replace('%', "%25").replace('/', "%2F");
    if name.len() <= LONGEST_NAME {
        return format!("refs/branches/{name}");
    }
    // No other branch's reference has `%sha256` in it.
    let hash = Sha256::of(branch.as_str().as_bytes());
    format!("refs/branches/%sha256-{hash}")
}

/// Git adds `.lock` to a reference's file, and file systems take 255 bytes.
const LONGEST_NAME: usize = 240;

/// Fetches those of the branches that have moved: one question for all, one fetch for all, and one
/// for each only if that fails.
pub(crate) fn fetch_branches(
    fetcher: &Fetcher<'_>,
    branches: &[BranchName],
) -> Result<BTreeMap<BranchName, FetchedBranch>> {
    let wanted: BTreeSet<_> = branches.iter().cloned().collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let theirs: Vec<_> = wanted.iter().map(upstream_ref).collect();
    let listed: BTreeMap<_, _> = fetcher.listed(&theirs)?.into_iter().collect();
    let mut found = BTreeMap::new();
    let mut moved = Vec::new();
    for branch in wanted {
        match listed.get(&upstream_ref(&branch)) {
            None => drop(found.insert(branch, FetchedBranch::Absent)),
            Some(at) if stands(fetcher, &branch, *at)? => {
                found.insert(branch, FetchedBranch::Fetched(sha(*at)));
            }
            Some(_) => moved.push(branch),
        }
    }
    found.extend(fetch_moved(fetcher, moved)?);
    Ok(found)
}

fn upstream_ref(branch: &BranchName) -> String {
    format!("refs/heads/{branch}")
}

/// Whether the mirror's branch is there already, with its commit.
fn stands(fetcher: &Fetcher<'_>, branch: &BranchName, at: Oid) -> Result<bool> {
    let is_there = find_ref(fetcher.repo, &branch_ref(branch))? == Some(at);
    Ok(is_there && has_commit(fetcher.repo, at)?)
}

fn fetch_moved(
    fetcher: &Fetcher<'_>,
    moved: Vec<BranchName>,
) -> Result<Vec<(BranchName, FetchedBranch)>> {
    if moved.is_empty() {
        return Ok(Vec::new());
    }
    let ours: Vec<_> = moved.iter().map(branch_ref).collect();
    fetcher.prepare(&ours.iter().map(String::as_str).collect::<Vec<_>>())?;
    let refs: Vec<_> = moved.iter().map(refs_of).collect();
    let together = fetcher.fetch(&refs);
    let each = moved.into_iter().map(|branch| {
        let outcome = match &together {
            Ok(()) => Ok(Fetched::Present),
            Err(_) => fetcher.fetch_if_there(&refs_of(&branch)),
        };
        let outcome = outcome_of(fetcher, &branch, outcome)?;
        Ok((branch, outcome))
    });
    each.collect()
}

fn refs_of(branch: &BranchName) -> (String, String) {
    (upstream_ref(branch), branch_ref(branch))
}

fn outcome_of(
    fetcher: &Fetcher<'_>,
    branch: &BranchName,
    outcome: Result<Fetched>,
) -> Result<FetchedBranch> {
    match outcome {
        Ok(Fetched::Present) => Ok(match find_ref(fetcher.repo, &branch_ref(branch))? {
            Some(at) => FetchedBranch::Fetched(sha(at)),
            None => FetchedBranch::Absent,
        }),
        Ok(Fetched::Gone) => Ok(FetchedBranch::Absent),
        Err(MirrorError::Transport { message, .. }) => Ok(FetchedBranch::Failed(message)),
        Err(error) => Err(error),
    }
}
