//! What all reasons together come to.

use serde::{Deserialize, Serialize};

use crate::reason::Reason;

/// How many points make a security fix.
pub const ENOUGH: i32 = 50;

/// What was found in a pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recognition {
    /// Every reason, for and against; the weightiest first.
    pub reasons: Vec<Reason>,
}

impl Recognition {
    pub(crate) fn of(mut reasons: Vec<Reason>) -> Self {
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.weight()));
        Self { reasons }
    }

    /// Whether it should be looked at as a security fix.
    pub fn is_security(&self) -> bool {
        self.strength() >= ENOUGH
    }

    /// How much speaks for a security fix: of each kind of reason the weightiest, summed up. Ten
    /// identifiers say no more than one.
    pub fn strength(&self) -> i32 {
        let mut counting: Vec<&Reason> = Vec::new();
        // The weightiest come first, and those against it last, of which each kind comes once.
        for reason in &self.reasons {
            let is_like = |other: &&Reason| other.evidence.is_like(&reason.evidence);
            if !counting.iter().any(is_like) {
                counting.push(reason);
            }
        }
        counting.iter().map(|reason| reason.weight()).sum()
    }
}
