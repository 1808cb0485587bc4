//! The stable channel's revision that a security channel stands on.

use serde::{Deserialize, Serialize};

use crate::id::CommitSha;
use crate::time::Timestamp;

/// A revision of the stable channel, as Picket first saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The commit.
    pub rev: CommitSha,
    /// How many commits its history has (`git rev-list --count`). Upstream's release names carry
    /// it, and it must not decrease from release to release.
    pub rev_count: u64,
    /// The tree's `.version`: `26.05`.
    pub version: String,
    /// The commit's own committer time.
    pub committed_at: Timestamp,
    /// When Picket first saw the stable channel stand here.
    pub seen_at: Timestamp,
}
