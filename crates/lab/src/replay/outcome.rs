//! What a replayed pick came to.

use picket_treemerge::{ObjectId, ReadError};

/// What a replayed pick came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// Clean, with the tree that people committed.
    Identical,
    /// Clean, with this other tree.
    Different(ObjectId),
    /// Not clean.
    Conflict,
    /// Not attempted, since the outcome could differ from git's; counts as a conflict.
    Unsure(&'static str),
    /// The picked commit is a merge.
    MergeSource,
    /// An object is not in the repository, as in a partial clone.
    Missing(String),
}

impl Replayed {
    /// An object cannot be read.
    pub(super) fn missing(error: &ReadError) -> Self {
        Self::Missing(error.to_string())
    }

    /// Whether two engines agree: the same clean tree, or a conflict by both.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        let conflict = |outcome: &Self| matches!(outcome, Self::Conflict | Self::Unsure(_));
        match (self, other) {
            (Self::Missing(_), Self::Missing(_)) => true,
            _ => (conflict(self) && conflict(other)) || self == other,
        }
    }
}
