//! What a signer was told when it was started.

use std::collections::BTreeSet;

use picket_domain::ChannelName;

/// What a signer was told when it was started.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The store folder that clients have: no path of another one is signed.
    pub store_dir: String,
    /// The channels whose releases it signs; where there is none, of any channel.
    pub channels: BTreeSet<ChannelName>,
    /// For at most so many seconds a statement of which release is current may hold.
    pub latest_seconds: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            store_dir: "/nix/store".to_owned(),
            channels: BTreeSet::new(),
            latest_seconds: 72 * 3_600,
        }
    }
}

impl Rules {
    /// Whether the channel is one of them.
    pub(crate) fn has(&self, channel: &ChannelName) -> Result<(), String> {
        if self.channels.is_empty() || self.channels.contains(channel) {
            return Ok(());
        }
        Err(format!(
            "{channel} is none of the channels that this signer was told (--channel)"
        ))
    }
}
