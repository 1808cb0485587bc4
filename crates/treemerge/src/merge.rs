//! The merge: its inputs and outcomes.

use std::fmt;

use crate::{
    id::ObjectId,
    objects::{NewObjects, Objects, ReadError},
    rename::{self, SideRenames},
    resolve::Resolver,
    text::Driver,
    walk::{Memory, OURS, SIDES, THEIRS, Walk},
};

/// Says how a path's content is merged: what git reads from attributes.
pub trait Drivers {
    /// The driver for the file at `path` (bytes, slashes between its parts).
    fn driver(&self, path: &[u8]) -> Driver;
}

/// Every file as text: what git does in a bare repository that has no attributes of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllText;

impl Drivers for AllText {
    fn driver(&self, _path: &[u8]) -> Driver {
        Driver::Text
    }
}

/// What came of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The tree that git makes.
    Merged(Merged),
    /// git reports a conflict.
    Conflict(Conflicts),
    /// Not certain to be as git, and so not done. Count it as a conflict.
    Unsure(&'static str),
}

/// A clean merge. Nothing has been written to the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The merged tree.
    pub tree: ObjectId,
    /// The objects of that tree that the repository may lack.
    pub objects: NewObjects,
    /// What rename detection did.
    pub renames: RenameReport,
}

/// A merge that needs a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflicts {
    /// What conflicts, at least one.
    pub paths: Vec<ConflictPath>,
    /// What rename detection did.
    pub renames: RenameReport,
}

/// One conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictPath {
    /// The file, or the directory where the kind says so: bytes, not always UTF-8.
    pub path: Vec<u8>,
    /// What is wrong.
    pub kind: ConflictKind,
}

impl ConflictPath {
    pub(crate) fn new(path: &[u8], kind: ConflictKind) -> Self {
        Self {
            path: path.to_vec(),
            kind,
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

/// A merge ends early.
pub(crate) enum Stop {
    Read(ReadError),
    Unsure(&'static str),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// Merges the trees `ours` and `theirs` with the base `base`: the result of
/// `git merge-tree --write-tree --merge-base=BASE OURS THEIRS`.
///
/// # Errors
/// When an object that matters is absent or damaged.
pub fn merge(
    objects: &impl Objects,
    drivers: &dyn Drivers,
    base: ObjectId,
    ours: ObjectId,
    theirs: ObjectId,
) -> Result<Outcome, ReadError> {
    match try_merge(objects, drivers, [base, ours, theirs]) {
        Ok(outcome) => Ok(outcome),
        Err(Stop::Unsure(reason)) => Ok(Outcome::Unsure(reason)),
        Err(Stop::Read(error)) => Err(error),
    }
}

fn try_merge(
    objects: &impl Objects,
    drivers: &dyn Drivers,
    roots: [ObjectId; 3],
) -> Result<Outcome, Stop> {
    let memory = Memory::default();
    let mut walk = Walk::run(objects, &memory, roots)?;
    let mut renames: [SideRenames<'_>; 3] = Default::default();
    let mut report = RenameReport::default();
    for side in SIDES {
        let info = &mut walk.sides[side];
        renames[side] = rename::detect(objects, &walk.nodes, side, info)?;
    }
    for (side, report) in [(OURS, &mut report.ours), (THEIRS, &mut report.theirs)] {
        *report = SideReport {
            removed_or_added: walk.sides[side].pairs.len(),
            wanted: walk.sides[side].relevant.len(),
            found: renames[side].found(),
            gave_up: renames[side].gave_up,
        };
    }
    let mut conflicts = Vec::new();
    rename::directory_conflicts(&renames, &walk.nodes, &mut conflicts);
    let mut resolver = Resolver {
        walk,
        objects,
        drivers,
        new: NewObjects::default(),
        conflicts,
        texts_merged: 0,
    };
    resolver.apply_renames(&renames)?;
    let tree = resolver.directory(0)?.unwrap_or(ObjectId::EMPTY_TREE);
    Ok(if resolver.conflicts.is_empty() {
        Outcome::Merged(Merged {
            tree,
            objects: resolver.new,
            renames: report,
        })
    } else {
        Outcome::Conflict(Conflicts {
            paths: resolver.conflicts,
            renames: report,
        })
    })
}
