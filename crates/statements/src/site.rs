//! Where a channel is published, as its statements name it.

use picket_domain::{ChannelName, PrNumber, ReleaseName};

/// The addresses of this Picket's pages that statements name.
#[derive(Debug, Clone)]
pub struct Site {
    /// The server's address, without a slash at its end.
    pub url: String,
}

impl Site {
    /// The page of a pull request.
    pub fn candidate(&self, channel: &ChannelName, pr: PrNumber) -> String {
        format!("{}/candidates/{pr}?channel={channel}", self.url)
    }

    /// The page of a release.
    pub fn release(&self, channel: &ChannelName, name: &ReleaseName) -> String {
        format!("{}/releases/{channel}/{name}", self.url)
    }

    /// A channel's statements.
    pub(crate) fn openvex(&self, channel: &ChannelName) -> String {
        format!("{}/{channel}/openvex.json", self.url)
    }
}
