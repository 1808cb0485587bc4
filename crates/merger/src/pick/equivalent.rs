//! Fixes that a base has under another name: a backport that does not say where it is from, a
//! change that two people made.
//!
//! Mostly the pick of such a fix changes nothing, and is left out for that. Where the base changed
//! the same lines once more, the pick conflicts; where it has the change at another place of a
//! list, the pick may apply a second time. Then the commits that the base has and the pull request's
//! base branch lacks are looked through for one that changes the same: the same [`PatchId`], and not
//! reverted since. The pick is left out if there is one.
//!
//! To look is dear, and a commit that changed the same may have been undone by one that does not
//! say so. So it is only looked where the files tell that the change was made and stays made:
//!
//! - The pick conflicts, and something that it takes out is not there: a line, or a file.
//! - The pick applies, and everything that it puts in is there, each line as often as it will be.
//!
//! [`PatchId`]: picket_domain::PatchId

use std::collections::HashMap;

use picket_domain::PatchId;
use picket_treemerge::{NewObjects, ObjectId, Objects, Version};

use crate::error::Result;
use crate::history::known::Known;
use crate::patch::{Patches, changed_lines, read_text};
use crate::snapshot::{Changed, Snapshot};
use picket_mirror::{Change, RawCommit, changes, differs_at, entry_at};

/// How many of the base's commits are looked at, from the youngest: a release branch of nixpkgs has
/// a third of it at the end of its life.
const MAX_COMMITS: usize = 50_000;

/// Whether a tree has all that a change puts in, and nothing of what it takes away as a whole.
pub(crate) fn is_there(objects: &impl Objects, changes: &[Change], tree: ObjectId) -> Result<bool> {
    let mut is_as_before = true;
    for change in changes {
        let ours = entry_at(objects, tree, &change.path)?;
        is_as_before &= ours == change.old;
        if ours != change.new && !holds(objects, change, ours, Side::New)? {
            return Ok(false);
        }
    }
    Ok(!is_as_before)
}

/// Whether a tree has all that a change takes out: it was never made there, or undone.
pub(crate) fn may_be_undone(
    objects: &impl Objects,
    changes: &[Change],
    tree: ObjectId,
) -> Result<bool> {
    for change in changes {
        let ours = entry_at(objects, tree, &change.path)?;
        if ours != change.old && !holds(objects, change, ours, Side::Old)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A side of a change.
#[derive(Clone, Copy)]
enum Side {
    Old,
    New,
}

/// Whether a file has the lines that only one side of a change has, each as often as that side.
fn holds(
    objects: &impl Objects,
    change: &Change,
    ours: Option<Version>,
    side: Side,
) -> Result<bool> {
    let version = match side {
        Side::Old => change.old,
        Side::New => change.new,
    };
    let (Some(ours), Some(version)) = (ours, version) else {
        return Ok(false);
    };
    let Some(changed) = changed_lines(objects, change)? else {
        return Ok(false);
    };
    let (Some(ours), Some(text)) = (read_text(objects, ours)?, read_text(objects, version)?) else {
        return Ok(false);
    };
    let lines = match side {
        Side::Old => changed.removed,
        Side::New => changed.added,
    };
    let (here, there) = (counts(&ours), counts(&text));
    let count = |counts: &HashMap<&[u8], usize>, line: &Vec<u8>| {
        counts.get(line.as_slice()).copied().unwrap_or_default()
    };
    Ok(lines
        .iter()
        .all(|line| count(&here, line) >= count(&there, line)))
}

fn counts(text: &[u8]) -> HashMap<&[u8], usize> {
    let mut counts = HashMap::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        *counts.entry(line).or_default() += 1;
    }
    counts
}

/// Whether the base has a commit of its own that changes the same.
pub(crate) fn has_twin(
    snapshot: &Snapshot,
    known: &Known<'_>,
    change: &Changed,
    patches: &mut Patches,
) -> Result<bool> {
    // One file is enough to tell most commits apart; the one that lies deepest, most of them.
    let depth = |change: &&Change| change.path.iter().filter(|byte| **byte == b'/').count();
    let Some(Change { path, .. }) = change.changes.iter().max_by_key(depth) else {
        return Ok(false);
    };
    let nothing = NewObjects::default();
    let view = snapshot.with(&nothing);
    let mut wanted: Option<PatchId> = None;
    for id in known.own().iter().take(MAX_COMMITS) {
        let commit = RawCommit::read(&snapshot.repo, *id)?;
        let from = match commit.parents.first() {
            Some(parent) => snapshot.tree_of(*parent)?,
            None => ObjectId::EMPTY_TREE,
        };
        let to = commit.tree;
        if !differs_at(&view, (from, to), path)? {
            continue;
        }
        let Some(its) = changes(&view, from, to)? else {
            continue;
        };
        let paths = |changes: &[Change]| -> Vec<_> {
            changes.iter().map(|change| change.path.clone()).collect()
        };
        if paths(&its) != paths(&change.changes) {
            continue;
        }
        let wanted = match &wanted {
            Some(wanted) => wanted,
            None => wanted.insert(patches.id(&view, &change.changes)?),
        };
        if patches.id(&view, &its)? == *wanted {
            tracing::debug!(twin = %id, "the base has a commit that changes the same");
            return Ok(true);
        }
    }
    Ok(false)
}
