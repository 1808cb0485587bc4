//! What all reasons together come to.

use std::collections::HashMap;

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
        let mut by_kind = HashMap::new();
        for reason in &self.reasons {
            let strongest = by_kind.entry(reason.evidence.kind()).or_insert(0);
            if reason.weight().abs() > i32::abs(*strongest) {
                *strongest = reason.weight();
            }
        }
        by_kind.values().sum()
    }
}
