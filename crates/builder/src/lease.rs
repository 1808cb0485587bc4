//! Leases on what belongs to a revision: whoever works with it holds one, so that it is not
//! collected meanwhile.
//!
//! `<state folder>/leases/<revision>` is locked, shared by those who work and by one alone who
//! removes. The kernel lets go of the lock when its process ends, however that happens.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use picket_domain::CommitSha;
use tokio::task::spawn_blocking;

use crate::error::BuildError;

/// How often a lock that another has is tried. It is held for as long as files are removed.
const TRY_EVERY: Duration = Duration::from_millis(20);

/// Keeps what belongs to a revision, for as long as it lives.
#[derive(Debug)]
pub struct Lease {
    locked: File,
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Closing would not do: a process that is being started by another thread has a copy of the
        // descriptor until it becomes its program.
        let _ = self.locked.unlock();
    }
}

/// The folder of leases.
#[derive(Debug, Clone)]
pub(crate) struct Leases {
    dir: PathBuf,
}

impl Leases {
    pub(crate) fn new(state_dir: &Path) -> Self {
        Self {
            dir: state_dir.join("leases"),
        }
    }

    /// Takes a lease, as soon as nobody removes what it is for.
    pub(crate) async fn take(
        &self,
        rev: &CommitSha,
        within: Duration,
    ) -> Result<Lease, BuildError> {
        let file = self.dir.join(rev.as_str());
        let path = file.clone();
        let taken = spawn_blocking(move || take(&path, within)).await;
        let taken = taken.map_err(io::Error::other).flatten();
        taken.map_err(BuildError::file(&file))
    }

    /// Claims what belongs to a revision in order to remove it; `None`: it is in use.
    pub(crate) fn claim(&self, rev: &CommitSha) -> io::Result<Option<Claim>> {
        let path = self.dir.join(rev.as_str());
        let file = open(&path)?;
        match file.try_lock() {
            Ok(()) if is_at(&file, &path)? => Ok(Some(Claim { file, path })),
            Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The right to remove what belongs to a revision. The lease's file goes with it.
#[derive(Debug)]
pub(crate) struct Claim {
    file: File,
    path: PathBuf,
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Removed while it is locked: who waits for the lock sees that it is another file now. One
        // that stays is removed another time.
        let _ = fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

fn take(path: &Path, within: Duration) -> io::Result<Lease> {
    let deadline = Instant::now() + within;
    loop {
        let file = open(path)?;
        match file.try_lock_shared() {
            Ok(()) if is_at(&file, path)? => return Ok(Lease { locked: file }),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        if Instant::now() >= deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        sleep(TRY_EVERY);
    }
}

fn open(path: &Path) -> io::Result<File> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
}

/// Whether the file is still the one at this path, and not one that was removed meanwhile.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(there) => Ok(there.ino() == file.metadata()?.ino()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lease_is_over_though_a_child_that_is_being_started_has_a_copy() {
        let dir = tempfile::tempdir().unwrap();
        let leases = Leases::new(dir.path());
        let rev = CommitSha::parse(&"a1".repeat(20)).unwrap();
        let lease = leases.take(&rev, Duration::ZERO).await.unwrap();
        let copy = lease.locked.try_clone().unwrap();
        assert!(leases.claim(&rev).unwrap().is_none(), "it is in use");
        drop(lease);
        assert!(leases.claim(&rev).unwrap().is_some());
        drop(copy);
    }
}
