//! How long builds took, by name, so that it is known how long they will take.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use picket_domain::{BuildingTime, StorePath};
use picket_files::write_whole;

use picket_nix::derivation::package;

/// What a build is taken to last that was never seen, in seconds.
const UNKNOWN_SECONDS: u64 = 60;
/// So many names are kept.
const NAMES_MAX: usize = 100_000;

/// How long builds took the last time, in seconds, by the name of the derivation without its
/// version. Clones share it. Losing it costs nothing but order.
#[derive(Debug, Clone)]
pub struct Durations {
    file: PathBuf,
    seconds: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Durations {
    /// What a builder's state folder has of it.
    pub fn open(state_dir: &Path) -> Self {
        let file = state_dir.join("durations.json");
        let kept = fs::read(&file).ok();
        let kept = kept.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self {
            file,
            seconds: Arc::new(Mutex::new(kept.unwrap_or_default())),
        }
    }

    /// How long this derivation took the last time, at whichever version; `None`: it was never
    /// built here.
    pub fn last(&self, drv: &StorePath) -> Option<u64> {
        self.seconds().get(package(drv)).copied()
    }

    /// How long derivations took the last time, given their names without versions and how many have
    /// each.
    pub fn of(&self, builds: &BTreeMap<String, u32>) -> BuildingTime {
        let known = self.seconds();
        let mut time = BuildingTime::default();
        for (name, count) in builds {
            let count = u64::from(*count);
            match known.get(name) {
                Some(seconds) => time.seconds += count * seconds,
                None => time.unseen += count,
            }
        }
        time
    }

    /// How long this derivation will take, as far as can be told.
    pub(crate) fn expected(&self, drv: &StorePath) -> u64 {
        self.last(drv).unwrap_or(UNKNOWN_SECONDS)
    }

    pub(crate) fn took(&self, drv: &StorePath, seconds: u64) {
        let mut all = self.seconds();
        let name = package(drv);
        if all.len() < NAMES_MAX || all.contains_key(name) {
            all.insert(name.to_owned(), seconds);
        }
    }

    /// Writes it down.
    pub(crate) fn save(&self) -> io::Result<()> {
        let json = serde_json::to_vec(&*self.seconds())?;
        write_whole(&self.file, &json)
    }

    fn seconds(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.seconds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drv(name: &str) -> StorePath {
        StorePath::parse(&format!("/nix/store/{}-{name}.drv", "0".repeat(32))).unwrap()
    }

    #[test]
    fn another_version_is_taken_to_last_as_long() {
        let dir = tempfile::tempdir().unwrap();
        let durations = Durations::open(dir.path());
        assert_eq!(durations.expected(&drv("openssl-3.0.15")), UNKNOWN_SECONDS);
        durations.took(&drv("openssl-3.0.15"), 400);
        durations.took(&drv("nss-cacert"), 2);
        durations.save().unwrap();
        let again = Durations::open(dir.path());
        assert_eq!(again.last(&drv("openssl-3.0.16")), Some(400));
        assert_eq!(again.last(&drv("nss-cacert")), Some(2));
        assert_eq!(again.last(&drv("nss-3.100")), None);
        let builds = [("openssl".to_owned(), 2), ("nss".to_owned(), 3)].into();
        let time = again.of(&builds);
        assert_eq!((time.seconds, time.unseen), (800, 3));
    }

    #[test]
    fn what_is_no_record_is_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("durations.json"), "half a rec").unwrap();
        assert_eq!(Durations::open(dir.path()).last(&drv("a-1")), None);
    }
}
