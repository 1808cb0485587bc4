//! Picket's PR watcher: asks GitHub which pull requests may be security fixes.
//!
//! [`Watcher::step`] is the whole of it: one request at a time, until there is nothing left to ask
//! for. It is given where watching got to (a [`Cursor`]) and which pull requests are of interest
//! besides the labelled ones, and returns [`Candidate`]s as GitHub shows them now. The caller stores
//! them, and then the cursor. Polling is the truth; a webhook would only make it happen sooner.
//!
//! # What is read
//!
//! - **What changed**, at every look: all pull requests, the latest change first, back to where the
//!   last look was. A quiet repository costs one request, and none of the hourly limit: the first
//!   page is asked for with its `ETag`.
//! - **Sweeps**: by the hour the labelled ones that changed lately, by the day all open ones. What
//!   the first list did not show, for whatever reason, is found then; and what is not there any more.
//! - **Rows** of what the sweeps found: a list of issues shows no head. Many are looked for in the
//!   lists of open and of closed pull requests; only what is in neither, and a few at a time, are
//!   asked for by number, since that makes GitHub compute a test merge of an open one.
//!
//! Commits and files are not asked for: git has them, and all of them. Reviews and CI are, by
//! [`Receptions`], which the watching does not depend on. [`Comments`] writes, where that is switched
//! on; nothing else here does.
//!
//! # What goes wrong, and the answer to it
//!
//! - *A step fails, or the caller dies.* The cursor is where it was: at that page of that list.
//! - *One pull request cannot be read.* It is kept in the cursor with the reason, and asked for by
//!   itself, after waits that grow. Nothing else waits for it.
//! - *GitHub's replicas lag behind.* Each look goes back ten minutes behind the cursor. Candidates
//!   are returned again then: storing one twice changes nothing.
//! - *A list shifts while it is read.* What changes moves to the top: others are seen twice (the
//!   newer row wins), and what moved is newer than the new cursor.
//! - *A row is dated ahead, or is an old copy.* GitHub's clock bounds how far the cursor moves, and
//!   one old row does not end a list.
//! - *A rate limit* is reported with its end ([`WatchError::RateLimited`]), and the cursor keeps that
//!   too. Before it comes to that, looks are spread over the hour ([`Watcher::seconds_between`]).
//!
//! [`Candidate`]: picket_domain::Candidate

mod budget;
mod client;
mod comments;
mod config;
mod cursor;
mod error;
mod failure;
mod hint;
mod known;
mod page;
mod reception;
mod repository;
mod rows;
mod schedule;
mod surrogates;
mod traffic;
mod walk;
mod wanted;
mod watcher;

pub use budget::Budget;
pub use comments::{
    CommentConfig, CommentDue, CommentFailure, CommentPace, Comments, FoundComment, Settling,
    comment_due,
};
pub use config::{Token, WatcherConfig};
pub use cursor::{Cursor, InvalidCursor};
pub use error::WatchError;
pub use hint::{Hint, hint};
pub use known::Known;
pub use reception::{Due, InvalidPace, ReceptionPace, Receptions, Subject, Told, due};
pub use traffic::Traffic;
pub use watcher::{Step, Watcher};
