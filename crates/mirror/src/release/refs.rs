//! A release's tag and branch in the mirror.

use git2::Repository;
use picket_domain::{BranchName, CommitSha, ReleaseName};

use crate::error::Result;
use crate::git::WriteLock;
use crate::ids::{find_ref, need_commit, oid};

/// The references of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRefs {
    /// The channel's branch: `refs/heads/<branch>`.
    pub branch: BranchName,
    /// The release's tag: `refs/tags/<tag>`.
    pub tag: ReleaseName,
    /// The release's commit.
    pub rev: CommitSha,
}

pub(crate) fn branch_ref(branch: &BranchName) -> String {
    format!("refs/heads/{branch}")
}

pub(crate) fn tag_ref(tag: &ReleaseName) -> String {
    format!("refs/tags/{tag}")
}

/// Puts tag and branch where the release is. The database says where that is, and the mirror
/// follows: what stands elsewhere is moved, with a warning.
pub(crate) fn set_release_refs(
    repo: &Repository,
    lock: &WriteLock,
    refs: &ReleaseRefs,
) -> Result<()> {
    need_commit(repo, &refs.rev)?;
    let log = format!("release {}", refs.tag);
    set(repo, lock, &tag_ref(&refs.tag), &refs.rev, &log)?;
    let branch = branch_ref(&refs.branch);
    if let Some(at) = find_ref(repo, &branch)?
        && !crate::history::contains(repo, oid(&refs.rev), at).unwrap_or(false)
    {
        tracing::warn!(%branch, %at, rev = %refs.rev, "the channel's branch stood beside its releases");
    }
    set(repo, lock, &branch, &refs.rev, &log)
}

/// Moves a reference, or makes it.
pub(crate) fn set(
    repo: &Repository,
    lock: &WriteLock,
    name: &str,
    rev: &CommitSha,
    log: &str,
) -> Result<()> {
    lock.clear_stale([name])?;
    let rev = oid(rev);
    match find_ref(repo, name)? {
        Some(at) if at == rev => return Ok(()),
        Some(at) if name.starts_with("refs/tags/") => {
            tracing::warn!(name, %at, %rev, "a release's tag stood elsewhere and is moved");
        }
        Some(_) | None => {}
    }
    repo.reference(name, rev, true, log)?;
    Ok(())
}
