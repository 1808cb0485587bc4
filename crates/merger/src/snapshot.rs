//! The mirror as one call reads it.

use std::path::{Path, PathBuf};

use git2::{Commit, Oid, Repository};
use picket_treemerge::{Attributes, Kind, NewObjects, ObjectId, Objects, Outcome, Overlay};

use crate::engine::Engine;
use crate::error::Result;
use picket_mirror::{Change, Git, Limits, Mirror, RawCommit, Reading, changes, object_id};

/// Objects that a call has made, over those of the mirror.
pub(crate) type View<'a> = Overlay<'a, picket_treemerge::Repository>;

/// The mirror, snapshot for one call: what is fetched later is not seen.
pub(crate) struct Snapshot {
    /// References and history.
    pub(crate) repo: Repository,
    /// Trees and files, for merges.
    objects: picket_treemerge::Repository,
    /// Of the mirror's own `info/attributes`, which Picket never writes: what git would take into
    /// account if somebody else did.
    attributes: Attributes,
    engine: Engine,
    dir: PathBuf,
    limits: Limits,
    _reading: Reading,
}

impl Snapshot {
    pub(crate) fn new(mirror: &Mirror, engine: Engine) -> Result<Self> {
        Ok(Self {
            _reading: mirror.reading()?,
            repo: mirror.repository()?,
            objects: mirror.objects()?,
            attributes: Attributes::of_repository(mirror.dir()),
            engine,
            dir: mirror.dir().to_owned(),
            limits: mirror.limits(),
        })
    }

    /// The mirror's folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Looks whether a base can be read at all: what is wrong later is a pull request's fault.
    pub(crate) fn check(&self, base: &Commit<'_>) -> Result<()> {
        self.objects.read(&object_id(base.tree_id()), Kind::Tree)?;
        Ok(())
    }

    /// Git in the mirror.
    pub(crate) fn git(&self, name: &'static str) -> Git<'_> {
        Git::local(&self.dir, name, self.limits)
    }

    /// The mirror's objects, with these above.
    pub(crate) fn with<'a>(&'a self, made: &'a NewObjects) -> View<'a> {
        Overlay::new(made, &self.objects)
    }

    /// The trees `[base, ours, theirs]`, merged.
    pub(crate) fn merge(&self, objects: &dyn Objects, trees: [ObjectId; 3]) -> Result<Outcome> {
        Ok((self.engine)(objects, &self.attributes, trees)?)
    }

    /// What a commit changes against its first parent, and the two trees; all of it is new where
    /// it has no parent. `None` where it is too much.
    pub(crate) fn change_of(&self, commit: &Commit<'_>) -> Result<Option<Changed>> {
        self.change(commit.parent_ids().next(), commit.id())
    }

    /// What leads from one commit's tree, or from nothing, to another one's; `None` where it is
    /// too much.
    pub(crate) fn change(&self, from: Option<Oid>, to: Oid) -> Result<Option<Changed>> {
        let from = match from {
            Some(from) => self.tree_of(from)?,
            None => ObjectId::EMPTY_TREE,
        };
        let to = self.tree_of(to)?;
        let changes = changes(&self.objects, from, to)?;
        Ok(changes.map(|changes| Changed { from, to, changes }))
    }

    pub(crate) fn tree_of(&self, commit: Oid) -> Result<ObjectId> {
        Ok(RawCommit::read(&self.repo, commit)?.tree)
    }
}

/// A change of a tree.
pub(crate) struct Changed {
    pub(crate) from: ObjectId,
    pub(crate) to: ObjectId,
    /// The files that differ.
    pub(crate) changes: Vec<Change>,
}
