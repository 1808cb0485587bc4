//! Why a pull request may be a security fix, or may not be one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;

/// One reason: what was found, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What was found.
    pub evidence: Evidence,
    /// Where it was found.
    pub place: Place,
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

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Label => "label",
            Self::Title => "title",
            Self::Body => "description",
            Self::Path => "path",
            Self::Commit => "commit message",
            Self::AddedLine => "added line",
        })
    }
}
