//! Pull requests, each head of which is kept.

use git2::{Oid, Repository};
use picket_domain::{CommitSha, PrNumber};

use super::{Fetched, Fetcher, kept_prefix};
use crate::error::Result;
use crate::history::contains;
use crate::ids::{find_ref, has_commit, oid};

/// Fetches a pull request at a head, which the mirror lacks.
pub(crate) fn fetch_pull_request(
    fetcher: &Fetcher<'_>,
    pr: PrNumber,
    head: &CommitSha,
) -> Result<Fetched> {
    let kept = kept_ref(pr, head);
    let advertised = (format!("refs/pull/{pr}/head"), format!("refs/pr/{pr}/head"));
    fetcher.prepare(&[&kept, &advertised.1])?;
    if fetcher.fetch_if_there(&advertised)? == Fetched::Present {
        let now = find_ref(fetcher.repo, &advertised.1)?;
        if now.is_some_and(|now| has(fetcher.repo, now, oid(head)).unwrap_or(false)) {
            let log = "a pull request's head";
            fetcher.repo.reference(&kept, oid(head), true, log)?;
            return Ok(Fetched::Present);
        }
    }
    // It moved on. GitHub still hands out commits that nothing points at, for a time.
    fetcher.fetch_if_there(&(head.to_string(), kept))
}

/// Whether a pull request was fetched at a head, with all that it consists of.
///
/// That its commit is there is not enough: git unpacks commits before their trees, and a fetch may
/// be under way, or have been killed.
///
/// # Errors
/// Where the mirror cannot be read.
pub fn is_fetched(repo: &Repository, pr: PrNumber, head: &CommitSha) -> Result<bool> {
    let is_kept = find_ref(repo, &kept_ref(pr, head))?.is_some();
    Ok(is_kept && has_commit(repo, oid(head))?)
}

/// Under what a head of a pull request is kept.
pub(crate) fn kept_ref(pr: PrNumber, head: &CommitSha) -> String {
    format!("{}{head}", kept_prefix(pr))
}

/// Whether the history of what was fetched has the wanted head.
fn has(repo: &Repository, fetched: Oid, head: Oid) -> Result<bool> {
    Ok(has_commit(repo, head)? && contains(repo, fetched, head)?)
}
