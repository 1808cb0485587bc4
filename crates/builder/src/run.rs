//! One run of the builder for a revision whose base is evaluated: to a report.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{
    BuildReport, JobName, JobOutcome, JobPattern, JobReport, PackageSet, Scope, StorePath,
};
use picket_evaluator::{
    Cache, Evaluated, Evaluation, Evaluator, Job, JobError, JobSet, Jobs, Request, Revision,
    Unfinished,
};
use tokio::sync::Semaphore;

use crate::at_base::AtBase;
use crate::carried;
use crate::compare::{Change, compare};
use crate::error::BuildError;
use crate::gate::{self, Aggregates};
use crate::package_tests::{self, Search, Tests};
use crate::packages::{self, Limited};
use crate::realise::Work;
use crate::roots::Roots;
use crate::session::Session;
use crate::site::Site;

type Changes = BTreeMap<JobName, Change>;

/// A run, and what it stands on.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) session: Session,
    pub(crate) site: &'a Site,
    pub(crate) evaluator: &'a Evaluator,
    pub(crate) roots: &'a Roots,
    /// Lets so many builds run at a time.
    pub(crate) builds: &'a Semaphore,
    pub(crate) jobs: &'a JobSet,
    pub(crate) required: &'a [JobPattern],
    /// The package set, where those of the base are known.
    pub(crate) packages: Option<&'a JobSet>,
    pub(crate) rebuild_limit: u32,
    /// The packages that come first.
    pub(crate) scope: &'a Scope,
    /// How many tests of packages are built at most.
    pub(crate) package_tests: u32,
    pub(crate) base: &'a Revision,
    pub(crate) head: &'a Revision,
}

/// What evaluating the revision came to.
enum Head {
    Evaluated(Compared),
    Not(BuildReport),
}

/// A revision's jobs beside the base's.
#[derive(Debug, Default)]
struct Compared {
    jobs: Jobs,
    changes: Changes,
    packages: PackageSet,
    /// The packages whose tests are looked at.
    tested: Vec<JobName>,
    /// The base's tests of those.
    tests_at_base: Jobs,
}

impl Compared {
    fn of(jobs: Jobs, limited: Limited, tests: Tests) -> Self {
        let mut changes = limited.changes;
        changes.extend(tests.changes);
        Self {
            jobs,
            changes,
            packages: PackageSet {
                tests: tests.told,
                ..limited.packages
            },
            tested: limited.built,
            tests_at_base: tests.base,
        }
    }
}

impl Run<'_> {
    /// Evaluates the revision and builds what differs from the base.
    pub(crate) async fn report(mut self, base: &Evaluated) -> Result<BuildReport, BuildError> {
        let compared = match self.evaluate(base).await? {
            Head::Evaluated(compared) => compared,
            Head::Not(report) => return Ok(report),
        };
        let Compared {
            jobs,
            mut changes,
            packages,
            tested,
            tests_at_base,
        } = compared;
        gate::check_attributes(self.jobs, &base.jobs, &jobs)?;
        let aggregates = Aggregates::of(&jobs);
        let before = Aggregates::of(&base.jobs);
        gate::check_required(self.jobs, self.required, (&base.jobs, &before), &jobs)?;
        aggregates.add_missing(&before, &mut changes);
        let jobs = jobs.keys().filter(|name| !name.is_beside()).count();
        tracing::info!(
            target: "picket::progress",
            rev = %self.head.rev,
            "{} of {jobs} jobs differ from the base's{}{}",
            changes.keys().filter(|name| !name.is_beside()).count(),
            packages::told(&packages),
            package_tests::told(&changes)
        );
        let outcomes = self.realise(&changes).await?;
        let mut changed = carried::judge(&changes, reports(&changes, &outcomes)).await?;
        self.excuse_what_the_base_breaks(&base.jobs, (&tested, &tests_at_base), &mut changed)
            .await?;
        Ok(BuildReport::Evaluated {
            jobs: u32::try_from(jobs).unwrap_or(u32::MAX),
            changed,
            aggregates: aggregates.of_changed(&changes),
            packages,
        })
    }

    /// Says of each job that failed whether the base breaks it too.
    async fn excuse_what_the_base_breaks(
        &mut self,
        base: &Jobs,
        (tested, tests): (&[JobName], &Jobs),
        changed: &mut [JobReport],
    ) -> Result<(), BuildError> {
        let at_base = AtBase {
            site: self.site,
            rev: &self.head.rev,
            base,
            tests,
        };
        let outcomes: Vec<_> = changed.iter().map(|it| (&it.job, &it.outcome)).collect();
        let needed = at_base.needed(&outcomes);
        if !self.hold(&needed).await?.is_empty() {
            // The garbage collector took the base's derivations: its jobs are what they were.
            let again = self
                .evaluator
                .evaluate(self.request(self.base), Cache::Skip);
            again.await?;
            if let Some(packages) = self.packages {
                self.packages_of(self.base, packages, Cache::Skip).await?;
            }
            self.tests_of(tested, Cache::Skip).await?;
            self.hold(&needed).await?;
        }
        let broken = at_base.broken(&mut self.session, &outcomes).await?;
        for report in changed.iter_mut().filter(|it| broken.contains(&it.job)) {
            if let JobOutcome::Failed { fails_at_base, .. } = &mut report.outcome {
                *fails_at_base = true;
            }
        }
        Ok(())
    }

    /// How the tests of packages differ from the base's.
    async fn tests_of(&self, packages: &[JobName], cache: Cache) -> Result<Tests, BuildError> {
        let search = Search {
            evaluator: self.evaluator,
            installed: &self.session.installed,
            base: self.base,
            head: self.head,
            most: self.package_tests as usize,
        };
        search.tests(packages, cache).await
    }

    async fn packages_of(
        &self,
        revision: &Revision,
        packages: &JobSet,
        cache: Cache,
    ) -> Result<Evaluation, BuildError> {
        let request = Request::new(&self.session.installed, revision, packages);
        let request = packages::top_level(request);
        Ok(self.evaluator.evaluate(request, cache).await?)
    }

    /// What the revision carries in place of fixes; where that does not evaluate as a whole, it is
    /// one job that does not.
    async fn carried(
        &self,
        base: &Evaluated,
        carried: &JobSet,
        cache: Cache,
    ) -> Result<Result<Jobs, Unfinished>, BuildError> {
        let request = Request::new(&self.session.installed, self.head, carried);
        Ok(match self.evaluator.evaluate(request, cache).await? {
            Evaluation::Jobs(found) => match stopped(&found, base) {
                Some(unfinished) => Err(unfinished),
                None => Ok(carried::named(found.jobs).collect()),
            },
            Evaluation::Failed { error } => Ok(carried::broken(error)),
            Evaluation::Unfinished(unfinished) => Err(unfinished),
        })
    }

    fn request<'a>(&'a self, revision: &'a Revision) -> Request<'a> {
        Request::new(&self.session.installed, revision, self.jobs)
    }

    /// The revision's jobs and how they differ, with the derivations to build held in the store:
    /// first by the connection, then by roots that outlast it.
    ///
    /// A derivation that is gone was taken by the garbage collector, where the evaluation is an
    /// earlier one; one that is still not there after another evaluation never was.
    async fn evaluate(&mut self, base: &Evaluated) -> Result<Head, BuildError> {
        let (mut compared, mut missing) = (Compared::default(), BTreeSet::new());
        for cache in [Cache::Use, Cache::Skip] {
            let evaluator = self.evaluator;
            let evaluation = evaluator.evaluate(self.request(self.head), cache).await?;
            let mut jobs = match evaluation {
                Evaluation::Jobs(evaluated) => match stopped(&evaluated, base) {
                    Some(unfinished) => return Ok(Head::Not(not_finished(unfinished, base))),
                    None => evaluated.jobs,
                },
                Evaluation::Failed { error } => {
                    return Ok(Head::Not(BuildReport::EvaluationFailed { error }));
                }
                Evaluation::Unfinished(unfinished) => {
                    return Ok(Head::Not(not_finished(unfinished, base)));
                }
            };
            if let Some(packages) = self.packages {
                match self.packages_of(self.head, packages, cache).await? {
                    Evaluation::Jobs(found) => jobs.extend(packages::named(found.jobs)),
                    Evaluation::Failed { error } => {
                        return Ok(Head::Not(BuildReport::EvaluationFailed { error }));
                    }
                    Evaluation::Unfinished(unfinished) => {
                        return Ok(Head::Not(not_finished(unfinished, base)));
                    }
                }
            }
            if let Some(carried) = carried::job_set(&self.head.tree) {
                match self.carried(base, &carried, cache).await? {
                    Ok(found) => jobs.extend(found),
                    Err(unfinished) => return Ok(Head::Not(not_finished(unfinished, base))),
                }
            }
            let mut all = compare(&base.jobs, &jobs);
            carried::prepare(&mut all);
            // What is left to clients is neither held nor kept.
            let limited = packages::limited(all, self.rebuild_limit, self.scope).await;
            let tests = self.tests_of(&limited.built, cache).await?;
            compared = Compared::of(jobs, limited, tests);
            missing = self.hold(&to_build(&compared.changes)).await?;
            if missing.is_empty() {
                break;
            }
        }
        compared.changes = believable(compared.changes, &missing);
        let mut paths = Vec::new();
        for job in to_build(&compared.changes) {
            paths.push(job.drv.clone());
            paths.extend(job.outputs.values().cloned());
        }
        let daemon = &mut self.session.daemon;
        self.roots.add(daemon, &self.head.rev, paths).await?;
        Ok(Head::Evaluated(compared))
    }

    /// Keeps the jobs' derivations in the store while the session lasts; hands back those that are
    /// not there.
    async fn hold(&mut self, jobs: &[&Job]) -> Result<BTreeSet<StorePath>, BuildError> {
        let drvs: Vec<_> = jobs.iter().map(|job| job.drv.clone()).collect();
        let daemon = &mut self.session.daemon;
        if let Err(error) = daemon.add_temp_roots(&drvs).await {
            return Err(daemon.store_error(error).await);
        }
        match daemon.valid(&drvs).await {
            Ok(valid) => Ok(drvs
                .into_iter()
                .filter(|drv| !valid.contains(drv))
                .collect()),
            Err(error) => Err(daemon.store_error(error).await),
        }
    }

    async fn realise(
        &mut self,
        changes: &Changes,
    ) -> Result<BTreeMap<StorePath, JobOutcome>, BuildError> {
        let work = Work {
            rev: &self.head.rev,
            jobs: to_build(changes),
            site: self.site,
        };
        let turn = self.builds.acquire();
        let _turn = turn.await.expect("it is never closed");
        let results = work.build(&mut self.session).await?;
        work.outcomes(&mut self.session.daemon, &results).await
    }
}

fn reports(changes: &Changes, outcomes: &BTreeMap<StorePath, JobOutcome>) -> Vec<JobReport> {
    let report = |(job, change): (&JobName, &Change)| {
        let outcome = match change {
            Change::Build(job) => outcomes[&job.drv].clone(),
            Change::Gone => evaluation_failed("the job is gone".to_owned()),
            Change::Missing(by) => {
                evaluation_failed(format!("`{by}` stands for it, and there is no such job"))
            }
            Change::Broken(error) => evaluation_failed(error.to_string()),
            Change::Refused(why) => JobOutcome::Refused { why: why.clone() },
        };
        let job = job.clone();
        JobReport { job, outcome }
    };
    changes.iter().map(report).collect()
}

/// The first job whose evaluation was stopped although it came to an end at the base: nobody knows
/// whether it is broken.
fn stopped(head: &Evaluated, base: &Evaluated) -> Option<Unfinished> {
    let broken_at_base = |name: &JobName| matches!(base.jobs.get(name), Some(Err(_)));
    let mut stopped = head.stopped().filter(|(name, ..)| !broken_at_base(name));
    let (name, cause, message) = stopped.next()?;
    Some(Unfinished {
        cause,
        spent: head.cost,
        detail: format!("{name}: {message}"),
    })
}

fn not_finished(unfinished: Unfinished, base: &Evaluated) -> BuildReport {
    BuildReport::EvaluationUnfinished {
        cause: unfinished.cause,
        spent: unfinished.spent,
        base: Some(base.cost),
        detail: unfinished.detail,
    }
}

fn to_build(changes: &Changes) -> Vec<&Job> {
    fn job(change: &Change) -> Option<&Job> {
        match change {
            Change::Build(job) => Some(job),
            Change::Broken(_) | Change::Gone | Change::Missing(_) | Change::Refused(_) => None,
        }
    }
    changes.values().filter_map(job).collect()
}

fn evaluation_failed(error: String) -> JobOutcome {
    JobOutcome::EvaluationFailed { error }
}

/// The changes, without derivations that are not in the store after they were evaluated.
fn believable(mut changes: Changes, missing: &BTreeSet<StorePath>) -> Changes {
    for change in changes.values_mut() {
        if matches!(change, Change::Build(job) if missing.contains(&job.drv)) {
            let why = "its derivation went from the store while it was evaluated".to_owned();
            *change = Change::Broken(JobError::Unbuildable { why });
        }
    }
    changes
}
