//! A tree with some of its paths set or removed.

use std::collections::BTreeMap;

use crate::{
    id::{Mode, ObjectId, Version},
    kind::Kind,
    objects::{NewObjects, Objects, ReadError},
    tree::{self, Cursor, Entry, MalformedTree},
};

/// How many parts a path may have: trees are edited by recursion.
const MAX_PARTS: usize = 256;

/// A tree cannot be changed so.
#[derive(Debug, thiserror::Error)]
pub enum UpdateTreeError {
    /// An object of the tree cannot be had.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// No tree can hold this path, or not beside the others that are set.
    #[error("a tree cannot hold the path \"{}\", or not beside the others", .0.escape_ascii())]
    Path(Vec<u8>),
}

/// The tree `tree` with each of these paths set to a version of a file, link or submodule, or
/// removed (where nothing is given); and the objects of the new tree that the repository may lack,
/// save those that the versions name. As by `git update-index --replace`: directories come and go
/// with what is in them, a file makes way for what is set below it, a directory for a file set in
/// its place, and only files are removed. Where a path is given twice, the last one counts.
///
/// # Errors
/// When a tree cannot be read, or a path is not one: a part of it is empty, `.`, `..`, `.git` or
/// holds a NUL byte, or two paths are set of which one lies below the other.
pub fn update_tree(
    objects: &impl Objects,
    tree: ObjectId,
    changes: &[(Vec<u8>, Option<Version>)],
) -> Result<(ObjectId, NewObjects), UpdateTreeError> {
    let last: BTreeMap<&[u8], _> = changes.iter().map(|(path, to)| (&path[..], *to)).collect();
    let mut root = Change::default();
    for (path, version) in last {
        root.add(path, version)?;
    }
    let mut new = NewObjects::default();
    let tree = edit(objects, &mut new, Some(tree), &root.below)?;
    Ok((tree.unwrap_or(ObjectId::EMPTY_TREE), new))
}

/// What is to become of a path.
#[derive(Default)]
struct Change<'p> {
    /// Of the file there: set, or removed.
    file: Option<Option<Version>>,
    /// Of what is below it, by name.
    below: BTreeMap<&'p [u8], Self>,
    /// Whether something below it is set.
    sets_below: bool,
}

impl<'p> Change<'p> {
    fn add(&mut self, path: &'p [u8], version: Option<Version>) -> Result<(), UpdateTreeError> {
        let is_set = |file: Option<Option<Version>>| file.is_some_and(|file| file.is_some());
        let mut at = self;
        for (number, name) in path.split(|byte| *byte == b'/').enumerate() {
            let hidden = version.is_some() && is_set(at.file);
            if number >= MAX_PARTS || !is_name(name) || hidden {
                return Err(UpdateTreeError::Path(path.to_vec()));
            }
            at.sets_below |= version.is_some();
            at = at.below.entry(name).or_default();
        }
        if version.is_some() && at.sets_below {
            return Err(UpdateTreeError::Path(path.to_vec()));
        }
        at.file = Some(version);
        Ok(())
    }
}

/// Whether a tree may have an entry of this name, as git checks it.
fn is_name(name: &[u8]) -> bool {
    !name.is_empty()
        && name != b"."
        && name != b".."
        && !name.eq_ignore_ascii_case(b".git")
        && !name.contains(&0)
}

/// The directory `tree` with the changes; nothing if it comes out empty.
fn edit(
    objects: &impl Objects,
    new: &mut NewObjects,
    tree: Option<ObjectId>,
    changes: &BTreeMap<&[u8], Change<'_>>,
) -> Result<Option<ObjectId>, UpdateTreeError> {
    let old = match tree {
        None | Some(ObjectId::EMPTY_TREE) => None,
        Some(id) => Some((id, objects.read(&id, Kind::Tree)?)),
    };
    let mut entries = BTreeMap::new();
    if let Some((id, bytes)) = &old {
        entries = read(bytes).map_err(|MalformedTree| ReadError::Malformed {
            id: *id,
            kind: Kind::Tree,
        })?;
    }
    for (name, change) in changes {
        match changed(objects, new, entries.get(name).copied(), change)? {
            Some(version) => entries.insert(name, version),
            None => entries.remove(name),
        };
    }
    Ok((!entries.is_empty()).then(|| {
        let bytes = write(&entries);
        match &old {
            Some((id, old)) if **old == bytes => *id,
            _ => new.add(Kind::Tree, bytes),
        }
    }))
}

/// What an entry becomes.
fn changed(
    objects: &impl Objects,
    new: &mut NewObjects,
    old: Option<Version>,
    change: &Change<'_>,
) -> Result<Option<Version>, UpdateTreeError> {
    if let Some(Some(version)) = change.file {
        return Ok(Some(version));
    }
    let directory = old.filter(|old| old.mode == Mode::Tree);
    let file = old.filter(|old| old.mode != Mode::Tree && change.file.is_none());
    if directory.is_none() && !change.sets_below {
        return Ok(file);
    }
    let directory = directory.map(|directory| directory.id);
    let tree = edit(objects, new, directory, &change.below)?;
    Ok(tree.map(|id| Version {
        mode: Mode::Tree,
        id,
    }))
}

fn read(tree: &[u8]) -> Result<BTreeMap<&[u8], Version>, MalformedTree> {
    let mut entries = BTreeMap::new();
    let mut cursor = Cursor::new(tree)?;
    while let Some(Entry { mode, name, id }) = cursor.head() {
        entries.insert(name, Version { mode, id });
        cursor.advance()?;
    }
    Ok(entries)
}

fn write(entries: &BTreeMap<&[u8], Version>) -> Vec<u8> {
    let mut entries: Vec<Entry<'_>> = entries
        .iter()
        .map(|(name, version)| Entry {
            mode: version.mode,
            name,
            id: version.id,
        })
        .collect();
    tree::serialise(&mut entries)
}
