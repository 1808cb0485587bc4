//! What is evaluated.

use std::path::PathBuf;

use picket_domain::CommitSha;

/// A revision and where its files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The commit.
    pub rev: CommitSha,
    /// The folder that holds its tree.
    pub tree: PathBuf,
}
