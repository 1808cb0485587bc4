//! Which of a channel's jobs a change may change, before anything is evaluated.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use picket_domain::{CommitSha, JobName, JobPattern};
use picket_evaluator::{Evaluator, JobSet, PathChange, Readers};

use crate::gate::Aggregates;

/// How many revisions' readers are kept in memory, each of some megabytes.
const KEPT: usize = 4;

/// What a change may change of a channel's jobs: no other job can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchedJobs {
    /// How many jobs there are.
    pub all: usize,
    /// The required ones that read something of what changes.
    pub required: Vec<JobName>,
    /// The others.
    pub others: Vec<JobName>,
}

/// What evaluations read, as far as it is kept beside them.
#[derive(Debug, Clone)]
pub struct JobReads {
    state_dir: PathBuf,
    kept: Arc<Mutex<Vec<Kept>>>,
}

#[derive(Debug)]
struct Kept {
    rev: CommitSha,
    jobs: JobSet,
    read: Arc<Read>,
}

/// What the jobs of one revision read.
#[derive(Debug)]
struct Read {
    readers: Readers,
    aggregates: Aggregates,
}

impl JobReads {
    /// What the builder with this folder kept.
    pub fn new(state_dir: &Path) -> Self {
        Self {
            state_dir: state_dir.to_owned(),
            kept: Arc::default(),
        }
    }

    /// The jobs of a revision that read something of what changes; `None`: it was not evaluated yet,
    /// or the kernel does not tell here. Blocks where the revision is a new one.
    pub fn touched<'a>(
        &self,
        rev: &CommitSha,
        jobs: &JobSet,
        required: &[JobPattern],
        changes: impl IntoIterator<Item = PathChange<'a>>,
    ) -> Option<TouchedJobs> {
        let read = self.read(rev, jobs)?;
        let evaluated = read.readers.evaluated();
        let required = read.aggregates.required(evaluated.jobs.keys(), required);
        let touched = read.readers.of(changes).into_iter().cloned();
        let (required, others) = touched.partition(|job| required.contains(job));
        Some(TouchedJobs {
            all: evaluated.jobs.len(),
            required,
            others,
        })
    }

    fn read(&self, rev: &CommitSha, jobs: &JobSet) -> Option<Arc<Read>> {
        let is_it = |kept: &&Kept| kept.rev == *rev && kept.jobs == *jobs;
        if let Some(kept) = self.kept().iter().find(is_it) {
            return Some(Arc::clone(&kept.read));
        }
        let readers = Evaluator::readers(&self.state_dir, rev, jobs)?;
        let aggregates = Aggregates::of(&readers.evaluated().jobs);
        let read = Arc::new(Read {
            readers,
            aggregates,
        });
        let mut kept = self.kept();
        kept.insert(
            0,
            Kept {
                rev: rev.clone(),
                jobs: jobs.clone(),
                read: Arc::clone(&read),
            },
        );
        kept.truncate(KEPT);
        Some(read)
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
