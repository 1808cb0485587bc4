//! The packages of a tree, as far as no job is about them.
//!
//! A channel's job set has tests, and some packages. A fix to any other package would be released
//! without a build, and every server would compile it. So what differs in the tree's package set is
//! built as well, up to a limit: what a change to everything's library leaves over is counted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use picket_domain::{JobName, PackageSet, StorePath};
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

/// [`limit`] off the runtime: it reads a derivation for each package, where there are too many.
pub(crate) async fn limited(mut changes: Changes, most: u32) -> (Changes, PackageSet) {
    let limited = spawn_blocking(move || {
        let packages = limit(&mut changes, most);
        (changes, packages)
    });
    match limited.await {
        Ok(limited) => limited,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Counts the packages that differ, and leaves out those that are built as jobs, and those beyond the
/// limit: first what is nearest to the change itself.
fn limit(changes: &mut Changes, limit: u32) -> PackageSet {
    let is_package = |(name, _): &(&JobName, &Change)| name.is_package();
    let changed = changes.iter().filter(is_package).count();
    let jobs: BTreeSet<_> = changes
        .iter()
        .filter(|it| !is_package(it))
        .filter_map(|(_, change)| change.drv().cloned())
        .collect();
    changes.retain(|name, change| {
        !name.is_package() || change.drv().is_none_or(|drv| !jobs.contains(drv))
    });
    let left_out = beyond(changes, limit as usize);
    changes.retain(|name, _| !left_out.contains(name));
    let count = |n| u32::try_from(n).unwrap_or(u32::MAX);
    PackageSet {
        changed: count(changed),
        left_out: count(left_out.len()),
        unknown: None,
    }
}

/// The packages that are too many, whether they are to be built or not to be had any more.
fn beyond(changes: &Changes, limit: usize) -> BTreeSet<JobName> {
    let packages = changes.iter().filter(|(name, _)| name.is_package());
    let (to_build, others): (Vec<_>, Vec<_>) = packages
        .map(|(name, change)| (name, change.drv()))
        .partition(|(_, drv)| drv.is_some());
    let mut to_build: Vec<_> = to_build
        .into_iter()
        .filter_map(|(name, drv)| Some((name, drv?)))
        .collect();
    if to_build.len() > limit {
        let drvs: BTreeSet<_> = to_build.iter().map(|(_, drv)| *drv).collect();
        let distances = distances(&drvs, |drv| match derivation::read(drv) {
            Ok(recipe) => recipe.inputs,
            Err(_) => Vec::new(),
        });
        to_build.sort_by_key(|(name, drv)| (distances[drv], *name));
    }
    let to_build = to_build.into_iter().map(|(name, _)| name).skip(limit);
    let others = others.into_iter().map(|(name, _)| name).skip(limit);
    to_build.chain(others).cloned().collect()
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
        let mut changes = changes(&[
            ("nixpkgs.curl", to_build("curl")),
            ("pkgs.curl", to_build("curl")),
            ("pkgs.git", to_build("git")),
            ("pkgs.insecure", Change::Gone),
        ]);
        let found = limit(&mut changes, 10);
        assert_eq!((found.changed, found.left_out), (3, 0));
        let names: Vec<_> = changes.keys().map(JobName::as_str).collect();
        assert_eq!(names, ["nixpkgs.curl", "pkgs.git", "pkgs.insecure"]);
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
