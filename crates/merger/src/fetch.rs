//! Fetching upstream's branches and pull requests.

use std::path::Path;

use git2::{Oid, Repository};
use picket_domain::{BranchName, CommitSha, PrNumber};

use crate::error::{MergeError, Result};
use crate::ids::{contains, find_commit, find_ref, oid};
use crate::lock::WriteLock;
use crate::remote::RemoteUrl;
use crate::transport::Git;

/// Whether a pull request could be had at the wanted head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Fetched {
    /// The mirror has it.
    Present,
    /// Upstream does not have that commit any more, and the mirror never had it.
    Gone,
}

/// How git says that a fetched reference does not exist.
const NO_REF: &str = "couldn't find remote ref ";
/// How the other side says that it does not have a commit, or does not hand it out.
const NO_COMMIT: [&str; 3] = ["not our ref", "unadvertised object", "no such remote ref"];

pub(crate) fn branch_ref(branch: &BranchName) -> String {
    format!("refs/upstream/{branch}")
}

/// Fetches the branches, and returns those that upstream does not have.
pub(crate) fn branches(
    mirror: &Path,
    upstream: &RemoteUrl,
    branches: &[BranchName],
) -> Result<Vec<BranchName>> {
    let lock = WriteLock::take(mirror)?;
    lock.clear_half_packs()?;
    let mut wanted = branches.to_vec();
    wanted.sort();
    wanted.dedup();
    let ours: Vec<_> = wanted.iter().map(branch_ref).collect();
    let ours: Vec<_> = ours.iter().map(String::as_str).collect();
    prepare(&Repository::open_bare(mirror)?, &lock, &ours)?;
    let mut absent = Vec::new();
    while !wanted.is_empty() {
        let refs: Vec<_> = wanted
            .iter()
            .map(|branch| (format!("refs/heads/{branch}"), branch_ref(branch)))
            .collect();
        let error = match fetch(mirror, &lock, upstream, &refs) {
            Ok(()) => break,
            Err(error) => error,
        };
        // Git stops at the first reference that is not there.
        let is_absent = |branch: &BranchName| lacks(&error, &format!("refs/heads/{branch}"));
        let Some(place) = wanted.iter().position(is_absent) else {
            return Err(error);
        };
        absent.push(wanted.remove(place));
    }
    Ok(absent)
}

/// Fetches a pull request at a head, if the mirror lacks it.
pub(crate) fn pull_request(
    mirror: &Path,
    upstream: &RemoteUrl,
    pr: PrNumber,
    head: &CommitSha,
) -> Result<Fetched> {
    let repo = Repository::open_bare(mirror)?;
    if is_fetched(&repo, pr, head)? {
        return Ok(Fetched::Present);
    }
    let kept = kept_ref(pr, head);
    let lock = WriteLock::take(mirror)?;
    lock.clear_half_packs()?;
    let advertised = (format!("refs/pull/{pr}/head"), format!("refs/pr/{pr}/head"));
    prepare(&repo, &lock, &[&kept, &advertised.1])?;
    match fetch(mirror, &lock, upstream, std::slice::from_ref(&advertised)) {
        Ok(()) => {
            let now = find_ref(&repo, &advertised.1)?;
            if now.is_some_and(|now| has(&repo, now, oid(head)).unwrap_or(false)) {
                repo.reference(&kept, oid(head), true, "a pull request's head")?;
                return Ok(Fetched::Present);
            }
        }
        Err(error) if lacks(&error, &advertised.0) => {}
        Err(error) => return Err(error),
    }
    // It moved on. GitHub still hands out commits that nothing points at, for a time.
    match fetch(mirror, &lock, upstream, &[(head.to_string(), kept)]) {
        Ok(()) => Ok(Fetched::Present),
        Err(MergeError::Transport { message, .. })
            if NO_COMMIT.iter().any(|phrase| message.contains(phrase)) =>
        {
            Ok(Fetched::Gone)
        }
        Err(error) => Err(error),
    }
}

/// Fetches the branch on which somebody resolved a pull request's conflicts, and returns where it
/// stands. The last one of each pull request is kept.
pub(crate) fn resolution(
    mirror: &Path,
    remote: &RemoteUrl,
    pr: PrNumber,
    branch: &BranchName,
) -> Result<Oid> {
    let repo = Repository::open_bare(mirror)?;
    let lock = WriteLock::take(mirror)?;
    lock.clear_half_packs()?;
    let refs = (
        format!("refs/heads/{branch}"),
        format!("refs/resolution/{pr}"),
    );
    prepare(&repo, &lock, &[&refs.1])?;
    let absent = || MergeError::NoBranch {
        branch: branch.clone(),
        remote: remote.to_string(),
    };
    match fetch(mirror, &lock, remote, std::slice::from_ref(&refs)) {
        Ok(()) => find_ref(&repo, &refs.1)?.ok_or_else(absent),
        Err(error) if lacks(&error, &refs.0) => Err(absent()),
        Err(error) => Err(error),
    }
}

/// Whether a pull request was fetched at a head, with all that it consists of.
///
/// That its commit is there is not enough: git unpacks commits before their trees, and a fetch may
/// be under way, or have been killed.
pub(crate) fn is_fetched(repo: &Repository, pr: PrNumber, head: &CommitSha) -> Result<bool> {
    let is_kept = find_ref(repo, &kept_ref(pr, head))?.is_some();
    Ok(is_kept && find_commit(repo, oid(head))?.is_some())
}

fn kept_ref(pr: PrNumber, head: &CommitSha) -> String {
    format!("refs/pr/{pr}/{head}")
}

/// Takes what blocks a fetch out of its way: stale locks, and references whose commits were lost,
/// because git does not fetch what it believes to have.
fn prepare(repo: &Repository, lock: &WriteLock, names: &[&str]) -> Result<()> {
    lock.clear_stale(names.iter().copied())?;
    for name in names {
        let target = find_ref(repo, name)?;
        if let Some(lost) = target
            && find_commit(repo, lost)?.is_none()
        {
            tracing::warn!(name, %lost, "a commit is missing from the mirror and fetched again");
            repo.find_reference(name)?.delete()?;
        }
    }
    Ok(())
}

/// Whether the history of what was fetched has the wanted head.
fn has(repo: &Repository, fetched: Oid, head: Oid) -> Result<bool> {
    Ok(find_commit(repo, head)?.is_some() && contains(repo, fetched, head)?)
}

fn fetch(
    mirror: &Path,
    lock: &WriteLock,
    upstream: &RemoteUrl,
    refs: &[(String, String)],
) -> Result<()> {
    let refspecs: Vec<_> = refs
        .iter()
        .map(|(from, to)| format!("+{from}:{to}"))
        .collect();
    Git::new(mirror, "fetch", upstream)
        .args([
            "--progress",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-maintenance",
        ])
        .args(["--no-recurse-submodules"])
        .remote_and(upstream, &refspecs)
        .stdin(lock.stdin()?)
        .with_progress()
}

fn lacks(error: &MergeError, name: &str) -> bool {
    let MergeError::Transport { message, .. } = error else {
        return false;
    };
    message.split("; ").any(|line| {
        line.split_once(NO_REF)
            .is_some_and(|(_, missing)| missing.trim() == name)
    })
}
