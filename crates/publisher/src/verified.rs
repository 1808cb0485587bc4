//! When each NAR of the binary cache was last read, and whether it was right.
//!
//! One file in the publisher's records, written whole. Nothing depends on it: a NAR that it does not
//! know is read.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use picket_domain::{Sha256, Timestamp};
use picket_files::{WorkLock, read_bounded, write_whole};
use serde::{Deserialize, Serialize};

use crate::error::{AtPath, PublishError};

/// A million NARs fit.
const SIZE_MAX: u64 = 256 * 1024 * 1024;
const SECONDS_A_DAY: i64 = 86_400;

/// The NARs that were read, by the hash that names them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Verified(BTreeMap<Sha256, Reading>);

/// A file as it was when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reading {
    size: u64,
    inode: u64,
    modified: i64,
    modified_nanos: i64,
    at: Timestamp,
    /// Whether it was right. One that was not is read again by the next check, but does not keep
    /// others from their turn.
    whole: bool,
}

impl Reading {
    /// The file was read now, and was right or not.
    pub(crate) fn of(file: &Metadata, at: Timestamp, whole: bool) -> Self {
        Self {
            size: file.len(),
            inode: file.ino(),
            modified: file.mtime(),
            modified_nanos: file.mtime_nsec(),
            at,
            whole,
        }
    }

    fn is_of(&self, file: &Metadata) -> bool {
        Self::of(file, self.at, true) == *self
    }
}

impl Verified {
    /// Whether the file is the one that was read and right, less than so many days ago.
    pub(crate) fn knows(&self, nar: Sha256, file: &Metadata, now: Timestamp, days: u32) -> bool {
        let reading = self.0.get(&nar).filter(|reading| reading.is_of(file));
        reading.is_some_and(|reading| {
            let age = now.seconds_since(reading.at);
            (0..i64::from(days) * SECONDS_A_DAY).contains(&age)
        })
    }

    /// When the NAR was last read; `None` where it never was.
    pub(crate) fn last_read(&self, nar: Sha256) -> Option<Timestamp> {
        self.0.get(&nar).map(|reading| reading.at)
    }
}

/// Where the readings are kept.
#[derive(Debug)]
pub(crate) struct VerifiedFile {
    dir: PathBuf,
}

impl VerifiedFile {
    pub(crate) fn in_dir(dir: PathBuf) -> Self {
        Self { dir }
    }

    fn path(&self) -> PathBuf {
        self.dir.join("verified.json")
    }

    /// What was read so far. A file that cannot be understood counts as none.
    pub(crate) fn load(&self) -> Result<Verified, PublishError> {
        let path = self.path();
        let bytes = match read_bounded(&path, SIZE_MAX) {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => None,
            read => read.at(&path)?,
        };
        let parsed = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(parsed.unwrap_or_default())
    }

    /// Adds readings; `None` stands for a NAR that is gone.
    pub(crate) fn record(
        &self,
        readings: impl IntoIterator<Item = (Sha256, Option<Reading>)>,
    ) -> Result<(), PublishError> {
        let mut readings = readings.into_iter().peekable();
        if readings.peek().is_none() {
            return Ok(());
        }
        let _lock = WorkLock::alone(&self.dir).at(&self.dir)?;
        let mut verified = self.load()?;
        for (nar, reading) in readings {
            match reading {
                Some(reading) => verified.0.insert(nar, reading),
                None => verified.0.remove(&nar),
            };
        }
        let path = self.path();
        let bytes = serde_json::to_vec(&verified).map_err(io::Error::other);
        write_whole(&path, &bytes.at(&path)?).at(&path)
    }
}

/// A file's metadata; `None` where there is no such file.
pub(crate) fn metadata_if_there(path: &Path) -> Result<Option<Metadata>, PublishError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).at(path),
    }
}
