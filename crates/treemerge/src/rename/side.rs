//! What is found of one side.

use super::guess::DirCounts;
use crate::walk::NodeId;

/// What one side did to a file that is not in all three trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added(NodeId),
    Removed,
    Renamed { from: NodeId, to: NodeId },
}

/// One side's renames.
#[derive(Default)]
pub(crate) struct SideRenames<'a> {
    pub(crate) changes: Vec<Change>,
    pub(super) counts: DirCounts<'a>,
    /// Whether there were too many files for that.
    pub(crate) gave_up: bool,
}

impl SideRenames<'_> {
    /// How many renames there are.
    pub(crate) fn found(&self) -> usize {
        self.changes
            .iter()
            .filter(|change| matches!(change, Change::Renamed { .. }))
            .count()
    }
}
