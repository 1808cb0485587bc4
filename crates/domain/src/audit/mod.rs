//! The audit log's entries and their hash chain.
//!
//! Every decision is an entry, and nothing else records it: the team's standing on a candidate is
//! folded from the log. An entry's hash covers its content and the hash before it, so that a
//! changed, moved or removed entry breaks every hash after it.

mod action;
mod actor;
mod chain;

pub use action::{AccountEvent, Action};
pub use actor::Actor;
pub use chain::{AuditError, Entry, EntryHash, verify_chain};
