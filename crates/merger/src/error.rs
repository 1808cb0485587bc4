//! What can go wrong, by what the caller does about it.

use picket_domain::{CommitSha, ContentId, PrNumber};
use picket_mirror::MirrorError;
use thiserror::Error;

/// Why a call of the merger did not do its work. Running the same call again is always safe.
///
/// What is wrong with one pull request alone is no error of a call for many: it is that one's
/// outcome.
#[derive(Debug, Error)]
pub enum MergeError {
    /// The mirror cannot be used.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
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
    /// A commit is not one that Picket picked, or cannot be made again.
    #[error("commit {rev} cannot be explained as a pick: {reason}")]
    NotAPick {
        /// The commit.
        rev: CommitSha,
        /// What is in the way.
        reason: &'static str,
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
    /// A pushed file is larger than any that is edited by hand.
    #[error("{path:?} of commit {rev} is larger than {} MiB, the most that is taken", limit >> 20)]
    TooLarge {
        /// The pushed commit.
        rev: CommitSha,
        /// The file.
        path: String,
        /// The most that is taken, in bytes.
        limit: u64,
    },
}

impl From<git2::Error> for MergeError {
    fn from(error: git2::Error) -> Self {
        Self::Mirror(error.into())
    }
}

impl From<picket_treemerge::ReadError> for MergeError {
    fn from(error: picket_treemerge::ReadError) -> Self {
        Self::Mirror(error.into())
    }
}

/// What the merger's calls return.
pub type Result<T> = std::result::Result<T, MergeError>;
