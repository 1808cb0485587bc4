//! Picket's Nix build runner.
//!
//! [`Builder::build`] evaluates a channel's jobs at the base and at a revision, builds exactly the
//! jobs whose outputs differ, and reports what came of each. Everything that it does can be cut
//! off at any instruction and done again: Nix's store is the only progress that there is, and
//! what is kept beside it (evaluations, logs, roots) is written whole or not at all, or again.
//!
//! - Evaluation (`evaluation`, `walker.nix`) is restricted to the tree: it reads nothing else,
//!   fetches nothing and builds nothing.
//! - Building (`realise`, `daemon`) speaks Nix's worker protocol, for a typed result of each
//!   derivation; `outcome` says which derivation really failed, and whose fault that is.
//! - [`Logs`] reads what builds printed, and needs no Nix.
//!
//! Races, and the answer to each:
//!
//! - The garbage collector removes derivations after their evaluation: they are made roots through
//!   the daemon, then looked for, and evaluated again where they are gone.
//! - Two runs for one revision: Nix builds each derivation once, evaluations and roots are equal,
//!   and of two logs the later one stays.
//! - The caller gives up: the programs' process groups are asked to stop, then killed.

mod builder;
mod closure;
mod compare;
mod daemon;
mod derivation;
mod error;
mod evaluation;
mod evaluation_cache;
mod job_set;
mod limits;
mod logs;
mod monitor;
mod nix;
mod nix_error;
mod outcome;
mod process;
mod realise;
mod roots;
mod session;
mod text;
mod version;

pub use builder::{BuildRequest, Builder, Revision};
pub use error::BuildError;
pub use evaluation::{Evaluation, Job, JobError, Jobs};
pub use job_set::JobSet;
pub use limits::Limits;
pub use logs::{Log, Logs};
pub use nix::{Nix, NixConfig};
pub use version::{NixVersion, NotAVersion};
