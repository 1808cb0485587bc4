//! What a channel's gate stands on: which jobs its patterns name, and what aggregates stand for.
//!
//! Aggregates are resolved as Hydra does it: by the names of jobs, by patterns for them where the
//! aggregate says so, or by derivations. A name or pattern that leads to no job is a failure: what
//! the aggregate asks for would else be required by nobody.

use std::collections::{BTreeMap, BTreeSet};

use glob::Pattern;
use picket_domain::{Aggregate, JobName, JobPattern, StorePath};
use picket_evaluator::{Constituents, JobSet, Jobs, job_name};

use crate::compare::Change;
use crate::error::BuildError;

type Changes = BTreeMap<JobName, Change>;

/// How many names an error gives.
const NAMED_MAX: usize = 10;

/// What an aggregate stands for, other aggregates followed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Resolved {
    jobs: BTreeSet<JobName>,
    /// What it names and the job set does not have.
    missing: BTreeSet<JobName>,
}

/// The aggregates of a job set.
#[derive(Debug)]
pub(crate) struct Aggregates(BTreeMap<JobName, Resolved>);

impl Aggregates {
    pub(crate) fn of(jobs: &Jobs) -> Self {
        let by_drv = jobs.iter().filter_map(|(name, job)| {
            let job = job.as_ref().ok()?;
            Some((&job.drv, name))
        });
        let by_drv = by_drv.collect();
        let direct: BTreeMap<_, _> = jobs
            .iter()
            .filter_map(|(name, job)| {
                let named = job.as_ref().ok()?.constituents.as_ref()?;
                Some((name, direct(jobs, &by_drv, named)))
            })
            .collect();
        let resolved = direct
            .keys()
            .map(|name| ((*name).clone(), followed(name, &direct)));
        Self(resolved.collect())
    }

    /// The jobs that these patterns require: those that they name, and what aggregates among those
    /// stand for.
    pub(crate) fn required<'a>(
        &self,
        jobs: impl Iterator<Item = &'a JobName>,
        patterns: &[JobPattern],
    ) -> BTreeSet<JobName> {
        let is_named = |job: &&JobName| patterns.iter().any(|pattern| pattern.matches(job));
        let named: BTreeSet<_> = jobs.filter(is_named).cloned().collect();
        let aggregates = named.iter().filter_map(|job| self.0.get(job));
        let behind: Vec<_> = aggregates.flat_map(|it| it.jobs.iter().cloned()).collect();
        named.into_iter().chain(behind).collect()
    }

    /// Adds what the aggregates name and the revision does not have to what it breaks, unless the
    /// base does not have it either.
    pub(crate) fn add_missing(&self, base: &Self, changes: &mut Changes) {
        for (aggregate, resolved) in &self.0 {
            let before = base.0.get(aggregate).map(|before| &before.missing);
            for missing in &resolved.missing {
                if before.is_none_or(|before| !before.contains(missing)) {
                    changes
                        .entry(missing.clone())
                        .or_insert_with(|| Change::Missing(aggregate.clone()));
                }
            }
        }
    }

    /// What the aggregates stand for, as far as it differs from the base's.
    pub(crate) fn of_changed(&self, changes: &Changes) -> Vec<Aggregate> {
        let aggregates = self.0.iter().map(|(job, resolved)| {
            let all = resolved.jobs.iter().chain(&resolved.missing);
            let changed = all.filter(|name| changes.contains_key(*name));
            Aggregate {
                job: job.clone(),
                constituents: changed.cloned().collect(),
            }
        });
        aggregates
            .filter(|aggregate| !aggregate.constituents.is_empty())
            .collect()
    }
}

/// What an aggregate names itself.
fn direct(jobs: &Jobs, by_drv: &BTreeMap<&StorePath, &JobName>, named: &Constituents) -> Resolved {
    let mut resolved = Resolved::default();
    // A derivation that is no job is built with the aggregate's own.
    let of_drvs = named.derivations.iter().filter_map(|drv| by_drv.get(drv));
    resolved.jobs.extend(of_drvs.map(|name| (*name).clone()));
    for text in &named.names {
        let found = match Pattern::new(text) {
            Ok(pattern) if named.globs => matching(jobs, &pattern),
            Ok(_) | Err(_) => exact(jobs, text),
        };
        if found.is_empty() {
            resolved.missing.insert(name_of(text));
        }
        resolved.jobs.extend(found);
    }
    resolved
}

fn matching(jobs: &Jobs, pattern: &Pattern) -> Vec<JobName> {
    let matches = |name: &&JobName| pattern.matches(name.as_str());
    jobs.keys().filter(matches).cloned().collect()
}

fn exact(jobs: &Jobs, text: &str) -> Vec<JobName> {
    let name = name_of(text);
    jobs.contains_key(&name)
        .then_some(name)
        .into_iter()
        .collect()
}

/// The name that Hydra writes with plain dots between attribute names.
fn name_of(text: &str) -> JobName {
    let path: Vec<_> = text.split('.').map(str::to_owned).collect();
    job_name(&path)
}

/// What an aggregate stands for when the aggregates that it names are followed, in a circle too.
fn followed(of: &JobName, direct: &BTreeMap<&JobName, Resolved>) -> Resolved {
    let (mut resolved, mut waiting) = (Resolved::default(), vec![of]);
    while let Some(name) = waiting.pop() {
        let Some(own) = direct.get(name) else {
            continue;
        };
        for job in &own.jobs {
            if resolved.jobs.insert(job.clone()) {
                waiting.push(job);
            }
        }
        resolved.missing.extend(own.missing.iter().cloned());
    }
    resolved
}

/// Checks that a gate requires what it says: that each pattern leads to a job, and each required
/// aggregate to what it names.
///
/// A pattern for all jobs names whatever there is, so that nothing can be missing from it.
pub(crate) fn check_required(
    job_set: &JobSet,
    required: &[JobPattern],
    (base_jobs, base): (&Jobs, &Aggregates),
    head_jobs: &Jobs,
) -> Result<(), BuildError> {
    let file = job_set.file.display();
    for pattern in required.iter().filter(|pattern| !pattern.names_all()) {
        let mut names = base_jobs.keys().chain(head_jobs.keys());
        if !names.any(|name| pattern.matches(name)) {
            return Err(BuildError::JobSet(format!(
                "{file} has no job that the required `{pattern}` names, neither at the base nor at \
                 the revision, so that nothing would be required by it: remove it from \
                 `required_jobs`, or mend its name"
            )));
        }
        let mut aggregates = base.0.iter().filter(|(_, it)| !it.missing.is_empty());
        if let Some((job, resolved)) = aggregates.find(|(job, _)| pattern.matches(job)) {
            return Err(BuildError::JobSet(format!(
                "`{job}` of {file} stands for jobs that it does not have at the base: {}. Nobody \
                 can tell whether they pass: give the job set arguments with which it has them, or \
                 name in `required_jobs` those that it has",
                listed(&resolved.missing)
            )));
        }
    }
    Ok(())
}

/// A configured attribute that leads to no job, before or after, is a mistake in the configuration.
pub(crate) fn check_attributes(
    job_set: &JobSet,
    base: &Jobs,
    head: &Jobs,
) -> Result<(), BuildError> {
    for path in job_set.checked_attributes()? {
        let attribute = job_name(&path);
        let mut names = base.keys().chain(head.keys());
        if !names.any(|name| lies_at(name, &attribute)) {
            return Err(BuildError::JobSet(format!(
                "{} has no job at or under `{attribute}`, neither at the base nor at the \
                 revision: remove the attribute, or mend its name",
                job_set.file.display()
            )));
        }
    }
    Ok(())
}

/// Whether a job lies at or under an attribute.
pub(crate) fn lies_at(name: &JobName, attribute: &JobName) -> bool {
    name.as_str()
        .strip_prefix(attribute.as_str())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn listed(names: &BTreeSet<JobName>) -> String {
    let shown: Vec<_> = names.iter().take(NAMED_MAX).map(JobName::as_str).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
