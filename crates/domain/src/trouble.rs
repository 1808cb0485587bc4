//! What keeps a part of the service from going on, for those who run it.

use serde::{Deserialize, Serialize};

use crate::id::ChannelName;
use crate::time::Timestamp;

/// A part of the service that works by itself, beside the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Asking GitHub which pull requests there are.
    Watch,
    /// Reading what pull requests have at their heads.
    Read,
    /// Asking GitHub what upstream makes of pull requests.
    Reception,
    /// Telling pull requests what became of them.
    Comment,
    /// Fetching branches, and following the stable ones.
    Observe,
    /// Picking candidates onto the base.
    Assess,
    /// Finding out what candidates change.
    Measure,
    /// Building chains.
    Build,
    /// Bringing releases out.
    Release,
    /// Pushing branches and tags.
    Push,
    /// Bringing copies of the public folder up to date.
    Mirror,
    /// Removing what is not needed any more.
    Retain,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 12] = [
        Self::Watch,
        Self::Read,
        Self::Reception,
        Self::Comment,
        Self::Observe,
        Self::Assess,
        Self::Measure,
        Self::Build,
        Self::Release,
        Self::Push,
        Self::Mirror,
        Self::Retain,
    ];

    /// Its name, for records and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Read => "read",
            Self::Reception => "reception",
            Self::Comment => "comment",
            Self::Observe => "observe",
            Self::Assess => "assess",
            Self::Measure => "measure",
            Self::Build => "build",
            Self::Release => "release",
            Self::Push => "push",
            Self::Mirror => "mirror",
            Self::Retain => "retain",
        }
    }
}

/// A step that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Whose step it is.
    pub lane: Lane,
    /// The channel, where it is about one.
    pub channel: Option<ChannelName>,
    /// What fails.
    pub step: String,
    /// When it failed first.
    pub since: Timestamp,
    /// When it failed last.
    pub last: Timestamp,
    /// How often it failed in a row.
    pub failures: u32,
    /// The last error, for a person.
    pub error: String,
    /// What a person can do about it.
    pub remedy: Option<String>,
    /// When it is tried again; `None` where that takes a person.
    pub next_try: Option<Timestamp>,
}

impl Trouble {
    /// Whether nothing happens until a person has done something.
    #[must_use]
    pub fn is_hold(&self) -> bool {
        self.next_try.is_none()
    }
}
