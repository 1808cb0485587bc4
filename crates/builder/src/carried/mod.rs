//! What a tree carries in place of fixes that it cannot ship as they are, and whether that is fit to
//! be shipped.
//!
//! The tree says itself what there is: a file of Picket's gives, as jobs, what a graft replaces and by
//! what, and whether NixOS evaluates with all of it and without. A graft rewrites the references to
//! its library in whatever is there already. So the new library's name has to be as long as the old
//! one's, output by output, and it has to offer all that the old one did.

mod elf;
mod libraries;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use picket_domain::{JobName, JobOutcome, JobReport, StorePath};
use picket_evaluator::{Job, JobError, JobSet, Jobs};
use tokio::task::spawn_blocking;

use crate::compare::Change;
use crate::error::BuildError;

type Changes = BTreeMap<JobName, Change>;

/// The file of the tree.
const CHECKS: &str = "nixos/modules/security/channel/checks.nix";
/// What the names of the two sides of a pair end with.
const OLD: &str = ".old";
const NEW: &str = ".new";

/// What is to be evaluated of a tree; `None` where it carries nothing.
pub(crate) fn job_set(tree: &Path) -> Option<JobSet> {
    tree.join(CHECKS).is_file().then(|| JobSet {
        file: CHECKS.into(),
        arguments: BTreeMap::new(),
        attributes: Vec::new(),
    })
}

/// What a tree carries, by names that no job has.
pub(crate) fn named(jobs: Jobs) -> impl Iterator<Item = (JobName, Result<Job, JobError>)> {
    jobs.into_iter()
        .map(|(name, job)| (JobName::of_carried(&name), job))
}

/// The only job of a tree of which that cannot be told.
pub(crate) fn broken(message: String) -> Jobs {
    let name = JobName::parse("checks").expect("it is one name");
    let error = JobError::Fails { message };
    [(JobName::of_carried(&name), Err(error))].into()
}

/// Leaves of the changes what is to be built, and what is wrong. What only had to evaluate does not
/// change anything by itself, nor does a pair of which both are the same.
pub(crate) fn prepare(changes: &mut Changes) {
    let grafts = pairs(changes);
    changes.retain(|name, change| {
        let is_evaluated = !is_side(name) && matches!(change, Change::Build(_));
        !(name.is_carried() && is_evaluated)
    });
    let mut idle = BTreeMap::new();
    for (graft, new, old) in grafts {
        let reason = match (changes.get(&old), changes.get(&new)) {
            (Some(Change::Build(old)), Some(Change::Build(new))) => refusal(old, new),
            (_, Some(_)) => continue,
            (_, None) => Refusal::No,
        };
        let does_nothing = idle.entry(graft).or_insert((new.clone(), true));
        match reason {
            Refusal::No => does_nothing.1 = false,
            Refusal::Same => {
                changes.remove(&old);
                changes.remove(&new);
            }
            Refusal::For(reason) => {
                does_nothing.1 = false;
                changes.remove(&old);
                changes.insert(new, Change::Refused(reason));
            }
        }
    }
    for (name, does_nothing) in idle.into_values() {
        if does_nothing {
            let reason = "what replaces and what is replaced are the same";
            changes.insert(name, Change::Refused(reason.to_owned()));
        }
    }
}

/// Compares what was built of each pair; what is replaced is reported only where it is not there.
///
/// # Errors
/// [`BuildError::File`] where an output cannot be read.
pub(crate) async fn judge(
    changes: &Changes,
    mut reports: Vec<JobReport>,
) -> Result<Vec<JobReport>, BuildError> {
    for (_, new, old) in pairs(changes) {
        let (Some(Change::Build(before)), Some(Change::Build(after))) =
            (changes.get(&old), changes.get(&new))
        else {
            continue;
        };
        let is_built = |name: &JobName| {
            let mut reports = reports.iter();
            reports.any(|it| it.job == *name && matches!(it.outcome, JobOutcome::Built { .. }))
        };
        if !(is_built(&old) && is_built(&new)) {
            continue;
        }
        let Some(why) = compare(before, after).await? else {
            continue;
        };
        if let Some(report) = reports.iter_mut().find(|it| it.job == new) {
            report.outcome = JobOutcome::Refused { why };
        }
    }
    reports.retain(|it| {
        let is_replaced = it.job.is_carried() && it.job.as_str().ends_with(OLD);
        !(is_replaced && matches!(it.outcome, JobOutcome::Built { .. }))
    });
    Ok(reports)
}

fn is_side(name: &JobName) -> bool {
    let name = name.as_str();
    name.ends_with(OLD) || name.ends_with(NEW)
}

/// Each pair: its graft's name, and the jobs of what replaces and of what is replaced.
fn pairs(changes: &Changes) -> Vec<(String, JobName, JobName)> {
    let carried = changes.keys().filter(|name| name.is_carried());
    let pair = |new: &JobName| {
        let pair = new.as_str().strip_suffix(NEW)?;
        let (graft, _) = pair.rsplit_once('.')?;
        let old = JobName::parse(&format!("{pair}{OLD}")).ok()?;
        Some((graft.to_owned(), new.clone(), old))
    };
    carried.filter_map(pair).collect()
}

/// Why one package cannot take another one's place, as far as their names tell.
enum Refusal {
    No,
    Same,
    For(String),
}

fn refusal(old: &Job, new: &Job) -> Refusal {
    if old.outputs == new.outputs {
        return Refusal::Same;
    }
    for (output, old) in &old.outputs {
        let Some(new) = new.outputs.get(output) else {
            return Refusal::For(format!("what replaces it has no output {output}"));
        };
        let (old, new) = (old.name(), new.name());
        if old.len() != new.len() {
            return Refusal::For(format!(
                "the names {old} and {new} are not of equal length, so that the one cannot be \
                 written over the other"
            ));
        }
    }
    Refusal::No
}

/// Why what was built cannot take the other one's place.
async fn compare(old: &Job, new: &Job) -> Result<Option<String>, BuildError> {
    for (output, old) in &old.outputs {
        let Some(new) = new.outputs.get(output) else {
            continue;
        };
        let (before, after) = (old.clone(), new.clone());
        let lost = spawn_blocking(move || libraries::lost(&path(&before), &path(&after)));
        let lost = match lost.await {
            Ok(lost) => lost.map_err(BuildError::file(&path(new)))?,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        if let Some(lost) = lost {
            return Ok(Some(format!(
                "{} cannot take the place of {}: {lost}",
                new.name(),
                old.name()
            )));
        }
    }
    Ok(None)
}

fn path(path: &StorePath) -> PathBuf {
    PathBuf::from(path.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(outputs: &[(&str, &str)]) -> Change {
        let path = |name: &str| {
            let hash = format!("{:0<32}", name.len() % 10);
            StorePath::parse(&format!("/nix/store/{hash}-{name}")).unwrap()
        };
        let outputs = outputs
            .iter()
            .map(|(output, name)| ((*output).to_owned(), path(name)));
        let drv = path(&format!("{}.drv", outputs.clone().next().unwrap().1.name()));
        Change::Build(Box::new(Job::new(drv, outputs.collect(), String::new())))
    }

    fn prepared(changes: Vec<(&str, Change)>) -> Vec<String> {
        let named = changes.into_iter();
        let mut changes: Changes = named
            .map(|(name, change)| (JobName::parse(name).unwrap(), change))
            .collect();
        prepare(&mut changes);
        let told = changes.iter().map(|(name, change)| match change {
            Change::Build(job) => format!("{name}: build {}", job.drv.name()),
            Change::Refused(why) => format!("{name}: {why}"),
            other => format!("{name}: {other:?}"),
        });
        told.collect()
    }

    #[test]
    fn names_of_equal_length_are_built_and_others_refused() {
        let old = || job(&[("out", "openssl-3.4.1"), ("bin", "openssl-3.4.1-bin")]);
        insta::assert_debug_snapshot!(prepared(vec![
            ("curl", job(&[("out", "curl")])),
            ("carried.configuration.without", job(&[("out", "plain")])),
            ("carried.channel-graft-1.pair-0.old", old()),
            ("carried.channel-graft-1.pair-0.new", job(&[("out", "openssl-3.4.x"), ("bin", "openssl-3.4.x-bin")])),
            ("carried.channel-graft-2.pair-0.old", old()),
            ("carried.channel-graft-2.pair-0.new", job(&[("out", "openssl-3.4.10"), ("bin", "openssl-3.4.10-bin")])),
            ("carried.channel-graft-3.pair-0.old", old()),
            ("carried.channel-graft-3.pair-0.new", job(&[("out", "openssl-3.4.x")])),
            ("carried.channel-graft-4.pair-0.old", old()),
            ("carried.channel-graft-4.pair-0.new", old()),
        ]), @r#"
            [
                "carried.channel-graft-1.pair-0.new: build openssl-3.4.x.drv",
                "carried.channel-graft-1.pair-0.old: build openssl-3.4.1.drv",
                "carried.channel-graft-2.pair-0.new: the names openssl-3.4.1-bin and openssl-3.4.10-bin are not of equal length, so that the one cannot be written over the other",
                "carried.channel-graft-3.pair-0.new: what replaces it has no output bin",
                "carried.channel-graft-4.pair-0.new: what replaces and what is replaced are the same",
                "curl: build curl.drv",
            ]
            "#);
    }

    #[test]
    fn what_does_not_evaluate_stays_wrong() {
        let broken = Change::Broken(JobError::TooDeep { most: 1 });
        let told = prepared(vec![
            ("carried.configuration.without", broken.clone()),
            ("carried.channel-graft-1.pair-0.old", job(&[("out", "a")])),
            ("carried.channel-graft-1.pair-0.new", broken),
        ]);
        assert_eq!(told.len(), 3, "{told:?}");
    }
}
