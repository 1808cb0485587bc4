//! Picks: one commit, one pull request, a chain of them.

mod assemble;
pub(crate) mod attempt;
mod branch_merge;
pub(crate) mod chain;
mod commit_bytes;
mod commit_pick;
mod equivalent;
pub(crate) mod fault;
mod form;
mod identity;
pub(crate) mod input;
pub(crate) mod message;
mod resolved;
mod second_opinion;

pub use assemble::{Assembled, Assessed};
pub use input::Contents;
