//! Hashing what is read or written, on its way.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use picket_domain::Sha256;
use sha2::Digest;

/// What a file holds is read in pieces of this size.
pub(crate) const CHUNK: usize = 256 * 1024;

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
    fn hashing_sees_every_byte() {
        let mut hashing = Hashing::new(Vec::new());
        copy(&mut &b"some bytes"[..], &mut hashing).unwrap();
        let (written, digest, size) = hashing.finish();
        assert_eq!((written.as_slice(), size), (&b"some bytes"[..], 10));
        assert_eq!(digest, Sha256::of(b"some bytes"));
    }
}
