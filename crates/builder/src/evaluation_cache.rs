//! Evaluations that were done before, on disk.
//!
//! The key covers everything that an evaluation depends on, so a cached one is never stale. Its
//! derivations may be gone from the store, though: whoever needs those has to look.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use picket_domain::{CommitSha, Sha256};
use serde::Serialize;

use crate::evaluation::{Jobs, WALKER};
use crate::job_set::JobSet;
use crate::limits::Limits;
use crate::version::NixVersion;

/// Everything but the revision that an evaluation depends on.
#[derive(Serialize)]
pub(crate) struct Setting<'a> {
    job_set: &'a JobSet,
    nix: String,
    store_dir: &'a str,
    restricted: bool,
    depth: u32,
    jobs: u32,
    options: &'a [(String, String)],
    walker: &'static str,
}

impl<'a> Setting<'a> {
    pub(crate) fn new(
        job_set: &'a JobSet,
        nix: &NixVersion,
        store_dir: &'a str,
        limits: &Limits,
        options: &'a [(String, String)],
    ) -> Self {
        Self {
            job_set,
            nix: nix.to_string(),
            store_dir,
            restricted: limits.restricted,
            depth: limits.depth,
            jobs: limits.jobs,
            options,
            walker: WALKER,
        }
    }
}

/// The folder of cached evaluations.
#[derive(Debug, Clone)]
pub(crate) struct EvaluationCache {
    dir: PathBuf,
}

/// The place of one evaluation in the cache.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) file: PathBuf,
}

impl Slot {
    /// The jobs, if they were kept. A file that cannot be read as jobs counts as none.
    pub(crate) fn get(&self) -> Option<Jobs> {
        let json = fs::read(&self.file).ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// Keeps the jobs, whole or not at all.
    pub(crate) fn put(&self, jobs: &Jobs) -> io::Result<()> {
        let json = serde_json::to_vec(jobs).map_err(io::Error::other)?;
        write_whole(&self.file, &json)
    }
}

impl EvaluationCache {
    pub(crate) fn new(state_dir: &Path) -> Self {
        Self {
            dir: state_dir.join("evaluations"),
        }
    }

    pub(crate) fn slot(&self, rev: &CommitSha, setting: &Setting<'_>) -> Slot {
        let setting = serde_json::to_vec(setting).expect("every key is text");
        let name = format!("{rev}.{}.json", Sha256::of(&setting));
        Slot {
            file: self.dir.join(name),
        }
    }

    /// Removes all evaluations of a revision.
    pub(crate) fn forget(&self, rev: &CommitSha) -> io::Result<()> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with(rev.as_str())
            {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Writes a file so that it is there whole or not at all, at whichever instruction this stops.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(dir)?;
    let name = path.file_name().unwrap_or_default();
    let mut file = tempfile::Builder::new().prefix(name).tempfile_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    fs::File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use picket_domain::{JobName, StorePath};

    use super::*;
    use crate::evaluation::{Job, JobError};

    fn rev(digit: char) -> CommitSha {
        CommitSha::parse(&digit.to_string().repeat(40)).unwrap()
    }

    fn jobs() -> Jobs {
        let path = |name: &str| StorePath::parse(&format!("/s/{}-{name}", "0".repeat(32))).unwrap();
        let job = Job {
            drv: path("a.drv"),
            outputs: [("out".to_owned(), path("a"))].into(),
            system: "x86_64-linux".into(),
        };
        let throws = JobError::Throws {
            path: vec!["b".into()],
        };
        let name = |name| JobName::parse(name).unwrap();
        Jobs::from([
            (name("a"), Ok(job)),
            (name("b"), Err(throws)),
            (name("c"), Err(JobError::TooDeep)),
        ])
    }

    #[test]
    fn an_evaluation_is_kept_under_everything_that_it_depends_on() {
        let dir = tempfile::tempdir().unwrap();
        let cache = EvaluationCache::new(dir.path());
        let job_set = |file: &str| JobSet {
            file: file.into(),
            arguments: [].into(),
            attributes: Vec::new(),
        };
        let slot = |rev: &CommitSha, file: &str, nix: &str, store_dir: &str, limits: &Limits| {
            let nix = nix.parse().unwrap();
            let setting = (job_set(file), nix);
            cache.slot(
                rev,
                &Setting::new(&setting.0, &setting.1, store_dir, limits, &[]),
            )
        };
        let limits = Limits::default();
        let unrestricted = Limits {
            restricted: false,
            ..Limits::default()
        };
        let this = slot(&rev('a'), "x.nix", "2.8", "/s", &limits);
        assert!(this.get().is_none());
        this.put(&jobs()).unwrap();
        this.put(&jobs()).unwrap();
        assert_eq!(this.get(), Some(jobs()));
        for other in [
            slot(&rev('b'), "x.nix", "2.8", "/s", &limits),
            slot(&rev('a'), "y.nix", "2.8", "/s", &limits),
            slot(&rev('a'), "x.nix", "2.9", "/s", &limits),
            slot(&rev('a'), "x.nix", "2.8", "/t", &limits),
            slot(&rev('a'), "x.nix", "2.8", "/s", &unrestricted),
        ] {
            assert!(other.get().is_none());
        }

        cache.forget(&rev('b')).unwrap();
        assert!(this.get().is_some());
        fs::write(&this.file, "{\"a\":").unwrap();
        assert!(
            this.get().is_none(),
            "a file that was cut off is no evaluation"
        );
        cache.forget(&rev('a')).unwrap();
        assert_eq!(fs::read_dir(&cache.dir).unwrap().count(), 0);
    }
}
