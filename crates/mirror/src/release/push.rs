//! A channel's branch and its releases' tags, on a remote.

use std::path::Path;

use git2::{Oid, Repository};
use picket_domain::{BranchName, CommitSha, ReleaseName};

use super::refs::{branch_ref, tag_ref};
use crate::address::GitAddress;
use crate::error::{MirrorError, Result};
use crate::git::{Git, Limits, WriteLock};
use crate::history::contains;
use crate::ids::{find_commit, need_commit, oid, sha};

/// How much of a refusal is told, in characters.
const MAX_REFUSAL: usize = 500;
/// How a host says that it knows who asks, or does not, and that they may not.
const NOT_ALLOWED: [&str; 5] = [
    "403",
    "denied",
    "Authentication failed",
    "could not read Username",
    "could not read Password",
];

/// What a remote is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushRefs {
    /// The channel's branch.
    pub branch: BranchName,
    /// Where the branch is to stand: the newest release's commit.
    pub rev: CommitSha,
    /// The tags of the releases that the remote may lack, each with its commit.
    pub tags: Vec<(ReleaseName, CommitSha)>,
}

/// What came of a push. What was taken before something else was refused stays there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Pushed {
    /// The remote has it all now.
    Pushed,
    /// It had it all before.
    NothingToDo,
    /// The branch stands at a commit that the release does not contain: somebody else moved it.
    /// Picket only fast-forwards; a person has to put it back.
    NotFastForward {
        /// Where it stands.
        at: CommitSha,
    },
    /// A tag is on another commit. Tags never move; a person has to remove it.
    TagTaken {
        /// The tag.
        tag: ReleaseName,
        /// The commit that it is on.
        at: CommitSha,
    },
    /// The remote does not take it: who pushes may not, or a rule forbids it.
    Refused {
        /// Git's words, at most 500 characters in one line.
        message: String,
    },
    /// The remote cannot be reached, or the connection broke. Worth another try later.
    Unreachable {
        /// Git's words.
        message: String,
    },
}

/// A push under way.
pub(crate) struct Push<'a> {
    pub(crate) repo: &'a Repository,
    pub(crate) mirror: &'a Path,
    pub(crate) limits: Limits,
    pub(crate) remote: &'a GitAddress,
    pub(crate) refs: &'a PushRefs,
}

/// A reference that the remote lacks, and what it has instead.
struct Missing {
    name: String,
    at: Option<Oid>,
    rev: CommitSha,
}

/// Pushes what the remote lacks, each reference only if it still stands where it was seen.
pub(crate) fn push_refs(push: &Push<'_>, lock: &WriteLock) -> Result<Pushed> {
    need_commit(push.repo, &push.refs.rev)?;
    for (_, rev) in &push.refs.tags {
        need_commit(push.repo, rev)?;
    }
    let missing = match push.missing(lock)? {
        Ok(missing) if missing.is_empty() => return Ok(Pushed::NothingToDo),
        Ok(missing) => missing,
        Err(outcome) => return Ok(outcome),
    };
    let said = push.run(lock, &missing);
    // What counts is what the remote has now, not what git said: a connection can break after the
    // remote has taken everything, and a remote can take one reference and refuse the other.
    match push.missing(lock)? {
        Ok(left) if left.is_empty() => Ok(Pushed::Pushed),
        Ok(_) => said.map(|()| Pushed::Refused {
            message: "it was accepted, but the remote does not show it".to_owned(),
        }),
        Err(outcome) => Ok(outcome),
    }
    .or_else(told)
}

/// A failed transport as an outcome.
fn told(error: MirrorError) -> Result<Pushed> {
    match error {
        MirrorError::Transport { message, .. } => Ok(sorted(&message)),
        other => Err(other),
    }
}

fn sorted(message: &str) -> Pushed {
    let is_refusal =
        message.contains("rejected]") || NOT_ALLOWED.iter().any(|phrase| message.contains(phrase));
    let message = message.chars().take(MAX_REFUSAL).collect();
    match is_refusal {
        true => Pushed::Refused { message },
        false => Pushed::Unreachable { message },
    }
}

type Found = std::result::Result<Vec<Missing>, Pushed>;

impl Push<'_> {
    /// What the remote lacks, or why it cannot be pushed.
    fn missing(&self, lock: &WriteLock) -> Result<Found> {
        let listed = match self.listed(lock) {
            Ok(listed) => listed,
            Err(error) => return told(error).map(Err),
        };
        let at = |name: &str| listed.iter().find(|(it, _)| it == name).map(|(_, id)| *id);
        let mut missing = Vec::new();
        for (tag, rev) in &self.refs.tags {
            let name = tag_ref(tag);
            match at(&name) {
                None => missing.push(Missing {
                    name,
                    at: None,
                    rev: rev.clone(),
                }),
                Some(there) if there == oid(rev) => {}
                Some(there) => {
                    let (tag, at) = (tag.clone(), sha(there));
                    return Ok(Err(Pushed::TagTaken { tag, at }));
                }
            }
        }
        let name = branch_ref(&self.refs.branch);
        let there = at(&name);
        if let Some(at) = there.filter(|there| !self.is_known(*there)) {
            return Ok(Err(Pushed::NotFastForward { at: sha(at) }));
        }
        let rev = oid(&self.refs.rev);
        match there {
            Some(at) if contains(self.repo, at, rev)? => {}
            Some(at) if !contains(self.repo, rev, at)? => {
                return Ok(Err(Pushed::NotFastForward { at: sha(at) }));
            }
            at => missing.push(Missing {
                name,
                at,
                rev: self.refs.rev.clone(),
            }),
        }
        Ok(Ok(missing))
    }

    fn is_known(&self, id: Oid) -> bool {
        find_commit(self.repo, id).is_ok_and(|found| found.is_some())
    }

    fn listed(&self, lock: &WriteLock) -> Result<Vec<(String, Oid)>> {
        let tags = self.refs.tags.iter().map(|(tag, _)| tag_ref(tag));
        let names: Vec<_> = tags.chain([branch_ref(&self.refs.branch)]).collect();
        let git = Git::remote(self.mirror, "ls-remote", self.remote, self.limits);
        git.with_refs(&names).stdin(lock.stdin()?).listed()
    }

    fn run(&self, lock: &WriteLock, missing: &[Missing]) -> Result<()> {
        let lease = |it: &Missing| {
            let seen = it.at.map_or(String::new(), |id| id.to_string());
            format!("--force-with-lease={}:{seen}", it.name)
        };
        let refspecs: Vec<_> = missing
            .iter()
            .map(|it| format!("{}:{}", it.rev, it.name))
            .collect();
        Git::remote(self.mirror, "push", self.remote, self.limits)
            .args(["--progress", "--no-verify", "--no-follow-tags"])
            .args(["--recurse-submodules=no"])
            .args(missing.iter().map(lease))
            .with_refs(&refspecs)
            .stdin(lock.stdin()?)
            .with_progress()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_from_a_broken_connection() {
        for refusal in [
            "! [remote rejected] a -> b (protected branch hook declined)",
            "fatal: unable to access 'https://x/': The requested URL returned error: 403",
            "remote: Permission to a/b.git denied to c",
        ] {
            let told = sorted(refusal);
            assert!(matches!(told, Pushed::Refused { .. }), "{refusal}");
        }
        for broken in [
            "fatal: unable to access 'https://x/': Could not resolve host: x",
            "",
        ] {
            let told = sorted(broken);
            assert!(matches!(told, Pushed::Unreachable { .. }), "{broken}");
        }
    }
}
