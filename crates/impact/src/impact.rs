//! What a change changes, as it is told.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::compare::Differences;
use crate::estimate::Estimate;

/// What a change changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Impact {
    /// What differs: exactly, where that was asked for.
    #[serde(flatten)]
    pub differences: Differences,
    /// How many derivations are to be built, those behind the attributes included.
    pub derivations: usize,
    /// Their names without versions, and how many have each.
    #[serde(skip)]
    pub builds: BTreeMap<String, u32>,
    /// Whether these are so many that servers would wait for them.
    pub mass_rebuild: bool,
    /// What is not known, in words; of an exact answer nothing.
    pub unknown: Vec<String>,
    /// How many derivations the job set has before the change, counted as the lists are.
    pub attributes: usize,
    /// How many attributes were evaluated for the estimate.
    pub evaluated: usize,
    /// How long the estimate took, once the base was known.
    pub estimate_seconds: f64,
    /// How long it took to get to know the base; `None`: it was known.
    pub base_seconds: Option<f64>,
    /// Files that the repository lacks, as a partial clone does; they are not in the trees that were
    /// evaluated.
    pub missing_files: Vec<String>,
    /// The comparison with the exact answer.
    #[serde(flatten)]
    pub exact: Option<Exact>,
}

/// How the estimate compares with the exact answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exact {
    /// How long the exact answer took: the evaluation of everything after the change.
    pub exact_seconds: f64,
    /// How many attributes differ that the estimate did not have.
    pub estimate_missed: usize,
    /// How many attributes the estimate had that do not differ.
    pub estimate_too_many: usize,
    /// Those that it did not have.
    pub missed: Vec<String>,
    /// Those that do not differ.
    pub too_many: Vec<String>,
    /// What the estimate said that it did not know.
    pub estimate_unknown: Vec<String>,
}

impl Impact {
    pub(crate) fn estimated(estimate: Estimate, attributes: usize, mass_rebuild: usize) -> Self {
        Self {
            mass_rebuild: count(&estimate.builds) > mass_rebuild,
            differences: estimate.differences,
            derivations: count(&estimate.builds),
            builds: estimate.builds,
            unknown: estimate.unknown,
            attributes,
            evaluated: estimate.evaluated,
            estimate_seconds: 0.0,
            base_seconds: None,
            missing_files: Vec::new(),
            exact: None,
        }
    }
}

/// How many derivations have these names.
pub(crate) fn count(builds: &BTreeMap<String, u32>) -> usize {
    builds.values().map(|count| *count as usize).sum()
}

impl Exact {
    /// The comparison of an estimate with what really differs.
    pub(crate) fn beside(estimate: &Impact, exact: &Differences, exact_seconds: f64) -> Self {
        let estimated: BTreeSet<_> = estimate.differences.attributes().collect();
        let real: BTreeSet<_> = exact.attributes().collect();
        let list = |names: Vec<&&str>| names.into_iter().map(|it| (*it).to_owned()).collect();
        let missed: Vec<String> = list(real.difference(&estimated).collect());
        let too_many: Vec<String> = list(estimated.difference(&real).collect());
        Self {
            exact_seconds,
            estimate_missed: missed.len(),
            estimate_too_many: too_many.len(),
            missed,
            too_many,
            estimate_unknown: estimate.unknown.clone(),
        }
    }
}
