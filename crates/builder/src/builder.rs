//! The builder: from a base and a revision to a report.

use std::path::Path;
use std::sync::Arc;

use picket_domain::{BuildReport, CommitSha, PathInfo, StorePath};
use picket_evaluator::{
    Cache, Evaluated, Evaluation, Evaluator, JobSet, Request, Revision, check_requirements,
};
use tokio::sync::Semaphore;

use crate::closure;
use crate::error::BuildError;
use crate::lease::{Lease, Leases};
use crate::limits::Limits;
use crate::live::Live;
use crate::logs::Logs;
use crate::packages;
use crate::request::BuildRequest;
use crate::retention::Retention;
use crate::roots::Roots;
use crate::run::Run;
use crate::schedule::Durations;
use crate::session::Session;
use crate::site::Site;
use picket_nix::Nix;

/// Evaluates, compares and builds with one Nix. Its state folder can be lost at any time, but for
/// the logs and the roots that keep built paths from the garbage collector.
///
/// Clones share how much is done at a time.
#[derive(Debug, Clone)]
pub struct Builder {
    site: Site,
    evaluator: Evaluator,
    roots: Roots,
    leases: Leases,
    retention: Retention,
    builds: Arc<Semaphore>,
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
        let nix = nix.with_home(&state_dir.join("home"));
        Ok(Self {
            evaluator: Evaluator::new(nix.clone(), state_dir, limits.evaluation.clone()),
            roots: Roots::new(state_dir),
            leases: Leases::new(state_dir),
            retention: Retention::new(state_dir),
            builds: Arc::new(Semaphore::new(limits.builds_at_once.max(1))),
            site: Site::new(nix, limits, state_dir),
        })
    }

    /// The Nix that builds.
    pub fn nix(&self) -> &Nix {
        &self.site.nix
    }

    /// The logs that builds leave.
    pub fn logs(&self) -> &Logs {
        &self.site.logs
    }

    /// What builds are doing.
    pub fn live(&self) -> &Live {
        &self.site.live
    }

    /// How long builds took.
    pub fn durations(&self) -> &Durations {
        &self.site.durations
    }

    /// What the builder keeps, and what of it can go.
    pub fn retention(&self) -> &Retention {
        &self.retention
    }

    /// Whether what evaluations read is heard, so that of another revision only those jobs are
    /// evaluated that read something else.
    pub async fn hears_reads(&self) -> bool {
        self.evaluator.hears().await
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
        let _lease = self.lease(&revision.rev).await?;
        let installed = self.site.nix.installed().await?;
        if let Err(too_old) = check_requirements(&installed, &revision.tree).await {
            let error = too_old.to_string();
            return Ok(Evaluation::Failed { error });
        }
        let request = Request::new(&installed, revision, jobs);
        Ok(self.evaluator.evaluate(request, Cache::Use).await?)
    }

    /// The outputs of all jobs of a revision that was evaluated before, whether or not they were ever
    /// built; `None` where no evaluation is kept.
    ///
    /// # Errors
    /// [`BuildError`] where Nix cannot be asked for its version.
    pub async fn known_outputs(
        &self,
        revision: &Revision,
        jobs: &JobSet,
    ) -> Result<Option<Vec<StorePath>>, BuildError> {
        let installed = self.site.nix.installed().await?;
        let request = Request::new(&installed, revision, jobs);
        let Some(evaluated) = self.evaluator.known(request).await else {
            return Ok(None);
        };
        let jobs = evaluated.jobs.into_values().flatten();
        Ok(Some(
            jobs.flat_map(|job| job.outputs.into_values()).collect(),
        ))
    }

    /// Evaluates the base and the revision, and builds the jobs that differ.
    ///
    /// Everything that is in the store already stays as it is, so that a call that was cut off is
    /// simply made again. What was evaluated and built is kept from the garbage collector until
    /// [`Retention::collect`] or [`forget`](Self::forget) lets go of it.
    ///
    /// # Errors
    /// [`BuildError`] for what is not the revision's own fault: the machine's, the configuration's
    /// or the base's.
    pub async fn build(&self, request: BuildRequest<'_>) -> Result<BuildReport, BuildError> {
        let BuildRequest {
            base,
            head,
            jobs,
            required,
            rebuild_limit,
            scope,
            package_tests,
        } = request;
        let _leases = (self.lease(&base.rev).await?, self.lease(&head.rev).await?);
        let session = Session::open(&self.site.nix, &self.site.limits).await?;
        if let Err(too_old) = check_requirements(&session.installed, &base.tree).await {
            return Err(BuildError::BaseNeedsNewerNix(too_old));
        }
        if let Err(too_old) = check_requirements(&session.installed, &head.tree).await {
            let error = too_old.to_string();
            return Ok(BuildReport::EvaluationFailed { error });
        }
        let mut evaluated = self.base(&session, base, jobs).await?;
        let package_set = packages::job_set();
        let unknown = match rebuild_limit {
            0 => None,
            _ => {
                let request = Request::new(&session.installed, base, &package_set);
                self.add_packages(request, &mut evaluated).await?
            }
        };
        let are_known = rebuild_limit > 0 && unknown.is_none();
        let run = Run {
            session,
            site: &self.site,
            evaluator: &self.evaluator,
            roots: &self.roots,
            builds: &self.builds,
            jobs,
            required,
            packages: are_known.then_some(&package_set),
            rebuild_limit,
            scope,
            package_tests,
            base,
            head,
        };
        let mut report = run.report(&evaluated).await?;
        if let BuildReport::Evaluated { packages, .. } = &mut report {
            packages.unknown = unknown;
        }
        Ok(report)
    }

    /// Adds the base's packages to its jobs; hands back why they are not known, where they are not:
    /// that holds up no fix.
    async fn add_packages(
        &self,
        request: Request<'_>,
        evaluated: &mut Evaluated,
    ) -> Result<Option<String>, BuildError> {
        let request = packages::top_level(request);
        Ok(match self.evaluator.evaluate_base(request).await? {
            Evaluation::Jobs(found) => {
                evaluated.jobs.extend(packages::named(found.jobs));
                None
            }
            Evaluation::Failed { error } => Some(error),
            Evaluation::Unfinished(unfinished) => Some(unfinished.detail),
        })
    }

    async fn base(
        &self,
        session: &Session,
        base: &Revision,
        jobs: &JobSet,
    ) -> Result<Evaluated, BuildError> {
        let request = Request::new(&session.installed, base, jobs);
        match self.evaluator.evaluate_base(request).await? {
            Evaluation::Jobs(evaluated) => Ok(evaluated),
            Evaluation::Failed { error } => Err(BuildError::BaseDoesNotEvaluate { error }),
            Evaluation::Unfinished(unfinished) => Err(BuildError::BaseUnfinished {
                cause: unfinished.cause,
                spent: unfinished.spent,
                detail: unfinished.detail,
            }),
        }
    }

    /// The runtime closure of paths that are in the store, themselves included, by path.
    ///
    /// # Errors
    /// [`BuildError::Store`] where one of them is not there.
    pub async fn closure(&self, outputs: &[StorePath]) -> Result<Vec<PathInfo>, BuildError> {
        let mut session = Session::open(&self.site.nix, &self.site.limits).await?;
        closure::closure(&mut session.daemon, outputs).await
    }

    /// Keeps paths from the garbage collector on behalf of a revision. [`build`](Self::build) does
    /// this for what it builds.
    ///
    /// # Errors
    /// [`BuildError::File`] and [`BuildError::Store`].
    pub async fn keep(&self, rev: &CommitSha, paths: &[StorePath]) -> Result<(), BuildError> {
        let _lease = self.lease(rev).await?;
        let mut session = Session::open(&self.site.nix, &self.site.limits).await?;
        let paths = paths.to_vec();
        self.roots.add(&mut session.daemon, rev, paths).await
    }

    /// Keeps what belongs to a revision from [`Retention::collect`] for as long as the lease
    /// lives, in this process and in others.
    ///
    /// # Errors
    /// [`BuildError::File`].
    pub async fn lease(&self, rev: &CommitSha) -> Result<Lease, BuildError> {
        self.leases.take(rev, self.site.limits.answer_time()).await
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
            .and_then(|()| self.evaluator.forget(rev))
            .map_err(failed)
    }
}
