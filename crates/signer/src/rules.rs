//! What a signer was told when it was started.

use std::collections::BTreeSet;

use picket_domain::{ChannelName, Timestamp};
use picket_publisher::Latest;

/// A statement may be so much younger than the clock says here.
pub(crate) const CLOCKS_DIFFER: i64 = 300;

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

    /// Whether a statement is of now, and holds for no longer than it may.
    pub(crate) fn soon_expires(&self, latest: &Latest, now: Timestamp) -> Result<(), String> {
        let (made, expires) = (latest.made, latest.expires);
        if made.seconds_since(now) > CLOCKS_DIFFER {
            return Err(format!("it says that it is of {made}, and now is {now}"));
        }
        let holds = expires.seconds_since(made);
        if !(1..=i64::from(self.latest_seconds)).contains(&holds) {
            let hours = self.latest_seconds / 3_600;
            return Err(format!(
                "it would hold from {made} until {expires}, which is no time or more than {hours} hours (--latest-hours)"
            ));
        }
        Ok(())
    }
}
