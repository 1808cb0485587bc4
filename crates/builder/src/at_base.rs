//! Whether the base breaks jobs too that fail at a revision: then that is not the change's fault.

use std::collections::BTreeMap;

use picket_domain::{CommitSha, FailureClass, JobName, JobOutcome, StorePath};

use crate::error::BuildError;
use crate::realise::Work;
use crate::session::Session;
use crate::site::Site;
use picket_evaluator::{Job, Jobs};
use picket_nix::derivation::package;

/// Builds at the base what failed at a revision.
#[derive(Debug)]
pub(crate) struct AtBase<'a> {
    pub(crate) site: &'a Site,
    /// The revision, whose build this is part of.
    pub(crate) rev: &'a CommitSha,
    pub(crate) base: &'a Jobs,
    /// The tests that the base's packages name.
    pub(crate) tests: &'a Jobs,
}

/// Jobs that failed by the same derivation, and what the base has in their place.
#[derive(Debug)]
struct Suspects<'a> {
    /// The derivation that failed at the revision.
    culprit: StorePath,
    /// The job whose own derivation that is, or else the first of them.
    told_by: (JobName, &'a Job),
    others: Vec<JobName>,
}

impl<'a> AtBase<'a> {
    /// The base's jobs that have to be built in order to tell.
    pub(crate) fn needed(&self, outcomes: &[(&JobName, &JobOutcome)]) -> Vec<&'a Job> {
        let suspects = self.suspects(outcomes);
        suspects.into_iter().map(|it| it.told_by.1).collect()
    }

    /// The jobs that the base breaks too. What is in the store at the base, or can be had from a
    /// cache, is not built again.
    pub(crate) async fn broken(
        &self,
        session: &mut Session,
        outcomes: &[(&JobName, &JobOutcome)],
    ) -> Result<Vec<JobName>, BuildError> {
        let suspects = self.suspects(outcomes);
        let drvs: Vec<_> = suspects.iter().map(|it| it.told_by.1.drv.clone()).collect();
        if drvs.is_empty() {
            return Ok(Vec::new());
        }
        let known = &self.site.base_failures;
        let missing = match session.daemon.missing(&drvs).await {
            Ok(missing) => missing.build,
            Err(error) => return Err(session.daemon.store_error(error).await),
        };
        let jobs = suspects.iter().map(|it| it.told_by.1);
        let jobs = jobs.filter(|job| missing.contains(&job.drv) && known.get(&job.drv).is_none());
        self.build(session, jobs.collect()).await?;
        let broken = suspects
            .iter()
            .filter(|it| missing.contains(&it.told_by.1.drv));
        Ok(broken.flat_map(|it| self.excused(it)).collect())
    }

    /// Builds jobs of the base, and writes down which fail by their own fault.
    async fn build(&self, session: &mut Session, jobs: Vec<&Job>) -> Result<(), BuildError> {
        let work = Work {
            rev: self.rev,
            jobs,
            site: self.site,
        };
        let results = work.build(session).await?;
        let outcomes = work.outcomes(&mut session.daemon, &results).await?;
        for (drv, outcome) in &outcomes {
            if let Some(culprit) = own_failure(outcome) {
                let known = &self.site.base_failures;
                let kept = known.put(drv, culprit);
                kept.map_err(BuildError::file(known.dir()))?;
            }
        }
        Ok(())
    }

    /// The jobs of these that the base breaks too. Where it breaks another derivation, that tells
    /// nothing about the jobs that were not built.
    fn excused(&self, suspects: &Suspects<'_>) -> Vec<JobName> {
        let (name, job) = &suspects.told_by;
        let Some(culprit) = self.site.base_failures.get(&job.drv) else {
            return Vec::new();
        };
        let is_same = package(&culprit) == package(&suspects.culprit);
        let others = suspects.others.iter().filter(|_| is_same);
        std::iter::once(name).chain(others).cloned().collect()
    }

    fn job(&self, name: &JobName) -> Option<&'a Job> {
        let job = self.base.get(name).or_else(|| self.tests.get(name))?;
        job.as_ref().ok()
    }

    fn suspects(&self, outcomes: &[(&JobName, &JobOutcome)]) -> Vec<Suspects<'a>> {
        let mut by_culprit: BTreeMap<&StorePath, Suspects<'a>> = BTreeMap::new();
        for (name, outcome) in outcomes {
            let (Some(culprit), Some(job)) = (own_failure(outcome), self.job(name)) else {
                continue;
            };
            let told_by = ((*name).clone(), job);
            let Some(known) = by_culprit.get_mut(culprit) else {
                let suspects = Suspects {
                    culprit: culprit.clone(),
                    told_by,
                    others: Vec::new(),
                };
                by_culprit.insert(culprit, suspects);
                continue;
            };
            let other = match is_culprits_own(outcome) {
                true => std::mem::replace(&mut known.told_by, told_by),
                false => told_by,
            };
            known.others.push(other.0);
        }
        by_culprit.into_values().collect()
    }
}

/// The derivation that a job failed by, where that is no fault of the machine's.
fn own_failure(outcome: &JobOutcome) -> Option<&StorePath> {
    match outcome {
        JobOutcome::Failed { cause, failed, .. } => match cause.class() {
            FailureClass::Suspected | FailureClass::Certain => Some(failed),
            FailureClass::Infrastructure | FailureClass::NoMachine => None,
        },
        JobOutcome::Built { .. }
        | JobOutcome::Refused { .. }
        | JobOutcome::EvaluationFailed { .. } => None,
    }
}

fn is_culprits_own(outcome: &JobOutcome) -> bool {
    matches!(outcome, JobOutcome::Failed { drv, failed, .. } if drv == failed)
}
