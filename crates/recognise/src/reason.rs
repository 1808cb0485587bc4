//! Why a pull request may be a security fix, or may not be one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::place::Place;

/// One reason: what was found, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What was found.
    pub evidence: Evidence,
    /// Where it was found.
    pub place: Place,
}

impl Reason {
    pub(crate) fn new(evidence: Evidence, place: Place) -> Self {
        Self { evidence, place }
    }

    /// How much it says for a security fix; below zero where it says something against one.
    pub fn weight(&self) -> i32 {
        self.evidence.weight(self.place)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.evidence)
    }
}
