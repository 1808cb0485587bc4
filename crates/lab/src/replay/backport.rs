//! Backports, and the trees that picking them again merges.

use picket_treemerge::{Commit, Kind, ObjectId, Objects, ReadError};

use super::outcome::Replayed;

/// A backport and the commit that it says it was picked from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Backport {
    /// The commit on the branch.
    pub backport: ObjectId,
    /// The commit that was picked.
    pub source: ObjectId,
}

/// Three trees to merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Triple {
    /// The merge base.
    pub base: ObjectId,
    /// The side that is merged onto.
    pub ours: ObjectId,
    /// The side that is merged.
    pub theirs: ObjectId,
}

/// The trees that a pick merges, and the tree that people committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trees {
    /// The picked commit's parent, the backport's parent, the picked commit.
    pub triple: Triple,
    /// The backport.
    pub committed: ObjectId,
}

/// The trees of a pick, or why it is none.
///
/// # Errors
/// [`Replayed::MergeSource`] or [`Replayed::Missing`].
pub fn trees(objects: &impl Objects, pick: &Backport) -> Result<Trees, Replayed> {
    let commit = |id: &ObjectId| -> Result<Commit, Replayed> {
        let content = objects
            .read(id, Kind::Commit)
            .map_err(|error| Replayed::missing(&error))?;
        Commit::parse(&content).ok_or_else(|| {
            Replayed::missing(&ReadError::Malformed {
                id: *id,
                kind: Kind::Commit,
            })
        })
    };
    let backport = commit(&pick.backport)?;
    let source = commit(&pick.source)?;
    if source.parents.len() > 1 {
        return Err(Replayed::MergeSource);
    }
    let base = match source.parents.first() {
        Some(parent) => commit(parent)?.tree,
        None => ObjectId::EMPTY_TREE,
    };
    let ours = match backport.parents.first() {
        Some(parent) => commit(parent)?.tree,
        None => ObjectId::EMPTY_TREE,
    };
    Ok(Trees {
        triple: Triple {
            base,
            ours,
            theirs: source.tree,
        },
        committed: backport.tree,
    })
}
