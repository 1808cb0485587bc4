//! What can go wrong, by what the caller does about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use picket_domain::{BranchName, CommitSha};
use thiserror::Error;

use crate::address::InvalidAddress;

/// Why a call of the mirror did not do its work. Running the same call again is always safe.
#[derive(Debug, Error)]
pub enum MirrorError {
    /// The address of a git repository is of a kind that Picket does not talk to.
    #[error(transparent)]
    Address(#[from] InvalidAddress),
    /// The `git` program is missing or cannot be started.
    #[error("git cannot be run ({0}): install git 2.45 or later and put it on PATH")]
    NoGit(#[source] io::Error),
    /// `git` ran and failed: the network, the other side, or the disk. Worth another try later.
    #[error("git {command} with {remote} failed: {message}")]
    Transport {
        /// The command: `fetch`, `merge-tree` and so on.
        command: &'static str,
        /// The other side's address, without its password.
        remote: String,
        /// The end of what git said.
        message: String,
    },
    /// A commit that the call needs was never fetched.
    #[error("commit {0} is not in the mirror: fetch the branch or the pull request that has it")]
    MissingCommit(CommitSha),
    /// The mirror's own objects or references cannot be read or written.
    #[error("the mirror cannot be read or written: {0}")]
    Git(#[from] git2::Error),
    /// An object is absent, or damaged.
    #[error("the mirror cannot be read: {0}")]
    Object(#[from] picket_treemerge::ReadError),
    /// Another process or thread has had the mirror for long.
    #[error(
        "another writer holds {} and has not let go of it for {} s: see which process has it open",
        path.display(), wait.as_secs()
    )]
    Busy {
        /// The file that is locked.
        path: PathBuf,
        /// How long it was waited for.
        wait: Duration,
    },
    /// The mirror's folder cannot be read.
    #[error("the mirror cannot be read: {reason}")]
    Unreadable {
        /// Why.
        reason: String,
    },
    /// The mirror's folder holds something else.
    #[error("{} is no git repository and not empty: give Picket a folder of its own", .0.display())]
    NotAMirror(PathBuf),
    /// What was named as a clone to take objects from is none, or lacks history.
    #[error("{} is no full clone: name a repository that is neither shallow nor partial", .0.display())]
    NotAReference(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The tree of a base has no usable `.version`.
    #[error(
        "commit {rev} is no release of nixpkgs: its .version is {found}, not of the form 26.05"
    )]
    Version {
        /// The commit.
        rev: CommitSha,
        /// What is there instead.
        found: String,
    },
    /// The remote does not have a branch that somebody says to have pushed.
    #[error("{remote} has no branch {branch}: push it, or correct its name")]
    NoBranch {
        /// The branch.
        branch: BranchName,
        /// The remote's address, without its password.
        remote: String,
    },
    /// A patch of the team's own cannot become commits: whoever handed it in can mend that.
    #[error("the patch cannot be used: {reason}")]
    UnusablePatch {
        /// What is wrong with it.
        reason: String,
    },
    /// A tree cannot be written to any disk: this is the fault of who made it, not of the machine.
    #[error("commit {rev} cannot be written as files: {path:?} {reason}")]
    UnwritableTree {
        /// The commit.
        rev: CommitSha,
        /// The path, shortened; bytes that are not UTF-8 are shown as U+FFFD.
        path: String,
        /// What is wrong with it.
        reason: Unwritable,
    },
}

/// Why no Linux writes an entry of a tree as a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unwritable {
    /// `.`, `..`, `.git` in some spelling, an empty name, or one with a slash or a NUL byte.
    #[error("has a name that is not safe to write")]
    UnsafeName,
    /// A name of more than 255 bytes.
    #[error("has a name that is too long for a file")]
    LongName,
    /// A path that no call of the system takes.
    #[error("is too long for a path")]
    LongPath,
    /// A symbolic link without a target, or with one of more than 4,095 bytes or with a NUL byte.
    #[error("is a symbolic link whose target cannot be one")]
    LinkTarget,
    /// The folder has another entry by that name.
    #[error("is in its folder twice")]
    Twice,
    /// A file system does not take the name.
    #[error("has a name that the file system does not take")]
    RefusedName,
    /// Its object is not there, not of its kind, or does not follow git's format.
    #[error("has no object that can be read")]
    Object,
    /// The tree stands for more files, or larger ones, than any nixpkgs has.
    #[error("is one file too many, or too large")]
    TooMuch,
}

/// What the mirror's calls return.
pub type Result<T> = std::result::Result<T, MirrorError>;

/// Ties an I/O error to the file that it is about.
pub fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> MirrorError {
    let path = path.into();
    move |error| MirrorError::File { path, error }
}
