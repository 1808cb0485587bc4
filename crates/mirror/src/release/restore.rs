//! A release that the mirror has lost, fetched back from where it was pushed to.

use picket_domain::{CommitSha, ReleaseName};

use super::refs::{set, tag_ref};
use crate::error::Result;
use crate::fetch::{Fetched, Fetcher};
use crate::ids::{find_ref, has_commit, oid};

/// Where a remote's tag is fetched to before it is known to be the release's.
const FETCHED: &str = "refs/restore/release";

/// Fetches a release's commit by its tag, or by its id where the tag is not there, or elsewhere.
pub(crate) fn fetch_release(
    fetcher: &Fetcher<'_>,
    tag: &ReleaseName,
    rev: &CommitSha,
) -> Result<Fetched> {
    let name = tag_ref(tag);
    fetcher.prepare(&[FETCHED, &name])?;
    let from = [name.clone(), rev.to_string()];
    for from in from {
        let refs = (from, FETCHED.to_owned());
        if fetcher.fetch_if_there(&refs)? == Fetched::Present && is_at(fetcher, rev)? {
            set(fetcher.repo, fetcher.lock, &name, rev, "fetched back")?;
            forget(fetcher)?;
            return Ok(Fetched::Present);
        }
    }
    forget(fetcher)?;
    Ok(Fetched::Gone)
}

fn is_at(fetcher: &Fetcher<'_>, rev: &CommitSha) -> Result<bool> {
    let is_it = find_ref(fetcher.repo, FETCHED)? == Some(oid(rev));
    Ok(is_it && has_commit(fetcher.repo, oid(rev))?)
}

fn forget(fetcher: &Fetcher<'_>) -> Result<()> {
    if find_ref(fetcher.repo, FETCHED)?.is_some() {
        fetcher.repo.find_reference(FETCHED)?.delete()?;
    }
    Ok(())
}
