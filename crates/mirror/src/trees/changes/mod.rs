//! What differs between two trees, file by file; renames are not looked for.
//!
//! Directories that are equal are not read, so the cost follows the difference. Trees come from
//! anybody who opens a pull request: nothing is taken for granted of their order, and of two
//! entries with one name neither hides the other.

use gix_object::TreeRefIter;
use picket_domain::FileMode;
use picket_treemerge::{Kind, Mode, ObjectId, Objects, ReadError, Version};

use crate::error::Result;

/// More files than any fix changes. A few trees that name each other often stand for more files
/// than fit in memory.
pub const MAX_FILES: usize = 200_000;
/// The longest path that Linux takes, in bytes. Trees can lie in each other without end.
const MAX_PATH: usize = 4096;
/// How many entries of one name are compared with each other; there should be one.
const MAX_SAME: usize = 8;
/// More entries than are worth to look at for that.
const MAX_ENTRIES: usize = 20 * MAX_FILES;
/// More than any fix changes, in bytes of the files before and after.
const MAX_BYTES: u64 = 2 << 30;

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path: bytes, not always UTF-8, and not always one that a file may have.
    pub path: Vec<u8>,
    /// What it was; `None` where it is new.
    pub old: Option<Version>,
    /// What it became; `None` where it is gone.
    pub new: Option<Version>,
}

/// The files in which two trees differ, ordered by path; `None` where there are too many, or they
/// are too large.
///
/// # Errors
/// Where a tree or the size of a file cannot be read.
pub fn changes(
    objects: &impl Objects,
    from: ObjectId,
    to: ObjectId,
) -> Result<Option<Vec<Change>>> {
    let mut found = Vec::new();
    let (mut left, mut looked_at) = (vec![(Vec::new(), Some(from), Some(to))], 0);
    while let Some((folder, from, to)) = left.pop() {
        let (old, new) = (entries(objects, from)?, entries(objects, to)?);
        looked_at += old.len() + new.len();
        if looked_at > MAX_ENTRIES || folder.len() > MAX_PATH {
            return Ok(None);
        }
        for (name, old, new) in differing(&old, &new) {
            let path = joined(&folder, name);
            let [old_tree, new_tree] = [old, new].map(tree);
            if old_tree.is_some() || new_tree.is_some() {
                let below = [&path[..], b"/"].concat();
                left.push((below, old_tree, new_tree));
            }
            let [old, new] = [old, new].map(file);
            if old.is_some() || new.is_some() {
                found.push(Change { path, old, new });
            }
        }
        if found.len() + left.len() > MAX_FILES {
            return Ok(None);
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((bytes(objects, &found)? <= MAX_BYTES).then_some(found))
}

/// How much the files have together, before and after.
fn bytes(objects: &impl Objects, changes: &[Change]) -> Result<u64> {
    let mut bytes = 0;
    for version in changes.iter().flat_map(|change| [change.old, change.new]) {
        match version {
            Some(Version { mode, id }) if mode != Mode::Submodule => {
                bytes += objects.blob_size(&id)?;
            }
            _ => {}
        }
    }
    Ok(bytes)
}

/// A path. A name that has a slash in it gets an empty part in front, which no real path has, so
/// that it is not taken for a path of other names.
fn joined(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let mark: &[u8] = if name.contains(&b'/') { b"/" } else { b"" };
    [folder, mark, name].concat()
}

/// What a tree has at a path, which may be a folder.
///
/// # Errors
/// Where a tree or the size of a file cannot be read.
pub fn entry_at(objects: &impl Objects, tree: ObjectId, path: &[u8]) -> Result<Option<Version>> {
    let mut at = Some(folder(tree));
    for name in path.split(|byte| *byte == b'/') {
        at = below(objects, at, name)?;
    }
    Ok(at)
}

/// Whether two trees differ at a path. Folders on the way that are equal are not read.
///
/// # Errors
/// Where a tree or the size of a file cannot be read.
pub fn differs_at(
    objects: &impl Objects,
    (one, two): (ObjectId, ObjectId),
    path: &[u8],
) -> Result<bool> {
    let (mut one, mut two) = (Some(folder(one)), Some(folder(two)));
    for name in path.split(|byte| *byte == b'/') {
        if one == two {
            return Ok(false);
        }
        one = below(objects, one, name)?;
        two = below(objects, two, name)?;
    }
    Ok(one != two)
}

fn folder(id: ObjectId) -> Version {
    let mode = Mode::Tree;
    Version { mode, id }
}

/// The entry of a folder by this name, if it is a folder and has one.
fn below(objects: &impl Objects, at: Option<Version>, name: &[u8]) -> Result<Option<Version>> {
    let Some(id) = tree(at) else {
        return Ok(None);
    };
    let bytes = tree_bytes(objects, id)?;
    for entry in TreeRefIter::from_bytes(&bytes, gix_hash::Kind::Sha1) {
        let entry = entry.map_err(|_| malformed(id))?;
        if **entry.filename == *name {
            return version(&entry, id).map(Some);
        }
    }
    Ok(None)
}

type Entries = Vec<(Vec<u8>, Version)>;

fn entries(objects: &impl Objects, tree: Option<ObjectId>) -> Result<Entries> {
    let Some(id) = tree else {
        return Ok(Vec::new());
    };
    let bytes = tree_bytes(objects, id)?;
    let mut entries: Entries = parsed(&bytes, id)?
        .into_iter()
        .map(|(name, version)| (name.to_vec(), version))
        .collect();
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(entries)
}

fn tree_bytes(objects: &impl Objects, id: ObjectId) -> Result<picket_treemerge::Content> {
    match id {
        // Git knows this one without having it.
        ObjectId::EMPTY_TREE => Ok(std::rc::Rc::default()),
        id => Ok(objects.read(&id, Kind::Tree)?),
    }
}

fn parsed(bytes: &[u8], id: ObjectId) -> Result<Vec<(&[u8], Version)>> {
    let mut entries = Vec::new();
    for entry in TreeRefIter::from_bytes(bytes, gix_hash::Kind::Sha1) {
        let entry = entry.map_err(|_| malformed(id))?;
        let version = version(&entry, id)?;
        let name: &[u8] = entry.filename;
        entries.push((name, version));
    }
    Ok(entries)
}

fn version(entry: &gix_object::tree::EntryRef<'_>, tree: ObjectId) -> Result<Version> {
    let id = entry.oid.as_bytes().try_into();
    Ok(Version {
        mode: mode(entry.mode),
        id: ObjectId::from_bytes(id.map_err(|_| malformed(tree))?),
    })
}

fn malformed(id: ObjectId) -> ReadError {
    let kind = Kind::Tree;
    ReadError::Malformed { id, kind }
}

fn mode(mode: gix_object::tree::EntryMode) -> Mode {
    use gix_object::tree::EntryKind;
    match mode.kind() {
        EntryKind::Tree => Mode::Tree,
        EntryKind::Blob => Mode::File,
        EntryKind::BlobExecutable => Mode::Executable,
        EntryKind::Link => Mode::Symlink,
        EntryKind::Commit => Mode::Submodule,
    }
}

/// The names of which the two sides have not the same, each with what is left over on either side.
fn differing<'e>(
    old: &'e Entries,
    new: &'e Entries,
) -> Vec<(&'e [u8], Option<Version>, Option<Version>)> {
    let (mut found, mut i, mut j) = (Vec::new(), 0, 0);
    while i < old.len() || j < new.len() {
        let name = match (old.get(i), new.get(j)) {
            (Some((a, _)), Some((b, _))) => a.min(b),
            (Some((name, _)), None) | (None, Some((name, _))) => name,
            (None, None) => break,
        };
        let ours = named(old, &mut i, name);
        let theirs = named(new, &mut j, name);
        let is_in = |side: &[_], it| side.len() <= MAX_SAME && side.contains(it);
        let mut gone = ours.iter().filter(|it| !is_in(theirs, it)).map(|it| it.1);
        let mut came = theirs.iter().filter(|it| !is_in(ours, it)).map(|it| it.1);
        loop {
            match (gone.next(), came.next()) {
                (None, None) => break,
                (old, new) => found.push((name.as_slice(), old, new)),
            }
        }
    }
    found
}

/// The entries of this name, of which there should be one at most.
fn named<'e>(entries: &'e Entries, at: &mut usize, name: &[u8]) -> &'e [(Vec<u8>, Version)] {
    let start = *at;
    while entries.get(*at).is_some_and(|(it, _)| it == name) {
        *at += 1;
    }
    &entries[start..*at]
}

fn tree(version: Option<Version>) -> Option<ObjectId> {
    let version = version.filter(|version| version.mode == Mode::Tree)?;
    Some(version.id)
}

fn file(version: Option<Version>) -> Option<Version> {
    version.filter(|version| version.mode != Mode::Tree)
}

/// The domain's name for a mode; `None` for a folder.
pub fn file_mode(mode: Mode) -> Option<FileMode> {
    match mode {
        Mode::File => Some(FileMode::Plain),
        Mode::Executable => Some(FileMode::Executable),
        Mode::Symlink => Some(FileMode::Link),
        Mode::Submodule => Some(FileMode::Submodule),
        Mode::Tree => None,
    }
}

#[cfg(test)]
mod tests;
