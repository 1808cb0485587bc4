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

/// What one of the channel's archives holds.
#[derive(Debug)]
pub(super) struct Archive {
    pub(super) file: FileDigest,
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
pub(super) fn archive(file: impl Read, coding: Coding, limit: u64) -> io::Result<Archive> {
    let mut file = Hashing::new(file.take(limit));
    let (unpacked, top, git_revision) = match coding {
        Coding::Xz => look_into(xz_decoder(&mut file)?)?,
        Coding::Zstd => look_into(zstd::Decoder::new(&mut file)?)?,
    };
    // What follows the archive, if anything, is part of the file.
    copy(&mut file, &mut io::sink())?;
    Ok(Archive {
        file: finished(file),
        unpacked,
        top,
        git_revision,
    })
}

fn look_into(unpacked: impl Read) -> io::Result<(Sha256, BTreeSet<String>, Option<String>)> {
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
    let (_, digest, _) = unpacked.finish();
    Ok((digest, top, git_revision))
}

/// Hashes a compressed NAR and the NAR in it. Of the NAR, no more than its size and one byte is
/// unpacked.
pub(super) fn nar(file: impl Read, size: u64) -> io::Result<(FileDigest, FileDigest)> {
    // What cannot be compressed grows, by less than this.
    let limit = size + size / 64 + 1024 * 1024;
    let mut file = Hashing::new(file.take(limit));
    let nar = digest(zstd::Decoder::new(&mut file)?, size + 1)?;
    copy(&mut file, &mut io::sink())?;
    Ok((finished(file), nar))
}

fn finished<T>(hashing: Hashing<T>) -> FileDigest {
    let (_, sha256, size) = hashing.finish();
    FileDigest { sha256, size }
}
