//! The merge: its inputs and outcomes.

use crate::{
    conflict::{ConflictKind, ConflictPath, Conflicts},
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
    /// git reports a conflict, and a person has to settle it.
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
    let is_move = |conflict: &ConflictPath| conflict.kind == ConflictKind::DirectoryRename;
    let mut resolver = Resolver {
        walk,
        objects,
        drivers,
        new: NewObjects::default(),
        directories_moved: conflicts.iter().any(is_move),
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
            tree,
            objects: resolver.new,
            renames: report,
        })
    })
}
