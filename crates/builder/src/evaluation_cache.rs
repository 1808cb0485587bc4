//! Evaluations that were done before, on disk.
//!
//! The key covers everything that an evaluation depends on, so a cached one is never stale. Its
//! derivations may be gone from the store, though: whoever needs those has to look.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use picket_domain::{CommitSha, Sha256};
use serde::{Deserialize, Serialize};

use crate::evaluation::{Job, JobError, Jobs, WALKER};
use crate::job_set::JobSet;
use crate::version::NixVersion;

/// Everything but the revision that an evaluation depends on.
#[derive(Serialize)]
pub(crate) struct Setting<'a> {
    pub(crate) job_set: &'a JobSet,
    pub(crate) nix: String,
    pub(crate) store_dir: &'a str,
    pub(crate) restricted: bool,
    pub(crate) depth: u32,
    pub(crate) jobs: u32,
    options: &'a [(String, String)],
    walker: &'static str,
}

impl<'a> Setting<'a> {
    pub(crate) fn new(
        job_set: &'a JobSet,
        nix: &NixVersion,
        store_dir: &'a str,
        limits: &crate::Limits,
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

/// A cached evaluation, as it is written.
#[derive(Serialize, Deserialize)]
struct Entry {
    name: picket_domain::JobName,
    #[serde(flatten)]
    job: Cached,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Cached {
    Job(Job),
    Broken(JobError),
}

/// The folder of cached evaluations.
#[derive(Debug, Clone)]
pub(crate) struct EvaluationCache {
    pub(crate) dir: PathBuf,
}

impl EvaluationCache {
    pub(crate) fn new(state_dir: &Path) -> Self {
        Self {
            dir: state_dir.join("evaluations"),
        }
    }

    fn file(&self, rev: &CommitSha, setting: &Setting<'_>) -> PathBuf {
        let setting = serde_json::to_vec(setting).expect("every key is text");
        self.dir
            .join(format!("{rev}.{}.json", Sha256::of(&setting)))
    }

    /// The jobs, if they were kept. A file that cannot be read as jobs counts as none.
    pub(crate) fn get(&self, rev: &CommitSha, setting: &Setting<'_>) -> Option<Jobs> {
        let json = fs::read(self.file(rev, setting)).ok()?;
        let entries: Vec<Entry> = serde_json::from_slice(&json).ok()?;
        let jobs = entries.into_iter().map(|entry| {
            let job = match entry.job {
                Cached::Job(job) => Ok(job),
                Cached::Broken(error) => Err(error),
            };
            (entry.name, job)
        });
        Some(jobs.collect())
    }

    /// Keeps the jobs, whole or not at all.
    pub(crate) fn put(
        &self,
        rev: &CommitSha,
        setting: &Setting<'_>,
        jobs: &Jobs,
    ) -> io::Result<()> {
        let entries: Vec<_> = jobs
            .iter()
            .map(|(name, job)| Entry {
                name: name.clone(),
                job: match job {
                    Ok(job) => Cached::Job(job.clone()),
                    Err(error) => Cached::Broken(error.clone()),
                },
            })
            .collect();
        let json = serde_json::to_vec(&entries).map_err(io::Error::other)?;
        write_whole(&self.file(rev, setting), &json)
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
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(dir)?;
    let name = path.file_name().unwrap_or_default();
    let mut file = tempfile::Builder::new().prefix(name).tempfile_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    fs::File::open(dir)?.sync_all()
}
