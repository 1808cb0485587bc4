//! What can go wrong, by what the caller does about it.

use std::io;
use std::path::PathBuf;

use picket_domain::{BranchName, CommitSha, ContentId, PrNumber, ReleaseName};
use thiserror::Error;

/// Why a call of the merger did not do its work. Running the same call again is always safe.
#[derive(Debug, Error)]
pub enum MergeError {
    /// The address of a git repository is of a kind that Picket does not talk to.
    #[error("{url:?} is refused as the address of a git repository: {reason}")]
    RemoteRefused {
        /// The address, shortened, without its password.
        url: String,
        /// What is wrong, and what is taken instead.
        reason: &'static str,
    },
    /// The `git` program is missing or cannot be started.
    #[error("git cannot be run ({0}): install git 2.45 or later and put it on PATH")]
    NoGit(#[source] io::Error),
    /// `git` ran and failed: the network, the other side, or the disk. Worth another try later.
    #[error("git {command} with {remote} failed: {message}")]
    Transport {
        /// `fetch`, `push`, `ls-remote`, `log`, `merge-tree` or `rev-list`.
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
    #[error(
        "the mirror cannot be read or written: {0}. If it stays so, move the mirror's folder away: \
         Picket fetches it anew"
    )]
    Mirror(#[from] git2::Error),
    /// An object that a merge needs is absent, or damaged.
    #[error(
        "the mirror cannot be read: {0}. If it stays so, move the mirror's folder away: Picket \
         fetches it anew"
    )]
    Object(#[from] picket_treemerge::ReadError),
    /// The mirror's folder cannot be read.
    #[error("the mirror cannot be read: {reason}")]
    Unreadable {
        /// Why.
        reason: String,
    },
    /// A chain needs what people made of a conflicting file, and the caller handed over something
    /// else or nothing.
    #[error(
        "what people made of {path:?} (content {content}) is not at hand, or is damaged: settle \
         the conflict again"
    )]
    MissingContent {
        /// The file.
        path: String,
        /// The hash of its content.
        content: ContentId,
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
    /// A commit is not one that Picket picked, or cannot be made again.
    #[error("commit {rev} cannot be explained as a pick: {reason}")]
    NotAPick {
        /// The commit.
        rev: CommitSha,
        /// What is in the way.
        reason: &'static str,
    },
    /// The remote does not have a branch that somebody says to have pushed.
    #[error("{remote} has no branch {branch}: push it, or correct its name")]
    NoBranch {
        /// The branch.
        branch: BranchName,
        /// The remote's address, without its password.
        remote: String,
    },
    /// A pull request has no conflict that a pushed commit could resolve.
    #[error("pull request {pr} {reason}")]
    NothingToResolve {
        /// The pull request.
        pr: PrNumber,
        /// What is the case instead.
        reason: &'static str,
    },
    /// A pushed commit changes more than the files that conflict.
    #[error(
        "commit {rev} is not the pick of {commit} onto {onto} with its conflicts resolved: it \
         differs from that in {}. Check out {onto}, cherry-pick the pull request's commits up to \
         that one, resolve only what conflicts, and push", paths.join(", ")
    )]
    NotAResolution {
        /// The pushed commit.
        rev: CommitSha,
        /// The pull request's commit that conflicts.
        commit: CommitSha,
        /// What it has to be picked onto.
        onto: CommitSha,
        /// The files that it changes besides those that conflict, the first twenty.
        paths: Vec<String>,
    },
    /// A pushed commit has conflict markers in its files.
    #[error(
        "commit {rev} has conflict markers left in {}: resolve them, commit and push again",
        paths.join(", ")
    )]
    MarkersLeft {
        /// The pushed commit.
        rev: CommitSha,
        /// The files.
        paths: Vec<String>,
    },
    /// A chain names a pull request that the caller handed no candidate for.
    #[error("pull request {0} is in the chain but not among the candidates")]
    UnknownCandidate(PrNumber),
    /// Moving the channel's branch to the release would drop commits from it.
    #[error(
        "branch {branch} of {place} stands at {at}, which {rev} does not contain: somebody else \
         moved it. Picket only fast-forwards; put the branch back by hand, then try again"
    )]
    NotFastForward {
        /// The channel's branch.
        branch: BranchName,
        /// `the mirror`, or the remote's address.
        place: String,
        /// Where the branch stands.
        at: CommitSha,
        /// Where it should go.
        rev: CommitSha,
    },
    /// A release's tag is there already, on another commit. Tags never move.
    #[error("tag {tag} of {place} is on {at}, not on {rev}: tags never move; remove it by hand")]
    TagTaken {
        /// The tag.
        tag: ReleaseName,
        /// `the mirror`, or the remote's address.
        place: String,
        /// The commit that it is on.
        at: CommitSha,
        /// The commit that it should be on.
        rev: CommitSha,
    },
    /// A tree holds a path that must not be written to disk.
    #[error("commit {rev} holds the path {path:?}, which is not safe to write")]
    UnsafePath {
        /// The commit.
        rev: CommitSha,
        /// The path; bytes that are not UTF-8 are shown as U+FFFD.
        path: String,
    },
}

/// What the merger's calls return.
pub type Result<T> = std::result::Result<T, MergeError>;

/// Ties an I/O error to the file that it is about.
pub(crate) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> MergeError {
    let path = path.into();
    move |error| MergeError::File { path, error }
}
