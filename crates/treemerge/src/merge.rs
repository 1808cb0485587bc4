//! The merge: its inputs and outcomes.

use crate::{
    conflict::{ConflictKind, ConflictPath, Conflicts},
    drivers::Drivers,
    id::ObjectId,
    objects::{NewObjects, Objects, ReadError},
    rename::{self, SideRenames},
    report::{RenameReport, SideReport},
    resolve::Resolver,
    stop::Stop,
    walk::{Memory, OURS, SIDES, THEIRS, Walk},
};

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
