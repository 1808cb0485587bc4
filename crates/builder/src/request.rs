//! What the builder is asked for.

use picket_domain::{JobPattern, Scope};
use picket_evaluator::{JobSet, Revision};

/// What is to be built.
#[derive(Debug, Clone)]
pub struct BuildRequest<'a> {
    /// What the revision is compared with.
    pub base: &'a Revision,
    /// The revision.
    pub head: &'a Revision,
    /// The jobs.
    pub jobs: &'a JobSet,
    /// The jobs that must not break: each pattern must name some, or nothing is built.
    pub required: &'a [JobPattern],
    /// How many packages that differ are built beside the jobs at most; 0: packages are not looked
    /// at.
    pub rebuild_limit: u32,
    /// The packages that come first where there are more.
    pub scope: &'a Scope,
    /// How many tests of those packages are built at most; 0: they are not looked at.
    pub package_tests: u32,
}
