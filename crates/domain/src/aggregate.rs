//! Jobs that stand for others, as Hydra's aggregates do.
//!
//! nixpkgs' `tested` names the jobs that a channel must not break. Where it names them as text, its
//! own derivation depends on none of them and builds whatever they do: to require it is to require
//! what it stands for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::JobName;
use crate::policy::Policy;

/// A job that stands for others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aggregate {
    /// The job.
    pub job: JobName,
    /// The jobs that it stands for, itself or by another aggregate, as far as they differ from the
    /// base's.
    pub constituents: BTreeSet<JobName>,
}

/// The required aggregate by which a release must not break this job; `None`: it may fail, unless
/// the policy names it itself.
pub fn required_by<'a>(
    aggregates: &'a [Aggregate],
    policy: &Policy,
    job: &JobName,
) -> Option<&'a JobName> {
    let stands_for = |aggregate: &&Aggregate| {
        aggregate.constituents.contains(job) && policy.requires(&aggregate.job)
    };
    Some(&aggregates.iter().find(stands_for)?.job)
}

/// Whether a release must not break this job.
pub(crate) fn is_required(aggregates: &[Aggregate], policy: &Policy, job: &JobName) -> bool {
    if job.is_package_test() {
        return policy.package_tests.are_required();
    }
    // What a change touches is required, whatever else is.
    job.is_beside() || policy.requires(job) || required_by(aggregates, policy, job).is_some()
}
