//! One block of an archive, compressed both ways.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, fs::File};

use liblzma::read::XzDecoder;
use liblzma::stream::{Check, Filters, LzmaOptions, MatchFinder, Mode, Stream};
use liblzma::write::XzEncoder;
use picket_domain::Sha256;
use picket_files::{read_bounded, remove_leftovers, write_whole};

use crate::digest::{Hashing, copy};
use crate::settings::CacheSettings;

/// A match of this length is good enough: half a hundredth smaller than with the preset's 64.
const NICE_LEN: u32 = 96;
/// A dictionary of a whole block, as long as blocks are of the usual size.
const DICTIONARY: u32 = 32 << 20;
/// What is kept and was not used for so long goes.
const KEPT_FOR: Duration = Duration::from_secs(7 * 86_400);

/// A block, compressed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Compressed {
    /// An `.xz` stream with one block.
    pub(super) xz: Vec<u8>,
    /// A zstd frame.
    pub(super) zst: Vec<u8>,
}

impl Compressed {
    /// Compresses a block.
    pub(super) fn of(content: &[u8], settings: &CacheSettings) -> io::Result<Self> {
        let mut xz = XzEncoder::new_stream(Vec::new(), xz_encoder(settings, content.len())?);
        xz.write_all(content)?;
        let mut zst = zstd::Encoder::new(Vec::new(), settings.zstd_level)?;
        zst.include_checksum(true)?;
        zst.set_pledged_src_size(Some(content.len() as u64))?;
        zst.write_all(content)?;
        Ok(Self {
            xz: xz.finish()?,
            zst: zst.finish()?,
        })
    }

    fn unpacks_to(&self, hash: Sha256) -> bool {
        let unpacked = |mut from: &mut dyn io::Read| {
            let mut hashing = Hashing::new(io::sink());
            copy(&mut from, &mut hashing).ok()?;
            Some(hashing.finish().1)
        };
        let xz = unpacked(&mut XzDecoder::new(&self.xz[..]));
        let zst = zstd::Decoder::new(&self.zst[..]).ok();
        let zst = zst.and_then(|mut decoder| unpacked(&mut decoder));
        xz == Some(hash) && zst == Some(hash)
    }
}

/// Expressions are texts: what a byte is follows from the ones before it, not from its place in a word.
fn xz_encoder(settings: &CacheSettings, size: usize) -> io::Result<Stream> {
    let mut options = LzmaOptions::new_preset(settings.xz_preset)?;
    options.literal_context_bits(4).position_bits(0);
    if settings.xz_preset >= BEST {
        options
            .mode(Mode::Normal)
            .match_finder(MatchFinder::BinaryTree4)
            .nice_len(NICE_LEN)
            .dict_size(dictionary(size));
    }
    let mut filters = Filters::new();
    filters.lzma2(&options);
    Ok(Stream::new_stream_encoder(&filters, Check::Crc64)?)
}

/// From this preset on, size comes first.
const BEST: u32 = 6;

/// Twelve times as much memory is taken: no more than the block can use.
fn dictionary(size: usize) -> u32 {
    let size = u32::try_from(size).unwrap_or(DICTIONARY);
    size.clamp(1 << 16, DICTIONARY)
}

/// Blocks that were compressed before, by what they hold. Anything in there may be removed at any time.
#[derive(Debug, Clone)]
pub(crate) struct KeptBlocks {
    /// `None`: nothing is kept.
    dir: Option<PathBuf>,
}

impl KeptBlocks {
    /// Those in this folder, which need not be there.
    pub(crate) fn in_dir(dir: &Path) -> Self {
        let dir = Some(dir.join("blocks"));
        Self { dir }
    }

    /// Nothing is kept.
    pub(crate) fn none() -> Self {
        Self { dir: None }
    }

    /// A block, as it was compressed before, or else is now. What is kept is read again, and used where
    /// it still unpacks to the block.
    pub(super) fn compressed(
        &self,
        content: &[u8],
        settings: &CacheSettings,
    ) -> io::Result<Compressed> {
        let Some(dir) = &self.dir else {
            return Compressed::of(content, settings);
        };
        let hash = Sha256::of(content);
        let name = format!("{hash}-{}-{}", settings.xz_preset, settings.zstd_level);
        let kept = Kept { dir, name };
        let there = kept.read().filter(|it| it.unpacks_to(hash));
        if let Some(there) = there {
            return Ok(there);
        }
        let compressed = Compressed::of(content, settings)?;
        if let Err(error) = kept.write(&compressed) {
            tracing::warn!(
                "cannot keep a compressed block in {}: {error}",
                dir.display()
            );
        }
        Ok(compressed)
    }

    /// Removes what was not used for a week.
    pub(super) fn remove_old(&self) -> io::Result<()> {
        let Some(dir) = self.dir.as_deref().filter(|dir| dir.exists()) else {
            return Ok(());
        };
        remove_leftovers(dir)?;
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let used = entry.metadata()?.modified()?;
            let age = SystemTime::now().duration_since(used).unwrap_or_default();
            if age > KEPT_FOR {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// The two files of one block.
struct Kept<'a> {
    dir: &'a Path,
    name: String,
}

impl Kept<'_> {
    fn paths(&self) -> [PathBuf; 2] {
        ["xz", "zst"].map(|kind| self.dir.join(format!("{}.{kind}", self.name)))
    }

    fn read(&self) -> Option<Compressed> {
        let read = |path: PathBuf| {
            let content = read_bounded(&path, u64::MAX).ok().flatten()?;
            // That it was used is all that its time says.
            let used = File::open(&path).and_then(|it| it.set_modified(SystemTime::now()));
            used.ok().map(|()| content)
        };
        let [xz, zst] = self.paths();
        Some(Compressed {
            xz: read(xz)?,
            zst: read(zst)?,
        })
    }

    fn write(&self, compressed: &Compressed) -> io::Result<()> {
        fs::create_dir_all(self.dir)?;
        let [xz, zst] = self.paths();
        write_whole(&xz, &compressed.xz)?;
        write_whole(&zst, &compressed.zst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_used_while_it_is_right() {
        let dir = tempfile::tempdir().unwrap();
        let settings = CacheSettings::default();
        let kept = KeptBlocks::in_dir(dir.path());
        let content = b"some text, and more of it ".repeat(1000);
        let first = kept.compressed(&content, &settings).unwrap();
        let files = || {
            let files = fs::read_dir(dir.path().join("blocks")).unwrap();
            files.map(|it| it.unwrap().path()).collect::<Vec<_>>()
        };
        assert_eq!(files().len(), 2);
        // Another compressor's work that unpacks to the same is taken as it is.
        let other = CacheSettings {
            xz_preset: 0,
            ..CacheSettings::default()
        };
        let elsewhere = Compressed::of(&content, &other).unwrap();
        let xz = files()
            .into_iter()
            .find(|it| it.extension().unwrap() == "xz");
        fs::write(xz.as_ref().unwrap(), &elsewhere.xz).unwrap();
        assert_eq!(
            kept.compressed(&content, &settings).unwrap().xz,
            elsewhere.xz
        );

        fs::write(xz.as_ref().unwrap(), b"damaged").unwrap();
        assert_eq!(kept.compressed(&content, &settings).unwrap(), first);
        assert_eq!(fs::read(xz.unwrap()).unwrap(), first.xz);
        assert_eq!(
            KeptBlocks::none().compressed(&content, &settings).unwrap(),
            first
        );
    }

    #[test]
    fn what_is_not_used_goes() {
        let dir = tempfile::tempdir().unwrap();
        let kept = KeptBlocks::in_dir(dir.path());
        kept.remove_old().unwrap();
        let settings = CacheSettings::default();
        for content in [b"old", b"new"] {
            kept.compressed(content, &settings).unwrap();
        }
        let hash = Sha256::of(b"old").to_string();
        for entry in fs::read_dir(dir.path().join("blocks")).unwrap() {
            let path = entry.unwrap().path();
            if path.display().to_string().contains(&hash) {
                let old = SystemTime::now() - KEPT_FOR - Duration::from_secs(1);
                File::open(&path).unwrap().set_modified(old).unwrap();
            }
        }
        kept.remove_old().unwrap();
        let left = fs::read_dir(dir.path().join("blocks")).unwrap();
        let mut left = left.map(|it| it.unwrap().file_name().into_string().unwrap());
        assert!(left.all(|name| !name.contains(&hash)));
    }
}
