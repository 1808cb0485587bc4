//! Picket's database: what was seen, decided, tried and released.
//!
//! SQLite (a file) or PostgreSQL 15 and later, chosen by URL. Every query is written once, in the
//! SQL that both engines share, and runs through sqlx's `Any` driver.
//!
//! Two kinds of transaction, and no other:
//!
//! - *Writing*: one writer at a time, in all processes (`BEGIN IMMEDIATE` on SQLite, an advisory
//!   lock on PostgreSQL). Whatever reads before it writes, such as the audit log's next place or a
//!   release's state, does both under that lock, so that no two writers can decide on the same
//!   past. The load is a team's clicks and a reconciler's steps; waiting costs nothing.
//! - *Reading*: [`Store::facts`] reads a channel in one snapshot, so that planning never sees half
//!   of a change. [`Store::refreshed`] does the same for what has changed since: every row has the
//!   number of its last change, and numbers are taken in the order of commits.
//!
//! What is decoded is checked: a row that cannot have been written by Picket stops here, with an
//! error that names table and row ([`StoreError::Junk`]).

mod accounts;
mod assessments;
mod audit;
mod bases;
mod candidates;
mod comments;
mod contents;
mod cursors;
mod database;
mod deliveries;
mod error;
mod facts;
mod impacts;
mod lease;
mod migrations;
mod outcomes;
mod own_patches;
mod passed_by;
mod patches;
mod picks;
mod pushes;
mod receptions;
mod releases;
mod retention;
mod row;
mod rules;
mod sessions;
mod sign_in;
mod team;
mod version;

pub use database::Store;
pub use deliveries::Delivery;
pub use error::StoreError;
pub use facts::AllFacts;
pub use lease::{Lease, LeaseError};
pub use own_patches::{Origin, Submission};
pub use releases::{Grounds, Sealing};
pub use sessions::{CsrfToken, Session, SessionToken};
pub use sign_in::SignedIn;
pub use version::Version;
