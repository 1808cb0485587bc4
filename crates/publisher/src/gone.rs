//! What is left of a release that is not there any more: a note that says why.

use picket_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// No note is longer, in bytes.
pub(crate) const SIZE_MAX: u64 = 64 * 1024;
/// What a person wrote is cut here, in characters.
const REASON_MAX: usize = 2000;

/// Why a release is not there any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// When it was removed.
    pub at: Timestamp,
    /// Why.
    pub why: WhyGone,
}

/// Why a release was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum WhyGone {
    /// Later releases took its place, and it was kept as long as the policy says.
    Superseded,
    /// A person withdrew it.
    Withdrawn {
        /// What they said.
        reason: String,
    },
}

impl WhyGone {
    /// It was withdrawn, for this reason.
    pub fn withdrawn(reason: &str) -> Self {
        let reason = reason.chars().take(REASON_MAX).collect();
        Self::Withdrawn { reason }
    }
}

/// A sentence for whoever asks for the release.
impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = self.at;
        match &self.why {
            WhyGone::Superseded => write!(
                f,
                "This release was removed at {at}: later releases took its place."
            ),
            WhyGone::Withdrawn { reason } => {
                write!(f, "This release was withdrawn at {at}: {reason}")
            }
        }
    }
}
