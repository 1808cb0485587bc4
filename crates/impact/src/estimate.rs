//! The estimate: what a change touches is evaluated, and what that rebuilds is looked up.

use std::collections::BTreeMap;

use crate::changed::Touched;
use crate::compare::{After, Differences};
use crate::counted::Counted;
use crate::dirt::{Candidate, Dirt};
use crate::doubles;
use crate::error::ImpactError;
use crate::finding::{AttributePath, Findings};
use crate::follow::{Following, Left};
use crate::index::Index;
use crate::times::Times;
use crate::worker::Worker;

/// What is estimated of a change.
#[derive(Debug, Default)]
pub(crate) struct Estimate {
    /// What differs, as far as is known.
    pub(crate) differences: Differences,
    /// The names of the derivations that are to be built, and how many have each.
    pub(crate) builds: BTreeMap<String, u32>,
    /// What it does not know, in words.
    pub(crate) unknown: Vec<String>,
    /// How many attributes were evaluated for it.
    pub(crate) evaluated: usize,
}

/// Makes an estimate, with a worker on the tree after the change.
pub(crate) fn estimate(
    index: &Index,
    touched: &[Touched],
    entry: &str,
    times: Times,
    worker: Worker,
) -> Result<Estimate, ImpactError> {
    let is_attribute = |name: &str| is_attribute(index, name);
    let (dirt, candidates) = begin(index, touched, entry, &is_attribute);
    if candidates.is_empty() && dirt.everything.is_none() {
        return Ok(Estimate::default());
    }
    let mut following = Following::new(index, dirt, worker, times);
    let left = following.follow(candidates, usize::MAX)?;
    let sampled = following.sample()?;
    let mut unknown = left.map(|left| left.to_string()).into_iter().collect();
    told_of_sample(index, &following, sampled, &mut unknown);
    finish(index, following, unknown)
}

/// All that may differ after a change.
pub(crate) struct All {
    /// What was evaluated after it.
    pub(crate) head: Findings,
    /// What is sure to be rebuilt, and was not evaluated.
    pub(crate) rebuilt: Vec<AttributePath>,
    /// The worker that did it.
    pub(crate) worker: Worker,
}

/// Evaluates all that may differ after a change; `None`: that is too much to be worth it.
pub(crate) fn all(
    index: &Index,
    touched: &[Touched],
    entry: &str,
    worker: Worker,
) -> Result<Option<All>, ImpactError> {
    let is_attribute = |name: &str| is_attribute(index, name);
    let (dirt, candidates) = begin(index, touched, entry, &is_attribute);
    if dirt.everything.is_some() {
        return Ok(None);
    }
    let most = FEW.max(index.evaluated.findings.len() / WHOLE_PART);
    let mut following = Following::new(index, dirt, worker, Times::all());
    let left = following.follow(candidates, most)?;
    if left.is_some() || following.dirt.everything.is_some() {
        return Ok(None);
    }
    let paths = index.evaluated.findings.keys();
    let is_rebuilt =
        |path: &&AttributePath| !following.head.contains_key(*path) && following.rebuilt.has(path);
    let rebuilt = paths.filter(is_rebuilt).cloned().collect();
    Ok(Some(All {
        rebuilt,
        head: following.head,
        worker: following.worker,
    }))
}

/// Where more than this part of a tree has to be looked at, all of it is.
const WHOLE_PART: usize = 8;
/// So many are never too many.
const FEW: usize = 100;

fn is_attribute(index: &Index, name: &str) -> bool {
    let path = AttributePath::top(name);
    index.evaluated.findings.contains_key(&path)
}

/// The attributes that a change touches, and what else may come up by them.
fn begin<'a>(
    index: &'a Index,
    touched: &[Touched],
    entry: &str,
    is_attribute: &'a dyn Fn(&str) -> bool,
) -> (Dirt<'a>, Vec<Candidate>) {
    let mut dirt = Dirt::new(&index.references, is_attribute, entry);
    for touched in touched {
        dirt.touch(touched);
    }
    let candidates = dirt.take_candidates();
    (dirt, candidates)
}

fn told_of_sample(
    index: &Index,
    following: &Following<'_>,
    sampled: usize,
    unknown: &mut Vec<String>,
) {
    if let Some(file) = &following.dirt.everything {
        let all = index.evaluated.findings.len();
        unknown.push(format!(
            "everything is evaluated through {file}, which changes or mentions what does: {sampled} of {all} attributes were looked at"
        ));
    }
}

fn finish(
    index: &Index,
    following: Following<'_>,
    unknown: Vec<String>,
) -> Result<Estimate, ImpactError> {
    let Following {
        mut worker,
        head,
        rebuilt,
        ..
    } = following;
    let base = &index.evaluated;
    let doubles = doubles::after(base, &head, |path| rebuilt.has(path), &mut worker)?;
    let after = |path: &AttributePath| match head.get(path) {
        Some(finding) => After::Is(finding),
        None if rebuilt.has(path) => After::Rebuilt,
        None => After::Same,
    };
    let counted = Counted {
        findings: &head,
        doubles: &doubles,
    };
    Ok(Estimate {
        differences: Differences::of(base.counted(), counted, after),
        builds: rebuilt.builds(),
        unknown,
        evaluated: head.len(),
    })
}

impl std::fmt::Display for Left {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let some: Vec<_> = self.some.iter().map(ToString::to_string).collect();
        let (count, some) = (self.count, some.join(", "));
        write!(
            f,
            "{count} attributes mention what changes, and there was no time to evaluate them: {some}, .."
        )
    }
}
