//! Who works in a folder.
//!
//! The locks are the kernel's (`flock`): a killed process holds none.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use crate::files::remove_leftovers;

const LOCK_FILE: &str = ".lock";

/// Held while at work in a folder.
#[derive(Debug)]
#[must_use]
pub(crate) struct WorkLock {
    _file: File,
}

/// Joins the work in a folder, beside others. Whoever comes first removes what killed processes
/// left, in the folders named.
pub(crate) fn join(dir: &Path, leftovers_in: &[&Path]) -> io::Result<WorkLock> {
    let file = open(dir)?;
    match file.try_lock() {
        Ok(()) => leftovers_in
            .iter()
            .try_for_each(|dir| remove_leftovers(dir))?,
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    // Between giving up the one lock and getting the other, another process may clean up: it
    // finds nothing of ours yet.
    file.unlock()?;
    file.lock_shared()?;
    Ok(WorkLock { _file: file })
}

/// Works in a folder alone; waits until others are done, and removes what killed processes left.
pub(crate) fn alone(dir: &Path) -> io::Result<WorkLock> {
    let file = open(dir)?;
    file.lock()?;
    remove_leftovers(dir)?;
    Ok(WorkLock { _file: file })
}

fn open(dir: &Path) -> io::Result<File> {
    fs::create_dir_all(dir)?;
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    options.open(dir.join(LOCK_FILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_cleans_up() {
        let dir = tempfile::tempdir().unwrap();
        let leftover = dir.path().join(".tmp-1");
        fs::write(&leftover, "").unwrap();
        let first = join(dir.path(), &[dir.path()]).unwrap();
        assert!(!leftover.exists());
        fs::write(&leftover, "").unwrap();
        let _second = join(dir.path(), &[dir.path()]).unwrap();
        assert!(leftover.exists(), "the first one may be writing it");
        drop((first, _second));
        let _alone = alone(dir.path()).unwrap();
        assert!(!leftover.exists());
    }
}
