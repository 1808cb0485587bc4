//! Merges by git itself: one `git merge-tree --stdin` process for many of them.

mod answers;
mod error;
mod merges;
mod place;
mod process;

pub use error::GitError;
pub(super) use error::words;
pub use merges::{GitAnswer, GitMerge, GitMerges};
