//! The two compressed archives of a release, from one pass over the tree.
//!
//! The archive is cut into blocks, each of which is compressed on its own, several at a time, and kept: of
//! the next release's archive only those are compressed anew that differ.

mod block;
mod container;
mod layout;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use self::block::Compressed;
use self::container::Sizes;
use self::layout::Cuts;
use crate::digest::{CHUNK, Hashing};
use crate::error::{AtPath, PublishError};
use crate::listing::listing;
use crate::manifest::FileDigest;
use crate::settings::CacheSettings;
use crate::tree::{self, Entries, TarError, Tree};

pub(crate) use self::block::KeptBlocks;

/// Each takes about 220 MB.
const THREADS_MAX: usize = 4;

/// The digests of the two archives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tarballs {
    pub(crate) xz: FileDigest,
    pub(crate) zst: FileDigest,
}

/// A block and its place.
type Numbered<T> = (usize, T);

/// Packs the tree once and writes both archives.
pub(crate) fn write(
    tree: &Tree<'_>,
    [xz, zst]: [&Path; 2],
    settings: &CacheSettings,
    kept: &KeptBlocks,
) -> Result<Tarballs, PublishError> {
    let listing = listing(tree.files)?;
    let cuts = layout::cuts(&listing);
    let threads = settings.threads.get().min(THREADS_MAX);
    let (to_compress, blocks) = sync_channel(0);
    let (to_write, compressed) = sync_channel(threads);
    // It is gone with the last thread, so that nobody waits for one to take a block.
    let blocks = Arc::new(Mutex::new(blocks));
    thread::scope(|scope| {
        let writing = scope.spawn(|| Archives::create(xz, zst)?.write(compressed));
        for _ in 0..threads {
            let (blocks, to_write) = (Arc::clone(&blocks), to_write.clone());
            scope.spawn(move || compress(&blocks, &to_write, settings, kept));
        }
        drop((blocks, to_write));
        let packed = tree::pack(tree, &listing, Cutter::new(cuts, to_compress));
        let packed = packed.and_then(|cutter| Ok(cutter.finish()?));
        let written = writing.join().expect("writing does not panic");
        if let Err(error) = kept.remove_old() {
            tracing::warn!("cannot remove old compressed blocks: {error}");
        }
        match packed {
            Err(TarError::Tree(error)) => Err(error),
            // What stops taking blocks has an error of its own, which says why.
            Err(TarError::Write(error)) => {
                written?;
                Err(PublishError::Tree(error.to_string()))
            }
            Ok(()) => written,
        }
    })
}

/// Compresses blocks until there are no more. Whoever is gone needs none.
fn compress(
    blocks: &Mutex<Receiver<Numbered<Vec<u8>>>>,
    to: &SyncSender<Numbered<io::Result<Compressed>>>,
    settings: &CacheSettings,
    kept: &KeptBlocks,
) {
    let next = || blocks.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok((number, content)) = next() {
        let compressed = kept.compressed(&content, settings);
        if to.send((number, compressed)).is_err() {
            return;
        }
    }
}

/// The two files, while they are written.
struct Archives<'a> {
    xz: Output<'a>,
    zst: Output<'a>,
    sizes: Vec<Sizes>,
}

impl<'a> Archives<'a> {
    fn create(xz: &'a Path, zst: &'a Path) -> Result<Self, PublishError> {
        let mut archives = Self {
            xz: Output::create(xz)?,
            zst: Output::create(zst)?,
            sizes: Vec::new(),
        };
        archives.xz.put(&container::header())?;
        Ok(archives)
    }

    /// Writes the blocks in their order, whatever the order in which they come.
    fn write(
        mut self,
        blocks: Receiver<Numbered<io::Result<Compressed>>>,
    ) -> Result<Tarballs, PublishError> {
        let mut early = BTreeMap::new();
        for (number, block) in blocks {
            early.insert(number, block.at(self.xz.path)?);
            while let Some(block) = early.remove(&self.sizes.len()) {
                self.add(&block)?;
            }
        }
        self.xz.put(&container::trailer(&self.sizes))?;
        Ok(Tarballs {
            xz: self.xz.finish()?,
            zst: self.zst.finish()?,
        })
    }

    fn add(&mut self, block: &Compressed) -> Result<(), PublishError> {
        let (bytes, sizes) = container::block(&block.xz).at(self.xz.path)?;
        self.xz.put(bytes)?;
        self.zst.put(&block.zst)?;
        self.sizes.push(sizes);
        Ok(())
    }
}

/// A file that is hashed while it is written.
struct Output<'a> {
    file: Hashing<BufWriter<File>>,
    path: &'a Path,
}

impl<'a> Output<'a> {
    fn create(path: &'a Path) -> Result<Self, PublishError> {
        let created = OpenOptions::new().write(true).create_new(true).open(path);
        let file = BufWriter::with_capacity(CHUNK, created.at(path)?);
        let file = Hashing::new(file);
        Ok(Self { file, path })
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), PublishError> {
        self.file.write_all(bytes).at(self.path)
    }

    fn finish(self) -> Result<FileDigest, PublishError> {
        let (buffered, sha256, size) = self.file.finish();
        let file = buffered
            .into_inner()
            .map_err(io::IntoInnerError::into_error);
        file.and_then(|file| file.sync_all()).at(self.path)?;
        Ok(FileDigest { sha256, size })
    }
}

/// Cuts what is written to it into blocks.
struct Cutter {
    cuts: Cuts,
    block: Vec<u8>,
    number: usize,
    to: SyncSender<Numbered<Vec<u8>>>,
}

impl Cutter {
    fn new(cuts: Cuts, to: SyncSender<Numbered<Vec<u8>>>) -> Self {
        Self {
            cuts,
            block: Vec::new(),
            number: 0,
            to,
        }
    }

    fn cut(&mut self) -> io::Result<()> {
        let block = std::mem::take(&mut self.block);
        let stopped = |_| io::Error::other("nothing is compressed any more");
        self.to.send((self.number, block)).map_err(stopped)?;
        self.number += 1;
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.cut()
    }
}

impl Entries for Cutter {
    fn entry(&mut self, place: usize) -> io::Result<()> {
        match self.cuts.contains(&place) {
            true => self.cut(),
            false => Ok(()),
        }
    }

    /// What differs from release to release is in a small block of its own.
    fn added(&mut self) -> io::Result<()> {
        self.cut()
    }
}

impl Write for Cutter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.block.extend_from_slice(bytes);
        Ok(bytes.len())
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

    /// Several files, and more than one block, of something that does not compress to nothing.
    fn large_file(path: &Path) {
        let numbers = (0..1 << 18_u32).map(|n: u32| n.wrapping_mul(2_654_435_761) >> 7);
        let mebibyte: Vec<u8> = numbers.flat_map(u32::to_le_bytes).collect();
        std::fs::write(path, mebibyte.repeat(16)).unwrap();
    }

    #[test]
    fn the_bytes_do_not_depend_on_the_threads() {
        let dir = tempfile::tempdir().unwrap();
        let files = dir.path().join("files");
        std::fs::create_dir(&files).unwrap();
        for name in ["a", "b", "c"] {
            large_file(&files.join(name));
        }
        let [one, three] = [1, 3].map(|threads| {
            let at = |name: &str| dir.path().join(format!("{name}-{threads}"));
            let (xz, zst) = (at("xz"), at("zst"));
            write(
                &tree(&files),
                [&xz, &zst],
                &settings(threads),
                &KeptBlocks::none(),
            )
            .unwrap()
        });
        assert_eq!(one.xz, three.xz);
        assert_eq!(one.zst, three.zst);
    }

    #[test]
    fn a_compressor_that_cannot_write_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let nowhere = dir.path().join("nowhere/xz");
        let zst = dir.path().join("zst");
        let files = tree(dir.path());
        let error = write(&files, [&nowhere, &zst], &settings(1), &KeptBlocks::none()).unwrap_err();
        assert!(error.to_string().contains("nowhere/xz"), "{error}");
    }
}
