//! Evaluations of one job set: taken from the cache, or made, a few at a time.

use std::path::Path;
use std::sync::Arc;

use picket_domain::{CommitSha, JobName, Sha256};
use picket_nix::Nix;
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::spawn_blocking;

use crate::cache::{EvaluationCache, Setting, Slot};
use crate::error::EvaluateError;
use crate::job_set::JobSet;
use crate::job_set::job_name;
use crate::jobs::{Evaluated, Evaluation, Job, JobError};
use crate::limits::Limits;
use crate::pool::Pool;
use crate::queue::Item;
use crate::request::{Request, Trust};
use crate::sandbox::Sandbox;
use crate::traces::{Digests, Earlier, Notes, Readers, Trace};
use crate::walk::{Crew, Own, WALKER};

/// Whether an earlier evaluation will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// It will.
    Use,
    /// It will not: its derivations are gone from the store.
    Skip,
}

/// Evaluates job sets with one Nix, a few at a time, and keeps what it found in a folder that can
/// be lost at any time. Clones share how much is done at a time.
#[derive(Debug, Clone)]
pub struct Evaluator {
    nix: Nix,
    limits: Limits,
    cache: EvaluationCache,
    own: Own,
    sandbox: Arc<OnceCell<Sandbox>>,
    /// Whether the kernel tells what evaluations read.
    hears: Arc<OnceCell<bool>>,
    /// Lets so many evaluations run at a time.
    gate: Arc<Semaphore>,
}

impl Evaluator {
    /// An evaluator that keeps its evaluations in this folder.
    pub fn new(nix: Nix, state_dir: &Path, limits: Limits) -> Self {
        Self {
            nix,
            cache: EvaluationCache::new(state_dir),
            own: Own {
                walker: state_dir.join(format!("picket-walker-{}.nix", &walker_digest()[..16])),
                home: state_dir.join("evaluator-home"),
            },
            sandbox: Arc::default(),
            hears: Arc::default(),
            gate: Arc::new(Semaphore::new(limits.at_once.max(1))),
            limits,
        }
    }

    /// What evaluating may take.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The same evaluator in this sandbox, whatever else there is here.
    #[must_use]
    pub fn with_sandbox(self, sandbox: Sandbox) -> Self {
        Self {
            sandbox: Arc::new(OnceCell::new_with(Some(sandbox))),
            ..self
        }
    }

    /// What keeps evaluations apart from the machine here.
    pub async fn sandbox(&self) -> Sandbox {
        *self.sandbox.get_or_init(Sandbox::find).await
    }

    /// A revision's jobs, evaluated or taken from an earlier evaluation.
    ///
    /// # Errors
    /// [`EvaluateError`] for what is not the revision's own fault.
    pub async fn evaluate(
        &self,
        request: Request<'_>,
        cache: Cache,
    ) -> Result<Evaluation, EvaluateError> {
        self.stream(request, cache, &|_, _| {}).await
    }

    /// A revision's jobs, where an earlier evaluation is kept. Nothing is evaluated.
    pub async fn known(&self, request: Request<'_>) -> Option<Evaluated> {
        kept(&self.slot(request), Cache::Use).await
    }

    /// A revision's jobs as [`evaluate`](Self::evaluate) gives them, and each job is told of as soon as
    /// it is evaluated; none, where an earlier evaluation is taken.
    ///
    /// # Errors
    /// [`EvaluateError`] for what is not the revision's own fault.
    pub async fn stream(
        &self,
        request: Request<'_>,
        cache: Cache,
        on_job: &(dyn Fn(&JobName, &Result<Job, JobError>) + Send + Sync),
    ) -> Result<Evaluation, EvaluateError> {
        let Request { revision, jobs, .. } = request;
        let slot = self.slot(request);
        if let Some(evaluated) = kept(&slot, cache).await {
            return Ok(Evaluation::Jobs(evaluated));
        }
        let _turn = self.gate.acquire().await.expect("the gate is never closed");
        // Another channel may have had the same base evaluated meanwhile.
        if let Some(evaluated) = kept(&slot, cache).await {
            return Ok(Evaluation::Jobs(evaluated));
        }
        tracing::info!(
            target: "picket::progress",
            rev = %revision.rev,
            "evaluating {} at {}", jobs.file.display(), revision.rev.short()
        );
        let (evaluation, trace) = self.evaluate_now(request, cache, on_job).await?;
        match &evaluation {
            Evaluation::Jobs(evaluated) => {
                let evaluated = evaluated.clone();
                off_runtime(slot, move |slot| {
                    slot.put(&evaluated)
                        .and_then(|()| trace.map_or(Ok(()), |trace| slot.put_trace(&trace)))
                        .map_err(EvaluateError::file(&slot.file))
                })
                .await?;
            }
            Evaluation::Failed { .. } | Evaluation::Unfinished(_) => {
                // A tree that is not there, or went away meanwhile, is not the revision's fault.
                let tree = revision.tree.metadata();
                tree.map_err(EvaluateError::file(&revision.tree))?;
            }
        }
        Ok(evaluation)
    }

    /// The same for a revision that nobody here can mend, as a base: that it has no jobs is
    /// remembered for a time, so that it is not evaluated again at each look.
    ///
    /// # Errors
    /// [`EvaluateError`] for what is not the revision's own fault.
    pub async fn evaluate_base(&self, request: Request<'_>) -> Result<Evaluation, EvaluateError> {
        let slot = self.slot(request);
        let within = self.limits.failed_seconds;
        if let Some(failed) = off_runtime(slot.clone(), move |slot| slot.failure(within)).await {
            return Ok(failed);
        }
        let evaluation = self.evaluate(request, Cache::Use).await?;
        let failure = evaluation.clone();
        off_runtime(slot, move |slot| {
            slot.put_failure(failure)
                .map_err(EvaluateError::file(&slot.file))
        })
        .await?;
        Ok(evaluation)
    }

    /// Evaluates what cannot be taken over from earlier evaluations; with the trace of it, where it
    /// is heard what is read.
    async fn evaluate_now(
        &self,
        request: Request<'_>,
        cache: Cache,
        on_job: &(dyn Fn(&JobName, &Result<Job, JobError>) + Send + Sync),
    ) -> Result<(Evaluation, Option<Trace>), EvaluateError> {
        let sandbox = self.sandbox_for(request).await?;
        self.write_walker().await?;
        let heard = self.hears().await;
        let crew = Crew::new(&self.nix, &self.limits, sandbox, &self.own, heard, request)?;
        let digests = Digests::of(&crew.tree).map_err(EvaluateError::file(&crew.tree))?;
        let (earlier, digests) = match cache {
            Cache::Use if heard => self.earlier(request, digests).await,
            Cache::Use | Cache::Skip => (Earlier::default(), digests),
        };
        let store_dir = &request.installed.store_dir;
        let told = |item: &Item, job: &Result<Job, JobError>| on_job(&job_name(&item.path), job);
        let extras = request.extras;
        let pool = Pool::new(&crew, &self.limits, store_dir, extras, &earlier, &told);
        let (evaluation, notes) = pool.run().await?;
        let Evaluation::Jobs(evaluated) = &evaluation else {
            return Ok((evaluation, None));
        };
        if evaluated.taken_over > 0 {
            tracing::info!(
                target: "picket::progress",
                rev = %request.revision.rev,
                "{} of its names read the same as before", evaluated.taken_over
            );
        }
        let trace = match heard {
            true => Some(self.trace(request, digests, earlier, notes).await),
            false => None,
        };
        Ok((evaluation, trace))
    }

    /// Whether it is heard what evaluations read, and nothing else can change what they give: only
    /// then is anything taken over from another revision.
    pub async fn hears(&self) -> bool {
        let works = || async { spawn_blocking(picket_reads::works).await.unwrap_or(false) };
        self.limits.restricted && *self.hears.get_or_init(works).await
    }

    async fn earlier(&self, request: Request<'_>, mut digests: Digests) -> (Earlier, Digests) {
        let work = move |slot: &Slot| (slot.earlier(&mut digests), digests);
        off_runtime(self.slot(request), work).await
    }

    async fn trace(
        &self,
        request: Request<'_>,
        mut digests: Digests,
        earlier: Earlier,
        mut notes: Notes,
    ) -> Trace {
        let job_set = request.jobs.clone();
        let work = move |_: &Slot| {
            earlier.complete(&mut notes);
            Trace::new(&job_set, notes, &mut digests)
        };
        off_runtime(self.slot(request), work).await
    }

    /// The sandbox for a revision, which there must be for one that nobody vouches for.
    async fn sandbox_for(&self, request: Request<'_>) -> Result<Sandbox, EvaluateError> {
        if !self.limits.restricted {
            return Ok(Sandbox::None);
        }
        let sandbox = self.sandbox().await;
        let trusted = self.limits.unsandboxed || request.trust == Trust::Approved;
        if sandbox == Sandbox::None && !trusted {
            return Err(EvaluateError::NoSandbox);
        }
        Ok(sandbox)
    }

    async fn write_walker(&self) -> Result<(), EvaluateError> {
        let file = self.own.walker.clone();
        let written = spawn_blocking(move || {
            if std::fs::read(&file).is_ok_and(|there| there == WALKER.as_bytes()) {
                return Ok(());
            }
            std::fs::create_dir_all(file.parent().unwrap_or(Path::new("/")))?;
            picket_files::write_whole(&file, WALKER.as_bytes())
        });
        let written = written.await;
        written
            .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
            .map_err(EvaluateError::file(&self.own.walker))
    }

    /// Which jobs of a revision read what, as an evaluation tells that was kept in this folder;
    /// `None`: none was, or it does not tell. Blocks: it reads some megabytes.
    pub fn readers(state_dir: &Path, rev: &CommitSha, job_set: &JobSet) -> Option<Readers> {
        EvaluationCache::new(state_dir).readers(rev, job_set)
    }

    /// Removes all evaluations of a revision.
    ///
    /// # Errors
    /// Where they cannot be removed.
    pub fn forget(&self, rev: &CommitSha) -> std::io::Result<()> {
        self.cache.forget(rev)
    }

    fn slot(&self, request: Request<'_>) -> Slot {
        let options = self.nix.options();
        let setting = Setting::new(request, &self.limits, options);
        self.cache.slot(&request.revision.rev, &setting)
    }
}

fn walker_digest() -> String {
    Sha256::of(WALKER.as_bytes()).to_string()
}

async fn kept(slot: &Slot, cache: Cache) -> Option<Evaluated> {
    match cache {
        Cache::Use => off_runtime(slot.clone(), Slot::get).await,
        Cache::Skip => None,
    }
}

/// Works on the cache where it does not hold up others: an evaluation may have many megabytes.
async fn off_runtime<T: Send + 'static>(
    slot: Slot,
    work: impl FnOnce(&Slot) -> T + Send + 'static,
) -> T {
    match spawn_blocking(move || work(&slot)).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
