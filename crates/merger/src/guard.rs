//! What a pick must not bring along, however well it merges.

use std::collections::HashSet;

use git2::{Delta, Diff, DiffFile, DiffOptions, FileMode, Oid, Repository};
use picket_domain::{Conflict, ConflictKind, Versions};

use crate::error::Result;

const MARKERS: [&[u8]; 2] = [b"<<<<<<< ", b">>>>>>> "];

/// A path that the change from one tree to the other writes and that git itself refuses to check
/// out, if there is one. Such a tree is made by hand to escape its folder.
pub(crate) fn unsafe_path(repo: &Repository, from: Oid, to: Oid) -> Result<Option<String>> {
    let diff = changes(repo, from, to)?;
    let mut written = diff
        .deltas()
        .filter_map(|delta| delta.new_file().path_bytes());
    let bad = written.find(|path| !path.split(|byte| *byte == b'/').all(is_safe_name));
    Ok(bad.map(|path| String::from_utf8_lossy(path).into_owned()))
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

/// The files in which a pick left conflict markers that were in neither side before: `ours` is the
/// tree picked onto, `result` the pick's tree, and the picked commit leads from `parent` to
/// `theirs`. A merge without conflicts writes none; this is the net under the engine.
pub(crate) fn new_markers(
    repo: &Repository,
    (parent, theirs): (Oid, Oid),
    (ours, result): (Oid, Oid),
) -> Result<Vec<Conflict>> {
    let picked = changes(repo, ours, result)?;
    let mut suspects = Vec::new();
    for delta in picked
        .deltas()
        .filter(|delta| delta.status() != Delta::Deleted)
    {
        let markers = markers_of(repo, &delta.new_file())?;
        if !markers.is_empty() {
            suspects.push((delta.new_file(), markers));
        }
    }
    if suspects.is_empty() {
        return Ok(Vec::new());
    }
    let known = known_markers(repo, &picked, &changes(repo, parent, theirs)?)?;
    let conflicts = suspects
        .iter()
        .filter(|(_, markers)| !markers.is_subset(&known))
        .map(|(file, _)| Conflict {
            path: String::from_utf8_lossy(file.path_bytes().unwrap_or_default()).into_owned(),
            kind: ConflictKind::Markers,
            versions: Versions::default(),
        });
    Ok(conflicts.collect())
}

/// The marker lines that either side already had: those of the files as the pick found them, and
/// those of the files as the picked commit has them.
fn known_markers(
    repo: &Repository,
    picked: &Diff<'_>,
    source: &Diff<'_>,
) -> Result<HashSet<Vec<u8>>> {
    let before = picked.deltas().map(|delta| delta.old_file());
    let theirs = source.deltas().map(|delta| delta.new_file());
    let mut known = HashSet::new();
    for file in before.chain(theirs) {
        known.extend(markers_of(repo, &file)?);
    }
    Ok(known)
}

fn markers_of(repo: &Repository, file: &DiffFile<'_>) -> Result<HashSet<Vec<u8>>> {
    let is_blob = matches!(
        file.mode(),
        FileMode::Blob | FileMode::BlobExecutable | FileMode::BlobGroupWritable
    );
    if !is_blob || file.id().is_zero() {
        return Ok(HashSet::new());
    }
    let blob = repo.find_blob(file.id())?;
    let lines = blob.content().split(|byte| *byte == b'\n');
    let markers = lines.filter(|line| MARKERS.iter().any(|marker| line.starts_with(marker)));
    Ok(markers.map(<[u8]>::to_vec).collect())
}

/// The entries in which two trees differ, renames not looked for.
pub(crate) fn changes(repo: &Repository, from: Oid, to: Oid) -> Result<Diff<'_>> {
    let mut options = DiffOptions::new();
    options.skip_binary_check(true).include_typechange(true);
    let (from, to) = (repo.find_tree(from)?, repo.find_tree(to)?);
    Ok(repo.diff_tree_to_tree(Some(&from), Some(&to), Some(&mut options))?)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let dir = tempfile::tempdir().unwrap();
        let repo = Repository::init_bare(dir.path()).unwrap();
        let tree = |content: &str| {
            let mut builder = repo.treebuilder(None).unwrap();
            builder
                .insert("file", repo.blob(content.as_bytes()).unwrap(), 0o100_644)
                .unwrap();
            builder.write().unwrap()
        };
        let (plain, theirs) = (tree("a\n"), tree("b\n"));
        let marked = tree("<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n");
        let found = |theirs, ours, result| {
            new_markers(&repo, (plain, theirs), (ours, result))
                .unwrap()
                .len()
        };
        assert_eq!(found(theirs, plain, marked), 1);
        assert_eq!(
            found(marked, plain, marked),
            0,
            "the picked commit adds them"
        );
        assert_eq!(
            found(theirs, marked, tree(">>>>>>> theirs\nb\n")),
            0,
            "they were there"
        );
        assert_eq!(
            found(theirs, plain, tree("a <<<<<<< b\n=======\n")),
            0,
            "no markers"
        );
    }
}
