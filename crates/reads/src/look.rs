//! One look at one path.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One look at one path of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Look {
    /// The path, relative to the tree's folder; empty: that folder.
    pub path: PathBuf,
    /// What of it was looked at.
    pub what: What,
}

/// What of a path a program looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// What is there, a link not followed: a file, one that may be executed, a folder, a link and
    /// where it leads, nothing.
    Entry,
    /// What is there, a link followed.
    Kind,
    /// What is in it: a file's bytes, or the names in a folder. Links are followed.
    Content,
}
