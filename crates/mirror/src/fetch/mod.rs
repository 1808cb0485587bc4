//! Fetching upstream's branches, pull requests, and what people pushed.

mod branches;
mod fetcher;
mod pull_request;
mod resolution;

pub use branches::FetchedBranch;
pub use pull_request::is_fetched;

pub(crate) use branches::{branch_ref, fetch_branches};
pub(crate) use fetcher::{Fetcher, kept_prefix};
pub(crate) use pull_request::{fetch_pull_request, kept_ref};
pub(crate) use resolution::{fetch_pushed, fetch_resolution};

/// Whether something could be had at the wanted commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Fetched {
    /// The mirror has it.
    Present,
    /// The other side does not have that commit any more, and the mirror never had it.
    Gone,
}
