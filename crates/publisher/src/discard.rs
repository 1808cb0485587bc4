//! Giving releases up that nobody was led to.

use std::collections::BTreeSet;

use picket_domain::{ChannelName, ReleaseName};
use picket_files::{Draft, WorkLock};

use crate::error::{AtPath, PublishError};
use crate::public_dir::release_names;
use crate::publisher::Publisher;

impl Publisher {
    /// Removes a release that was given up, staged or revealed. One that is not there is fine.
    ///
    /// # Errors
    /// [`PublishError::WasCurrent`] where the channel's pointer leads, or led, to it; I/O errors.
    pub fn discard(&self, channel: &ChannelName, name: &ReleaseName) -> Result<(), PublishError> {
        let releases = self.dir.releases_dir(channel);
        let _lock = WorkLock::alone(&releases).at(&releases)?;
        if self.was_current(channel, name)? {
            return Err(PublishError::WasCurrent(name.clone()));
        }
        self.remove_both(channel, name)
    }

    /// Removes every release that is neither in `keep` nor was ever current: what a crash left.
    /// Returns their names.
    ///
    /// # Errors
    /// I/O errors.
    pub fn sweep(
        &self,
        channel: &ChannelName,
        keep: &BTreeSet<ReleaseName>,
    ) -> Result<Vec<ReleaseName>, PublishError> {
        let releases = self.dir.releases_dir(channel);
        let _lock = WorkLock::alone(&releases).at(&releases)?;
        picket_files::remove_leftovers(&self.dir.staging_dir(channel)).at(&releases)?;
        let mut names: BTreeSet<_> = self.dir.releases(channel)?.into_iter().collect();
        names.extend(self.staged_names(channel)?);
        let mut swept = Vec::new();
        for name in names {
            if !keep.contains(&name) && !self.was_current(channel, &name)? {
                self.remove_both(channel, &name)?;
                swept.push(name);
            }
        }
        Ok(swept)
    }

    /// The releases that are staged.
    pub(crate) fn staged_names(
        &self,
        channel: &ChannelName,
    ) -> Result<Vec<ReleaseName>, PublishError> {
        release_names(&self.dir.staging_dir(channel))
    }

    /// The visible folder first, and at one instant.
    fn remove_both(&self, channel: &ChannelName, name: &ReleaseName) -> Result<(), PublishError> {
        let revealed = self.dir.release_dir(channel, name);
        drop(Draft::take(&revealed).at(&revealed)?);
        if !self.dir.staging_dir(channel).try_exists().at(&revealed)? {
            return Ok(());
        }
        let staged = self.dir.staged_dir(channel, name);
        drop(Draft::take(&staged).at(&staged)?);
        Ok(())
    }
}
