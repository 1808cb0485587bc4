//! The tests that packages name themselves (`passthru.tests`), where a change touches the package.
//!
//! Whoever maintains a package says there how to tell that it works: which NixOS tests run it, which
//! other packages break first. A channel's job set knows few of them. Packages are looked at some at a
//! time, those nearest to the change first, until there are as many tests as are built. What is not
//! looked at is counted.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{JobName, PackageTestSet, StorePath};
use picket_evaluator::{Cache, Evaluation, Evaluator, JobError, JobSet, Jobs, Request, Revision};
use picket_nix::Installed;

use crate::compare::{Change, compare};
use crate::error::BuildError;
use crate::gate::lies_at;
use crate::packages;

type Changes = BTreeMap<JobName, Change>;

/// How many packages' tests are evaluated at a time: NixOS tests take seconds each, so that not many
/// more should be evaluated than are built.
const AT_ONCE: usize = 25;

/// Where tests are looked for.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    pub(crate) evaluator: &'a Evaluator,
    pub(crate) installed: &'a Installed,
    pub(crate) base: &'a Revision,
    pub(crate) head: &'a Revision,
    /// How many are to be found at most.
    pub(crate) most: usize,
}

/// The tests of packages, by names that no job has.
#[derive(Debug, Default)]
pub(crate) struct Tests {
    /// The base's, as far as they were looked at.
    pub(crate) base: Jobs,
    /// How they differ.
    pub(crate) changes: Changes,
    /// What is to be said beside that.
    pub(crate) told: PackageTestSet,
    /// What is built already: packages of several names have the same tests.
    seen: BTreeSet<StorePath>,
}

/// The tests of some packages at the base and at the revision; or why they are not known.
type BothSides = Result<(Jobs, Jobs), String>;

impl Search<'_> {
    /// The tests of these packages that differ. That they cannot be evaluated holds up no fix, and is
    /// told.
    pub(crate) async fn tests(
        &self,
        packages: &[JobName],
        cache: Cache,
    ) -> Result<Tests, BuildError> {
        let mut found = Tests::default();
        if self.most == 0 {
            return Ok(found);
        }
        let paths: Vec<_> = packages.iter().filter_map(tests_path).collect();
        let mut looked_at = 0;
        for some in paths.chunks(AT_ONCE) {
            if found.changes.len() >= self.most {
                break;
            }
            match self.both_sides(some, cache).await? {
                Ok((base, head)) => found.add(some, base, head, self.most),
                Err(why) => {
                    found.told.why_unknown = Some(why);
                    break;
                }
            }
            looked_at += some.len();
        }
        found.told.packages_left_out = count(packages.len() - looked_at);
        Ok(found)
    }

    async fn both_sides(&self, paths: &[String], cache: Cache) -> Result<BothSides, BuildError> {
        let jobs = JobSet {
            attributes: paths.to_vec(),
            ..packages::job_set()
        };
        let head = Request::new(self.installed, self.head, &jobs);
        let head = match named(self.evaluator.evaluate(head, cache).await?) {
            Ok(head) => head,
            Err(why) => return Ok(Err(why)),
        };
        let base = Request::new(self.installed, self.base, &jobs);
        let base = match cache {
            Cache::Use => self.evaluator.evaluate_base(base).await?,
            Cache::Skip => self.evaluator.evaluate(base, cache).await?,
        };
        Ok(named(base).map(|base| (base, head)))
    }
}

impl Tests {
    /// Takes in the tests at these paths.
    fn add(&mut self, paths: &[String], mut base: Jobs, mut head: Jobs, most: usize) {
        self.set_stopped_aside(&mut base, &mut head);
        let is_broken = |name: &JobName| matches!(base.get(name), Some(Err(_)));
        let broken = head.iter().filter(|(_, job)| job.is_err());
        let broken = broken.filter(|(name, _)| is_broken(name)).count();
        self.told.broken_at_base += count(broken);
        for (name, change) in nearest_first(paths, compare(&base, &head)) {
            self.take(name, change, most);
        }
        self.base.append(&mut base);
    }

    /// Nobody knows whether tests pass whose evaluation was stopped.
    fn set_stopped_aside(&mut self, base: &mut Jobs, head: &mut Jobs) {
        let stopped = base
            .iter()
            .chain(&*head)
            .filter_map(|(name, job)| match job {
                Err(JobError::Stopped { message, .. }) => Some((name.clone(), message.clone())),
                Ok(_) | Err(_) => None,
            });
        let stopped: BTreeMap<_, _> = stopped.collect();
        for (name, message) in stopped {
            base.remove(&name);
            head.remove(&name);
            self.told.stopped += 1;
            let why = || format!("{name}: {message}");
            self.told.why_unknown.get_or_insert_with(why);
        }
    }

    fn take(&mut self, name: JobName, change: Change, most: usize) {
        if let Some(drv) = change.drv()
            && !self.seen.insert(drv.clone())
        {
            return;
        }
        match change {
            Change::Gone if self.told.gone.len() < most => self.told.gone.push(name),
            Change::Build(_) | Change::Broken(_) | Change::Missing(_) | Change::Refused(_)
                if self.changes.len() < most =>
            {
                self.changes.insert(name, change);
            }
            Change::Build(_)
            | Change::Broken(_)
            | Change::Gone
            | Change::Missing(_)
            | Change::Refused(_) => self.told.left_out += 1,
        }
    }
}

/// The path to a package's tests; `None`: its name cannot be written as one.
fn tests_path(package: &JobName) -> Option<String> {
    let path = format!("{}.passthru.tests", package.package()?);
    let jobs = JobSet {
        attributes: vec![path.clone()],
        ..packages::job_set()
    };
    jobs.check().is_ok().then_some(path)
}

/// Tests by names that no job has; or why there are none.
fn named(evaluation: Evaluation) -> Result<Jobs, String> {
    let jobs = match evaluation {
        Evaluation::Jobs(evaluated) => evaluated.jobs.into_iter(),
        Evaluation::Failed { error } => return Err(error),
        Evaluation::Unfinished(unfinished) => return Err(unfinished.detail),
    };
    let named = jobs.map(|(name, job)| (JobName::of_package_test(&name), job));
    Ok(named.collect())
}

/// The changes in the order of the packages' paths.
fn nearest_first(paths: &[String], changes: Changes) -> Vec<(JobName, Change)> {
    let paths = paths.iter().filter_map(|path| JobName::parse(path).ok());
    let paths: Vec<_> = paths.map(|path| JobName::of_package_test(&path)).collect();
    let place = |name: &JobName| paths.iter().position(|path| lies_at(name, path));
    let mut changes: Vec<_> = changes.into_iter().collect();
    changes.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
    changes
}

/// What people are told of the tests that differ.
pub(crate) fn told(changes: &Changes) -> String {
    match changes.keys().filter(|name| name.is_package_test()).count() {
        0 => String::new(),
        1 => ", and 1 test of theirs".to_owned(),
        tests => format!(", and {tests} tests of theirs"),
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
