//! What conflicts, and what is needed to settle it.

use std::fmt;

use crate::{
    id::{Mode, ObjectId, Version},
    objects::NewObjects,
    report::RenameReport,
};

/// A merge that needs a person. Nothing has been written to the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflicts {
    /// What conflicts, at least one.
    pub paths: Vec<ConflictPath>,
    /// The tree in which all is merged that merges cleanly, and each conflicting path is as ours
    /// (absent where we have none): [`update_tree()`](crate::update_tree()) the settled paths into it. Only if
    /// [`Conflicts::can_be_settled`]; else what it has at and below the paths is undefined.
    pub tree: ObjectId,
    /// The objects of that tree that the repository may lack.
    pub objects: NewObjects,
    /// What rename detection did.
    pub renames: RenameReport,
}

impl Conflicts {
    /// Whether to say what becomes of each path settles the merge: each conflict is about the
    /// versions of one file, and not about names.
    #[must_use]
    pub fn can_be_settled(&self) -> bool {
        self.paths
            .iter()
            .all(|path| path.stages.iter().any(Option::is_some))
    }
}

/// One conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictPath {
    /// The file, or the directory where the kind says so: bytes, not always UTF-8.
    pub path: Vec<u8>,
    /// What is wrong.
    pub kind: ConflictKind,
    /// The versions that conflict, of the base, ours and theirs: those that `git merge-tree` lists
    /// as stages 1 to 3 of the path. The base's may be from the name that the file was renamed
    /// from, and so may one side's. All absent where the conflict is about names, or has to do
    /// with another one that is.
    pub stages: [Option<Version>; 3],
}

impl ConflictPath {
    /// A conflict of which no versions can be told.
    pub(crate) fn of_names(path: &[u8], kind: ConflictKind) -> Self {
        Self {
            path: path.to_vec(),
            kind,
            stages: [None; 3],
        }
    }

    /// What the settled path is, unless somebody says otherwise: where both sides have it, what
    /// the one that changed it made of it (or ours, if both did); else what the other one has.
    /// Nothing where no versions are known.
    #[must_use]
    pub fn merged_mode(&self) -> Option<Mode> {
        let [base, ours, theirs] = self
            .stages
            .map(|version| version.map(|version| version.mode));
        if theirs.is_none() || (ours.is_some() && ours != base) {
            ours
        } else {
            theirs
        }
    }
}

impl fmt::Display for ConflictPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.escape_ascii(), self.kind)
    }
}

/// The kinds of conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConflictKind {
    /// Both sides changed the same lines.
    Content,
    /// Both sides added the file, with different content.
    AddAdd,
    /// Both sides changed a file that is not text.
    Binary,
    /// Both sides changed the permissions.
    Mode,
    /// One side removed the file, the other changed it.
    ModifyDelete,
    /// Both sides renamed the file, differently.
    RenameRename,
    /// One side renamed the file, the other removed it.
    RenameDelete,
    /// A renamed file conflicts, and its new name is taken as well.
    RenameCollides,
    /// A file stands where the other side has a directory.
    FileDirectory,
    /// A file on one side is a link or a submodule on the other.
    DistinctTypes,
    /// Both sides changed a link.
    Symlink,
    /// Both sides moved a submodule.
    Submodule,
    /// A file was added to a directory that the other side renamed.
    DirectoryRename,
    /// A directory's files went to several places, and to none of them the most.
    DirectorySplit,
}

impl ConflictKind {
    /// Whether the conflict is between versions of one file, whose name is not in doubt.
    pub(crate) const fn is_of_one_file(self) -> bool {
        match self {
            Self::Content
            | Self::AddAdd
            | Self::Binary
            | Self::Mode
            | Self::ModifyDelete
            | Self::Symlink
            | Self::Submodule => true,
            Self::RenameRename
            | Self::RenameDelete
            | Self::RenameCollides
            | Self::FileDirectory
            | Self::DistinctTypes
            | Self::DirectoryRename
            | Self::DirectorySplit => false,
        }
    }
}

impl fmt::Display for ConflictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Content => "both sides changed the same lines",
            Self::AddAdd => "both sides added it, differently",
            Self::Binary => "both sides changed it, and it is not text",
            Self::Mode => "both sides changed its permissions",
            Self::ModifyDelete => "removed on one side, changed on the other",
            Self::RenameRename => "renamed differently on the two sides",
            Self::RenameDelete => "renamed on one side, removed on the other",
            Self::RenameCollides => "a renamed file conflicts, and its new name is taken",
            Self::FileDirectory => "a file on one side, a directory on the other",
            Self::DistinctTypes => "of different types on the two sides",
            Self::Symlink => "both sides changed this link",
            Self::Submodule => "both sides moved this submodule",
            Self::DirectoryRename => "added to a directory that the other side renamed",
            Self::DirectorySplit => "the directory's files were moved to several others",
        })
    }
}
