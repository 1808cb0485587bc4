//! Files that one side adds to a folder which the other side moved away.
//!
//! Git sees that the folder was renamed, and calls it a conflict which of the two places the file
//! belongs to (`merge.directoryRenames=conflict`, its default). libgit2 knows no renamed folders
//! and leaves the file at the old place, away from the files that name it: a patch for a package
//! that went to `pkgs/by-name`, say. It is a conflict here too.

use git2::{Delta, DiffFindOptions, Oid, Repository, Tree};
use picket_domain::{Conflict, ConflictKind, Versions};

use crate::error::Result;
use crate::guard::changes;

/// The files that either side adds where the other one has moved the folder away; ordered by path.
pub(super) fn files_left_behind(
    repo: &Repository,
    base: Oid,
    ours: Oid,
    theirs: Oid,
) -> Result<Vec<Conflict>> {
    let mut found = added_below_moved(repo, base, ours, theirs)?;
    // The other way round is rare, and costs a look at all that differs between the branches.
    if !vanished_folders(repo, base, theirs)?.is_empty() {
        found.extend(added_below_moved(repo, base, theirs, ours)?);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The files that `adder` adds to folders which `base` has and `mover` renamed.
fn added_below_moved(
    repo: &Repository,
    base: Oid,
    mover: Oid,
    adder: Oid,
) -> Result<Vec<Conflict>> {
    let (base_tree, mover_tree) = (repo.find_tree(base)?, repo.find_tree(mover)?);
    let mut suspects = Vec::new();
    for delta in changes(repo, base, adder)?.deltas() {
        let path = delta.new_file().path_bytes().unwrap_or_default();
        if delta.status() == Delta::Added
            && let Some(folder) = nearest_folder(&base_tree, path)
            && !is_folder(&mover_tree, &folder)
        {
            suspects.push((folder, path.to_vec()));
        }
    }
    if suspects.is_empty() {
        return Ok(Vec::new());
    }
    let renamed = renamed_paths(repo, base, mover)?;
    suspects.retain(|(folder, _)| renamed.iter().any(|path| path.starts_with(folder)));
    let conflicts = suspects.iter().map(|(_, path)| Conflict {
        path: String::from_utf8_lossy(path).into_owned(),
        kind: ConflictKind::Other,
        versions: Versions::default(),
    });
    Ok(conflicts.collect())
}

/// The folders that a side no longer has, each with a slash at its end.
fn vanished_folders(repo: &Repository, base: Oid, side: Oid) -> Result<Vec<Vec<u8>>> {
    let side_tree = repo.find_tree(side)?;
    let diff = changes(repo, base, side)?;
    let removed = diff
        .deltas()
        .filter(|delta| delta.status() == Delta::Deleted);
    let folders = removed.filter_map(|delta| folder_of(delta.old_file().path_bytes()?));
    Ok(folders
        .filter(|folder| !is_folder(&side_tree, folder))
        .map(<[u8]>::to_vec)
        .collect())
}

/// Where the files were that a side renamed.
fn renamed_paths(repo: &Repository, base: Oid, side: Oid) -> Result<Vec<Vec<u8>>> {
    let mut diff = changes(repo, base, side)?;
    let mut options = DiffFindOptions::new();
    options
        .renames(true)
        .rename_limit(super::RENAME_LIMIT as usize);
    diff.find_similar(Some(&mut options))?;
    let renamed = diff
        .deltas()
        .filter(|delta| delta.status() == Delta::Renamed);
    Ok(renamed
        .filter_map(|delta| Some(delta.old_file().path_bytes()?.to_vec()))
        .collect())
}

/// The innermost folder on a path that the tree has, but not the tree itself.
fn nearest_folder(tree: &Tree<'_>, path: &[u8]) -> Option<Vec<u8>> {
    let mut folder = folder_of(path)?;
    while !is_folder(tree, folder) {
        folder = folder_of(&folder[..folder.len() - 1])?;
    }
    Some(folder.to_vec())
}

/// A path up to and with its last slash.
fn folder_of(path: &[u8]) -> Option<&[u8]> {
    let slash = path.iter().rposition(|byte| *byte == b'/')?;
    Some(&path[..=slash])
}

fn is_folder(tree: &Tree<'_>, folder: &[u8]) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let path = std::path::Path::new(std::ffi::OsStr::from_bytes(folder));
    tree.get_path(path)
        .is_ok_and(|entry| entry.kind() == Some(git2::ObjectType::Tree))
}
