//! The builder: from a base and a revision to a report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use picket_domain::{BuildReport, CommitSha, JobName, JobOutcome, JobReport, PathInfo, StorePath};

use tokio::task::spawn_blocking;

use crate::closure;
use crate::compare::{Change, compare};
use crate::error::BuildError;
use crate::evaluation::{Evaluation, Job, JobError, Jobs};
use crate::evaluation_cache::{EvaluationCache, Setting, Slot};
use crate::job_set::{JobSet, job_name};
use crate::limits::Limits;
use crate::logs::Logs;
use crate::nix::Nix;
use crate::realise::Work;
use crate::roots::Roots;
use crate::session::{Session, check_version};

/// For how many broken jobs Nix is asked for its message; each takes an evaluation of its own.
const EXPLAINED_MAX: usize = 20;

/// A revision and where its files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The commit.
    pub rev: CommitSha,
    /// The folder that holds its tree.
    pub tree: PathBuf,
}

/// What is to be built.
#[derive(Debug, Clone)]
pub struct BuildRequest<'a> {
    /// What the revision is compared with.
    pub base: &'a Revision,
    /// The revision.
    pub head: &'a Revision,
    /// The jobs.
    pub jobs: &'a JobSet,
}

/// Evaluates, compares and builds with one Nix. Its state folder can be lost at any time, but for
/// the logs and the roots that keep built paths from the garbage collector.
#[derive(Debug, Clone)]
pub struct Builder {
    nix: Nix,
    limits: Limits,
    evaluations: EvaluationCache,
    logs: Logs,
    roots: Roots,
}

impl Builder {
    /// A builder that keeps its state in this folder, which it makes when it is missing.
    ///
    /// # Errors
    /// [`BuildError::File`] where the folder cannot be made.
    pub fn new(nix: Nix, state_dir: &Path, limits: Limits) -> Result<Self, BuildError> {
        let home = state_dir.join("home");
        std::fs::create_dir_all(&home).map_err(BuildError::file(&home))?;
        let state_dir = &state_dir
            .canonicalize()
            .map_err(BuildError::file(state_dir))?;
        Ok(Self {
            nix: nix.with_home(&state_dir.join("home")),
            limits,
            evaluations: EvaluationCache::new(state_dir),
            logs: Logs::new(state_dir),
            roots: Roots::new(state_dir),
        })
    }

    /// The Nix that builds.
    pub fn nix(&self) -> &Nix {
        &self.nix
    }

    /// The logs that builds leave.
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Checks that Nix is new enough for a tree, by the tree's `lib/minver.nix`.
    ///
    /// # Errors
    /// [`BuildError::NixTooOld`] names both versions.
    pub async fn check_tree(&self, tree: &Path) -> Result<(), BuildError> {
        check_version(&self.nix.version().await?, tree).await
    }

    /// All jobs of a revision, evaluated or taken from an earlier evaluation, whose derivations
    /// the garbage collector may have removed since.
    ///
    /// # Errors
    /// [`BuildError`] for what is not the revision's own fault.
    pub async fn evaluate(
        &self,
        revision: &Revision,
        jobs: &JobSet,
    ) -> Result<Evaluation, BuildError> {
        let session = Session::open(&self.nix, &self.limits).await?;
        check_version(&session.version, &revision.tree).await?;
        self.jobs_of(&session, revision, jobs, Cache::Use).await
    }

    /// Evaluates the base and the revision, and builds the jobs that differ.
    ///
    /// Everything that is in the store already stays as it is, so that a call that was cut off is
    /// simply made again. What was evaluated and built is kept from the garbage collector until
    /// [`forget`](Self::forget) is called.
    ///
    /// # Errors
    /// [`BuildError`] for what is not the revision's own fault.
    pub async fn build(&self, request: BuildRequest<'_>) -> Result<BuildReport, BuildError> {
        let BuildRequest { base, head, jobs } = request;
        let mut session = Session::open(&self.nix, &self.limits).await?;
        check_version(&session.version, &base.tree).await?;
        check_version(&session.version, &head.tree).await?;
        let base_jobs = match self.jobs_of(&session, base, jobs, Cache::Use).await? {
            Evaluation::Jobs(base_jobs) => base_jobs,
            Evaluation::Failed { error } => return Err(BuildError::Base { error }),
        };
        let (head_jobs, changes) = match self.changes(&mut session, head, jobs, &base_jobs).await? {
            Ok(changes) => changes,
            Err(error) => return Ok(BuildReport::EvaluationFailed { error }),
        };
        check_attributes(jobs, &base_jobs, &head_jobs)?;
        tracing::info!(
            target: "picket::progress",
            rev = %head.rev,
            "{} of {} jobs differ from the base's", changes.len(), head_jobs.len()
        );
        let changed = self.realise(&mut session, head, jobs, changes).await?;
        Ok(BuildReport::Evaluated {
            jobs: u32::try_from(head_jobs.len()).unwrap_or(u32::MAX),
            changed,
        })
    }

    /// The runtime closure of paths that are in the store, themselves included, by path.
    ///
    /// # Errors
    /// [`BuildError::Store`] where one of them is not there.
    pub async fn closure(&self, outputs: &[StorePath]) -> Result<Vec<PathInfo>, BuildError> {
        let mut session = Session::open(&self.nix, &self.limits).await?;
        closure::closure(&mut session.daemon, outputs).await
    }

    /// Keeps paths from the garbage collector on behalf of a revision. [`build`](Self::build) does
    /// this for what it builds.
    ///
    /// # Errors
    /// [`BuildError::File`] and [`BuildError::Store`].
    pub async fn keep(&self, rev: &CommitSha, paths: &[StorePath]) -> Result<(), BuildError> {
        let mut session = Session::open(&self.nix, &self.limits).await?;
        self.roots.add(&mut session.daemon, rev, paths).await
    }

    /// Lets go of what is kept for a revision: its paths in the store, and its evaluation. Its
    /// logs stay; see [`Logs::remove`].
    ///
    /// # Errors
    /// [`BuildError::File`].
    pub fn forget(&self, rev: &CommitSha) -> Result<(), BuildError> {
        let failed = BuildError::file(Path::new(rev.as_str()));
        self.roots
            .forget(rev)
            .and_then(|()| self.evaluations.forget(rev))
            .map_err(failed)
    }

    async fn jobs_of(
        &self,
        session: &Session,
        revision: &Revision,
        job_set: &JobSet,
        cache: Cache,
    ) -> Result<Evaluation, BuildError> {
        let setting = Setting::new(
            job_set,
            &session.version,
            &session.store_dir,
            &self.limits,
            self.nix.options(),
        );
        let slot = self.evaluations.slot(&revision.rev, &setting);
        if cache == Cache::Use
            && let Some(jobs) = off_runtime(slot.clone(), Slot::get).await
        {
            return Ok(Evaluation::Jobs(jobs));
        }
        tracing::info!(
            target: "picket::progress",
            rev = %revision.rev,
            "evaluating {} at {}", job_set.file.display(), revision.rev.short()
        );
        let evaluator = session.evaluator(&self.nix, &self.limits);
        match evaluator.evaluate(&revision.tree, job_set).await? {
            Evaluation::Jobs(jobs) => {
                let jobs = off_runtime(slot, move |slot| {
                    let kept = slot.put(&jobs).map_err(BuildError::file(&slot.file));
                    kept.map(|()| jobs)
                });
                Ok(Evaluation::Jobs(jobs.await?))
            }
            failed @ Evaluation::Failed { .. } => {
                // A tree that is not there, or went away meanwhile, is not the revision's fault.
                let tree = revision.tree.metadata();
                tree.map_err(BuildError::file(&revision.tree))?;
                Ok(failed)
            }
        }
    }

    /// The revision's jobs and how they differ, with the derivations to build held in the store:
    /// first by the connection, then by roots that outlast it.
    async fn changes(
        &self,
        session: &mut Session,
        head: &Revision,
        job_set: &JobSet,
        base_jobs: &Jobs,
    ) -> Result<Result<(Jobs, Changes), String>, BuildError> {
        for cache in [Cache::Use, Cache::Skip] {
            let head_jobs = match self.jobs_of(session, head, job_set, cache).await? {
                Evaluation::Jobs(head_jobs) => head_jobs,
                Evaluation::Failed { error } => return Ok(Err(error)),
            };
            let changes = compare(base_jobs, &head_jobs);
            let jobs = to_build(&changes);
            if hold(session, &jobs).await? {
                let mut paths = Vec::new();
                for job in &jobs {
                    paths.push(&job.drv);
                    paths.extend(job.outputs.values());
                }
                self.roots
                    .add(&mut session.daemon, &head.rev, paths)
                    .await?;
                return Ok(Ok((head_jobs, changes)));
            }
        }
        Err(BuildError::store(
            "derivations that were just written are gone: is something removing paths from it?",
        ))
    }

    async fn realise(
        &self,
        session: &mut Session,
        head: &Revision,
        job_set: &JobSet,
        changes: Changes,
    ) -> Result<Vec<JobReport>, BuildError> {
        let work = Work {
            rev: &head.rev,
            jobs: to_build(&changes),
            logs: &self.logs,
            log_bytes: self.limits.log_bytes,
        };
        let results = work.build(&mut session.daemon).await?;
        if results.interrupted.is_some() {
            *session = Session::open(&self.nix, &self.limits).await?;
        }
        let outcomes = work.outcomes(&mut session.daemon, &results).await?;
        let mut reports = Vec::new();
        let mut explained = 0;
        for (job, change) in &changes {
            let outcome = match change {
                Change::Build(job) => outcomes[&job.drv].clone(),
                Change::Gone => evaluation_failed("the job is gone".to_owned()),
                Change::Broken(error) => {
                    explained += 1;
                    let ask = explained <= EXPLAINED_MAX;
                    evaluation_failed(self.explain(session, head, job_set, error, ask).await?)
                }
            };
            reports.push(JobReport {
                job: job.clone(),
                outcome,
            });
        }
        Ok(reports)
    }

    async fn explain(
        &self,
        session: &Session,
        head: &Revision,
        job_set: &JobSet,
        error: &JobError,
        ask: bool,
    ) -> Result<String, BuildError> {
        let path = match error {
            JobError::TooDeep => {
                let depth = self.limits.depth;
                return Ok(format!("a set nested more than {depth} deep"));
            }
            JobError::Unbuildable => {
                return Ok("not a derivation whose outputs' paths are known".to_owned());
            }
            JobError::Throws { .. } if !ask => {
                return Ok(format!(
                    "it throws; messages were asked for {EXPLAINED_MAX} other jobs only"
                ));
            }
            JobError::Throws { path } => path,
        };
        let evaluator = session.evaluator(&self.nix, &self.limits);
        evaluator.explain(&head.tree, job_set, path).await
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

type Changes = BTreeMap<JobName, Change>;

/// Whether an earlier evaluation will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cache {
    Use,
    Skip,
}

fn to_build(changes: &Changes) -> Vec<&Job> {
    fn job(change: &Change) -> Option<&Job> {
        match change {
            Change::Build(job) => Some(job),
            Change::Broken(_) | Change::Gone => None,
        }
    }
    changes.values().filter_map(job).collect()
}

fn evaluation_failed(error: String) -> JobOutcome {
    JobOutcome::EvaluationFailed { error }
}

/// Keeps the jobs' derivations in the store while the session lasts; says whether all are there.
async fn hold(session: &mut Session, jobs: &[&Job]) -> Result<bool, BuildError> {
    let drvs: Vec<_> = jobs.iter().map(|job| job.drv.clone()).collect();
    let daemon = &mut session.daemon;
    for drv in &drvs {
        if let Err(error) = daemon.add_temp_root(drv).await {
            return Err(daemon.store_error(error).await);
        }
    }
    match daemon.valid(&drvs).await {
        Ok(valid) => Ok(drvs.iter().all(|drv| valid.contains(drv))),
        Err(error) => Err(daemon.store_error(error).await),
    }
}

/// A configured attribute that leads to no job, before or after, is a mistake in the configuration.
/// One that leads to none only after shows as jobs that are gone.
fn check_attributes(job_set: &JobSet, base: &Jobs, head: &Jobs) -> Result<(), BuildError> {
    let leads_to = |name: &JobName, attribute: &JobName| {
        name.as_str()
            .strip_prefix(attribute.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    for path in job_set.checked_attributes()? {
        let path: Vec<_> = path.into_iter().map(str::to_owned).collect();
        let attribute = job_name(&path);
        let mut names = base.keys().chain(head.keys());
        if !names.any(|name| leads_to(name, &attribute)) {
            return Err(BuildError::JobSet(format!(
                "{} has no job at or under `{attribute}`, neither at the base nor at the \
                 revision: remove the attribute, or mend its name",
                job_set.file.display()
            )));
        }
    }
    Ok(())
}
