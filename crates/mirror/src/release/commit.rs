//! The release commit: the chain tip's tree, on top of the previous release.

use git2::Repository;
use picket_domain::{CommitSha, Timestamp};

use crate::committer::{Committer, write_own};
use crate::error::Result;
use crate::ids::{need_commit, sha};

/// Writes the commit whose parents are the previous release and the chain's tip. Its time is the
/// later of theirs, so that it depends on nothing else.
pub(crate) fn release_commit(
    repo: &Repository,
    committer: &Committer,
    previous: Option<&CommitSha>,
    tip: &CommitSha,
    message: &str,
) -> Result<CommitSha> {
    let tip = need_commit(repo, tip)?;
    let mut parents = Vec::new();
    let mut time = tip.time().seconds();
    if let Some(previous) = previous {
        let previous = need_commit(repo, previous)?;
        time = time.max(previous.time().seconds());
        parents.push(previous.id());
    }
    if !parents.contains(&tip.id()) {
        parents.push(tip.id());
    }
    let at = Timestamp::from_unix(time);
    write_own(repo, tip.tree_id(), &parents, (committer, at), message).map(sha)
}
