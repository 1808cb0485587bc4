//! Picket's PR watcher: asks GitHub which pull requests may be security fixes.
//!
//! [`Watcher::poll`] is the whole of it: it is given where the last poll got to (a [`Cursor`]) and
//! which pull requests are of interest besides the labelled ones, and returns [`Candidate`]s as
//! GitHub shows them now. Polling is the truth; a webhook would only make it happen sooner.
//!
//! # Being polite
//!
//! - A quiet repository costs one request a poll, and none of the hourly limit: the first page of
//!   the list is asked for with its `ETag`.
//! - `GET /pulls/{number}` makes GitHub compute a test merge, so it is never used in a loop: the
//!   list has all that is needed. Pull requests that no list showed are the exception, once each.
//! - Commits and files are fetched only for pull requests of interest, and again only when the
//!   head or the base branch changed.
//! - A rate limit is reported with its end ([`WatchError::RateLimited`]) and obeyed by the caller.
//!
//! # Races, and the answer to each
//!
//! - *The poll fails half-way.* It returns no candidate and no cursor; the next one starts over
//!   from the old cursor. Nothing is skipped, because the cursor moves only with a whole answer.
//! - *The caller dies before it has stored the candidates.* It has not stored the cursor either
//!   (it must store the candidates first), so the next poll returns them again.
//! - *GitHub's replicas lag behind.* Each poll goes back ten minutes behind the cursor. Candidates
//!   are returned again then: storing one twice changes nothing.
//! - *The list shifts while it is read.* It is sorted by time of change, newest first. A pull
//!   request that changes meanwhile moves to the top: others are seen twice (the newer row wins),
//!   and what moved is newer than the new cursor, so the next poll shows it.
//! - *A push between the list and the commits.* The commits do not contain the head that the list
//!   showed; the pull request is then read again by its number.
//!
//! [`Candidate`]: picket_domain::Candidate

mod client;
mod config;
mod cursor;
mod details;
mod error;
mod listing;
mod rows;
mod text;
mod watcher;

pub use config::WatcherConfig;
pub use cursor::{Cursor, InvalidCursor};
pub use error::WatchError;
pub use watcher::{Poll, Watcher};
