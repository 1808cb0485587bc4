//! A pull request that is being picked, and where it stands.

use std::collections::BTreeMap;

use git2::{Commit, Oid};
use picket_domain::{PatchId, PickOutcome};
use picket_mirror::object_id;
use picket_treemerge::{ConflictPath, NewObjects, ObjectId};

/// Where a chain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) commit: ObjectId,
    pub(crate) tree: ObjectId,
}

impl Place {
    pub(crate) fn of(commit: &Commit<'_>) -> Self {
        Self {
            commit: object_id(commit.id()),
            tree: object_id(commit.tree_id()),
        }
    }
}

/// A pull request that was picked as far as it goes. The chain stays as it was until it is kept.
pub(crate) struct Attempt {
    pub(crate) outcome: PickOutcome,
    /// The objects of the chain and of this pull request that the mirror may lack.
    pub(crate) made: NewObjects,
    /// The merges, of commits that changed something and of those that did not.
    pub(crate) merges: Vec<Made>,
    /// Of a commit that conflicts, and whose files only need to be settled: the rest.
    pub(crate) clean: Option<Clean>,
    /// Where it ended: after its last commit, or before the one that does not apply.
    pub(crate) at: Place,
    pub(crate) texts: BTreeMap<PatchId, String>,
    /// The commits of the pull request that it has.
    pub(crate) sources: Vec<Oid>,
}

/// All of a merge that is clean, and what is not.
#[derive(Debug, Clone)]
pub(crate) struct Clean {
    /// The tree; the files that conflict are as ours in it.
    pub(crate) tree: ObjectId,
    pub(crate) conflicts: Vec<ConflictPath>,
}

/// A merge that was made.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    /// The commit that was picked.
    pub(crate) source: Oid,
    /// Its parent.
    pub(crate) base: Option<Oid>,
    /// The commit that it was picked onto.
    pub(crate) onto: ObjectId,
    /// The tree that came of it.
    pub(crate) tree: ObjectId,
    /// The files that conflicted, and that people had settled.
    pub(crate) settled: Vec<Vec<u8>>,
}
