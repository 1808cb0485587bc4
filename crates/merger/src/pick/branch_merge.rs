//! Merges inside a pull request.
//!
//! Such a merge brings in the base branch, and adds nothing that is to be picked. Where it was
//! resolved or changed by hand it does add something, which the commits around it do not have:
//! leaving that out would ship what nobody reviewed.

use git2::{Commit, Oid};
use picket_domain::{Conflict, ConflictKind, Versions};
use picket_treemerge::{NewObjects, ObjectId, Objects, Outcome};

use crate::error::Result;
use crate::merge_tree::{Answer, Scratch};
use crate::snapshot::Snapshot;
use picket_mirror::{changes, merge_bases, object_id};

/// How many paths of a merge that was made by hand are named.
const MAX_PATHS: usize = 100;

/// Where a merge is not what git makes of its parents; nothing where it is.
pub(crate) fn by_hand(snapshot: &Snapshot, merge: &Commit<'_>) -> Result<Vec<Conflict>> {
    let parents: Vec<_> = merge.parent_ids().collect();
    let is = object_id(merge.tree_id());
    let [first, second] = parents.as_slice() else {
        // Git makes these only where nothing conflicts. Nobody merges more than one branch into a
        // pull request: whatever such a merge brings in counts as its own.
        let first = snapshot.tree_of(parents[0])?;
        return differing(&snapshot.with(&NewObjects::default()), first, is);
    };
    let bases = merge_bases(&snapshot.repo, *first, *second)?;
    match bases.as_slice() {
        [] => three_way(snapshot, ObjectId::EMPTY_TREE, (*first, *second), is),
        [base] => three_way(snapshot, snapshot.tree_of(*base)?, (*first, *second), is),
        // Git merges the bases first, and theirs before that, with conflicts in the outcome: rare
        // enough to have git itself say what comes of it.
        _ => recursive(snapshot, (*first, *second), is),
    }
}

fn three_way(
    snapshot: &Snapshot,
    base: ObjectId,
    (first, second): (Oid, Oid),
    is: ObjectId,
) -> Result<Vec<Conflict>> {
    let trees = [base, snapshot.tree_of(first)?, snapshot.tree_of(second)?];
    let nothing = NewObjects::default();
    match snapshot.merge(&snapshot.with(&nothing), trees)? {
        Outcome::Merged(merged) => differing(&snapshot.with(&merged.objects), merged.tree, is),
        // The versions that met there are not the pick's: no content settles the pick.
        Outcome::Conflict(found) => Ok(named(found.paths.iter().map(|it| it.path.as_slice()))),
        // Whatever it brings in is to be looked at.
        Outcome::Unsure(_) => differing(&snapshot.with(&nothing), trees[1], is),
    }
}

fn recursive(
    snapshot: &Snapshot,
    (first, second): (Oid, Oid),
    is: ObjectId,
) -> Result<Vec<Conflict>> {
    let scratch = Scratch::new(snapshot)?;
    let answers = scratch.merge(&[format!("{first} {second}")])?;
    match answers.first() {
        Some(Answer::Clean(tree)) => differing(&scratch.objects()?, *tree, is),
        Some(Answer::Conflict { paths, .. }) => Ok(named(paths.iter().map(Vec::as_slice))),
        Some(Answer::GaveUp) | None => {
            let (nothing, first) = (NewObjects::default(), snapshot.tree_of(first)?);
            differing(&snapshot.with(&nothing), first, is)
        }
    }
}

fn differing(objects: &impl Objects, from: ObjectId, to: ObjectId) -> Result<Vec<Conflict>> {
    match changes(objects, from, to)? {
        Some(changes) => Ok(named(changes.iter().map(|change| change.path.as_slice()))),
        None => Ok(named([b"(too many files to look at)".as_slice()])),
    }
}

fn named<'p>(paths: impl IntoIterator<Item = &'p [u8]>) -> Vec<Conflict> {
    let conflicts = paths.into_iter().take(MAX_PATHS).map(|path| Conflict {
        path: String::from_utf8_lossy(path).into_owned(),
        kind: ConflictKind::MergedByHand,
        versions: Versions::default(),
    });
    conflicts.collect()
}
