//! Errors that are one pull request's own.
//!
//! Anybody may open a pull request, of any objects that git lets through: a commit whose author
//! cannot be made out, a tree that names what is not there. That is no reason to hold up others, so
//! it is that pull request's outcome. What is wrong with the mirror or the machine as a whole stays
//! an error: it would be told of every pull request, and is none's fault.

use git2::ErrorClass;
use picket_domain::PickOutcome;
use picket_mirror::MirrorError;
use picket_treemerge::{ObjectId, ReadError};

use crate::error::{MergeError, Result};
use crate::merge_tree::Scratch;
use crate::snapshot::Snapshot;

/// How much of a reason is told, in characters.
const MAX_REASON: usize = 300;

/// The value, or the outcome of the pull request whose objects are at fault.
///
/// # Errors
/// What is not the pull request's fault.
pub(crate) fn own_fault<T>(result: Result<T>) -> Result<std::result::Result<T, PickOutcome>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) if is_own(&error) => Ok(Err(unavailable(&error.to_string()))),
        Err(error) => Err(error),
    }
}

fn is_own(error: &MergeError) -> bool {
    match error {
        MergeError::MissingContent { .. } => true,
        MergeError::Mirror(error) => match error {
            MirrorError::Object(ReadError::Missing { .. } | ReadError::Malformed { .. })
            | MirrorError::MissingCommit(_)
            | MirrorError::UnusablePatch { .. }
            | MirrorError::UnwritableTree { .. } => true,
            MirrorError::Git(error) => !is_of_machine(error.class()),
            MirrorError::Object(ReadError::Unreadable { .. })
            | MirrorError::Address(_)
            | MirrorError::NoGit(_)
            | MirrorError::Transport { .. }
            | MirrorError::Busy { .. }
            | MirrorError::Unreadable { .. }
            | MirrorError::NotAMirror(_)
            | MirrorError::NotAReference(_)
            | MirrorError::File { .. }
            | MirrorError::Version { .. }
            | MirrorError::NoBranch { .. } => false,
        },
        MergeError::NotAPick { .. }
        | MergeError::NothingToResolve { .. }
        | MergeError::NotAResolution { .. }
        | MergeError::MarkersLeft { .. }
        | MergeError::UnknownCandidate(_)
        | MergeError::TooLarge { .. } => false,
    }
}

fn is_of_machine(class: ErrorClass) -> bool {
    matches!(
        class,
        ErrorClass::Os | ErrorClass::NoMemory | ErrorClass::Zlib | ErrorClass::Filesystem
    )
}

fn unavailable(reason: &str) -> PickOutcome {
    let reason = reason.chars().take(MAX_REASON).collect();
    PickOutcome::Unavailable { reason }
}

/// The same of what came of git's merges on a commit. Git says the same of a pull request's odd
/// objects and of a machine that is out of memory: whether it is the former shows in a merge that
/// has nothing to do with the pull request.
///
/// # Errors
/// What is not the pull request's fault.
pub(crate) fn gits_fault<T>(
    snapshot: &Snapshot,
    onto: ObjectId,
    result: Result<T>,
) -> Result<std::result::Result<T, PickOutcome>> {
    match result {
        Err(MergeError::Mirror(MirrorError::Transport { message, .. }))
            if merges_at_all(snapshot, onto) =>
        {
            let reason = format!("git fails over its merge: {message}");
            Ok(Err(unavailable(&reason)))
        }
        other => own_fault(other),
    }
}

fn merges_at_all(snapshot: &Snapshot, onto: ObjectId) -> bool {
    let merge = || Scratch::new(snapshot)?.merge(&[format!("{onto} -- {onto} {onto}")]);
    merge().is_ok()
}
