//! Reading again what was read long ago: a disk forgets bits.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use picket_domain::{ChannelName, ReleaseName, StorePath, Timestamp};

use crate::cache_file::{CacheFile, HashPart};
use crate::digest::digest_of_file;
use crate::error::{AtPath, PublishError};
use crate::narinfo::Narinfo;
use crate::public_dir::names_in;
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
    /// Those that are releases' trees, by the release: [`Publisher::repair_tree`] makes them again.
    pub damaged_trees: BTreeMap<StorePath, (ChannelName, ReleaseName)>,
    /// Those that are the trees of releases that are gone: nothing makes them again.
    pub lost_trees: BTreeSet<StorePath>,
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
        self.tell_trees(&mut report)?;
        Ok(report)
    }

    /// Trees are in no Nix store.
    fn tell_trees(&self, report: &mut RereadReport) -> Result<(), PublishError> {
        if report.damaged.is_empty() {
            return Ok(());
        }
        for (path, release) in self.trees()? {
            if report.damaged.remove(&path) {
                report.damaged_trees.insert(path, release);
            }
        }
        let gone = self.tree_notes()?.into_iter();
        let gone: BTreeSet<_> = gone.map(|(_, note)| note.tree).collect();
        let of_gone = |path: &StorePath| gone.contains(&HashPart::from(path));
        (report.lost_trees, report.damaged) = std::mem::take(&mut report.damaged)
            .into_iter()
            .partition(of_gone);
        Ok(())
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
        let names = names_in(&self.dir.cache_dir())?.into_iter();
        let narinfos = names.filter_map(|name| match CacheFile::parse(&name) {
            Some(CacheFile::NarInfo(hash)) => Some(hash),
            Some(_) | None => None,
        });
        Ok(narinfos.collect())
    }
}
