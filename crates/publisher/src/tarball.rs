//! The two compressed archives of a release, from one pass over the tree.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use liblzma::stream::{Check, MtStreamBuilder};
use liblzma::write::XzEncoder;

use crate::digest::{CHUNK, Hashing};
use crate::error::{AtPath, PublishError};
use crate::manifest::FileDigest;
use crate::publisher::CacheSettings;
use crate::tree::{self, TarError, Tree};

/// Blocks of a fixed size are compressed on their own, so that the bytes do not depend on the
/// number of threads. Several dictionaries long at every common preset, so that little is lost.
const XZ_BLOCK: u64 = 24 * 1024 * 1024;
/// Each takes about 90 MB at the default preset, 170 MB at preset 6.
const XZ_THREADS_MAX: usize = 8;
/// What is handed to the compressors at a time, and how many such pieces may wait.
const PIECE: usize = 1024 * 1024;
const WAITING: usize = 8;

type Piece = Arc<Vec<u8>>;

/// The digests of the two archives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tarballs {
    pub(crate) xz: FileDigest,
    pub(crate) zst: FileDigest,
}

/// Packs the tree once and writes both archives, each on its own threads.
pub(crate) fn write(
    tree: &Tree<'_>,
    xz: &Path,
    zst: &Path,
    settings: &CacheSettings,
) -> Result<Tarballs, PublishError> {
    let (to_xz, for_xz) = sync_channel(WAITING);
    let (to_zst, for_zst) = sync_channel(WAITING);
    thread::scope(|scope| {
        let xz_done = scope.spawn(|| compress_xz(for_xz, xz, settings).at(xz));
        let zst_done = scope.spawn(|| compress_zst(for_zst, zst, settings).at(zst));
        let packed = tree::pack(tree, Tee::new([to_xz, to_zst])).and_then(|tee| Ok(tee.finish()?));
        let xz = xz_done.join().expect("compressing does not panic");
        let zst = zst_done.join().expect("compressing does not panic");
        match packed {
            Err(TarError::Tree(error)) => Err(error),
            // A compressor that stops taking pieces has an error of its own, which says why.
            Err(TarError::Write(error)) => {
                xz.and(zst)?;
                Err(PublishError::Tree(error.to_string()))
            }
            Ok(()) => Ok(Tarballs { xz: xz?, zst: zst? }),
        }
    })
}

fn compress_xz(
    pieces: Receiver<Piece>,
    path: &Path,
    settings: &CacheSettings,
) -> io::Result<FileDigest> {
    let threads = settings.threads.get().min(XZ_THREADS_MAX) as u32;
    let stream = MtStreamBuilder::new()
        .preset(settings.xz_preset)
        .check(Check::Crc64)
        .block_size(XZ_BLOCK)
        .threads(threads)
        .encoder()?;
    let mut encoder = XzEncoder::new_stream(output(path)?, stream);
    for piece in pieces {
        encoder.write_all(&piece)?;
    }
    finish(encoder.finish()?)
}

fn compress_zst(
    pieces: Receiver<Piece>,
    path: &Path,
    settings: &CacheSettings,
) -> io::Result<FileDigest> {
    let mut encoder = zstd::Encoder::new(output(path)?, settings.zstd_level)?;
    encoder.include_checksum(true)?;
    for piece in pieces {
        encoder.write_all(&piece)?;
    }
    finish(encoder.finish()?)
}

fn output(path: &Path) -> io::Result<Hashing<BufWriter<File>>> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    Ok(Hashing::new(BufWriter::with_capacity(CHUNK, file)))
}

fn finish(output: Hashing<BufWriter<File>>) -> io::Result<FileDigest> {
    let (buffered, sha256, size) = output.finish();
    let file = buffered
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(FileDigest { sha256, size })
}

/// Hands everything that is written to it to both compressors, in large pieces.
struct Tee {
    piece: Vec<u8>,
    to: [SyncSender<Piece>; 2],
}

impl Tee {
    fn new(to: [SyncSender<Piece>; 2]) -> Self {
        let piece = Vec::with_capacity(PIECE);
        Self { piece, to }
    }

    fn send(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        let piece = Arc::new(piece);
        for to in &self.to {
            let stopped = |_| io::Error::other("a compressor stopped");
            to.send(Arc::clone(&piece)).map_err(stopped)?;
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.send()
    }
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..n]);
        if self.piece.len() == PIECE {
            self.send()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;

    fn settings(threads: usize) -> CacheSettings {
        CacheSettings {
            threads: NonZeroUsize::new(threads).unwrap(),
            xz_preset: 0,
            zstd_level: 1,
            ..CacheSettings::default()
        }
    }

    fn tree(dir: &Path) -> Tree<'_> {
        Tree {
            files: dir,
            top: "top",
            added: &[],
        }
    }

    /// More than one block, of something that does not compress to nothing.
    fn large_file(path: &Path) {
        let numbers = (0..1 << 18_u32).map(|n: u32| n.wrapping_mul(2_654_435_761) >> 7);
        let mebibyte: Vec<u8> = numbers.flat_map(u32::to_le_bytes).collect();
        std::fs::write(path, mebibyte.repeat(26)).unwrap();
    }

    #[test]
    fn the_bytes_do_not_depend_on_the_threads() {
        let dir = tempfile::tempdir().unwrap();
        let files = dir.path().join("files");
        std::fs::create_dir(&files).unwrap();
        large_file(&files.join("large"));
        let [one, three] = [1, 3].map(|threads| {
            let at = |name: &str| dir.path().join(format!("{name}-{threads}"));
            write(&tree(&files), &at("xz"), &at("zst"), &settings(threads)).unwrap()
        });
        assert_eq!(one.xz, three.xz);
        assert_eq!(one.zst, three.zst);
    }

    #[test]
    fn a_compressor_that_cannot_write_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let nowhere = dir.path().join("nowhere/xz");
        let zst = dir.path().join("zst");
        let error = write(&tree(dir.path()), &nowhere, &zst, &settings(1)).unwrap_err();
        assert!(error.to_string().contains("nowhere/xz"), "{error}");
    }
}
