//! Why a pull request may be a security fix.

use std::fmt;

use picket_domain::Advisory;
use serde::{Deserialize, Serialize};

/// One reason: what was found, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What was found.
    pub evidence: Evidence,
    /// Where it was found.
    pub place: Place,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// Somebody labelled it as a security fix.
    Labelled,
    /// It names the identifier of a published vulnerability.
    Advisory {
        /// Which.
        id: Advisory,
    },
}

/// A part of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Its labels.
    Label,
    /// Its title.
    Title,
    /// Its description.
    Body,
    /// A path that it changes.
    Path,
    /// The message of one of its commits.
    Commit,
    /// A line that it adds.
    AddedLine,
}

impl Reason {
    pub(crate) fn new(evidence: Evidence, place: Place) -> Self {
        Self { evidence, place }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.evidence {
            Evidence::Labelled => f.write_str("labelled as a security fix"),
            Evidence::Advisory { id } => write!(f, "{} names {id}", self.place),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Label => "a label",
            Self::Title => "the title",
            Self::Body => "the description",
            Self::Path => "a path",
            Self::Commit => "a commit's message",
            Self::AddedLine => "an added line",
        })
    }
}
