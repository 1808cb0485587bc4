//! One writer of the mirror's references at a time, and none that blocks after its death.
//!
//! Git guards a reference by a file `<reference>.lock`, which stays behind when its writer is
//! killed and then blocks every later writer. The mirror has therefore a lock above those: an
//! advisory lock of the operating system on the file `picket.lock`, which ends with its holder.
//! Whoever holds it knows that every `.lock` file of a reference, and every half-received pack, is
//! a dead writer's, and removes those in its way. This is sound because the mirror is Picket's
//! alone, and because a `git` that Picket starts is handed the locked file as its standard input:
//! the lock lasts until that `git` has ended too, even where Picket was killed before it.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::error::{MirrorError, Result, at};

/// Lock files that every writer of references, or of what describes the objects, takes.
const SHARED_LOCKS: [&str; 6] = [
    "packed-refs.lock",
    "shallow.lock",
    "objects/pack/multi-pack-index.lock",
    "objects/info/commit-graph.lock",
    "objects/info/commit-graphs/commit-graph-chain.lock",
    "gc.pid.lock",
];

/// The proof that nobody else writes the mirror's references.
#[derive(Debug)]
pub(crate) struct WriteLock {
    dir: PathBuf,
    file: File,
}

impl WriteLock {
    /// Waits until no other process or thread holds the lock, but not for ever.
    pub(crate) fn take(dir: &Path, wait: Duration) -> Result<Self> {
        let path = dir.join("picket.lock");
        let file = open(&path)?;
        wait_for(&path, wait, || file.try_lock())?;
        let dir = dir.to_owned();
        Ok(Self { dir, file })
    }

    /// The locked file as the standard input of a child, which so keeps the lock while it lives.
    /// The file is empty.
    pub(crate) fn stdin(&self) -> Result<Stdio> {
        let copy = self.file.try_clone().map_err(at(&self.dir))?;
        Ok(copy.into())
    }

    /// Removes what a killed writer of these references left behind.
    pub(crate) fn clear_stale<'a>(&self, refs: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let refs = refs
            .into_iter()
            .map(|name| self.dir.join(format!("{name}.lock")));
        for path in refs.chain(SHARED_LOCKS.map(|name| self.dir.join(name))) {
            if remove_if_there(&path).map_err(at(&path))? {
                tracing::warn!(path = %path.display(), "removed a lock file of a writer that was killed");
            }
        }
        Ok(())
    }

    /// Removes the packs that a killed fetch had half received; they can be gigabytes.
    pub(crate) fn clear_half_packs(&self) -> Result<()> {
        let packs = self.dir.join("objects/pack");
        let entries = match fs::read_dir(&packs) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(at(packs)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(at(&packs))?;
            if entry.file_name().as_encoded_bytes().starts_with(b"tmp_") {
                remove_if_there(&entry.path()).map_err(at(entry.path()))?;
            }
        }
        Ok(())
    }
}

/// The file that readers lock.
pub(crate) const READERS: &str = "picket-readers.lock";

/// The proof that nothing that is in the mirror is taken away meanwhile. Any number of readers have
/// it at once; upkeep has it alone for the moment in which it removes what is stored twice.
#[derive(Debug)]
pub struct Reading(#[expect(dead_code, reason = "the lock is let go with it")] Option<File>);

impl Reading {
    pub(crate) fn start(dir: &Path, wait: Duration) -> Result<Self> {
        let path = dir.join(READERS);
        // Other repositories than a mirror are read as well, and have no upkeep of Picket's.
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self(None)),
            Err(error) => return Err(at(path)(error)),
        };
        wait_for(&path, wait, || file.try_lock_shared())?;
        Ok(Self(Some(file)))
    }
}

/// The proof that nobody reads the mirror; `None` where somebody does.
pub(crate) fn exclusive(dir: &Path) -> Result<Option<File>> {
    let path = dir.join(READERS);
    let file = open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(at(path)(error)),
    }
}

fn open(path: &Path) -> Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).read(true).write(true);
    options.open(path).map_err(at(path))
}

/// How often it is looked whether a lock is free.
const LOOK: Duration = Duration::from_millis(20);

fn wait_for(
    path: &Path,
    wait: Duration,
    mut lock: impl FnMut() -> std::result::Result<(), TryLockError>,
) -> Result<()> {
    let start = Instant::now();
    loop {
        match lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(at(path)(error)),
            Err(TryLockError::WouldBlock) if start.elapsed() >= wait => {
                let path = path.to_owned();
                return Err(MirrorError::Busy { path, wait });
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK),
        }
    }
}

fn remove_if_there(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        // A folder on the reference's way does not exist either.
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_lock_lasts_as_long_as_a_child_that_was_handed_it() {
        let dir = tempfile::tempdir().unwrap();
        let lock = WriteLock::take(dir.path(), Duration::ZERO).unwrap();
        let mut command = Command::new("tail");
        command
            .args(["-f", "/dev/null"])
            .stdin(lock.stdin().unwrap());
        let mut child = command.spawn().unwrap();
        // The command keeps a copy of the file until it is dropped.
        drop((command, lock));
        let other = File::open(dir.path().join("picket.lock")).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(other.try_lock().is_ok());
    }

    #[test]
    fn waiting_for_a_lock_ends_and_names_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let held = WriteLock::take(dir.path(), Duration::ZERO).unwrap();
        let error = WriteLock::take(dir.path(), Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().contains("picket.lock"), "{error}");
        drop(held);
        WriteLock::take(dir.path(), Duration::ZERO).unwrap();
    }
}
