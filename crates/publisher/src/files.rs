//! Files that are there whole or not at all, and stay there after a power cut.
//!
//! Everything is written under a temporary name in its own folder, synced, and renamed. What a
//! killed process left under such a name means nothing to anybody, and is removed by the next one.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use picket_domain::Sha256;
use sha2::Digest;
use tempfile::NamedTempFile;

/// How temporary names begin. No name that is served begins with a dot.
pub(crate) const TEMPORARY: &str = ".tmp-";

/// What a file holds is read in pieces of this size.
pub(crate) const CHUNK: usize = 256 * 1024;

/// A new temporary file in this folder, readable by everybody once it has its name.
pub(crate) fn temporary_in(dir: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    tempfile::Builder::new()
        .prefix(TEMPORARY)
        .permissions(fs::Permissions::from_mode(0o644))
        .tempfile_in(dir)
}

/// Writes a file, in place of the one that may be there.
pub(crate) fn write_atomically(path: &Path, content: &[u8]) -> io::Result<()> {
    synced(path, content)?.persist(path)?;
    sync_parent(path)
}

/// Writes a file unless there is one of this name already; says whether it did. The caller syncs
/// the folder, once for many files.
pub(crate) fn create_atomically(path: &Path, content: &[u8]) -> io::Result<bool> {
    match synced(path, content)?.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

fn synced(path: &Path, content: &[u8]) -> io::Result<NamedTempFile> {
    let mut file = temporary_in(parent(path)?)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes a rename or a new name in the path's folder survive a power cut.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    sync_dir(parent(path)?)
}

/// Makes the names in a folder survive a power cut.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn parent(path: &Path) -> io::Result<&Path> {
    match path.parent() {
        Some(dir) if dir.as_os_str().is_empty() => Ok(Path::new(".")),
        Some(dir) => Ok(dir),
        None => Err(io::Error::other("a path without a folder")),
    }
}

/// The file's content, or `None` where there is no such file. Longer than `limit` is an error.
pub(crate) fn read_if_there(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut content = Vec::new();
    file.take(limit + 1).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(io::Error::other(format!("more than {limit} bytes long")));
    }
    Ok(Some(content))
}

/// Removes what killed processes left in this folder. The caller makes sure that no living one is
/// at work there.
pub(crate) fn remove_leftovers(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if !entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(TEMPORARY.as_bytes())
        {
            continue;
        }
        let removed = if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())
        } else {
            fs::remove_file(entry.path())
        };
        if let Err(error) = removed
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
    }
    Ok(())
}

/// A file's hash and size.
pub(crate) fn digest_of_file(path: &Path) -> io::Result<(Sha256, u64)> {
    let mut hashing = Hashing::new(io::sink());
    copy(&mut File::open(path)?, &mut hashing)?;
    let (_, digest, size) = hashing.finish();
    Ok((digest, size))
}

/// Copies everything, in pieces of [`CHUNK`].
pub(crate) fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<u64> {
    let mut buffer = vec![0; CHUNK];
    let mut copied = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(copied),
            Ok(n) => {
                to.write_all(&buffer[..n])?;
                copied += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Hashes and counts what goes through it, on its way to a writer or from a reader.
pub(crate) struct Hashing<T> {
    inner: T,
    hasher: sha2::Sha256,
    size: u64,
}

impl<T> Hashing<T> {
    pub(crate) fn new(inner: T) -> Self {
        let hasher = sha2::Sha256::new();
        Self {
            inner,
            hasher,
            size: 0,
        }
    }

    pub(crate) fn finish(self) -> (T, Sha256, u64) {
        let digest = Sha256::from_bytes(self.hasher.finalize().into());
        (self.inner, digest, self.size)
    }

    fn passed(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(buffer)?;
        self.passed(&buffer[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.passed(&buffer[..n]);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_created_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        assert!(create_atomically(&path, b"one").unwrap());
        assert!(!create_atomically(&path, b"two").unwrap());
        assert_eq!(read_if_there(&path, 3).unwrap().unwrap(), b"one");
        write_atomically(&path, b"three").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert!(read_if_there(&path, 4).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn leftovers_go_and_the_rest_stays() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".tmp-abc"), "half").unwrap();
        fs::create_dir_all(dir.path().join(".tmp-def/x")).unwrap();
        fs::write(dir.path().join("whole"), "whole").unwrap();
        remove_leftovers(dir.path()).unwrap();
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
    }

    #[test]
    fn hashing_sees_every_byte() {
        let mut hashing = Hashing::new(Vec::new());
        copy(&mut &b"some bytes"[..], &mut hashing).unwrap();
        let (written, digest, size) = hashing.finish();
        assert_eq!((written.as_slice(), size), (&b"some bytes"[..], 10));
        assert_eq!(digest, Sha256::of(b"some bytes"));
    }
}
