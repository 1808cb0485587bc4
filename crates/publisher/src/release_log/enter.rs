//! Which releases are to be in the log.

use std::collections::BTreeSet;

use picket_domain::{ChannelName, ReleaseName, Sha256, Timestamp};
use picket_releaselog::Entry;

use super::record::Record;
use crate::error::PublishError;
use crate::folder::{ReleaseFolder, SIGNATURES_MAX, is_signed};
use crate::manifest::{Manifest, SIZE_MAX};
use crate::publisher::Publisher;
use crate::release_file::ReleaseFile;

/// A release that a channel was led to, and when it was made.
struct Published {
    entry: Entry,
    created: Timestamp,
}

impl Publisher {
    /// Adds the releases to which a channel was led and that are not in the log, in the order in which
    /// they were made: those from before there was a log, once. Returns whether there were any.
    pub(super) fn add_missing(
        &self,
        record: &mut Record,
        channels: &[ChannelName],
    ) -> Result<bool, PublishError> {
        let mut missing = Vec::new();
        for channel in channels {
            missing.extend(self.not_entered(record, channel)?);
        }
        // Of one channel the number tells, whatever the clock was.
        missing.sort_by_key(|it: &Published| (it.created, it.entry.seq));
        let is_any = !missing.is_empty();
        for Published { entry, .. } in missing {
            record.add(entry);
        }
        Ok(is_any)
    }

    /// In the order of their numbers; a later one counts as made after all before it.
    fn not_entered(
        &self,
        record: &Record,
        channel: &ChannelName,
    ) -> Result<Vec<Published>, PublishError> {
        let entered = record.entries.iter().filter(|it| it.channel == *channel);
        let entered: BTreeSet<_> = entered.map(|it| it.release.as_str()).collect();
        let mut missing = Vec::new();
        for name in self.led_to(channel)? {
            if entered.contains(name.as_str()) {
                continue;
            }
            let Ok(name) = ReleaseName::parse(&name) else {
                continue;
            };
            missing.extend(self.published(channel, &name)?);
        }
        missing.sort_by_key(|it| it.entry.seq);
        let mut latest = Timestamp::from_unix(0);
        for published in &mut missing {
            latest = latest.max(published.created);
            published.created = latest;
        }
        Ok(missing)
    }

    /// `None` where the release was removed, or what is left of it is signed by nobody: nothing can be
    /// said of it any more.
    fn published(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<Option<Published>, PublishError> {
        let folder = ReleaseFolder::new(self.dir.release_dir(channel, name));
        let bytes = folder.read(ReleaseFile::Manifest, SIZE_MAX)?;
        let signatures = folder.read(ReleaseFile::Signature, SIGNATURES_MAX)?;
        let (Some(bytes), Some(signatures)) = (bytes, signatures) else {
            return Ok(None);
        };
        let Ok(manifest) = Manifest::parse(&bytes) else {
            return Ok(None);
        };
        // The keys of its time may have been replaced since.
        let keys = [self.public_keys(), &manifest.public_keys].concat();
        let is_this = (&manifest.channel, &manifest.name) == (channel, name);
        if !is_this || !is_signed(&bytes, &signatures, &keys) {
            return Ok(None);
        }
        Ok(Some(Published {
            entry: Entry::of_release(
                manifest.channel,
                manifest.name,
                manifest.seq,
                Sha256::of(&bytes),
            ),
            created: manifest.created,
        }))
    }

    /// Whether the log says of a release what its `release.json` is now.
    pub(super) fn is_entered(
        &self,
        record: &Record,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<(), PublishError> {
        let published = self.published(channel, name)?;
        let published = published.ok_or_else(|| PublishError::NotStaged(name.clone()))?;
        match record.find(channel, published.entry.seq) {
            Some((_, entry)) if *entry == published.entry => Ok(()),
            Some((index, entry)) => Err(PublishError::ReleaseLog {
                reason: format!(
                    "entry {index} says that release {} of {channel} is {} with a release.json of hash \
                     {}, and {name} has {}: publish under another number",
                    entry.seq,
                    entry.release,
                    entry.release_json_sha256,
                    published.entry.release_json_sha256
                ),
            }),
            None => Err(PublishError::ReleaseLog {
                reason: format!("{name} is not entered"),
            }),
        }
    }
}
