//! Attributes that are another one by a second name, as `jdk` is `jdk8`.
//!
//! `nix-env` lists such a value once, by the name that comes first. So it is counted here.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::counted::Doubles;
use crate::error::ImpactError;
use crate::finding::{AttributePath, Finding, Findings};
use crate::index::Evaluated;
use crate::questions;
use crate::worker::Worker;

/// The attributes of one derivation, ordered.
pub(crate) type Group = Vec<AttributePath>;

/// Attributes that may be one, because their derivation is.
pub(crate) fn groups(findings: &Findings) -> Vec<Group> {
    of_derivations(findings.iter(), |_| true)
}

/// The doubles after a change: of the findings before it, those of `head` are replaced, and those that
/// are `rebuilt` are not known. Asks a worker on the tree after the change.
pub(crate) fn after(
    base: &Evaluated,
    head: &Findings,
    is_rebuilt: impl Fn(&AttributePath) -> bool,
    worker: &mut Worker,
) -> Result<Doubles, ImpactError> {
    let before = head.keys().filter_map(|path| base.findings.get(path));
    let packages = before.chain(head.values()).filter_map(Finding::package);
    let asked: FxHashSet<_> = packages.map(|it| it.drv.as_str()).collect();
    let stays =
        |(path, _): &(&AttributePath, &Finding)| !head.contains_key(*path) && !is_rebuilt(path);
    let all = base.findings.iter().filter(stays).chain(head);
    let groups = of_derivations(all, |drv| asked.contains(drv));
    let mut doubles = base.doubles.clone();
    for path in groups.iter().flatten().chain(head.keys()) {
        doubles.remove(path);
    }
    doubles.extend(find(worker, &groups)?);
    Ok(doubles)
}

fn of_derivations<'a>(
    findings: impl Iterator<Item = (&'a AttributePath, &'a Finding)>,
    is_asked: impl Fn(&str) -> bool,
) -> Vec<Group> {
    let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
    for (path, finding) in findings {
        if let Some(package) = finding.package().filter(|it| is_asked(&it.drv)) {
            groups
                .entry(package.drv.as_str())
                .or_default()
                .push(path.clone());
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.iter_mut().for_each(|group| group.sort());
    groups
}

/// Which attributes of these groups are doubles.
pub(crate) fn find(worker: &mut Worker, groups: &[Group]) -> Result<Doubles, ImpactError> {
    let mut doubles = Doubles::new();
    for group in groups.iter().filter(|group| group.len() > 1) {
        let firsts = questions::firsts(worker, group)?;
        let is_double = |(at, first): &(usize, usize)| at != first;
        let places = firsts.into_iter().enumerate().filter(is_double);
        doubles.extend(places.filter_map(|(at, _)| group.get(at).cloned()));
    }
    Ok(doubles)
}
