//! The loop: look, decide, act, look again.
//!
//! The work is done in *lanes*, each a task of its own with a clock of its own. One lane looks at
//! GitHub and at the stable channels and writes what it saw to the database. Of each channel, one
//! assesses, one finds out what candidates change, one builds, one releases and one pushes; and one
//! removes what is not needed any more. Each reads the facts, asks [`picket_domain::plan()`] what is to
//! be done, does the steps that are its own, and writes down what came of them. Lanes know of each other
//! through the database alone: a wake-up only makes the others look sooner, and a lost one costs at most
//! an interval.
//!
//! What can go wrong, and the answer:
//! - *Killed at any instruction*: each step is idempotent and its outcome is recorded only when it
//!   is done, so the next start plans the same step again.
//! - *A step fails*: it is on the [`Board`](picket_domain::Board) with since when and why, and tried
//!   again later and later; the lane's other steps go on.
//! - *A lane breaks down*: that is logged and counted, and the lane is started again.
//! - *A step never ends*: the working crates bound their own waiting; the board shows how long a lane
//!   has been at its step, and counts it as stuck beyond that.
//! - *Facts change while a step runs* (a veto, a push, a new base): the step's outcome is recorded
//!   under the inputs that it had, and the next plan is made from all facts.
//! - *A veto while a release is staged*: the database seals a release only if nobody has decided
//!   about its picks since the plan was made.
//! - *Two processes on one database*: a lease keeps the second one out; and what was planned by other
//!   rules than the newest process has is not sealed.

mod advised;
mod assess;
mod build;
mod collect;
mod comment;
mod disk;
mod engine;
mod lane;
mod lanes;
mod latest;
mod measure;
mod mirrors;
mod observe;
mod own;
mod published;
mod push;
mod read;
mod reception;
mod release;
mod remedy;
mod retain;
mod settings;
mod supervise;
mod trees;
mod unfit;
mod waits;
mod watch;

pub use collect::{Collector, Removed, RetentionReport};
pub use engine::{Engine, Shared};
pub use settings::{Channel, Commenting, Dirs, Follows, Measuring, MirrorSetting, Retention};
