//! Reading again what was read long ago: a disk forgets bits.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use picket_domain::{StorePath, Timestamp};

use crate::cache_file::{CacheFile, HashPart};
use crate::digest::digest_of_file;
use crate::error::{AtPath, PublishError};
use crate::narinfo::Narinfo;
use crate::publisher::Publisher;
use crate::verified::{Reading, metadata_if_there};

/// What a part of the binary cache looked like when it was read again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RereadReport {
    /// How many NARs were read.
    pub nars: usize,
    /// Their length, in bytes.
    pub bytes: u64,
    /// The store paths whose NAR is damaged or missing: [`Publisher::repair`] makes them again.
    pub damaged: BTreeSet<StorePath>,
    /// The narinfos that cannot be read, by the hash of their store path.
    pub unreadable: BTreeSet<HashPart>,
}

impl Publisher {
    /// Reads NARs of the binary cache, those first that were not read for the longest time, until at
    /// least `budget` bytes were read or there is no more.
    ///
    /// # Errors
    /// I/O errors.
    pub fn reread(&self, budget: u64, now: Timestamp) -> Result<RereadReport, PublishError> {
        let mut report = RereadReport::default();
        let mut narinfos = self.narinfos(&mut report)?;
        let verified = self.verified.load()?;
        narinfos.sort_by_cached_key(|it| (verified.last_read(it.nar.hash), it.nar.hash));
        let mut readings = Vec::new();
        for narinfo in narinfos {
            if report.bytes >= budget {
                break;
            }
            let (nar, file) = (narinfo.nar, self.dir.cache_file(&narinfo.nar.file()));
            let metadata = metadata_if_there(&file)?;
            let is_whole = match &metadata {
                Some(_) => digest_of_file(&file).at(&file)? == (nar.hash, nar.size),
                None => false,
            };
            report.nars += 1;
            report.bytes += metadata.as_ref().map_or(0, fs::Metadata::len);
            let reading = metadata.map(|it| Reading::of(&it, now, is_whole));
            readings.push((nar.hash, reading));
            if !is_whole {
                report.damaged.insert(narinfo.path);
            }
        }
        self.verified.record(readings)?;
        Ok(report)
    }

    fn narinfos(&self, report: &mut RereadReport) -> Result<Vec<Narinfo>, PublishError> {
        let mut narinfos = Vec::new();
        for hash in self.narinfo_names()? {
            match self.read_narinfo_of(&hash) {
                Ok(narinfo) => narinfos.extend(narinfo),
                Err(PublishError::Damaged { .. }) => {
                    report.unreadable.insert(hash);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(narinfos)
    }

    /// The narinfos that the binary cache has.
    pub(crate) fn narinfo_names(&self) -> Result<Vec<HashPart>, PublishError> {
        let dir = self.dir.cache_dir();
        let entries = match fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).at(&dir),
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.at(&dir)?.file_name();
            if let Some(CacheFile::NarInfo(hash)) = name.to_str().and_then(CacheFile::parse) {
                names.push(hash);
            }
        }
        Ok(names)
    }
}
