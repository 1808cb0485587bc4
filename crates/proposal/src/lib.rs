//! Proposals for conflicts: what a person would probably make of them.

mod check;
mod decide;
mod file;
mod nix;
mod plan;
mod rule;
mod sequence;
mod settle;
mod source;
mod spelling;

pub use file::{ConflictedFile, FileProposal, propose};
pub use rule::{AppliedRule, Rule};
