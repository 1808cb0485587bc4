//! Picket's Nix build runner.
//!
//! [`Builder::build`] evaluates a channel's jobs at the base and at a revision, builds exactly the
//! jobs whose outputs differ, with packages (`packages`) and the tests that these name
//! (`package_tests`), and reports what came of each. Everything that it does can be cut
//! off at any instruction and done again: Nix's store is the only progress that there is, and
//! what is kept beside it (evaluations, logs, roots) is written whole or not at all, or again.
//!
//! - Evaluation is [`picket_evaluator`]'s: restricted to the tree, and within bounds.
//! - Building (`realise`, `crew`, `daemon`) speaks Nix's worker protocol, one request a derivation,
//!   for a typed result of each; `schedule` says what comes next and on which machines; `outcome`
//!   says which derivation really failed, and whose fault that is.
//!   What fails at the base too (`at_base`) is not the change's fault.
//! - [`Live`] says what builds are doing, to whoever looks.
//! - [`Logs`] reads what builds printed, and [`Retention`] says what can go; neither needs Nix.
//! - What the revision's content causes is part of a report; an error is the machine's, the
//!   configuration's or the base's.
//!
//! Races, and the answer to each:
//!
//! - The garbage collector removes derivations after their evaluation: they are made roots through
//!   the daemon, then looked for, and evaluated again where they are gone.
//! - Two runs for one revision: Nix builds each derivation once, evaluations and roots are equal,
//!   and of two logs the later one stays.
//! - The caller gives up: the programs' process groups are asked to stop, then killed.
//! - Something is collected that a run needs: the run holds a lease on it (`lease`).

mod at_base;
mod base_failures;
mod builder;
mod carried;
mod closure;
mod compare;
mod crew;
mod daemon;
mod error;
mod files;
mod gate;
mod lease;
mod limits;
mod live;
mod logs;
mod monitor;
mod outcome;
mod package_tests;
mod packages;
mod realise;
mod request;
mod retention;
mod roots;
mod run;
mod schedule;
mod session;
mod site;
mod touched;

pub use builder::Builder;
pub use error::BuildError;
pub use lease::Lease;
pub use limits::Limits;
pub use live::{BuildStep, BuildSteps, Live, StepState};
pub use logs::{Log, LogPart, Logs};
pub use request::BuildRequest;
pub use retention::{Collected, Keep, Kept, Kind, Reason, Retention};
pub use schedule::Durations;
pub use touched::{JobReads, TouchedJobs};

pub use picket_evaluator::{
    Evaluated, Evaluation, Job, JobError, JobSet, Jobs, NixTooOld, PathChange, Revision, Unfinished,
};
pub use picket_nix::{Nix, NixConfig};
