//! Where to look: which lines of which files a conflict is about, on each side.

use std::path::Path;

use git2::{Commit, Oid, Repository, Tree, TreeWalkMode, TreeWalkResult};
use picket_domain::{Conflict, FileVersion, Versions};

use super::spans::{self, Span};
use crate::conflict::shown::ConflictedFile;
use crate::error::Result;

/// Where to look for commits on one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The file, as the side's tip names it.
    pub(super) path: String,
    /// What of it.
    pub(super) what: What,
}

/// What of a file is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// These lines, in order and apart; never empty.
    Lines(Vec<Span>),
    /// All of it.
    File,
    /// How it came to be there.
    Arrival,
    /// How it came to be gone.
    Removal,
}

/// Where a conflict's history is to be found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// On the base's side.
    pub(super) ours: Vec<Place>,
    /// On that of the pull request, as it was before the commit that conflicts.
    pub(super) theirs: Vec<Place>,
}

/// The trees in which a conflict's files are looked up.
pub(super) struct Sides<'r> {
    repo: &'r Repository,
    /// The base's, without what was picked onto it before the commit that conflicts.
    base: Tree<'r>,
    /// That of the commit's parent.
    before: Tree<'r>,
    /// The commit's.
    picked: Tree<'r>,
}

/// A file of a tree.
struct Found {
    path: String,
    blob: Oid,
}

impl<'r> Sides<'r> {
    pub(super) fn new(
        repo: &'r Repository,
        base: &Commit<'r>,
        before: &Commit<'r>,
        picked: &Commit<'r>,
    ) -> Result<Self> {
        Ok(Self {
            repo,
            base: base.tree()?,
            before: before.tree()?,
            picked: picked.tree()?,
        })
    }

    /// Where to look for what led to a file's conflict.
    pub(super) fn places(&self, file: &ConflictedFile) -> Result<Places> {
        let Conflict { path, versions, .. } = &file.conflict;
        let theirs = self.before_pick(path, versions)?;
        let ours = self.in_base(path, versions, theirs.as_ref())?;
        let spans = spans::of(file);
        let mut places = Places::default();
        match ours {
            Some(ours) => places.ours.push(self.ours(file, ours, spans.as_ref())?),
            None if versions.base.is_some() => places.ours.push(Place {
                path: path.clone(),
                what: What::Removal,
            }),
            None => {}
        }
        if let Some(theirs) = theirs {
            if versions.ours.is_none() {
                places.theirs.push(Place {
                    path: theirs.path.clone(),
                    what: What::Arrival,
                });
            }
            let count = spans::count(file.base.as_deref().unwrap_or_default());
            let spans = spans.map(|spans| spans::with_margin(spans.base, count));
            places.theirs.push(Place {
                path: theirs.path,
                what: lines_or_file(spans),
            });
        }
        Ok(places)
    }

    fn ours(
        &self,
        file: &ConflictedFile,
        found: Found,
        spans: Option<&spans::Spans>,
    ) -> Result<Place> {
        let there = self.repo.find_blob(found.blob)?;
        let spans = spans.zip(file.ours.as_deref()).map(|(spans, ours)| {
            // The pull request's commits before this one may have changed it.
            let there = there.content();
            let spans = spans::moved(&spans.ours, ours, there);
            spans::with_margin(spans, spans::count(there))
        });
        Ok(Place {
            path: found.path,
            what: lines_or_file(spans),
        })
    }

    /// The file as the commit's parent has it; the commit, or the base, may have renamed it.
    fn before_pick(&self, path: &str, versions: &Versions) -> Result<Option<Found>> {
        let here = at(&self.before, path)?;
        let Some(blob) = id(versions.base.as_ref()) else {
            return Ok(here.filter(|_| *versions == Versions::default()));
        };
        if here.as_ref().is_some_and(|here| here.blob == blob) {
            return Ok(here);
        }
        let (before, picked) = (Some(&self.before), Some(&self.picked));
        let changes = self.repo.diff_tree_to_tree(before, picked, None)?;
        let path = changes
            .deltas()
            .map(|delta| delta.old_file())
            .find(|file| file.id() == blob)
            .and_then(|file| String::from_utf8(file.path_bytes()?.to_vec()).ok());
        Ok(path.map(|path| Found { path, blob }).or(here))
    }

    /// The file as the base has it, which may have renamed it.
    fn in_base(
        &self,
        path: &str,
        versions: &Versions,
        theirs: Option<&Found>,
    ) -> Result<Option<Found>> {
        let here = at(&self.base, path)?;
        let Some(blob) = id(versions.ours.as_ref()) else {
            return Ok(here.filter(|_| *versions == Versions::default()));
        };
        if here.is_some() {
            return Ok(here);
        }
        let old = match theirs {
            Some(theirs) => at(&self.base, &theirs.path)?,
            None => None,
        };
        match old {
            Some(old) => Ok(Some(old)),
            None => anywhere(&self.base, blob),
        }
    }
}

fn lines_or_file(spans: Option<Vec<Span>>) -> What {
    match spans.filter(|spans| !spans.is_empty()) {
        Some(spans) => What::Lines(spans),
        None => What::File,
    }
}

fn id(version: Option<&FileVersion>) -> Option<Oid> {
    Oid::from_str(version?.blob.as_str()).ok()
}

/// The file at this path, if there is one.
fn at(tree: &Tree<'_>, path: &str) -> Result<Option<Found>> {
    match tree.get_path(Path::new(path)) {
        Ok(entry) if entry.kind() == Some(git2::ObjectType::Blob) => Ok(Some(Found {
            path: path.to_owned(),
            blob: entry.id(),
        })),
        Ok(_) => Ok(None),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The first file with this content.
fn anywhere(tree: &Tree<'_>, blob: Oid) -> Result<Option<Found>> {
    let mut found = None;
    let walked = tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
        if entry.id() != blob {
            return TreeWalkResult::Ok;
        }
        found = entry.name().ok().map(|name| format!("{folder}{name}"));
        TreeWalkResult::Abort
    });
    match (found, walked) {
        (Some(path), _) => Ok(Some(Found { path, blob })),
        (None, Ok(())) => Ok(None),
        (None, Err(error)) => Err(error.into()),
    }
}
