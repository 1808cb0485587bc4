//! Pick chains: what is to be put on a base, and what came of it.

use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::id::{ChainId, ChannelName, CommitSha, PrNumber};
use crate::standing::Approval;
use crate::time::Timestamp;

/// A pull request that policy lets into a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovedPick {
    /// The pull request.
    pub pr: PrNumber,
    /// The head that was approved.
    pub head: CommitSha,
    /// Who approved it, oldest approval first.
    pub approvals: Vec<Approval>,
    /// When the last approval that was needed was given: the pick's place in the order, and the
    /// committer time of its commits.
    pub approved_at: Timestamp,
}

/// Everything that a pick chain depends on. Equal specs give equal commit ids, on every machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainSpec {
    /// The channel.
    pub channel: ChannelName,
    /// The stable channel's revision that the picks go on.
    pub base: CommitSha,
    /// The picks, in the order in which they are made.
    pub picks: Vec<ApprovedPick>,
}

impl ChainSpec {
    /// The hash of the spec: the name under which its assembly is kept.
    pub fn id(&self) -> ChainId {
        let json = serde_json::to_vec(self).expect("a spec has no map with other than text keys");
        Sha256::of(&json).into()
    }
}

/// What came of making a chain's picks in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assembly {
    /// What came of each pick, in the chain's order.
    pub picks: Vec<PickResult>,
}

impl Assembly {
    /// The picks that changed the tree, each with the chain's tip after it, in order.
    pub fn applied(&self) -> impl Iterator<Item = (&PickResult, &CommitSha)> {
        self.picks.iter().filter_map(|pick| match &pick.outcome {
            PickOutcome::Picked { commits } => commits.last().map(|tip| (pick, tip)),
            PickOutcome::Contained
            | PickOutcome::Conflict { .. }
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
        commits: Vec<CommitSha>,
    },
    /// The commit that it was to go on has all of it already.
    Contained,
    /// One of its commits does not apply; the chain goes on without the pull request.
    Conflict {
        /// The commit of the pull request that does not apply.
        commit: CommitSha,
        /// Where; never empty.
        conflicts: Vec<Conflict>,
    },
    /// It cannot be picked at all, whatever it goes on: its head is gone, or it has no commit.
    Unavailable {
        /// Why, for a person.
        reason: String,
    },
}

/// One file in which a pick conflicts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The file. Bytes that are not UTF-8 are shown as U+FFFD.
    pub path: String,
    /// How the two sides differ.
    pub kind: ConflictKind,
}

/// How the two sides of a conflict differ. "Ours" is the channel, "theirs" the pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// Both changed the same lines.
    BothModified,
    /// Both added a file at this path.
    BothAdded,
    /// The channel does not have the file (any more), the pull request changes it.
    DeletedByUs,
    /// The pull request deletes the file, the channel changed it.
    DeletedByThem,
    /// Any other: two renames, a file against a folder.
    Other,
}
