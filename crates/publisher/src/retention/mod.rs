//! What is kept of a channel's past, and what goes.
//!
//! [`Publisher::retention_plan`](crate::Publisher::retention_plan) only looks, and says what would
//! go and why; [`Publisher::collect`](crate::Publisher::collect) does it. A release goes when it was
//! superseded long enough ago. A store path goes when no release that is kept needs it and none was
//! published with it for as long: clients keep what they know of a cache for 30 days. A release's
//! tree stays longer, for the locks on it: see `trees`.
//!
//! What could go wrong, and the answer:
//! - *A release is published meanwhile*: publishing holds the cache's lock, and staging the
//!   channel's; whoever collects takes all of them, or comes again later.
//! - *A release needs again what the plan says to remove*: what every release needs is read again
//!   under the locks, and a path that was published again has a new time.
//! - *Killed in the middle*: a release's note is written before its folder goes, at one instant; a
//!   narinfo goes before the NAR that it leads to. What is left is in the next plan.
//! - *Two store paths of one content* share a NAR: it goes with the last narinfo that names it.

mod collect;
mod plan;
mod policy;
mod survey;
mod trees;

pub use collect::Collected;
pub use plan::{NarRemoval, PathRemoval, ReleaseRemoval, RetentionPlan};
pub use policy::{RecordState, ReleaseRecord, RetentionPolicy};
