//! What rename detection did.

/// What rename detection did, for the record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RenameReport {
    /// By side, ours and theirs.
    pub ours: SideReport,
    /// The other side's.
    pub theirs: SideReport,
}

/// What rename detection did for one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SideReport {
    /// Files that the side removed or added, as far as the walk saw them.
    pub removed_or_added: usize,
    /// Removed files of which the new name was wanted, since the other side changed them or for
    /// the sake of their directory. Detection ran if there were any.
    pub wanted: usize,
    /// Renames found.
    pub found: usize,
    /// There were so many files that only equal content and equal names were looked for (git's
    /// `merge.renameLimit`, 7000).
    pub gave_up: bool,
}
