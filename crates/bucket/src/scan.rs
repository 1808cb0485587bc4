//! The public folder as it is now: what is to be in the mirror.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use picket_domain::{ChannelName, ReleaseName};
use picket_files::read_bounded;
use picket_publisher::{
    CacheFile, LatestFile, LogFile, PublicDir, PublishError, ReleaseFile, ReleaseHead,
};

use crate::error::BucketError;

/// No statement, no file of signatures over one and no checkpoint is longer, in bytes.
pub(crate) const STATED_MAX: u64 = 64 * 1024;
/// So many folders deep are the tiles of a log with 10^15 entries.
const LOG_DEPTH: usize = 9;

/// A file of the public folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalFile {
    /// Its path below the folder, which is its key.
    pub(crate) key: String,
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
    /// In bytes.
    pub(crate) size: u64,
    /// When it was written, in nanoseconds since 1970.
    pub(crate) modified: i64,
    /// Its content, of the release log's checkpoint: what a later one names may not be here yet.
    pub(crate) held: Option<Bytes>,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Cache(CacheFile),
    Release(ReleaseFile),
    Log(LogFile),
}

/// When a kind of file comes: each kind names those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Turn {
    Nars,
    NarInfos,
    Releases,
    ReleasePages,
    LogTiles,
    /// Before the pointers: what they lead to has to be in the log.
    Checkpoint,
}

impl Kind {
    /// What the file with this key is; `None` of what is no file of a public folder.
    pub(crate) fn of(key: &str) -> Option<Self> {
        if let Some(path) = key.strip_prefix("cache/") {
            return CacheFile::parse(path).map(Self::Cache);
        }
        if let Some(path) = key.strip_prefix("release-log/") {
            return LogFile::parse(path).map(Self::Log);
        }
        let mut parts = key.strip_prefix("releases/")?.split('/');
        let (channel, release, file) = (parts.next()?, parts.next()?, parts.next()?);
        let is_named = ChannelName::parse(channel).is_ok() && ReleaseName::parse(release).is_ok();
        let file = ReleaseFile::parse(file).filter(|_| is_named && parts.next().is_none());
        file.map(Self::Release)
    }

    pub(crate) fn turn(&self) -> Turn {
        match self {
            Self::Cache(CacheFile::Nar(_)) => Turn::Nars,
            Self::Cache(CacheFile::Info | CacheFile::NarInfo(_)) => Turn::NarInfos,
            Self::Release(ReleaseFile::Index) => Turn::ReleasePages,
            Self::Release(_) => Turn::Releases,
            Self::Log(LogFile::Tile(_)) => Turn::LogTiles,
            Self::Log(LogFile::Checkpoint) => Turn::Checkpoint,
        }
    }

    pub(crate) fn content_type(&self) -> &'static str {
        match self {
            Self::Cache(file) => file.content_type(),
            Self::Release(file) => file.content_type(),
            Self::Log(file) => file.content_type(),
        }
    }

    pub(crate) fn cache_control(&self) -> &'static str {
        match self {
            Self::Cache(file) => file.cache_control(),
            Self::Release(file) => file.cache_control(),
            Self::Log(file) => file.cache_control(),
        }
    }
}

/// What is stated of a channel: `latest.json` and its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) bytes: Vec<u8>,
    pub(crate) signatures: Vec<u8>,
}

/// A channel.
#[derive(Debug, Clone)]
pub(crate) struct LocalChannel {
    pub(crate) head: Arc<ReleaseHead>,
    pub(crate) statement: Option<Statement>,
}

/// The public folder at one time. What its channels lead to is among its files.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) files: Vec<LocalFile>,
    pub(crate) channels: BTreeMap<ChannelName, LocalChannel>,
    /// Channels of which it cannot be read where they stand: their files are mirrored, and no more.
    pub(crate) unreadable: BTreeMap<ChannelName, PublishError>,
}

impl Snapshot {
    /// Looks at a public folder, the other way round than it is written: what is stated first, then the
    /// pointers, then the release log, its checkpoint first, then the files. So a pointer is never behind
    /// what is stated, and the release that it leads to is in the log, and whole.
    pub(crate) fn take(public: &PublicDir) -> Result<Self, BucketError> {
        let names = channels(public)?;
        let mut stated = BTreeMap::new();
        for channel in &names {
            stated.insert(channel, statement(public, channel)?);
        }
        // The heads are kept by the handle; this one knows none yet.
        let public = PublicDir::new(public.root());
        let (mut channels, mut unreadable) = (BTreeMap::new(), BTreeMap::new());
        for channel in &names {
            match public.current_release(channel) {
                Ok(None) => {}
                Ok(Some(head)) => {
                    let statement = stated.remove(channel).flatten();
                    channels.insert(channel.clone(), LocalChannel { head, statement });
                }
                Err(error) => {
                    unreadable.insert(channel.clone(), error);
                }
            }
        }
        let mut files = Vec::new();
        walk(public.root(), "release-log", LOG_DEPTH, &mut files)?;
        walk(public.root(), "cache", 2, &mut files)?;
        walk(public.root(), "releases", 3, &mut files)?;
        Ok(Self {
            files,
            channels,
            unreadable,
        })
    }
}

fn channels(public: &PublicDir) -> Result<Vec<ChannelName>, BucketError> {
    let releases = public.root().join("releases");
    if !releases.is_dir() {
        return Err(BucketError::NoPublicFolder(public.root().to_owned()));
    }
    let names = entries(&releases)?.into_iter();
    Ok(names
        .filter_map(|name| ChannelName::parse(&name).ok())
        .collect())
}

/// The statement is read before its signatures, which are written before it and hold for the one
/// before too.
fn statement(public: &PublicDir, channel: &ChannelName) -> Result<Option<Statement>, BucketError> {
    let read = |file| {
        let path = public.latest_file(channel, file);
        read_bounded(&path, STATED_MAX).map_err(|error| PublishError::Io { path, error })
    };
    let bytes = read(LatestFile::Statement)?;
    let signatures = read(LatestFile::Signature)?;
    let both = bytes.zip(signatures);
    Ok(both.map(|(bytes, signatures)| Statement { bytes, signatures }))
}

/// Adds the files below a folder, so many folders deep. What has no name that is served is passed over,
/// and so is what went away meanwhile.
fn walk(
    root: &Path,
    below: &str,
    depth: usize,
    files: &mut Vec<LocalFile>,
) -> Result<(), BucketError> {
    for name in entries(&root.join(below))? {
        let key = format!("{below}/{name}");
        let path = root.join(&key);
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(BucketError::Io { path, error }),
        };
        if metadata.is_dir() && depth > 1 && !name.starts_with('.') {
            walk(root, &key, depth - 1, files)?;
        } else if metadata.is_file()
            && let Some(kind) = Kind::of(&key)
        {
            files.extend(local_file(key, path, kind, &metadata)?);
        }
    }
    Ok(())
}

/// `None` where it went away meanwhile.
fn local_file(
    key: String,
    path: PathBuf,
    kind: Kind,
    metadata: &fs::Metadata,
) -> Result<Option<LocalFile>, BucketError> {
    let (mut size, mut held) = (metadata.len(), None);
    if kind == Kind::Log(LogFile::Checkpoint) {
        let content = match read_bounded(&path, STATED_MAX) {
            Ok(Some(content)) => Bytes::from(content),
            Ok(None) => return Ok(None),
            Err(error) => return Err(BucketError::Io { path, error }),
        };
        size = content.len() as u64;
        held = Some(content);
    }
    Ok(Some(LocalFile {
        key,
        path,
        kind,
        size,
        modified: modified(metadata),
        held,
    }))
}

fn entries(dir: &Path) -> Result<Vec<String>, BucketError> {
    let error = |error| BucketError::Io {
        path: dir.to_owned(),
        error,
    };
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(it) if it.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(it) => return Err(error(it)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.map_err(error)?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// In nanoseconds since 1970, which are enough until the year 2262.
pub(crate) fn modified(metadata: &fs::Metadata) -> i64 {
    let since = metadata.modified().ok();
    let since = since.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |it| i64::try_from(it.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_of_a_public_folder_or_none() {
        let nar = format!("cache/nar/{}.nar.zst", "0".repeat(52));
        let release = "releases/nixos-26.05-sec/nixos-26.05.1.1.abc";
        for (key, turn) in [
            (nar.as_str(), Turn::Nars),
            ("cache/nix-cache-info", Turn::NarInfos),
            (&format!("{release}/release.json"), Turn::Releases),
            (&format!("{release}/index.html"), Turn::ReleasePages),
            ("release-log/tile/entries/x001/002.p/7", Turn::LogTiles),
            ("release-log/checkpoint", Turn::Checkpoint),
        ] {
            assert_eq!(Kind::of(key).map(|it| it.turn()), Some(turn), "{key}");
        }
        for bad in [
            "",
            "cache/../x",
            "release-log/.entries",
            "latest/nixos/latest.json",
            "releases/nixos-26.05-sec/.staged/release.json",
            &format!("{release}/x/release.json"),
            &format!("{release}/other"),
        ] {
            assert_eq!(Kind::of(bad), None, "{bad}");
        }
    }
}
