//! What servers get by a fix: other versions of packages.

use picket_domain::{Candidate, ImpactSummary, ImpactedPackage};

use crate::look::Look;

/// A package that gets another version.
pub(crate) struct VersionView {
    pub(crate) words: String,
    /// Whether that is a step to another major version.
    pub(crate) is_major: bool,
}

/// The packages that get another version by a candidate alone, as evaluating shows: a title speaks of
/// the branch that it was written for.
pub(crate) fn versions(look: &Look<'_>, candidate: &Candidate) -> Vec<VersionView> {
    let impact = look.facts.impact(candidate);
    let packages = impact.map(ImpactSummary::versions).unwrap_or_default();
    let view = |it: &ImpactedPackage| VersionView {
        words: it.words(),
        is_major: it.is_major(),
    };
    packages.iter().map(view).collect()
}
