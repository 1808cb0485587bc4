//! A release's tag and branch, here and on the remote.
//!
//! The tag is a lightweight one. An annotated tag is an object of its own, with a tagger and a
//! time, and says nothing that the release commit does not say: its name would point at another id
//! than the `.git-revision` of the release does, and making it again would have to repeat the time.
//! What vouches for a release is the signature in its folder.

use std::path::Path;

use git2::{Oid, Repository};
use picket_domain::{BranchName, CommitSha, ReleaseName};

use crate::error::{MergeError, Result};
use crate::ids::{contains, find_commit, find_ref, need_commit, oid, sha};
use crate::lock::WriteLock;
use crate::remote::RemoteUrl;
use crate::transport::Git;

/// The references of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishRefs {
    /// The channel's branch: `refs/heads/<branch>`.
    pub branch: BranchName,
    /// The release's tag: `refs/tags/<tag>`.
    pub tag: ReleaseName,
    /// The release's commit.
    pub rev: CommitSha,
    /// Where to push to, if anywhere. Addresses are those that a mirror's upstream can have. Git
    /// takes credentials from ssh, or from the program that `GIT_ASKPASS` names.
    pub remote: Option<String>,
}

impl PublishRefs {
    fn branch_ref(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }

    fn tag_ref(&self) -> String {
        format!("refs/tags/{}", self.tag)
    }
}

/// Where the two references stand, in the mirror or on a remote.
struct Stand {
    place: String,
    branch: Option<Oid>,
    tag: Option<Oid>,
}

/// What is still to be done, if anything.
#[derive(Debug, Default)]
struct Missing {
    branch: bool,
    tag: bool,
}

pub(crate) fn publish_refs(repo: &Repository, mirror: &Path, refs: &PublishRefs) -> Result<()> {
    need_commit(repo, &refs.rev)?;
    let remote = refs.remote.as_deref().map(RemoteUrl::parse).transpose()?;
    let lock = WriteLock::take(mirror)?;
    publish_here(repo, &lock, refs)?;
    match remote {
        Some(remote) => publish_there(repo, mirror, &lock, refs, &remote),
        None => Ok(()),
    }
}

fn publish_here(repo: &Repository, lock: &WriteLock, refs: &PublishRefs) -> Result<()> {
    let (branch, tag) = (refs.branch_ref(), refs.tag_ref());
    let stand = Stand {
        place: "the mirror".to_owned(),
        branch: find_ref(repo, &branch)?,
        tag: find_ref(repo, &tag)?,
    };
    let missing = missing(repo, &stand, refs)?;
    lock.clear_stale([branch.as_str(), tag.as_str()])?;
    let (rev, log) = (oid(&refs.rev), format!("release {}", refs.tag));
    if missing.tag {
        repo.reference(&tag, rev, false, &log)?;
    }
    if missing.branch {
        match stand.branch {
            Some(old) => repo.reference_matching(&branch, rev, true, old, &log)?,
            None => repo.reference(&branch, rev, false, &log)?,
        };
    }
    Ok(())
}

fn publish_there(
    repo: &Repository,
    mirror: &Path,
    lock: &WriteLock,
    refs: &PublishRefs,
    remote: &RemoteUrl,
) -> Result<()> {
    let stand = stand_there(mirror, lock, refs, remote)?;
    let wanted = missing(repo, &stand, refs)?;
    if !wanted.branch && !wanted.tag {
        return Ok(());
    }
    let pushed = push(mirror, lock, refs, remote, (&stand, &wanted));
    // What counts is what the remote has now, not what git said: a connection can break after the
    // remote has taken everything, and a remote can take one reference and refuse the other.
    let left = missing(repo, &stand_there(mirror, lock, refs, remote)?, refs)?;
    if !left.branch && !left.tag {
        return Ok(());
    }
    pushed?;
    Err(MergeError::Transport {
        command: "push",
        remote: remote.to_string(),
        message: "it was accepted, but the remote does not show it".to_owned(),
    })
}

/// Compares where the references stand with where they should.
fn missing(repo: &Repository, stand: &Stand, refs: &PublishRefs) -> Result<Missing> {
    let rev = oid(&refs.rev);
    if let Some(at) = stand.tag.filter(|at| *at != rev) {
        let (tag, place) = (refs.tag.clone(), stand.place.clone());
        return Err(MergeError::TagTaken {
            tag,
            place,
            at: sha(at),
            rev: refs.rev.clone(),
        });
    }
    let branch = match stand.branch {
        None => true,
        Some(at) => {
            let is_known = find_commit(repo, at)?.is_some();
            if !is_known || !(contains(repo, at, rev)? || contains(repo, rev, at)?) {
                return Err(MergeError::NotFastForward {
                    branch: refs.branch.clone(),
                    place: stand.place.clone(),
                    at: sha(at),
                    rev: refs.rev.clone(),
                });
            }
            !contains(repo, at, rev)?
        }
    };
    Ok(Missing {
        branch,
        tag: stand.tag.is_none(),
    })
}

fn stand_there(
    mirror: &Path,
    lock: &WriteLock,
    refs: &PublishRefs,
    remote: &RemoteUrl,
) -> Result<Stand> {
    let (branch, tag) = (refs.branch_ref(), refs.tag_ref());
    let listed = Git::new(mirror, "ls-remote", remote)
        .remote_and(remote, &[branch.clone(), tag.clone()])
        .stdin(lock.stdin()?)
        .output()?;
    let listed = String::from_utf8_lossy(&listed);
    // The patterns also match references that only end so.
    let find = |name: &str| {
        let mut lines = listed.lines().filter_map(|line| line.split_once('\t'));
        lines
            .find(|(_, it)| *it == name)
            .and_then(|(id, _)| Oid::from_str(id).ok())
    };
    Ok(Stand {
        place: remote.to_string(),
        branch: find(&branch),
        tag: find(&tag),
    })
}

/// Pushes what is missing, each reference only if it still stands where it was seen.
fn push(
    mirror: &Path,
    lock: &WriteLock,
    refs: &PublishRefs,
    remote: &RemoteUrl,
    (stand, missing): (&Stand, &Missing),
) -> Result<()> {
    let (mut leases, mut refspecs) = (Vec::new(), Vec::new());
    let mut add = |name: &str, seen: Option<Oid>| {
        let seen = seen.map_or(String::new(), |id| id.to_string());
        leases.push(format!("--force-with-lease={name}:{seen}"));
        refspecs.push(format!("{}:{name}", refs.rev));
    };
    if missing.tag {
        add(&refs.tag_ref(), stand.tag);
    }
    if missing.branch {
        add(&refs.branch_ref(), stand.branch);
    }
    Git::new(mirror, "push", remote)
        .args([
            "--progress",
            "--no-verify",
            "--no-follow-tags",
            "--recurse-submodules=no",
        ])
        .args(leases)
        .remote_and(remote, &refspecs)
        .stdin(lock.stdin()?)
        .with_progress()
}
