//! What a pick must not bring along, however well it merges.

use std::collections::HashSet;

use picket_treemerge::{Kind, Mode, Objects, Version};

use crate::changes::Change;
use crate::error::Result;

const MARKERS: [&[u8]; 2] = [b"<<<<<<< ", b">>>>>>> "];

/// A path that a change writes and that git itself refuses to check out, if there is one. Such a
/// tree is made by hand to escape its folder.
pub(crate) fn unsafe_path(changes: &[Change]) -> Option<String> {
    let mut written = changes.iter().filter(|change| change.new.is_some());
    let bad = written.find(|change| {
        let mut names = change.path.split(|byte| *byte == b'/');
        !names.all(is_safe_name)
    })?;
    let path = String::from_utf8_lossy(&bad.path);
    Some(path.chars().take(200).collect())
}

/// Whether a tree's entry may have this name. Git refuses `.git` in any spelling that some file
/// system takes for the same.
pub(crate) fn is_safe_name(name: &[u8]) -> bool {
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
pub(crate) fn new_markers(
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
pub(crate) fn markers_in(content: &[u8]) -> HashSet<Vec<u8>> {
    let lines = content.split(|byte| *byte == b'\n');
    let markers = lines.filter(|line| MARKERS.iter().any(|marker| line.starts_with(marker)));
    markers.map(<[u8]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use picket_treemerge::{NewObjects, ObjectId, put};

    use super::*;
    use crate::changes::changes;

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
            let (tree, new) = put(&objects, ObjectId::EMPTY_TREE, &entries).unwrap();
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
