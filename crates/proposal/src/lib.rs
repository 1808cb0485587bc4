#![doc = include_str!("../README.md")]

mod bump;
mod check;
mod decide;
mod file;
mod graft;
mod nix;
mod page;
mod plan;
mod rule;
mod sequence;
mod settle;
mod source;
mod spelling;

pub use file::{ConflictedFile, FileProposal, propose};
pub use graft::{GraftText, check_expression, graft_text};
pub use nix::is_bounded;
pub use page::{HunkChoice, HunkView, assemble, hunks, stops_parsing};
pub use rule::{AppliedRule, Rule};
