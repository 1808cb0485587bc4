//! Writing the binary cache.
//!
//! All NARs first, then the narinfos, each after those that it refers to: a client that sees a
//! narinfo can have everything that it leads to. Nothing is ever changed but for one thing: a
//! narinfo gains the signature of a key that was added later.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use picket_domain::{PathInfo, ReleaseName, StorePath};
use picket_files::{WorkLock, create_whole, read_bounded, sync_dir, write_whole};

use crate::cache_file::{CacheFile, HashPart};
use crate::error::{AtPath, PublishError};
use crate::key::Signature;
use crate::manifest::PublishedPath;
use crate::narinfo::{self, NarFile, Narinfo, Unsigned};
use crate::present::{Present, same_path};
use crate::publisher::Publisher;
use crate::upstream::Upstream;
use crate::{order, parallel};

/// So many store paths are signed at a time: a signer that is another process is not asked for each
/// one, and not all narinfos are in memory at once.
const SIGNED_AT_ONCE: usize = 1_000;

/// What a release has in the binary cache.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PublishedPaths {
    /// The paths that we have, sorted.
    pub paths: Vec<PublishedPath>,
    /// What those refer to that upstream has.
    pub upstream_references: BTreeSet<StorePath>,
    /// The official release whose list said what upstream has, where it is known.
    pub upstream_release: Option<ReleaseName>,
    /// How many of them were not there before this call.
    pub new: usize,
    /// Length of all their compressed NARs, in bytes.
    pub bytes: u64,
}

/// A path whose NAR is in the cache, and what is left to do for it.
struct Ready {
    /// What clients get.
    published: PublishedPath,
    nar: NarFile,
    narinfo: NarinfoStep,
}

enum NarinfoStep {
    Keep,
    Create,
    Replace { kept: Vec<String> },
}

impl Publisher {
    /// Puts the paths of a closure that upstream does not have into the binary cache.
    ///
    /// A path that is there already is not read again; where its build was repeated with another
    /// content, the first one stays.
    ///
    /// # Errors
    /// Where a path's content is not what the Nix store recorded, where a path was published before
    /// with other references, where the closure is not complete, and on I/O errors.
    pub fn publish_paths(
        &self,
        closure: &[PathInfo],
        upstream: &Upstream,
    ) -> Result<PublishedPaths, PublishError> {
        let delta = order::delta(closure, upstream)?;
        self.all_ours(&delta.ours)?;
        let (cache, _lock) = (self.dir.cache_dir(), self.join_cache()?);
        self.write_cache_info()?;
        let ready = self.write_nars(&delta.ours)?;
        self.sync_nars()?;
        let mut published = PublishedPaths {
            upstream_references: delta.upstream_references,
            upstream_release: upstream.release().cloned(),
            ..PublishedPaths::default()
        };
        let ready: Vec<_> = delta.ours.into_iter().zip(ready).collect();
        for some in ready.chunks(SIGNED_AT_ONCE) {
            published.bytes += self.write_narinfos(some)?;
        }
        for (_, ready) in ready {
            published.new += usize::from(matches!(ready.narinfo, NarinfoStep::Create));
            published.paths.push(ready.published);
        }
        sync_dir(&cache).at(&cache)?;
        published.paths.sort_by(|a, b| a.path.cmp(&b.path));
        report(&published);
        Ok(published)
    }

    /// Makes store paths again that are in the cache already, from the Nix store: NAR and narinfo,
    /// whatever they look like. For what [`Publisher::check_staged`] or [`Publisher::reread`] found
    /// damaged. `closure` is what the Nix store records of them.
    ///
    /// # Errors
    /// Where a path is not in `closure`, where its content is not what the Nix store recorded, where
    /// the cache has it with another content that is signed, and on I/O errors.
    pub fn repair(&self, paths: &[StorePath], closure: &[PathInfo]) -> Result<(), PublishError> {
        let infos: BTreeMap<_, _> = closure.iter().map(|info| (&info.path, info)).collect();
        let wanted: BTreeSet<_> = paths.iter().collect();
        let wanted = wanted.into_iter().map(|path| {
            let info = infos.get(path).copied();
            info.ok_or_else(|| PublishError::CannotRepair(path.clone()))
        });
        let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
        self.all_ours(&wanted)?;
        let _lock = self.join_cache()?;
        for info in wanted {
            let nar = self.pack(info)?;
            self.write_anew(info, nar)?;
            tracing::warn!(path = %info.path, "made a damaged store path again");
        }
        Ok(())
    }

    /// Works in the cache, beside others who publish.
    pub(crate) fn join_cache(&self) -> Result<WorkLock, PublishError> {
        let cache = self.dir.cache_dir();
        let nars = cache.join("nar");
        fs::create_dir_all(&nars).at(&nars)?;
        WorkLock::join(&cache, &[&cache, &nars]).at(&cache)
    }

    fn sync_nars(&self) -> Result<(), PublishError> {
        let nars = self.dir.cache_dir().join("nar");
        sync_dir(&nars).at(&nars)
    }

    /// Has the cache lead to a NAR that was packed again, whatever it has of the path.
    pub(crate) fn write_anew(&self, info: &PathInfo, nar: NarFile) -> Result<(), PublishError> {
        let kept = self.kept_signatures(info)?;
        self.sync_nars()?;
        let ready = Ready {
            published: published_path(info),
            nar,
            narinfo: NarinfoStep::Replace { kept },
        };
        self.write_narinfos(&[(info, ready)]).map(drop)
    }

    /// The signatures of other keys on a narinfo that is to be made again, where it says the same.
    fn kept_signatures(&self, info: &PathInfo) -> Result<Vec<String>, PublishError> {
        let narinfo = match self.read_narinfo(&info.path) {
            Ok(Some(narinfo)) => narinfo,
            Ok(None) | Err(PublishError::Damaged { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        match same_path(info, &narinfo) {
            Ok(()) => Ok(narinfo.signatures().to_vec()),
            Err(error) if self.is_ours(&narinfo) => Err(error),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// A cache is for one store folder: a path of another could not be installed from it.
    fn all_ours(&self, infos: &[&PathInfo]) -> Result<(), PublishError> {
        let store_dir = &self.settings.store_dir;
        let paths = infos.iter().flat_map(|info| {
            let path = std::iter::once(&info.path);
            path.chain(&info.references)
        });
        match paths.into_iter().find(|path| path.store_dir() != store_dir) {
            None => Ok(()),
            Some(path) => Err(PublishError::ForeignStore {
                path: path.clone(),
                store_dir: store_dir.clone(),
            }),
        }
    }

    pub(crate) fn write_cache_info(&self) -> Result<(), PublishError> {
        let content = format!(
            "StoreDir: {}\nWantMassQuery: 1\nPriority: {}\n",
            self.settings.store_dir, self.settings.priority
        );
        let path = self.dir.cache_file(&CacheFile::Info);
        if read_bounded(&path, narinfo::SIZE_MAX).at(&path)?.as_deref() == Some(content.as_bytes())
        {
            return Ok(());
        }
        write_whole(&path, content.as_bytes()).at(&path)
    }

    /// The largest first, so that no thread is left with a large one at the end.
    fn write_nars(&self, infos: &[&PathInfo]) -> Result<Vec<Ready>, PublishError> {
        let mut largest_first: Vec<_> = infos.iter().enumerate().collect();
        largest_first.sort_by_key(|(_, info)| std::cmp::Reverse(info.nar_size));
        let done = AtomicUsize::new(0);
        let work = |&(index, info): &(usize, &&PathInfo)| {
            let ready = self.write_nar(info)?;
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            let tenth = |done: usize| done * 10 / infos.len();
            if tenth(done) > tenth(done - 1) {
                tracing::info!(
                    target: "picket::progress",
                    "packed {done} of {} store paths",
                    infos.len(),
                );
            }
            Ok::<_, PublishError>((index, ready))
        };
        let mut ready = parallel::map(&largest_first, self.settings.threads, work)?;
        ready.sort_by_key(|(index, _)| *index);
        Ok(ready.into_iter().map(|(_, ready)| ready).collect())
    }

    fn write_nar(&self, info: &PathInfo) -> Result<Ready, PublishError> {
        let mut published = published_path(info);
        let (nar, narinfo) = match self.present(info)? {
            Present::Whole(nar) => (nar, NarinfoStep::Keep),
            Present::First(nar, first) => {
                published = first;
                (nar, NarinfoStep::Keep)
            }
            Present::Unsigned(nar, kept) => (nar, NarinfoStep::Replace { kept }),
            Present::Narinfo(kept) => (self.pack(info)?, NarinfoStep::Replace { kept }),
            Present::Absent => (self.pack(info)?, NarinfoStep::Create),
        };
        Ok(Ready {
            published,
            nar,
            narinfo,
        })
    }

    /// Whether every key of ours signed it.
    pub(crate) fn is_ours(&self, narinfo: &Narinfo) -> bool {
        let mut keys = self.public_keys().iter();
        keys.all(|key| narinfo.is_signed_by(key))
    }

    /// The narinfo of a path, where the cache has one.
    pub(crate) fn read_narinfo(&self, of: &StorePath) -> Result<Option<Narinfo>, PublishError> {
        self.read_narinfo_of(&of.into())
    }

    /// The narinfo of the path with this hash, where the cache has one.
    pub(crate) fn read_narinfo_of(&self, of: &HashPart) -> Result<Option<Narinfo>, PublishError> {
        let path = self.dir.cache_file(&CacheFile::NarInfo(of.clone()));
        let Some(bytes) = read_bounded(&path, narinfo::SIZE_MAX).at(&path)? else {
            return Ok(None);
        };
        let narinfo = Narinfo::parse(&self.settings.store_dir, &bytes);
        narinfo
            .map(Some)
            .map_err(|reason| PublishError::Damaged { path, reason })
    }

    /// Writes narinfos in this order, all signed before the first is written. Returns the length of the
    /// NARs that they lead to, in bytes.
    fn write_narinfos(&self, of: &[(&PathInfo, Ready)]) -> Result<u64, PublishError> {
        let mut due = Vec::new();
        let mut bytes = 0;
        for (info, ready) in of {
            match ready.narinfo {
                NarinfoStep::Keep => {
                    let path = self.dir.cache_file(&CacheFile::narinfo_of(&info.path));
                    keep_fresh(&path).at(&path)?;
                    bytes += ready.nar.size;
                }
                NarinfoStep::Create | NarinfoStep::Replace { .. } => {
                    due.push((*info, ready, Unsigned::of(info, ready.nar)?));
                }
            }
        }
        let fingerprints: Vec<_> = due
            .iter()
            .map(|(.., it)| it.fingerprint().clone())
            .collect();
        let signatures = self.signer.sign_paths(&fingerprints)?;
        for ((info, ready, unsigned), ours) in due.into_iter().zip(signatures) {
            bytes += self.write_narinfo(info, ready, unsigned, &ours)?.size;
        }
        Ok(bytes)
    }

    /// Writes a path's narinfo and returns the NAR that the narinfo now leads to.
    fn write_narinfo(
        &self,
        info: &PathInfo,
        ready: &Ready,
        unsigned: Unsigned,
        ours: &[Signature],
    ) -> Result<NarFile, PublishError> {
        let path = self.dir.cache_file(&CacheFile::narinfo_of(&info.path));
        if let NarinfoStep::Replace { kept } = &ready.narinfo {
            let bytes = unsigned.signed(ours, kept.iter().chain(&info.signatures))?;
            write_whole(&path, &bytes).at(&path)?;
            return Ok(ready.nar);
        }
        let bytes = unsigned.signed(ours, &info.signatures)?;
        if create_whole(&path, &bytes).at(&path)? {
            return Ok(ready.nar);
        }
        self.accept_other(info, &path)
    }

    /// Another publisher was quicker: its narinfo stands, if it says the same.
    fn accept_other(&self, info: &PathInfo, path: &Path) -> Result<NarFile, PublishError> {
        match self.read_narinfo(&info.path)? {
            Some(narinfo) => same_path(info, &narinfo).map(|()| narinfo.nar),
            None => Err(PublishError::Damaged {
                path: path.to_owned(),
                reason: "it was removed while it was being published".to_owned(),
            }),
        }
    }
}

/// A narinfo's time is when a release last needed it: what is old and in no release can be removed.
pub(crate) fn keep_fresh(narinfo: &Path) -> io::Result<()> {
    const FRESH: Duration = Duration::from_secs(86_400);
    let file = File::open(narinfo)?;
    let age = file.metadata()?.modified()?.elapsed();
    if age.is_ok_and(|age| age > FRESH) {
        file.set_modified(SystemTime::now())?;
    }
    Ok(())
}

fn published_path(info: &PathInfo) -> PublishedPath {
    PublishedPath {
        path: info.path.clone(),
        nar_hash: info.nar_hash,
        nar_size: info.nar_size,
    }
}

fn report(published: &PublishedPaths) {
    tracing::info!(
        target: "picket::progress",
        paths = published.paths.len(),
        new = published.new,
        bytes = published.bytes,
        "the binary cache has all {} store paths of the release, {} of them new",
        published.paths.len(),
        published.new,
    );
}
