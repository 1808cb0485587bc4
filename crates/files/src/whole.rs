//! Files that are there whole or not at all, and stay there after a power cut.
//!
//! Everything is written under a temporary name in its own folder, synced, and renamed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::NamedTempFile;

/// How temporary names begin. Nothing that others look for begins so.
pub const TEMPORARY: &str = ".tmp-";

const PUBLIC: u32 = 0o644;
const PRIVATE: u32 = 0o600;

/// A new temporary file in this folder, readable by everybody once it has its name.
///
/// It is removed when it is dropped without having got one.
///
/// # Errors
/// Where it cannot be made.
pub fn temporary_file(dir: &Path) -> io::Result<NamedTempFile> {
    with_mode(dir, PUBLIC)
}

fn with_mode(dir: &Path, mode: u32) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(TEMPORARY)
        .permissions(fs::Permissions::from_mode(mode))
        .tempfile_in(dir)
}

/// Writes a file, in place of the one that may be there.
///
/// # Errors
/// Where the file cannot be written; the old one is whole then.
pub fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    synced(path, content, PUBLIC)?.persist(path)?;
    sync_parent(path)
}

/// [`write_whole`], for what its owner alone may read.
///
/// # Errors
/// As [`write_whole`].
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    synced(path, content, PRIVATE)?.persist(path)?;
    sync_parent(path)
}

/// Writes a file unless there is one of this name already; says whether it did. The caller syncs
/// the folder ([`sync_dir`]), once for many files.
///
/// # Errors
/// Where the file cannot be written.
pub fn create_whole(path: &Path, content: &[u8]) -> io::Result<bool> {
    match synced(path, content, PUBLIC)?.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

fn synced(path: &Path, content: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    let mut file = with_mode(parent(path)?, mode)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes a rename or a new name in the path's folder survive a power cut.
///
/// # Errors
/// Where the folder cannot be synced.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    sync_dir(parent(path)?)
}

/// Makes the names in a folder survive a power cut.
///
/// # Errors
/// Where it cannot be synced.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

pub(crate) fn parent(path: &Path) -> io::Result<&Path> {
    match path.parent() {
        Some(dir) if dir.as_os_str().is_empty() => Ok(Path::new(".")),
        Some(dir) => Ok(dir),
        None => Err(io::Error::other("a path without a folder")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_created_once_and_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        assert!(create_whole(&path, b"one").unwrap());
        assert!(!create_whole(&path, b"two").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write_whole(&path, b"three").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("folder");
        fs::create_dir_all(path.join("x")).unwrap();
        write_whole(&path, b"new").unwrap_err();
        assert!(path.join("x").exists());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        write_whole(&dir.path().join("absent/file"), b"new").unwrap_err();
    }

    #[test]
    fn what_is_private_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (open, closed) = (dir.path().join("open"), dir.path().join("closed"));
        write_whole(&open, b"").unwrap();
        write_private(&closed, b"").unwrap();
        assert_eq!((mode(&open), mode(&closed)), (0o644, 0o600));
    }
}
