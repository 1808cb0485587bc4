//! Pull requests that are no candidates yet.

use crate::id::{BranchName, PrNumber};
use crate::time::Timestamp;

/// A pull request that nothing makes a candidate, and whose title tells of a version bump: an advisory
/// may name that version weeks after it was merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedBy {
    /// Its number.
    pub pr: PrNumber,
    /// Its title: one line.
    pub title: String,
    /// The branch that it is meant for.
    pub base_branch: BranchName,
    /// When it last changed.
    pub updated_at: Timestamp,
}
