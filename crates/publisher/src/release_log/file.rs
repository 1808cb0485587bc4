//! The files of a log that are served.

use std::fmt;

use picket_releaselog::Tile;

use crate::lifetime::{IMMUTABLE, NEVER_UNASKED};

const CHECKPOINT: &str = "checkpoint";

/// A file of the release log that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFile {
    /// How many entries there are and the root of their tree, signed: the one file that changes.
    Checkpoint,
    /// Hashes or entries. It never changes.
    Tile(Tile),
}

impl LogFile {
    /// The file that has this path, below the log's folder and address.
    pub fn parse(path: &str) -> Option<Self> {
        if path == CHECKPOINT {
            return Some(Self::Checkpoint);
        }
        Tile::parse(path).map(Self::Tile)
    }

    /// Its media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Checkpoint => "text/plain; charset=utf-8",
            Self::Tile(_) => "application/octet-stream",
        }
    }

    /// How long clients keep it: a tile with more in it has another name.
    pub const fn cache_control(self) -> &'static str {
        match self {
            Self::Checkpoint => NEVER_UNASKED,
            Self::Tile(_) => IMMUTABLE,
        }
    }
}

/// Its path, below the log's folder and address.
impl fmt::Display for LogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint => f.write_str(CHECKPOINT),
            Self::Tile(tile) => tile.fmt(f),
        }
    }
}
