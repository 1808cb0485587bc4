//! Which releases a channel's pointer has led to.
//!
//! A text file beside the releases, one name a line, written before the pointer moves: killed in
//! between, a release counts as current that never was, which does no more harm than to keep it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use picket_domain::{ChannelName, ReleaseName, ReleaseSeq};
use picket_files::{read_bounded, write_whole};

use crate::error::{AtPath, PublishError};
use crate::publisher::Publisher;

/// A hundred thousand releases fit.
const SIZE_MAX: u64 = 16 * 1024 * 1024;

impl Publisher {
    /// Whether the channel's pointer leads, or led, to this release.
    pub(crate) fn was_current(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<bool, PublishError> {
        if self.dir.current(channel)?.as_ref() == Some(name) {
            return Ok(true);
        }
        Ok(match self.history(channel)? {
            Some(history) => history.contains(name.as_str()),
            None => self.may_have_been_current(channel, name)?,
        })
    }

    /// The names of the releases to which the channel's pointer leads, led or is about to.
    pub(crate) fn led_to(&self, channel: &ChannelName) -> Result<BTreeSet<String>, PublishError> {
        match self.history(channel)? {
            Some(history) => Ok(history),
            None => self.history_without_record(channel),
        }
    }

    /// Notes that the pointer is about to lead to this release.
    pub(crate) fn remember_current(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<(), PublishError> {
        let mut history = self.led_to(channel)?;
        if !history.insert(name.to_string()) {
            return Ok(());
        }
        let path = self.history_file(channel);
        let lines: String = history.iter().map(|name| format!("{name}\n")).collect();
        write_whole(&path, lines.as_bytes()).at(&path)
    }

    fn history_file(&self, channel: &ChannelName) -> PathBuf {
        self.dir.releases_dir(channel).join(".history")
    }

    fn history(&self, channel: &ChannelName) -> Result<Option<BTreeSet<String>>, PublishError> {
        let path = self.history_file(channel);
        let bytes = read_bounded(&path, SIZE_MAX).at(&path)?;
        let lines = |bytes: Vec<u8>| {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            text.lines().map(ToOwned::to_owned).collect()
        };
        Ok(bytes.map(lines))
    }

    /// The channel was published by a Picket that kept no record: all up to the current one count.
    fn history_without_record(
        &self,
        channel: &ChannelName,
    ) -> Result<BTreeSet<String>, PublishError> {
        let mut history = BTreeSet::new();
        for name in self.dir.releases(channel)? {
            if self.may_have_been_current(channel, &name)? {
                history.insert(name.to_string());
            }
        }
        Ok(history)
    }

    /// The pointer only ever goes forward.
    fn may_have_been_current(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<bool, PublishError> {
        let Some(current) = self.dir.current(channel)? else {
            return Ok(false);
        };
        let seqs = (seq_of(name), seq_of(&current));
        Ok(!matches!(seqs, (Some(seq), Some(current)) if seq > current))
    }
}

/// A release's number, from its name.
fn seq_of(name: &ReleaseName) -> Option<ReleaseSeq> {
    name.as_str().rsplit('.').nth(1)?.parse().ok()
}
