//! What a pick must not bring along, however well it merges.

use std::collections::HashSet;

use picket_treemerge::{Kind, Mode, Objects, Version};

use crate::error::{Result, Unwritable};
use crate::trees::changes::Change;

const MARKERS: [&[u8]; 2] = [b"<<<<<<< ", b">>>>>>> "];

/// The longest name and target that Linux takes, in bytes.
const MAX_NAME: usize = 255;
const MAX_TARGET: u64 = 4095;
/// The longest path inside a tree, in bytes: Linux takes 4,096 with that of the folder it is in.
const MAX_PATH: usize = 3500;
/// How many parts a path may have: trees are written by recursion.
const MAX_PARTS: usize = 256;

/// A path that a change writes and that cannot be written as a file, if there is one, and why. Git
/// refuses some, and such a tree is made by hand to escape its folder; others are accidents.
///
/// # Errors
/// Where an object cannot be read.
pub fn unwritable_path(
    objects: &impl Objects,
    changes: &[Change],
) -> Result<Option<(String, Unwritable)>> {
    for change in changes {
        if let Some(version) = change.new
            && let Some(reason) = unwritable(objects, &change.path, version)?
        {
            let path = String::from_utf8_lossy(&change.path);
            return Ok(Some((path.chars().take(200).collect(), reason)));
        }
    }
    Ok(None)
}

fn unwritable(objects: &impl Objects, path: &[u8], version: Version) -> Result<Option<Unwritable>> {
    let mut names = path.split(|byte| *byte == b'/');
    if let Some(reason) = names.find_map(unwritable_name) {
        return Ok(Some(reason));
    }
    if !is_path(path) {
        return Ok(Some(Unwritable::LongPath));
    }
    if version.mode != Mode::Symlink {
        return Ok(None);
    }
    let is_target = (1..=MAX_TARGET).contains(&objects.blob_size(&version.id)?)
        && is_target(&objects.read(&version.id, Kind::Blob)?);
    Ok((!is_target).then_some(Unwritable::LinkTarget))
}

/// Whether a symbolic link can have this target.
pub(super) fn is_target(target: &[u8]) -> bool {
    (1..=MAX_TARGET).contains(&(target.len() as u64)) && !target.contains(&0)
}

/// Why no file can have this name, or may.
pub(super) fn unwritable_name(name: &[u8]) -> Option<Unwritable> {
    match (is_safe_name(name), name.len()) {
        (false, _) => Some(Unwritable::UnsafeName),
        (true, length) if length > MAX_NAME => Some(Unwritable::LongName),
        (true, _) => None,
    }
}

/// Whether a path of a tree can be written.
pub(super) fn is_path(path: &[u8]) -> bool {
    path.len() <= MAX_PATH && path.split(|byte| *byte == b'/').count() <= MAX_PARTS
}

/// Whether a tree's entry may have this name. Git refuses `.git` in any spelling that some file
/// system takes for the same.
fn is_safe_name(name: &[u8]) -> bool {
    let plain = name.trim_ascii_end();
    let plain = plain.strip_suffix(b".").unwrap_or(plain);
    !name.is_empty()
        && !matches!(name, b"." | b"..")
        && !plain.eq_ignore_ascii_case(b".git")
        && !name.eq_ignore_ascii_case(b"git~1")
        && !name.contains(&b'/')
        && !name.contains(&0)
}

/// The files in which a pick left conflict markers that were in neither side before: `picked` is
/// what the pick changes, `source` what the picked commit does. A merge without conflicts writes
/// none, and a person who settles one may overlook some.
///
/// # Errors
/// Where an object cannot be read.
pub fn new_markers(
    objects: &impl Objects,
    source: &[Change],
    picked: &[Change],
) -> Result<Vec<Vec<u8>>> {
    let mut suspects = Vec::new();
    for change in picked {
        let markers = markers_of(objects, change.new)?;
        if !markers.is_empty() {
            suspects.push((&change.path, markers));
        }
    }
    if suspects.is_empty() {
        return Ok(Vec::new());
    }
    let known = known_markers(objects, source, picked)?;
    suspects.retain(|(_, markers)| !markers.is_subset(&known));
    Ok(suspects.into_iter().map(|(path, _)| path.clone()).collect())
}

/// The marker lines that either side already had: those of the files as the pick found them, and
/// those of the files as the picked commit has them.
fn known_markers(
    objects: &impl Objects,
    source: &[Change],
    picked: &[Change],
) -> Result<HashSet<Vec<u8>>> {
    let before = picked.iter().map(|change| change.old);
    let theirs = source.iter().map(|change| change.new);
    let mut known = HashSet::new();
    for version in before.chain(theirs) {
        known.extend(markers_of(objects, version)?);
    }
    Ok(known)
}

fn markers_of(objects: &impl Objects, version: Option<Version>) -> Result<HashSet<Vec<u8>>> {
    match version {
        Some(Version {
            mode: Mode::File | Mode::Executable,
            id,
        }) => Ok(markers_in(&objects.read(&id, Kind::Blob)?)),
        _ => Ok(HashSet::new()),
    }
}

/// The conflict markers of a text.
pub fn markers_in(content: &[u8]) -> HashSet<Vec<u8>> {
    let lines = content.split(|byte| *byte == b'\n');
    let markers = lines.filter(|line| MARKERS.iter().any(|marker| line.starts_with(marker)));
    markers.map(<[u8]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use picket_treemerge::{NewObjects, ObjectId, update_tree};

    use super::*;
    use crate::trees::changes::changes;

    #[test]
    fn names_that_leave_their_folder_are_unsafe() {
        for bad in [
            "", ".", "..", ".git", ".GIT", ".git ", ".git.", "git~1", "a/b", "a\0",
        ] {
            assert!(!is_safe_name(bad.as_bytes()), "{bad:?}");
        }
        for good in [".github", "a..b", "...", ".gitignore", "ü"] {
            assert!(is_safe_name(good.as_bytes()), "{good:?}");
        }
    }

    #[test]
    fn markers_that_neither_side_had_are_found() {
        let mut objects = NewObjects::default();
        let mut tree = |content: &str| {
            let id = objects.add(Kind::Blob, content.into());
            let version = Some(Version {
                mode: Mode::File,
                id,
            });
            let entries = [(b"file".to_vec(), version)];
            let (tree, new) = update_tree(&objects, ObjectId::EMPTY_TREE, &entries).unwrap();
            objects.extend(new);
            tree
        };
        let (plain, theirs) = (tree("a\n"), tree("b\n"));
        let marked = tree("<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n");
        let (half, harmless) = (tree(">>>>>>> theirs\nb\n"), tree("a <<<<<<< b\n=======\n"));
        let found = |theirs, ours, result| {
            let changes = |from, to| changes(&objects, from, to).unwrap().unwrap();
            let (source, picked) = (changes(plain, theirs), changes(ours, result));
            new_markers(&objects, &source, &picked).unwrap().len()
        };
        assert_eq!(found(theirs, plain, marked), 1);
        let by_the_commit = found(marked, plain, marked);
        assert_eq!(by_the_commit, 0, "the picked commit adds them");
        assert_eq!(found(theirs, marked, half), 0, "they were there");
        assert_eq!(found(theirs, plain, harmless), 0, "no markers");
    }
}
