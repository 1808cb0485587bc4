//! What all reasons together come to.

use serde::{Deserialize, Serialize};

use crate::reason::Reason;

/// What was found in a pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recognition {
    /// Every reason.
    pub reasons: Vec<Reason>,
}

impl Recognition {
    pub(crate) fn of(reasons: Vec<Reason>) -> Self {
        Self { reasons }
    }

    /// Whether it should be looked at as a security fix.
    pub fn is_security(&self) -> bool {
        !self.reasons.is_empty()
    }
}
