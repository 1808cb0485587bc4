//! Building what changed.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{CommitSha, JobOutcome, StorePath};
use tokio::task::spawn_blocking;

use crate::crew::Crew;
use crate::daemon::{BuildResult, Daemon, Missing, Status};
use crate::error::BuildError;
use crate::logs::LogWriter;
use crate::monitor::Monitor;
use crate::outcome::{Results, cause, log_tail};
use crate::schedule::{Graph, Machines};
use crate::session::Session;
use crate::site::Site;
use picket_evaluator::Job;
use picket_nix::derivation;
use picket_nix::text;

/// What is to be built, for which revision.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    pub(crate) rev: &'a CommitSha,
    pub(crate) jobs: Vec<&'a Job>,
    pub(crate) site: &'a Site,
}

impl Work<'_> {
    fn drvs(&self) -> Vec<StorePath> {
        let drvs: BTreeSet<_> = self.jobs.iter().map(|job| job.drv.clone()).collect();
        drvs.into_iter().collect()
    }

    /// Builds all jobs' derivations, as far as that goes.
    ///
    /// Every derivation on the way is asked for by itself: Nix gives results for those only, and
    /// the one that failed is wanted, not just those that need it.
    pub(crate) async fn build(&self, session: &mut Session) -> Result<Results, BuildError> {
        let drvs = self.drvs();
        if drvs.is_empty() {
            return Ok(Results::default());
        }
        let daemon = &mut session.daemon;
        let missing = match daemon.missing(&drvs).await {
            Ok(missing) => missing,
            Err(error) => return Err(daemon.store_error(error).await),
        };
        if !missing.build.is_empty() || missing.substitute > 0 {
            tracing::info!(
                target: "picket::progress",
                rev = %self.rev,
                "{} derivations to build, {} paths to substitute",
                missing.build.len(), missing.substitute
            );
        }
        let had = self.substituted(&drvs, &missing);
        let mut by_drv = self.work(session, missing.build).await;
        by_drv.extend(self.substitute(session, had).await);
        if let Err(error) = self.site.durations.save() {
            tracing::error!(%error, "how long builds took could not be kept");
        }
        Ok(Results { by_drv })
    }

    /// The jobs' derivations that are not to be built, but to be had from a cache.
    fn substituted(&self, drvs: &[StorePath], missing: &Missing) -> Vec<StorePath> {
        if missing.substitute == 0 {
            return Vec::new();
        }
        let build: BTreeSet<_> = missing.build.iter().collect();
        let had = drvs.iter().filter(|drv| !build.contains(drv));
        had.cloned().collect()
    }

    async fn work(
        &self,
        session: &Session,
        drvs: Vec<StorePath>,
    ) -> BTreeMap<StorePath, BuildResult> {
        if drvs.is_empty() {
            return BTreeMap::new();
        }
        let logs = LogWriter::new(self.site.logs.clone(), self.rev.clone(), &self.site.limits);
        let (live, rev) = (self.site.live.clone(), self.rev.clone());
        let (durations, settings) = (self.site.durations.clone(), session.settings.clone());
        let read = spawn_blocking(move || {
            let watched = live.begin(&rev, &drvs);
            let monitor = Monitor::new(rev, drvs.len(), logs, watched);
            let graph = Graph::read(&drvs, &durations);
            (Machines::of(&settings), graph, monitor)
        });
        let (machines, graph, monitor) = match read.await {
            Ok(read) => read,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        Crew::new(self.site, &session.settings, (machines, graph), monitor)
            .build()
            .await
    }

    /// Has paths substituted. What cannot be had is told by each job's own result.
    async fn substitute(
        &self,
        session: &mut Session,
        drvs: Vec<StorePath>,
    ) -> BTreeMap<StorePath, BuildResult> {
        if drvs.is_empty() {
            return BTreeMap::new();
        }
        let (daemon, limits) = (&mut session.daemon, &self.site.limits);
        daemon.set_patience(limits.build_patience());
        let results = daemon.build(&drvs, &mut |_| {}).await;
        daemon.set_patience(limits.answer_time());
        match results {
            Ok(results) => results,
            Err(error) => {
                let message = daemon.explain(error).await;
                let lost = |drv| {
                    let result = BuildResult {
                        status: Status::Lost,
                        message: message.clone(),
                    };
                    (drv, result)
                };
                drvs.into_iter().map(lost).collect()
            }
        }
    }

    /// What came of each derivation: built is what is in the store, whatever was said before.
    pub(crate) async fn outcomes(
        &self,
        daemon: &mut Daemon,
        results: &Results,
    ) -> Result<BTreeMap<StorePath, JobOutcome>, BuildError> {
        let outputs: BTreeSet<_> = self
            .jobs
            .iter()
            .flat_map(|job| job.outputs.values().cloned())
            .collect();
        let outputs: Vec<_> = outputs.into_iter().collect();
        let valid = match daemon.valid(&outputs).await {
            Ok(valid) => valid,
            Err(error) => return Err(daemon.store_error(error).await),
        };
        let outcome = |job: &&Job| {
            let is_built = job.outputs.values().all(|output| valid.contains(output));
            let outcome = if is_built {
                built(job)
            } else {
                self.failed(job, results)
            };
            (job.drv.clone(), outcome)
        };
        Ok(self.jobs.iter().map(outcome).collect())
    }

    fn failed(&self, job: &Job, results: &Results) -> JobOutcome {
        // A derivation that cannot be read has no inputs that could be blamed.
        let mut inputs = |drv: &StorePath| {
            let recipe = derivation::read(drv);
            recipe.map(|recipe| recipe.inputs).unwrap_or_default()
        };
        let failure = results.failure_of(&job.drv, &mut inputs);
        let log = self
            .site
            .logs
            .tail(self.rev, &failure.drv, text::MESSAGE_MAX)
            .unwrap_or_else(|error| format!("[the log cannot be read: {error}]"));
        let recipe = derivation::read(&failure.drv).ok();
        JobOutcome::Failed {
            drv: job.drv.clone(),
            cause: cause(&failure, &log, recipe.as_ref()),
            log_tail: log_tail(&log, &failure),
            failed: failure.drv,
            fails_at_base: false,
        }
    }
}

fn built(job: &Job) -> JobOutcome {
    let mut outputs: Vec<_> = job.outputs.values().cloned().collect();
    outputs.sort();
    outputs.dedup();
    JobOutcome::Built {
        drv: job.drv.clone(),
        outputs,
    }
}
