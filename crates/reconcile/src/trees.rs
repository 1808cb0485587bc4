//! The trees that are exported for evaluation and packing, and who is at work in them.
//!
//! A tree that went missing under a running evaluation would look like the pull request's fault, so
//! that none is removed that somebody holds.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use picket_builder::Revision;
use tracing::warn;

/// How many hold each tree.
type Held = Mutex<BTreeMap<PathBuf, usize>>;

/// The exported trees of this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trees {
    held: Arc<Held>,
    /// Who removes trees: one at a time.
    removing: Arc<Mutex<()>>,
}

/// A commit's tree as files, for as long as this is held.
#[derive(Debug)]
pub(crate) struct HeldTree {
    revision: Revision,
    held: Arc<Held>,
}

impl HeldTree {
    pub(crate) fn revision(&self) -> &Revision {
        &self.revision
    }

    pub(crate) fn path(&self) -> &Path {
        &self.revision.tree
    }
}

impl Drop for HeldTree {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(holders) = held.get_mut(&self.revision.tree) {
            *holders -= 1;
            if *holders == 0 {
                held.remove(&self.revision.tree);
            }
        }
    }
}

impl Trees {
    /// Holds a tree, which need not be there yet.
    pub(crate) fn hold(&self, revision: Revision) -> HeldTree {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held.entry(revision.tree.clone()).or_default() += 1;
        drop(held);
        HeldTree {
            revision,
            held: Arc::clone(&self.held),
        }
    }

    /// Removes the trees below a folder that nobody holds, but for the one of this name; and what a
    /// process that was killed left of others.
    pub(crate) fn remove_idle(&self, below: &Path, but: Option<&str>) {
        let entries = std::fs::read_dir(below).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name().to_str() != but) {
            if let Err(error) = self.remove_if_idle(&entry.path()) {
                let path = entry.path();
                warn!(
                    "cannot remove {}, to be tried again: {error}",
                    path.display()
                );
            }
        }
    }

    /// It is out of its place when the lock ends, so that whoever wants it then exports it anew.
    fn remove_if_idle(&self, path: &Path) -> io::Result<()> {
        let alone = self.removing.lock();
        let _alone = alone.unwrap_or_else(PoisonError::into_inner);
        let tree = tree_of(path);
        let doomed = doomed(&tree);
        remove(&doomed)?;
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if path == doomed || held.contains_key(&tree) {
            return Ok(());
        }
        match std::fs::rename(path, &doomed) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            // Another one removed it, or what was being exported is in its place by now.
            Ok(()) | Err(_) => drop(held),
        }
        remove(&doomed)
    }
}

/// The tree that a folder is, or is to become: what is exported is `.REV.partial` until it is whole.
fn tree_of(path: &Path) -> PathBuf {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.and_then(|name| name.strip_prefix('.'));
    let of = name.and_then(|name| {
        let marks = [".partial", ".removed"].into_iter();
        marks.filter_map(|mark| name.strip_suffix(mark)).next()
    });
    of.map_or_else(|| path.to_owned(), |name| path.with_file_name(name))
}

/// Where a tree is while it is removed.
fn doomed(tree: &Path) -> PathBuf {
    let name = tree.file_name().unwrap_or_default().display();
    tree.with_file_name(format!(".{name}.removed"))
}

fn remove(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use picket_domain::CommitSha;

    use super::*;

    #[test]
    fn a_tree_that_somebody_holds_stays() {
        let dir = tempfile::tempdir().unwrap();
        let trees = Trees::default();
        let rev = CommitSha::parse(&"a".repeat(40)).unwrap();
        let tree = dir.path().join(rev.as_str());
        let hold = || {
            std::fs::create_dir_all(&tree).unwrap();
            let (rev, tree) = (rev.clone(), tree.clone());
            trees.hold(Revision { rev, tree })
        };
        let (one, other) = (hold(), hold());
        drop(one);
        let partial = dir.path().join(format!(".{rev}.partial"));
        std::fs::create_dir(&partial).unwrap();
        trees.remove_idle(dir.path(), None);
        assert!(tree.exists());
        assert!(partial.exists(), "it is being exported");
        drop(other);
        trees.remove_idle(dir.path(), Some(rev.as_str()));
        assert!(tree.exists(), "the next build needs it again");
        let left = dir.path().join(format!(".{}.removed", "b".repeat(40)));
        std::fs::create_dir(&left).unwrap();
        trees.remove_idle(dir.path(), None);
        let still_there = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(still_there, 0);
    }

    #[test]
    fn trees_are_removed_from_two_sides_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let trees = Trees::default();
        for round in 0..50 {
            let tree = dir.path().join(format!("{round:040}"));
            std::fs::create_dir_all(tree.join("pkgs")).unwrap();
            let remove = || trees.remove_if_idle(&tree);
            std::thread::scope(|scope| {
                let two = [scope.spawn(remove), scope.spawn(remove)];
                for one in two {
                    one.join().unwrap().unwrap();
                }
            });
            assert!(!tree.exists());
        }
    }
}
