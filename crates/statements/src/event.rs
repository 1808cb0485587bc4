//! What happened with a vulnerability of a package.

use picket_domain::{Actor, Form, PrNumber, ReleaseSeq, Timestamp};

/// From when on something is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// From when on.
    pub at: Timestamp,
    /// What is so.
    pub what: What,
}

/// How things stand with a vulnerability of a package in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A pull request that names it was seen; nobody decided about it.
    Detected {
        /// The pull request.
        pr: PrNumber,
    },
    /// Somebody of the team approved a fix of it, which is not out.
    Affected {
        /// The pull request.
        pr: PrNumber,
    },
    /// The team looked at it and found that the channel does not have it.
    NotAffected {
        /// The pull request of which that was said.
        pr: PrNumber,
        /// Why, in the person's own words.
        reason: String,
        /// Who said so.
        by: Actor,
    },
    /// Releases carry something that stands in for the fix.
    Mitigated {
        /// The pull request.
        pr: PrNumber,
        /// The first of those releases.
        release: ReleaseSeq,
        /// What stands in for it.
        form: Form,
    },
    /// It is fixed.
    Fixed {
        /// The pull request that fixes it.
        pr: PrNumber,
        /// Where the fix is.
        by: FixedBy,
    },
    /// Releases carried a fix, or what stood in for it, and do not any more.
    Withdrawn {
        /// The pull request.
        pr: PrNumber,
        /// The first release without it.
        release: ReleaseSeq,
    },
}

/// Where a fix is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FixedBy {
    /// In releases from this one on.
    Release(ReleaseSeq),
    /// In the stable channel, and so in all that stands on it.
    Base,
}

impl What {
    /// Its name, as the JSON API spells it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Detected { .. } => "detected",
            Self::Affected { .. } => "affected",
            Self::NotAffected { .. } => "not_affected",
            Self::Mitigated { .. } => "mitigated",
            Self::Fixed { .. } => "fixed",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }

    /// The pull request that it comes from.
    pub fn pr(&self) -> PrNumber {
        match self {
            Self::Detected { pr }
            | Self::Affected { pr }
            | Self::NotAffected { pr, .. }
            | Self::Mitigated { pr, .. }
            | Self::Fixed { pr, .. }
            | Self::Withdrawn { pr, .. } => *pr,
        }
    }
}
