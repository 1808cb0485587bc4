//! What Picket knows, kept by increments and shared by all who look.
//!
//! Pages, metrics and the reconciler all look at the same [`Snapshot`]. A new one is made when
//! the database has seen a change, by reading what changed and no more, and costs one row where it
//! has not. What follows from a channel's facts is worked out once for each of its snapshots, when
//! somebody first asks: how far its picks are, what is to be done, and where each candidate is.
//!
//! - [`Snapshots::latest`] never waits, neither for the database nor for other readers.
//! - [`Snapshots::refresh`] sees whatever was written before it was called. Callers that come at
//!   once share one look at the database.
//! - [`Snapshots::wait_for_change`] is for whoever has nothing to do until something is new.

mod channel;
mod snapshots;

pub use channel::ChannelSnapshot;
pub use snapshots::{Snapshot, Snapshots};
