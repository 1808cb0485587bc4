//! What is known of the bases' derivations that fail.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use picket_domain::StorePath;
use picket_files::write_whole;

/// The bases' derivations that are known to fail, with the one that is to blame: a file each, which
/// holds for a time.
#[derive(Debug, Clone)]
pub(crate) struct BaseFailures {
    dir: PathBuf,
    within: Duration,
}

impl BaseFailures {
    pub(crate) fn new(state_dir: &Path, within: Duration) -> Self {
        Self {
            dir: state_dir.join("base-failures"),
            within,
        }
    }

    /// The derivation that this one is known to fail by.
    pub(crate) fn get(&self, drv: &StorePath) -> Option<StorePath> {
        let file = self.dir.join(drv.base_name());
        let written = fs::metadata(&file).ok()?.modified().ok()?;
        if !self.holds(written) {
            return None;
        }
        StorePath::parse(&fs::read_to_string(file).ok()?).ok()
    }

    /// Writes down by which derivation this one fails, and forgets what does not hold any more.
    pub(crate) fn put(&self, drv: &StorePath, culprit: &StorePath) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        write_whole(&self.dir.join(drv.base_name()), culprit.as_str().as_bytes())?;
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            if !self.holds(entry.metadata()?.modified()?) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    fn holds(&self, written: SystemTime) -> bool {
        let age = SystemTime::now().duration_since(written);
        age.unwrap_or_default() < self.within
    }
}
