//! Replays backports that people made, as ground truth: each picked commit is picked again onto
//! the backport's first parent, and the tree compared with the one that people committed.

mod backport;
mod by_git;
mod cpu;
mod git;
mod history;
mod outcome;
mod pick;
mod propose;
mod report;

pub use backport::{Backport, Trees, Triple, trees};
pub use by_git::{GitPicks, ReplayError, replay_with_git};
pub use git::{GitAnswer, GitError, GitMerge, GitMerges};
pub use history::{HistoryError, backports, listed, resolve_revision};
pub use outcome::Replayed;
pub use pick::{Pick, replay, replay_all};
pub use propose::{ConflictedFile, ConflictedPick, Proposed, Proposer, Verdict};
pub use report::{Figures, ProposalFigures, Report};
