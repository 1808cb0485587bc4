//! Where something is known of vulnerabilities: files that something else keeps fresh.

use std::fs::Metadata;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use thiserror::Error;

use crate::epss::InvalidScores;
use crate::exploited::InvalidCatalogue;

/// A source of evidence: a file, or a folder of files, that is read again when it was replaced.
///
/// Everything about a source that may fail or take long is in here; what it last told is kept by
/// whoever watches it.
pub trait Source: Send + Sync {
    /// What is read from it.
    type Known: Default + Send + Sync;

    /// What it is about.
    const KIND: SourceKind;

    /// Where it is.
    fn path(&self) -> &Path;

    /// Its files as they are now. Blocks on the disk, for long where there are many.
    ///
    /// # Errors
    /// Where there is nothing to be read.
    fn stamp(&self) -> Result<Stamp, Unreadable>;

    /// Reads all of it. Blocks on the disk, for seconds where it is large.
    ///
    /// # Errors
    /// Where nothing can be made of it. An odd entry costs only itself.
    fn read(&self) -> Result<Reading<Self::Known>, Unreadable>;
}

/// What a source is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// What is known to be exploited: CISA's catalogue.
    Kev,
    /// What advisories say: OSV records.
    Osv,
    /// How likely it is that something will be exploited: FIRST's EPSS.
    Epss,
}

impl SourceKind {
    /// Its name, for metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kev => "kev",
            Self::Osv => "osv",
            Self::Epss => "epss",
        }
    }

    /// What is not known without it, as the beginning of a sentence.
    pub const fn subject(self) -> &'static str {
        match self {
            Self::Kev => "What is exploited",
            Self::Osv => "What advisories say",
            Self::Epss => "What is likely to be exploited",
        }
    }
}

/// What was read of a source.
#[derive(Debug)]
pub struct Reading<K> {
    /// What it says.
    pub known: K,
    /// How many entries that is.
    pub entries: usize,
    /// How many entries it has that could not be read.
    pub odd: usize,
}

/// A source's files at one moment: where any of them is another by now, so is this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    digest: u64,
    /// When the newest of its files was written.
    pub written: SystemTime,
}

impl Stamp {
    /// Of one file.
    ///
    /// # Errors
    /// Where it is no file (a pipe would be waited for), or the file system keeps no times.
    pub fn of_file(path: &Path, file: &Metadata) -> io::Result<Self> {
        if !file.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        let written = file.modified()?;
        let mut hasher = DefaultHasher::new();
        (path, file.len(), written).hash(&mut hasher);
        Ok(Self {
            digest: hasher.finish(),
            written,
        })
    }

    /// Of these files and those, in whichever order they come.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            digest: self.digest.wrapping_add(other.digest),
            written: self.written.max(other.written),
        }
    }
}

/// Why nothing can be made of a source.
#[derive(Debug, Error)]
pub enum Unreadable {
    /// The system does not give it.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is another file than CISA's.
    #[error("{0}")]
    Catalogue(#[from] InvalidCatalogue),
    /// It is another file than FIRST's.
    #[error("{0}")]
    Scores(#[from] InvalidScores),
    /// It has no record at all.
    #[error("no OSV record is in it")]
    Empty,
    /// It has none that can be read.
    #[error("none of the {0} records in it can be read as OSV")]
    AllOdd(usize),
    /// It has more than is read.
    #[error("more than {most} {what} are in it: name a smaller folder")]
    TooMany {
        /// How many are read.
        most: usize,
        /// Of what.
        what: &'static str,
    },
    /// It is longer than is read.
    #[error("it is longer than {0} bytes")]
    TooLong(u64),
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let device = Path::new("/dev/null");
        let error = Stamp::of_file(device, &fs::metadata(device).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "it is no file");
    }
}
