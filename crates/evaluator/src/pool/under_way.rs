//! What is known of an evaluation while it is under way: shared by all of its seats.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use picket_domain::{EvaluationCost, EvaluationLimit};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::error::EvaluateError;
use crate::jobs::{Evaluation, Job, JobError, Unfinished};
use crate::limits::Limits;
use crate::queue::{Item, Queue};
use crate::traces::{Earlier, Notes};
use crate::walk::Crew;

/// How often it is told how far an evaluation is.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Told of each job as it is evaluated.
pub(super) type OnJob<'a> = &'a (dyn Fn(&Item, &Result<Job, JobError>) + Send + Sync);

/// Why an evaluation goes no further.
pub(super) enum Halt {
    /// It has come to something.
    Evaluation(Evaluation),
    /// The machine's fault.
    Error(EvaluateError),
}

impl From<EvaluateError> for Halt {
    fn from(error: EvaluateError) -> Self {
        Self::Error(error)
    }
}

/// An evaluation under way.
pub(super) struct UnderWay<'a> {
    pub(super) crew: &'a Crew,
    pub(super) limits: &'a Limits,
    pub(super) store_dir: &'a str,
    pub(super) extras: bool,
    on_job: OnJob<'a>,
    begun: Instant,
    pub(super) deadline: Instant,
    pub(super) queue: Mutex<Queue>,
    /// There may be something to do again, or nothing any more.
    pub(super) changed: Notify,
    /// The memory of each worker that is at work, in bytes, by seat.
    memories: Mutex<BTreeMap<usize, u64>>,
    pub(super) peak: AtomicU64,
    /// Bytes that workers wrote who are no more.
    pub(super) written: AtomicU64,
    pub(super) losses: AtomicU64,
    told: Mutex<Instant>,
    /// What holds of earlier evaluations.
    pub(super) earlier: &'a Earlier,
    pub(super) notes: Mutex<Notes>,
}

impl<'a> UnderWay<'a> {
    pub(super) fn new(
        crew: &'a Crew,
        limits: &'a Limits,
        store_dir: &'a str,
        extras: bool,
        earlier: &'a Earlier,
        on_job: OnJob<'a>,
    ) -> Self {
        let roots = match crew.attributes.as_slice() {
            [] => vec![Item::root(0, Vec::new())],
            attributes => (0..)
                .zip(attributes)
                .map(|(number, path)| Item::root(number, path.clone()))
                .collect(),
        };
        let begun = Instant::now();
        Self {
            crew,
            limits,
            store_dir,
            extras,
            on_job,
            begun,
            deadline: begun + Duration::from_secs(limits.seconds),
            queue: Mutex::new(Queue::new(roots, limits.jobs)),
            changed: Notify::new(),
            memories: Mutex::default(),
            peak: AtomicU64::new(0),
            written: AtomicU64::new(0),
            losses: AtomicU64::new(0),
            told: Mutex::new(begun),
            earlier,
            notes: Mutex::default(),
        }
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().expect("nobody panics while holding it")
    }

    pub(super) fn cost(&self) -> EvaluationCost {
        EvaluationCost {
            seconds: self.begun.elapsed().as_secs(),
            peak_bytes: self.peak.load(Ordering::Relaxed),
        }
    }

    pub(super) fn memories(&self) -> MutexGuard<'_, BTreeMap<usize, u64>> {
        self.memories
            .lock()
            .expect("nobody panics while holding it")
    }

    pub(super) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().expect("nobody panics while holding it")
    }

    pub(super) fn settle(&self, item: &Item, job: Result<Job, JobError>) {
        (self.on_job)(item, &job);
        self.queue().settle(item, job);
    }

    /// Says how far it is, now and then.
    pub(super) fn tell(&self, item: &Item) {
        let mut told = self.told.lock().expect("nobody panics while holding it");
        if told.elapsed() < TELL_EVERY {
            return;
        }
        *told = Instant::now();
        drop(told);
        let (done, known) = self.queue().counts();
        let name = crate::job_set::job_name(&item.path);
        tracing::info!(
            target: "picket::progress",
            "evaluated {done} of {known} names: at {name}"
        );
    }

    pub(super) fn unfinished(&self, cause: EvaluationLimit, detail: String) -> Halt {
        Halt::Evaluation(Evaluation::Unfinished(Unfinished {
            cause,
            spent: self.cost(),
            detail,
        }))
    }

    pub(super) fn failed(error: String) -> Halt {
        Halt::Evaluation(Evaluation::Failed { error })
    }
}
