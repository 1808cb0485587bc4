//! What came of a pick chain, and of each of its picks.

use serde::{Deserialize, Serialize};

use crate::conflict::Conflict;
use crate::id::{CommitSha, PatchId, PrNumber};

/// What came of making a chain's picks in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assembly {
    /// What came of each pick, in the order in which they were made: one that conflicts is tried
    /// again after the others.
    pub picks: Vec<PickResult>,
}

impl Assembly {
    /// The picks that changed the tree, each with the chain's tip after it, in order.
    pub fn applied(&self) -> impl Iterator<Item = (&PickResult, &CommitSha)> {
        self.picks.iter().filter_map(|pick| match &pick.outcome {
            PickOutcome::Picked { commits, .. } => Some((pick, &commits.last()?.commit)),
            PickOutcome::Contained { .. }
            | PickOutcome::Conflict { .. }
            | PickOutcome::Disputed { .. }
            | PickOutcome::Unavailable { .. } => None,
        })
    }

    /// The chain's last commit: the base where no pick changed the tree.
    pub fn tip<'a>(&'a self, base: &'a CommitSha) -> &'a CommitSha {
        self.applied().last().map_or(base, |(_, tip)| tip)
    }

    /// What came of one pull request's pick.
    pub fn outcome(&self, pr: PrNumber) -> Option<&PickOutcome> {
        self.picks
            .iter()
            .find(|pick| pick.pr == pr)
            .map(|pick| &pick.outcome)
    }
}

/// What came of one pick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickResult {
    /// The pull request.
    pub pr: PrNumber,
    /// The head that was picked.
    pub head: CommitSha,
    /// What came of it.
    pub outcome: PickOutcome,
}

/// What comes of picking a pull request onto a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PickOutcome {
    /// Its commits apply, and change the tree.
    Picked {
        /// The new commits, in order; never empty.
        commits: Vec<PickedCommit>,
        /// Whether renames were followed.
        renames: Renames,
    },
    /// The commit that it was to go on has all of it already, or all that people want of it.
    Contained {
        /// What it is by.
        by: ContainedBy,
    },
    /// One of its commits does not apply; the chain goes on without the pull request.
    Conflict {
        /// The commit of the pull request that does not apply.
        commit: CommitSha,
        /// Where; never empty.
        conflicts: Vec<Conflict>,
        /// Whether renames were followed.
        renames: Renames,
    },
    /// Its commits apply, but git makes something else of one of them; the chain goes on without
    /// the pull request until a person has looked.
    Disputed {
        /// The commit of the pull request.
        commit: CommitSha,
        /// What git makes of it.
        git: SecondOpinion,
    },
    /// It cannot be picked at all, whatever it goes on: its head is gone, it has no commit, its
    /// commits change nothing, or git's rules forbid what is in them.
    Unavailable {
        /// Why, for a person.
        reason: String,
    },
}

impl PickOutcome {
    /// Whether nothing stands in the pick's way.
    pub fn applies(&self) -> bool {
        match self {
            Self::Picked { .. } | Self::Contained { .. } => true,
            Self::Conflict { .. } | Self::Disputed { .. } | Self::Unavailable { .. } => false,
        }
    }

    /// Whether the base has all of it.
    pub fn is_in_base(&self) -> bool {
        let by = ContainedBy::Base;
        *self == Self::Contained { by }
    }
}

/// Why nothing of a pull request is left to pick. Where several hold, for several commits, it is
/// the last one of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainedBy {
    /// The base has it, under its own name or another: it is superseded.
    Base,
    /// Picks before it in the chain have it. Without them it would be picked.
    OtherPick,
    /// People settled its conflicts so that what was there stays.
    Resolution,
}

/// A commit of a pull request, as it was picked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickedCommit {
    /// The pull request's commit.
    pub source: CommitSha,
    /// What was made of it.
    pub commit: CommitSha,
    /// What it changes.
    pub patch: PatchId,
    /// Whether that is what the pull request's commit changes, to the line.
    pub verbatim: bool,
}

/// What rename detection did for a pick, all its commits taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "renames", rename_all = "snake_case")]
pub enum Renames {
    /// No file that the pick touches had been removed or added elsewhere.
    NotNeeded,
    /// They were looked for, as git does.
    Followed {
        /// How many were found.
        found: u32,
    },
    /// There were so many candidates that only equal content and equal names were looked for.
    /// Git gives up in the same place.
    GaveUp {
        /// How many were found nevertheless.
        found: u32,
    },
}

/// What git's own merge makes of a pick that Picket made otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum SecondOpinion {
    /// A conflict, in these files.
    Conflict {
        /// Their paths, the first hundred.
        paths: Vec<String>,
    },
    /// Another tree, which differs in these files.
    OtherTree {
        /// Their paths, the first hundred.
        paths: Vec<String>,
    },
}
