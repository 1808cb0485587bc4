//! The object that says which release of a channel is the current one.

use picket_domain::{ChannelName, ReleaseName, ReleaseSeq};
use picket_publisher::{ReleaseHead, immutable_query};
use serde::{Deserialize, Serialize};

/// What `channels/<channel>` of a bucket holds, as JSON. Its `release` and `query` are the object's
/// metadata too, `x-amz-meta-release` and `x-amz-meta-query`: so whatever stands before the bucket can
/// redirect by an answer's headers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// The channel.
    pub channel: ChannelName,
    /// Its current release, whose files are in `releases/<channel>/<release>/`.
    pub release: ReleaseName,
    /// Its number.
    pub seq: ReleaseSeq,
    /// What the address in the `Link` header of its archives ends in, after a question mark.
    pub query: String,
}

impl Pointer {
    /// No pointer is longer, in bytes.
    pub(crate) const SIZE_MAX: u64 = 16 * 1024;

    pub(crate) fn of(head: &ReleaseHead) -> Self {
        Self {
            channel: head.channel.clone(),
            release: head.name.clone(),
            seq: head.seq,
            query: immutable_query(head),
        }
    }

    pub(crate) fn key(channel: &ChannelName) -> String {
        format!("channels/{channel}")
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("a pointer has no value that JSON lacks");
        bytes.push(b'\n');
        bytes
    }
}
