//! What counts of a job set.

use std::collections::BTreeSet;

use crate::finding::{AttributePath, Finding, Findings};

/// The names that are not counted: each is the second name of another.
pub(crate) type Doubles = BTreeSet<AttributePath>;

/// What counts of a job set: derivations, each by one name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted<'a> {
    /// What each attribute is.
    pub(crate) findings: &'a Findings,
    /// The attributes that are another one by a second name.
    pub(crate) doubles: &'a Doubles,
}

impl<'a> Counted<'a> {
    pub(crate) fn visible(&self, path: &AttributePath, finding: &'a Finding) -> &'a Finding {
        if self.doubles.contains(path) {
            &Finding::Plain
        } else {
            finding
        }
    }

    /// How many derivations there are.
    pub(crate) fn len(&self) -> usize {
        let is_one = |(path, finding): &(&AttributePath, &Finding)| {
            finding.package().is_some() && !self.doubles.contains(path)
        };
        self.findings.iter().filter(is_one).count()
    }
}
