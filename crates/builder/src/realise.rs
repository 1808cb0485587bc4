//! Building what changed.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{CommitSha, JobOutcome, StorePath};
use tokio::task::spawn_blocking;

use crate::daemon::Daemon;
use crate::derivation;
use crate::error::BuildError;
use crate::evaluation::Job;
use crate::logs::{LogWriter, Logs};
use crate::monitor::Monitor;
use crate::outcome::{Results, cause, log_tail};
use crate::text;

/// What is to be built, for which revision.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    pub(crate) rev: &'a CommitSha,
    pub(crate) jobs: Vec<&'a Job>,
    pub(crate) logs: &'a Logs,
    pub(crate) log_bytes: u64,
}

impl Work<'_> {
    fn drvs(&self) -> Vec<StorePath> {
        let drvs: BTreeSet<_> = self.jobs.iter().map(|job| job.drv.clone()).collect();
        drvs.into_iter().collect()
    }

    /// Builds all jobs' derivations, as far as that goes.
    ///
    /// Every derivation on the way is asked for by name: Nix gives results for those only, and
    /// the one that failed is wanted, not just those that need it.
    pub(crate) async fn build(&self, daemon: &mut Daemon) -> Result<Results, BuildError> {
        let drvs = self.drvs();
        if drvs.is_empty() {
            return Ok(Results::default());
        }
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
        let asked: BTreeSet<_> = drvs.iter().chain(&missing.build).cloned().collect();
        let asked: Vec<_> = asked.into_iter().collect();
        let logs = LogWriter::new(self.logs.clone(), self.rev.clone(), self.log_bytes);
        let mut monitor = Monitor::new(self.rev.clone(), missing.build.len(), logs);
        let built = daemon
            .build(&asked, &mut |event| monitor.event(event))
            .await;
        let results = match built {
            Ok(by_drv) => Results {
                by_drv,
                interrupted: None,
            },
            Err(error) => Results {
                by_drv: BTreeMap::new(),
                interrupted: Some(daemon.explain(error).await),
            },
        };
        let logs = monitor.finish(&results.by_drv);
        if let Ok(Err(error)) = spawn_blocking(|| logs.finish()).await {
            tracing::error!(%error, rev = %self.rev, "a log could not be finished");
        }
        Ok(results)
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
            .logs
            .tail(self.rev, &failure.drv, text::MESSAGE_MAX)
            .unwrap_or_else(|error| format!("[the log cannot be read: {error}]"));
        let recipe = derivation::read(&failure.drv).ok();
        JobOutcome::Failed {
            drv: job.drv.clone(),
            cause: cause(&failure, &log, recipe.as_ref()),
            log_tail: log_tail(&log, &failure),
            failed: failure.drv,
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
