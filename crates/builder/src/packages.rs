//! The packages of a tree, as far as no job is about them.
//!
//! A channel's job set has tests, and some packages. A fix to any other package would be released
//! without a build, and every server would compile it. So what differs in the tree's package set is
//! built as well, up to a limit: what a change to everything's library leaves over is counted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use picket_domain::{JobName, PackageSet, Scope, StorePath};
use picket_evaluator::{Job, JobError, JobSet, Jobs, Request, Walk};
use picket_nix::derivation;
use tokio::task::spawn_blocking;

use crate::compare::Change;

type Changes = BTreeMap<JobName, Change>;

/// The tree's package set: what its `default.nix` gives, at the first level.
pub(crate) fn job_set() -> JobSet {
    JobSet {
        file: "default.nix".into(),
        arguments: BTreeMap::new(),
        attributes: Vec::new(),
    }
}

/// A request for the packages alone, not for what lies within them.
pub(crate) fn top_level(request: Request<'_>) -> Request<'_> {
    Request {
        walk: Walk::TopLevel,
        ..request
    }
}

/// The packages, by names that no job has.
pub(crate) fn named(packages: Jobs) -> impl Iterator<Item = (JobName, Result<Job, JobError>)> {
    packages
        .into_iter()
        .map(|(name, job)| (JobName::of_package(&name), job))
}

/// What people are told of the packages that differ.
pub(crate) fn told(packages: &PackageSet) -> String {
    match (packages.changed, packages.left_out) {
        (0, _) => String::new(),
        (1, _) => ", and 1 package".to_owned(),
        (changed, 0) => format!(", and {changed} packages"),
        (changed, left_out) => {
            format!(", and {changed} packages, {left_out} of which are too many to be built here")
        }
    }
}

/// What is built of the changes.
#[derive(Debug)]
pub(crate) struct Limited {
    pub(crate) changes: Changes,
    pub(crate) packages: PackageSet,
    /// The packages that are built, be it as jobs; those of the scope, and nearest to the change, first.
    pub(crate) built: Vec<JobName>,
}

/// [`limit`] off the runtime: it reads a derivation for each package.
pub(crate) async fn limited(changes: Changes, most: u32, scope: &Scope) -> Limited {
    let scope = scope.clone();
    let limited = spawn_blocking(move || limit(changes, most, &scope));
    match limited.await {
        Ok(limited) => limited,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Counts the packages that differ, and leaves out those that are built as jobs, and those beyond the
/// limit: first what the channel is about, then what is nearest to the change itself.
fn limit(mut changes: Changes, limit: u32, scope: &Scope) -> Limited {
    let changed = changes.keys().filter(|name| name.is_package()).count();
    let as_jobs = take_those_built_as_jobs(&mut changes);
    let left_out = beyond(&changes, limit as usize, scope);
    changes.retain(|name, _| !left_out.contains(name));
    let built = to_build(&changes).into_iter().chain(to_build(&as_jobs));
    let built = first_to_last(built.collect(), scope);
    let count = |n| u32::try_from(n).unwrap_or(u32::MAX);
    Limited {
        packages: PackageSet {
            changed: count(changed),
            left_out: count(left_out.len()),
            ..PackageSet::default()
        },
        built: built.into_iter().cloned().collect(),
        changes,
    }
}

/// Takes the packages out of the changes that are built as jobs.
fn take_those_built_as_jobs(changes: &mut Changes) -> Changes {
    let jobs = changes.iter().filter(|(name, _)| !name.is_package());
    let jobs: BTreeSet<_> = jobs
        .filter_map(|(_, change)| change.drv().cloned())
        .collect();
    let is_job = |name: &JobName, change: &mut Change| {
        name.is_package() && change.drv().is_some_and(|drv| jobs.contains(drv))
    };
    changes.extract_if(.., is_job).collect()
}

/// The packages that are to be built, each with its derivation.
fn to_build(changes: &Changes) -> Vec<(&JobName, &StorePath)> {
    let packages = changes.iter().filter(|(name, _)| name.is_package());
    packages
        .filter_map(|(name, change)| Some((name, change.drv()?)))
        .collect()
}

/// Packages of the scope, then the others, each by how far they are from the change.
fn first_to_last<'a>(
    mut packages: Vec<(&'a JobName, &'a StorePath)>,
    scope: &Scope,
) -> Vec<&'a JobName> {
    let drvs: BTreeSet<_> = packages.iter().map(|(_, drv)| *drv).collect();
    let distances = distances(&drvs, |drv| match derivation::read(drv) {
        Ok(recipe) => recipe.inputs,
        Err(_) => Vec::new(),
    });
    let is_in_scope = |name: &JobName| name.package().is_some_and(|name| scope.has(name));
    packages.sort_by_cached_key(|(name, drv)| (!is_in_scope(name), distances[drv], *name));
    packages.into_iter().map(|(name, _)| name).collect()
}

/// The packages that are too many, whether they are to be built or not to be had any more.
fn beyond(changes: &Changes, limit: usize, scope: &Scope) -> BTreeSet<JobName> {
    let to_build = to_build(changes);
    let too_many = match to_build.len() > limit {
        true => first_to_last(to_build, scope).split_off(limit),
        false => Vec::new(),
    };
    let is_other =
        |(name, change): &(&JobName, &Change)| name.is_package() && change.drv().is_none();
    let others = changes.iter().filter(is_other).map(|(name, _)| name);
    let others = others.skip(limit);
    too_many.into_iter().chain(others).cloned().collect()
}

/// How far each derivation is from the change: the longest way to it through others that differ.
fn distances<'a>(
    drvs: &BTreeSet<&'a StorePath>,
    inputs: impl Fn(&StorePath) -> Vec<StorePath>,
) -> BTreeMap<&'a StorePath, u32> {
    let mut waits_for: BTreeMap<_, usize> = drvs.iter().map(|drv| (*drv, 0)).collect();
    let mut needed_by: BTreeMap<&StorePath, Vec<&StorePath>> = BTreeMap::new();
    for &drv in drvs {
        for input in inputs(drv) {
            if let Some(&input) = drvs.get(&input) {
                *waits_for.entry(drv).or_default() += 1;
                needed_by.entry(input).or_default().push(drv);
            }
        }
    }
    let mut distances: BTreeMap<_, u32> = drvs.iter().map(|drv| (*drv, 0)).collect();
    let nearest = waits_for.iter().filter(|(_, inputs)| **inputs == 0);
    let mut ready: VecDeque<_> = nearest.map(|(drv, _)| *drv).collect();
    while let Some(drv) = ready.pop_front() {
        for needs in needed_by.remove(drv).unwrap_or_default() {
            let further = distances[drv].saturating_add(1);
            let distance = distances.entry(needs).or_default();
            *distance = further.max(*distance);
            let waits = waits_for.entry(needs).or_default();
            *waits -= 1;
            if *waits == 0 {
                ready.push_back(needs);
            }
        }
    }
    distances
}

#[cfg(test)]
mod tests {
    use picket_domain::JobPattern;

    use super::*;

    fn path(name: &str) -> StorePath {
        StorePath::parse(&format!("/nix/store/{}-{name}.drv", "0".repeat(32))).unwrap()
    }

    fn to_build(name: &str) -> Change {
        let job = Job::new(path(name), BTreeMap::new(), String::new());
        Change::Build(Box::new(job))
    }

    fn changes(names: &[(&str, Change)]) -> Changes {
        let named = names.iter().cloned();
        named
            .map(|(name, change)| (JobName::parse(name).unwrap(), change))
            .collect()
    }

    #[test]
    fn what_is_built_as_a_job_is_not_built_as_a_package_too() {
        let changes = changes(&[
            ("nixpkgs.curl", to_build("curl")),
            ("pkgs.curl", to_build("curl")),
            ("pkgs.git", to_build("git")),
            ("pkgs.insecure", Change::Gone),
        ]);
        let found = limit(changes, 10, &Scope::default());
        assert_eq!((found.packages.changed, found.packages.left_out), (3, 0));
        let names: Vec<_> = found.changes.keys().map(JobName::as_str).collect();
        assert_eq!(names, ["nixpkgs.curl", "pkgs.git", "pkgs.insecure"]);
        let built: Vec<_> = found.built.iter().map(JobName::as_str).collect();
        assert_eq!(built, ["pkgs.curl", "pkgs.git"]);
    }

    #[test]
    fn what_is_left_out_is_not_among_what_is_built() {
        let changes = changes(&[
            ("pkgs.a", to_build("a")),
            ("pkgs.b", to_build("b")),
            ("pkgs.c", Change::Gone),
            ("pkgs.d", Change::Gone),
        ]);
        let found = limit(changes, 1, &Scope::default());
        assert_eq!((found.packages.changed, found.packages.left_out), (4, 2));
        let names: Vec<_> = found.changes.keys().map(JobName::as_str).collect();
        assert_eq!(names, ["pkgs.a", "pkgs.c"]);
        assert_eq!(found.built[0].as_str(), "pkgs.a");
        assert_eq!(found.built.len(), 1);
    }

    #[test]
    fn what_the_channel_is_about_is_built_first() {
        let names = ["pkgs.a", "pkgs.b", "pkgs.mastodon"];
        let all = names.map(|name| (name, to_build(name.trim_start_matches("pkgs."))));
        let scope = Scope::new(vec![JobPattern::parse("mastodon").unwrap()]);
        let found = limit(changes(&all), 2, &scope);
        let built: Vec<_> = found.built.iter().map(JobName::as_str).collect();
        assert_eq!(built, ["pkgs.mastodon", "pkgs.a"]);
    }

    #[test]
    fn what_is_nearest_to_the_change_is_built_first() {
        let (openssl, curl, git) = (path("openssl"), path("curl"), path("git"));
        let drvs = [&openssl, &curl, &git].into();
        let far = distances(&drvs, |drv| match drv.name() {
            "git.drv" => vec![openssl.clone(), curl.clone(), path("bash")],
            "curl.drv" => vec![openssl.clone()],
            _ => vec![],
        });
        assert_eq!((far[&openssl], far[&curl], far[&git]), (0, 1, 2));
    }
}
