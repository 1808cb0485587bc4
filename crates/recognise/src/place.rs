//! Where a reason was found.

use std::fmt;

use serde::{Deserialize, Serialize};

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
