//! What history says of a conflict: who touched its lines, and what the base lacks.

use serde::{Deserialize, Serialize};

use crate::id::{CommitSha, PrNumber};
use crate::time::Timestamp;

/// What history says of a pull request's conflict with a base.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Investigation {
    /// The commits of the base that touched the conflicting lines since the two sides parted, by
    /// file, youngest first.
    pub base_side: Vec<TouchingCommit>,
    /// What the base lacks of those lines' history on the pull request's side, oldest first.
    pub prerequisites: Vec<Prerequisite>,
    /// Whether there was more than is listed, or than there was time to look at.
    pub is_cut_short: bool,
}

/// A commit that touched conflicting lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TouchingCommit {
    /// The commit.
    pub sha: CommitSha,
    /// The first line of its message.
    pub subject: String,
    /// The author's name.
    pub author: String,
    /// When it was committed.
    pub at: Timestamp,
    /// The pull request that brought it, where history or the watched pull requests tell.
    pub pr: Option<PrNumber>,
    /// The conflicting file, as the commit's side names it.
    pub path: String,
}

/// Something that the base lacks and that may be what the pick stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prerequisite {
    /// The pull request that brought the commits; `None` where none is known, and then there is
    /// one commit.
    pub pr: Option<PrNumber>,
    /// Its commits that touched the conflicting lines, oldest first; never empty.
    pub commits: Vec<TouchingCommit>,
    /// What comes of picking it first, and then the pull request.
    pub together: Together,
}

/// What comes of picking a prerequisite, and then the pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "together", rename_all = "snake_case")]
pub enum Together {
    /// Both apply.
    Clean,
    /// Not alone; but after those of the prerequisites before it that apply, both do.
    CleanAfterEarlier,
    /// The prerequisite itself does not apply.
    PrerequisiteConflicts {
        /// Where.
        paths: Vec<String>,
    },
    /// The prerequisite applies; the pull request still does not.
    StillConflicts {
        /// Where.
        paths: Vec<String>,
    },
    /// It was not tried, or cannot be.
    Unknown,
}
