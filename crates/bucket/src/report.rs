//! What a run did.

use std::collections::BTreeMap;

use picket_domain::{ChannelName, ReleaseName};
use serde::Serialize;

/// What a run did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Files that were written.
    pub written: u64,
    /// Their bytes.
    pub written_bytes: u64,
    /// Files that were there already.
    pub unchanged: u64,
    /// Objects that were removed.
    pub removed: u64,
    /// Channels that were led on, and to which release.
    pub moved: BTreeMap<ChannelName, ReleaseName>,
    /// Channels of which it was stated anew which release is current.
    pub stated: Vec<ChannelName>,
    /// Files that the mirror has now.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Report {
    /// Whether nothing was to be done.
    pub fn is_nothing(&self) -> bool {
        self.written == 0 && self.removed == 0 && self.moved.is_empty() && self.stated.is_empty()
    }
}
