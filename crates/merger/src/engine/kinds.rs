//! Entries on whose kind the sides disagree, where libgit2 makes a choice and git does not.
//!
//! - One side turns a file into a symbolic link or back, and the other one renames or deletes it:
//!   libgit2 moves the link.
//! - Both add the same content, one of them as an executable: libgit2 takes one of the modes.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use git2::{Delta, Oid, Repository, Tree, TreeEntry};
use picket_domain::{Conflict, ConflictKind, Versions};

use crate::error::Result;
use crate::guard::changes;

/// The bits of a mode that tell files, links and submodules apart.
const KIND: i32 = 0o170_000;

/// The entries that git calls a conflict for their kinds alone; ordered by path.
pub(super) fn disagreements(
    repo: &Repository,
    base: Oid,
    ours: Oid,
    theirs: Oid,
) -> Result<Vec<Conflict>> {
    let (base_tree, ours_tree) = (repo.find_tree(base)?, repo.find_tree(ours)?);
    let mut found = Vec::new();
    for delta in changes(repo, base, theirs)?.deltas() {
        let path = delta.old_file().path_bytes().unwrap_or_default();
        let (before, here) = (entry(&base_tree, path), entry(&ours_tree, path));
        let new = delta.new_file();
        let kind = match (delta.status(), before, here) {
            (Delta::Typechange, _, None) => ConflictKind::DeletedByUs,
            (Delta::Deleted, Some(before), Some(here)) if kind(&before) != kind(&here) => {
                ConflictKind::DeletedByThem
            }
            (Delta::Added, None, Some(here))
                if here.id() == new.id() && here.filemode() != i32::from(new.mode()) =>
            {
                ConflictKind::BothAdded
            }
            _ => continue,
        };
        let path = String::from_utf8_lossy(path).into_owned();
        found.push(Conflict {
            path,
            kind,
            versions: Versions::default(),
        });
    }
    Ok(found)
}

fn entry(tree: &Tree<'_>, path: &[u8]) -> Option<TreeEntry<'static>> {
    tree.get_path(Path::new(OsStr::from_bytes(path))).ok()
}

fn kind(entry: &TreeEntry<'_>) -> i32 {
    entry.filemode() & KIND
}
