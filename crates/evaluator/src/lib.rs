//! Picket's evaluator: from a tree to its jobs' derivations.
//!
//! Workers (`worker`), each a `nix repl` in a sandbox (`sandbox`), are asked about one name after the
//! other (`pool`, `queue`); the expression that they evaluate (`walker.nix`) numbers the names.
//! Numbers go in and JSON comes out; nothing foreign becomes Nix code. `nix repl` outlives what
//! `tryEval` cannot catch (a missing attribute, an endless recursion, an abort), so that one broken
//! job costs the others nothing; what ends a worker (a stack overflow, too much memory, time or
//! disk) ends it at one name, and another goes on with the next (`verdict`).
//!
//! What an evaluation read is kept with it (`traces`), so that in another tree only those names are
//! asked about again that read something else there.
//!
//! Whoever has questions of their own about a tree has workers of the same kind from a [`Station`].
//!
//! What an expression says of itself is checked against the derivations in the store
//! (`description`), and what Nix says is told in the tree's terms (`nix_error`).

mod cache;
mod description;
mod error;
mod evaluator;
mod job_set;
mod jobs;
mod limits;
mod nix_error;
mod pool;
mod queue;
mod request;
mod requirements;
mod revision;
mod sandbox;
mod settings;
mod station;
mod traces;
mod verdict;
mod walk;
mod worker;

pub use error::EvaluateError;
pub use evaluator::{Cache, Evaluator};
pub use job_set::{JobSet, job_name};
pub use jobs::{
    Constituents, Evaluated, Evaluation, Extras, Job, JobError, Jobs, Says, Unfinished,
};
pub use limits::Limits;
pub use nix_error::{evaluation_error, is_machines_fault};
pub use request::{Request, Trust, Walk};
pub use requirements::{NixTooOld, check_requirements};
pub use revision::Revision;
pub use sandbox::Sandbox;
pub use station::Station;
pub use traces::{PathChange, Readers};
pub use walk::{address_space, literal};
pub use worker::{Answer, Bounds, Ended, Warden, Worker};
