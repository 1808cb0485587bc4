//! Small files, as they were read last.
//!
//! Every server asks for the same narinfos at every update. Whether a file is still the one that was
//! read is asked of the system each time, which is one call instead of six and a hash.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Bytes;
use picket_domain::Sha256;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::content::{SMALL, read};

/// So many bytes are kept at most: the narinfos of some 50,000 store paths.
const ROOM: u64 = 64 << 20;
/// What a file takes besides its bytes and its path.
const ENTRY: usize = 300;

/// The small files that are asked for the most.
#[derive(Debug)]
pub struct SmallFiles(Cache<PathBuf, Arc<SmallFile>, BySize>);

impl Default for SmallFiles {
    fn default() -> Self {
        let entries = ROOM / (2 * ENTRY as u64);
        Self(Cache::with_weighter(entries as usize, ROOM, BySize))
    }
}

#[derive(Debug, Clone)]
struct BySize;

impl Weighter<PathBuf, Arc<SmallFile>> for BySize {
    fn weight(&self, path: &PathBuf, file: &Arc<SmallFile>) -> u64 {
        (ENTRY + path.as_os_str().len() + file.content.len()) as u64
    }
}

/// A file of at most [`SMALL`] bytes.
#[derive(Debug)]
pub(super) struct SmallFile {
    pub(super) content: Bytes,
    /// The hash of its content, in hexadecimal.
    pub(super) hash: String,
    pub(super) modified: SystemTime,
    written: Written,
}

/// What no two contents of a path have in common: files are replaced as a whole.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    device: u64,
    inode: u64,
    length: u64,
    changed: (i64, i64),
}

impl Written {
    fn of(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
            length: file.len(),
            changed: (file.ctime(), file.ctime_nsec()),
        }
    }
}

impl SmallFiles {
    /// The file at this path as it is now.
    ///
    /// # Errors
    /// Where it is not there, is no file or too long, or cannot be read.
    pub(super) fn at(&self, path: &Path) -> io::Result<Arc<SmallFile>> {
        let now = Written::of(&fs::metadata(path)?);
        if let Some(kept) = self.0.get(path).filter(|kept| kept.written == now) {
            return Ok(kept);
        }
        let file = Arc::new(SmallFile::read(path)?);
        self.0.insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }
}

impl SmallFile {
    fn read(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let found = file.metadata()?;
        if found.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if found.len() > SMALL {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let content = read(&file, &(0..found.len()))?;
        Ok(Self {
            hash: Sha256::of(&content).to_string(),
            content,
            modified: found.modified()?,
            written: Written::of(&found),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_replaced_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let files = SmallFiles::default();
        let absent = files.at(&path).unwrap_err();
        assert_eq!(absent.kind(), io::ErrorKind::NotFound);
        for content in ["one", "two"] {
            let written = dir.path().join("new");
            fs::write(&written, content).unwrap();
            fs::rename(&written, &path).unwrap();
            for _ in 0..2 {
                assert_eq!(files.at(&path).unwrap().content, content);
            }
        }
        let (first, second) = (files.at(&path).unwrap(), files.at(&path).unwrap());
        assert!(Arc::ptr_eq(&first, &second), "it was read once");
        fs::remove_file(&path).unwrap();
        let gone = files.at(&path).unwrap_err();
        assert_eq!(gone.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn what_is_not_small_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, vec![0; SMALL as usize + 1]).unwrap();
        let files = SmallFiles::default();
        let kind = |path| files.at(path).unwrap_err().kind();
        assert_eq!(kind(&path), io::ErrorKind::FileTooLarge);
        assert_eq!(kind(dir.path()), io::ErrorKind::IsADirectory);
    }
}
