//! Hashing and looking into files as they arrive, without keeping them.

use std::collections::BTreeSet;
use std::io::{self, Read};

use picket_domain::Sha256;

use crate::digest::{Hashing, copy};
use crate::manifest::FileDigest;
use crate::upstream::list::xz_decoder;

/// A nixpkgs tree is some hundred megabytes.
const ARCHIVE_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// Top-level names that are worth telling.
const NAMES_MAX: usize = 4;
const SMALL: u64 = 4096;

/// A compressed file that was read to its end.
#[derive(Debug)]
pub(super) struct Compressed<T> {
    pub(super) file: FileDigest,
    /// What is in it, or what the decompressor says where it cannot be unpacked.
    pub(super) content: Result<T, String>,
}

/// What one of the channel's archives holds.
#[derive(Debug)]
pub(super) struct Archive {
    /// The hash of the unpacked stream: the same for both archives.
    pub(super) unpacked: Sha256,
    /// The first few top-level names.
    pub(super) top: BTreeSet<String>,
    /// The content of `.git-revision` in the top-level folder.
    pub(super) git_revision: Option<String>,
}

/// How an archive is compressed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Coding {
    Xz,
    Zstd,
}

/// Hashes a file of which no more than `limit` bytes are read.
pub(super) fn digest(file: impl Read, limit: u64) -> io::Result<FileDigest> {
    let mut file = Hashing::new(file.take(limit));
    copy(&mut file, &mut io::sink())?;
    Ok(finished(file))
}

/// Hashes an archive of which no more than `limit` bytes are read, and looks into it.
pub(super) fn archive(
    file: impl Read,
    coding: Coding,
    limit: u64,
) -> io::Result<Compressed<Archive>> {
    to_the_end(file, limit, |file| match coding {
        Coding::Xz => look_into(xz_decoder(file)?),
        Coding::Zstd => look_into(zstd::Decoder::new(file)?),
    })
}

/// Unpacks a file, and reads what is left of it then: what follows is part of the file, and so is all
/// that follows damage. An error is one of reading.
fn to_the_end<R: Read, T>(
    file: R,
    limit: u64,
    unpack: impl FnOnce(&mut Hashing<io::Take<R>>) -> io::Result<T>,
) -> io::Result<Compressed<T>> {
    let mut file = Hashing::new(file.take(limit));
    let content = unpack(&mut file).map_err(|error| error.to_string());
    copy(&mut file, &mut io::sink())?;
    let file = finished(file);
    Ok(Compressed { file, content })
}

fn look_into(unpacked: impl Read) -> io::Result<Archive> {
    let mut unpacked = Hashing::new(unpacked.take(ARCHIVE_MAX));
    let mut top = BTreeSet::new();
    let mut git_revision = None;
    let mut archive = tar::Archive::new(&mut unpacked);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let (first, rest) = path.split_once('/').unwrap_or((&path, ""));
        if top.len() < NAMES_MAX {
            top.insert(first.to_owned());
        }
        if rest == ".git-revision" {
            let mut content = String::new();
            (&mut entry).take(SMALL).read_to_string(&mut content)?;
            git_revision = Some(content);
        }
    }
    copy(&mut unpacked, &mut io::sink())?;
    let (_, unpacked, _) = unpacked.finish();
    Ok(Archive {
        unpacked,
        top,
        git_revision,
    })
}

/// Hashes a compressed NAR and the NAR in it. Of the NAR, no more than its size and one byte is
/// unpacked.
pub(super) fn nar(file: impl Read, size: u64) -> io::Result<Compressed<FileDigest>> {
    // What cannot be compressed grows, by less than this.
    let limit = size.saturating_add(size / 64 + 1024 * 1024);
    to_the_end(file, limit, |file| {
        digest(zstd::Decoder::new(file)?, size.saturating_add(1))
    })
}

fn finished<T>(hashing: Hashing<T>) -> FileDigest {
    let (_, sha256, size) = hashing.finish();
    FileDigest { sha256, size }
}
