//! Who works in a folder.
//!
//! The locks are the kernel's (`flock`): a killed process holds none. A child process that was
//! handed [`WorkLock::handle`] keeps the lock until it has ended too.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::remove::remove_leftovers;

const LOCK_FILE: &str = ".lock";
/// How often a bounded wait looks again. The kernel knows no wait with an end.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Held while at work in a folder.
#[derive(Debug)]
#[must_use = "the work is over when this is dropped"]
pub struct WorkLock {
    file: File,
}

impl WorkLock {
    /// Joins the work in a folder, beside others that joined. Waits while somebody works there alone.
    /// Whoever comes first removes what killed processes left in the folders named.
    ///
    /// # Errors
    /// Where the folder cannot be made or locked, or a leftover cannot be removed.
    pub fn join(dir: &Path, leftovers_in: &[&Path]) -> io::Result<Self> {
        let file = open(&in_dir(dir)?)?;
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
        Ok(Self { file })
    }

    /// Works in a folder alone; waits until others are done, and removes what killed processes left.
    ///
    /// # Errors
    /// As [`WorkLock::join`].
    pub fn alone(dir: &Path) -> io::Result<Self> {
        let file = open(&in_dir(dir)?)?;
        file.lock()?;
        remove_leftovers(dir)?;
        Ok(Self { file })
    }

    /// [`WorkLock::alone`] without waiting: `None` where somebody is at work there.
    ///
    /// # Errors
    /// As [`WorkLock::join`].
    pub fn try_alone(dir: &Path) -> io::Result<Option<Self>> {
        let lock = Self::try_file(&in_dir(dir)?)?;
        if lock.is_some() {
            remove_leftovers(dir)?;
        }
        Ok(lock)
    }

    /// Locks one file, which is made where it is missing, for this holder alone. `None` where
    /// another one holds it.
    ///
    /// # Errors
    /// Where the file cannot be made or locked.
    pub fn try_file(path: &Path) -> io::Result<Option<Self>> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// [`WorkLock::try_file`], waiting for so long: a holder that hangs must not hang us. `None`
    /// where it still holds the lock then.
    ///
    /// # Errors
    /// As [`WorkLock::try_file`].
    pub fn file_within(path: &Path, wait: Duration) -> io::Result<Option<Self>> {
        let until = Instant::now() + wait;
        loop {
            let lock = Self::try_file(path)?;
            let left = until.saturating_duration_since(Instant::now());
            if lock.is_some() || left.is_zero() {
                return Ok(lock);
            }
            thread::sleep(LOOK_AGAIN.min(left));
        }
    }

    /// A copy of the locked, empty file, to be a child's standard input: the lock then lasts until
    /// that child has ended too, even where this process is killed before it.
    ///
    /// # Errors
    /// Where this process has too many open files.
    pub fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

fn in_dir(dir: &Path) -> io::Result<std::path::PathBuf> {
    fs::create_dir_all(dir)?;
    Ok(dir.join(LOCK_FILE))
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn only_the_first_cleans_up() {
        let dir = tempfile::tempdir().unwrap();
        let leftover = dir.path().join(".tmp-1");
        fs::write(&leftover, "").unwrap();
        let first = WorkLock::join(dir.path(), &[dir.path()]).unwrap();
        assert!(!leftover.exists());
        fs::write(&leftover, "").unwrap();
        let second = WorkLock::join(dir.path(), &[dir.path()]).unwrap();
        assert!(leftover.exists(), "the first one may be writing it");
        assert!(WorkLock::try_alone(dir.path()).unwrap().is_none());
        drop((first, second));
        let _alone = WorkLock::alone(dir.path()).unwrap();
        assert!(!leftover.exists());
    }

    #[test]
    fn a_wait_ends_with_the_lock_or_without() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = WorkLock::try_file(&path).unwrap().unwrap();
        let bounded = Duration::from_millis(50);
        assert!(WorkLock::file_within(&path, bounded).unwrap().is_none());
        thread::scope(|scope| {
            let waiting = scope.spawn(|| WorkLock::file_within(&path, Duration::from_secs(60)));
            drop(held);
            assert!(waiting.join().unwrap().unwrap().is_some());
        });
    }

    #[test]
    fn a_lock_lasts_as_long_as_a_child_that_was_handed_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let lock = WorkLock::try_file(&path).unwrap().unwrap();
        let mut command = Command::new("tail");
        command
            .args(["-f", "/dev/null"])
            .stdin(lock.handle().unwrap());
        let mut child = command.spawn().unwrap();
        // The command keeps a copy of the file until it is dropped.
        drop((command, lock));
        assert!(WorkLock::try_file(&path).unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(WorkLock::try_file(&path).unwrap().is_some());
    }
}
