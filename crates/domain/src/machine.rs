//! How things stand on the machine that Picket runs on.

use std::collections::BTreeMap;

use crate::id::{CommitSha, ReleaseSeq};
use crate::impact::Certainty;
use crate::time::Timestamp;

/// What no database knows: how things stand on this machine, as long as the process lives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// The release, if it is the current one, that has to be followed by another one even with the
    /// same content: it names an address or a key that is not the channel's any more.
    pub outdated: Option<ReleaseSeq>,
    /// The number of the release that clients are led to, as the public folder has it. It is higher
    /// than any that the database knows of where that was restored from a backup.
    pub public: Option<ReleaseSeq>,
    /// The builds that run, by the revision built, and since when.
    pub building: BTreeMap<CommitSha, Timestamp>,
    /// How the release that is under way failed so far, if it did.
    pub failing: Option<FailingRelease>,
    /// How well it is found out what candidates change; `None`: not at all.
    pub measures: Option<Certainty>,
    /// Whether it is heard what evaluations read, so that what reads the same is not evaluated again;
    /// `None`: that was not found out yet.
    pub tells_reads: Option<bool>,
    /// That a disk runs short, where one does: no build begins then.
    pub disk: Option<DiskShort>,
}

/// A disk that has less room than the configuration asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskShort {
    /// A folder on it.
    pub folder: String,
    /// Since when, as far as was seen.
    pub since: Timestamp,
    /// What was free when it was last looked at, in bytes.
    pub free_bytes: u64,
    /// What the configuration asks for, in bytes.
    pub wanted_bytes: u64,
}

/// A release that could not be staged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingRelease {
    /// Which.
    pub seq: ReleaseSeq,
    /// How often in a row.
    pub failures: u32,
    /// Why, the last time.
    pub error: String,
}
