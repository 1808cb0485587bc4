//! The repository: revisions, the difference of two trees, files' contents. Nothing is written.

use std::collections::BTreeMap;
use std::path::Path;

use git2::{ErrorCode, ObjectType, Oid, Repository, TreeWalkMode, TreeWalkResult};

use crate::error::ImpactError;

/// A tree's files.
pub(crate) type Files = BTreeMap<String, Entry>;

/// One file of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its content's id.
    pub(crate) id: Oid,
    /// What it is.
    pub(crate) kind: EntryKind,
}

/// What a tree's file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A file.
    File,
    /// A program.
    Executable,
    /// A symbolic link, whose content is where it leads.
    Link,
}

/// What differs between two trees, by path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The path of the file.
    pub(crate) path: String,
    /// What is there before.
    pub(crate) old: Option<Entry>,
    /// What is there after.
    pub(crate) new: Option<Entry>,
}

/// A repository that is only read.
pub(crate) struct Git {
    repo: Repository,
}

impl Git {
    pub(crate) fn open(path: &Path) -> Result<Self, ImpactError> {
        let repo = Repository::open(path)?;
        Ok(Self { repo })
    }

    /// The tree of a revision, as git names revisions.
    pub(crate) fn tree(&self, revision: &str) -> Result<Oid, ImpactError> {
        let object = self.repo.revparse_single(revision);
        let tree = object.and_then(|it| it.peel(ObjectType::Tree));
        match tree {
            Ok(tree) => Ok(tree.id()),
            Err(error) if error.code() == ErrorCode::NotFound => {
                Err(ImpactError::NoRevision(revision.to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// All files of a tree. Submodules and paths that are no text are left out: Nix sees neither.
    pub(crate) fn files(&self, tree: Oid) -> Result<Files, ImpactError> {
        let mut files = Files::new();
        let tree = self.repo.find_tree(tree)?;
        tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
            if let (Some(kind), Ok(name)) = (kind(entry.filemode()), entry.name()) {
                let id = entry.id();
                files.insert(format!("{folder}{name}"), Entry { id, kind });
            }
            TreeWalkResult::Ok
        })?;
        Ok(files)
    }

    /// What differs between two trees.
    pub(crate) fn changes(&self, old: Oid, new: Oid) -> Result<Vec<Change>, ImpactError> {
        let (old, new) = (self.repo.find_tree(old)?, self.repo.find_tree(new)?);
        let mut options = git2::DiffOptions::new();
        options.include_typechange(true).skip_binary_check(true);
        let diff = self
            .repo
            .diff_tree_to_tree(Some(&old), Some(&new), Some(&mut options))?;
        let change = |delta: git2::DiffDelta<'_>| {
            let path = delta.new_file().path()?.to_str()?.to_owned();
            let old = side(&old, &delta.old_file());
            let new = side(&new, &delta.new_file());
            Some(Change { path, old, new })
        };
        Ok(diff.deltas().filter_map(change).collect())
    }

    /// A file's content; `None` where the repository lacks it, as a partial clone does.
    pub(crate) fn content(&self, id: Oid) -> Result<Option<Vec<u8>>, ImpactError> {
        match self.repo.find_blob(id) {
            Ok(blob) => Ok(Some(blob.content().to_vec())),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Off the tree: the library breaks down over modes that git itself does not write (`100600`).
fn side(tree: &git2::Tree<'_>, file: &git2::DiffFile<'_>) -> Option<Entry> {
    let path = file.path().filter(|_| !file.id().is_zero())?;
    let entry = tree.get_path(path).ok()?;
    let kind = kind(entry.filemode_raw())?;
    Some(Entry {
        id: entry.id(),
        kind,
    })
}

fn kind(mode: i32) -> Option<EntryKind> {
    match mode {
        0o100_755 => Some(EntryKind::Executable),
        0o120_000 => Some(EntryKind::Link),
        mode if mode & 0o170_000 == 0o100_000 => Some(EntryKind::File),
        _ => None,
    }
}
