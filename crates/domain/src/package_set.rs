//! What differs in a tree's package set.

use serde::{Deserialize, Serialize};

use crate::id::JobName;

/// How many of the tree's packages differ from the base's, whether jobs are about them or not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PackageSet {
    /// How many differ.
    pub changed: u32,
    /// How many of those are not among the changed jobs, since there are more than the channel
    /// builds: clients build them themselves.
    pub left_out: u32,
    /// Why it is not known which packages differ, where it is not: Nix's message about the base,
    /// bounded.
    pub unknown: Option<String>,
    /// What is known of the tests that the packages name which are built.
    #[serde(default)]
    pub tests: PackageTestSet,
}

/// What is to be known of packages' tests beside those among the changed jobs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PackageTestSet {
    /// How many tests differ, or are gone, that are not told of one by one: there are more than the
    /// channel builds.
    pub left_out: u32,
    /// How many packages were built whose tests were not looked at: those nearer to the change have as
    /// many as the channel builds, or they could not be evaluated.
    pub packages_left_out: u32,
    /// The tests that the base has and the revision does not.
    pub gone: Vec<JobName>,
    /// How many tests do not evaluate, and at the base neither.
    pub broken_at_base: u32,
    /// How many tests' evaluation was stopped by a limit, here or at the base.
    pub stopped: u32,
    /// Why something is not known, where that is so: what was said of the first, bounded.
    pub why_unknown: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_before_there_were_packages_tests_is_read() {
        let kept = r#"{"changed":3,"left_out":1,"unknown":null}"#;
        let packages: PackageSet = serde_json::from_str(kept).unwrap();
        assert_eq!(packages.tests, PackageTestSet::default());
    }
}
