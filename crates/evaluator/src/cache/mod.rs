//! Evaluations that were done before, on disk.
//!
//! The key covers everything that an evaluation depends on, so a cached one is never stale. Its
//! derivations may be gone from the store, though: whoever needs those has to look. That a base
//! does not evaluate is kept as well, for a time, so that it is not evaluated again at each look.

mod files;
mod reads;
mod setting;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use picket_domain::{CommitSha, Sha256};
use serde::{Deserialize, Serialize};

use self::files::{read, write};
use self::reads::READS;
use crate::job_set::JobSet;
use crate::jobs::{Evaluated, Evaluation, Unfinished};
use crate::traces::{Digests, Earlier, Readers, Trace};

pub(crate) use self::setting::Setting;

/// Why a revision has no jobs.
#[derive(Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
enum Failure {
    /// It does not evaluate.
    Error { error: String },
    /// Its evaluation was stopped.
    Unfinished(Unfinished),
}

/// That a revision has no jobs, and since when that is known.
#[derive(Serialize, Deserialize)]
struct KeptFailure {
    /// Seconds since 1970.
    at: u64,
    failed: Failure,
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
    failed: PathBuf,
    reads: PathBuf,
    /// How the names of files end that say what evaluations of the same setting read.
    reads_of_setting: String,
}

impl Slot {
    /// The evaluation, if it was kept. A file that cannot be read as one counts as none.
    pub(crate) fn get(&self) -> Option<Evaluated> {
        read(&self.file)
    }

    /// Keeps an evaluation, whole or not at all.
    pub(crate) fn put(&self, evaluated: &Evaluated) -> io::Result<()> {
        write(&self.file, evaluated)
    }

    /// Keeps what the evaluation read, which [`put`](Self::put) has kept.
    pub(crate) fn put_trace(&self, trace: &Trace) -> io::Result<()> {
        reads::write_trace(&self.reads, trace)
    }

    /// What of the newest evaluations with the same setting holds for a tree. What cannot be read of
    /// them holds nowhere.
    pub(crate) fn earlier(&self, digests: &mut Digests) -> Earlier {
        reads::earlier(&self.reads, &self.reads_of_setting, digests)
    }

    /// Why the evaluation failed within the last so many seconds, if it did.
    pub(crate) fn failure(&self, within: u64) -> Option<Evaluation> {
        let kept: KeptFailure = read(&self.failed)?;
        let age = now().checked_sub(kept.at)?;
        (age < within).then_some(match kept.failed {
            Failure::Error { error } => Evaluation::Failed { error },
            Failure::Unfinished(unfinished) => Evaluation::Unfinished(unfinished),
        })
    }

    /// Keeps that the evaluation failed, if it did.
    pub(crate) fn put_failure(&self, evaluation: Evaluation) -> io::Result<()> {
        let failed = match evaluation {
            Evaluation::Jobs(_) => return Ok(()),
            Evaluation::Failed { error } => Failure::Error { error },
            Evaluation::Unfinished(unfinished) => Failure::Unfinished(unfinished),
        };
        let at = now();
        write(&self.failed, &KeptFailure { at, failed })
    }
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs())
}

impl EvaluationCache {
    pub(crate) fn new(state_dir: &Path) -> Self {
        Self {
            dir: state_dir.join("evaluations"),
        }
    }

    /// Which jobs of a revision read what, as the newest evaluation of it by this job set tells.
    /// Blocks. `None`: there is none, or it does not tell.
    pub(crate) fn readers(&self, rev: &CommitSha, job_set: &JobSet) -> Option<Readers> {
        reads::readers(&self.dir, rev, job_set)
    }

    pub(crate) fn slot(&self, rev: &CommitSha, setting: &Setting<'_>) -> Slot {
        let bounds = serde_json::to_vec(&setting.bounds).expect("numbers are JSON");
        let mut setting = serde_json::to_vec(setting).expect("every key is text");
        let digest = Sha256::of(&setting);
        let file = format!("{rev}.{digest}.json");
        let reads_of_setting = format!(".{digest}{READS}");
        setting.extend(bounds);
        let failed = format!("{rev}.{}.failed.json", Sha256::of(&setting));
        Slot {
            file: self.dir.join(file),
            failed: self.dir.join(failed),
            reads: self.dir.join(format!("{rev}{reads_of_setting}")),
            reads_of_setting,
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

#[cfg(test)]
mod tests {
    use picket_domain::{EvaluationCost, EvaluationLimit, JobName, StorePath};

    use picket_nix::Installed;

    use super::*;
    use crate::jobs::{Job, JobError, Jobs};
    use crate::limits::Limits;
    use crate::request::Request;
    use crate::revision::Revision;

    fn rev(digit: char) -> CommitSha {
        CommitSha::parse(&digit.to_string().repeat(40)).unwrap()
    }

    fn revision(rev: &CommitSha) -> Revision {
        Revision {
            rev: rev.clone(),
            tree: "/tree".into(),
        }
    }

    fn installed(nix: &str, store_dir: &str) -> Installed {
        Installed {
            version: nix.parse().unwrap(),
            store_dir: store_dir.to_owned(),
        }
    }

    fn evaluated() -> Evaluated {
        let path = |name: &str| StorePath::parse(&format!("/s/{}-{name}", "0".repeat(32))).unwrap();
        let outputs = [("out".to_owned(), path("a"))].into();
        let job = Job::new(path("a.drv"), outputs, "x86_64-linux".into());
        let stopped = JobError::Stopped {
            cause: EvaluationLimit::Time,
            message: "too long".into(),
        };
        let name = |name| JobName::parse(name).unwrap();
        let fails = JobError::Fails {
            message: "error: no".into(),
        };
        Evaluated {
            jobs: Jobs::from([
                (name("a"), Ok(job)),
                (name("b"), Err(stopped)),
                (name("c"), Err(JobError::TooDeep { most: 3 })),
                (name("d"), Err(fails)),
            ]),
            cost: EvaluationCost::default(),
            taken_over: 0,
        }
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
            let installed = installed(nix, store_dir);
            let (revision, jobs) = (revision(rev), job_set(file));
            let request = Request::new(&installed, &revision, &jobs);
            cache.slot(rev, &Setting::new(request, limits, &[]))
        };
        let limits = Limits::default();
        let unrestricted = Limits {
            restricted: false,
            ..Limits::default()
        };
        let this = slot(&rev('a'), "x.nix", "2.8", "/s", &limits);
        assert!(this.get().is_none());
        this.put(&evaluated()).unwrap();
        this.put(&evaluated()).unwrap();
        assert_eq!(this.get(), Some(evaluated()));
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

    #[test]
    fn a_failure_is_kept_for_a_time_and_for_the_same_limits() {
        let dir = tempfile::tempdir().unwrap();
        let cache = EvaluationCache::new(dir.path());
        let job_set = JobSet {
            file: "x.nix".into(),
            arguments: [].into(),
            attributes: Vec::new(),
        };
        let installed = installed("2.8", "/s");
        let slot = |limits: &Limits| {
            let revision = revision(&rev('a'));
            let request = Request::new(&installed, &revision, &job_set);
            cache.slot(&rev('a'), &Setting::new(request, limits, &[]))
        };
        let this = slot(&Limits::default());
        let failed = Evaluation::Unfinished(Unfinished {
            cause: EvaluationLimit::Time,
            spent: EvaluationCost::default(),
            detail: "too long".into(),
        });
        assert_eq!(this.failure(60), None);
        this.put_failure(failed.clone()).unwrap();
        assert_eq!(this.failure(60), Some(failed));
        assert_eq!(this.failure(0), None, "its time is over");
        assert_eq!(this.get(), None);
        let more = slot(&Limits {
            seconds: 7200,
            ..Limits::default()
        });
        assert_eq!(more.failure(60), None, "more time may be enough");
    }
}
