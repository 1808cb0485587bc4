//! Branches that somebody of the team pushed.

use git2::Oid;
use picket_domain::{BranchName, PrNumber};

use super::{Fetched, Fetcher};
use crate::error::{MirrorError, Result};
use crate::ids::find_ref;

/// Fetches a branch on which somebody resolved a pull request's conflicts, and returns where it
/// stands. The last one of each pull request is kept.
pub(crate) fn fetch_resolution(
    fetcher: &Fetcher<'_>,
    pr: PrNumber,
    branch: &BranchName,
) -> Result<Oid> {
    fetch_to(fetcher, branch, format!("refs/resolution/{pr}"))
}

/// Fetches a branch that is read at once, and returns where it stands. It is not kept.
pub(crate) fn fetch_pushed(fetcher: &Fetcher<'_>, branch: &BranchName) -> Result<Oid> {
    fetch_to(fetcher, branch, "refs/pushed".to_owned())
}

fn fetch_to(fetcher: &Fetcher<'_>, branch: &BranchName, kept: String) -> Result<Oid> {
    let refs = (format!("refs/heads/{branch}"), kept);
    fetcher.prepare(&[&refs.1])?;
    let absent = || MirrorError::NoBranch {
        branch: branch.clone(),
        remote: fetcher.from.to_string(),
    };
    match fetcher.fetch_if_there(&refs)? {
        Fetched::Present => find_ref(fetcher.repo, &refs.1)?.ok_or_else(absent),
        Fetched::Gone => Err(absent()),
    }
}
