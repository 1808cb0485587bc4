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
//!   of a change.
//!
//! What is decoded is checked: a row that cannot have been written by Picket stops here, with an
//! error that names table and row ([`StoreError::Junk`]).

mod assessments;
mod audit;
mod bases;
mod candidates;
mod contents;
mod cursors;
mod database;
mod error;
mod facts;
mod outcomes;
mod patches;
mod releases;
mod row;
mod sessions;

pub use database::Store;
pub use error::StoreError;
pub use sessions::{CsrfToken, Session, SessionToken};
