//! Planning on the folder as it is, and doing what was planned.

use std::collections::BTreeSet;
use std::fs;

use picket_domain::{ChannelName, ReleaseName, Timestamp};
use picket_files::{Draft, WorkLock, remove_file, remove_leftovers, sync_dir, write_whole};

use super::plan::{self, ReleaseRemoval, RetentionPlan};
use super::policy::{ReleaseRecord, RetentionPolicy};
use super::survey::{Releases, Survey};
use crate::cache_file::{CacheFile, HashPart};
use crate::error::{AtPath, PublishError};
use crate::folder::ReleaseFolder;
use crate::gone::{Gone, WhyGone};
use crate::publisher::Publisher;

/// What came of collecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collected {
    /// Somebody is publishing: nothing was done. Try again later.
    Busy,
    /// So much is gone.
    Removed {
        /// Release folders.
        releases: usize,
        /// Narinfos.
        paths: usize,
        /// NARs.
        nars: usize,
    },
}

impl Publisher {
    /// What goes by this policy. `records` are all releases of all channels; a release that is not
    /// among them stays.
    ///
    /// # Errors
    /// Where a manifest or the binary cache cannot be read.
    pub fn retention_plan(
        &self,
        records: &[ReleaseRecord],
        policy: RetentionPolicy,
        now: Timestamp,
    ) -> Result<RetentionPlan, PublishError> {
        let mut releases = Vec::new();
        for (record, superseded_at) in policy.outlived(records, now) {
            let path = self.dir.release_dir(&record.channel, &record.name);
            let folder = ReleaseFolder::new(path);
            if folder.exists()? && !self.is_current(&record.channel, &record.name)? {
                releases.push(ReleaseRemoval {
                    channel: record.channel.clone(),
                    name: record.name.clone(),
                    superseded_at,
                    bytes: folder.bytes()?,
                });
            }
        }
        let survey = self.survey(&names(&releases), now)?;
        let paths = plan::paths(&survey, &policy, now);
        let going = paths.iter().map(|it| it.hash.clone()).collect();
        let nars = plan::nars(&survey, &going, &policy, now);
        Ok(RetentionPlan {
            policy,
            releases,
            paths,
            nars,
        })
    }

    /// Does what was planned, but for what is needed again by now.
    ///
    /// # Errors
    /// I/O errors. What was removed by then stays removed; the rest is in the next plan.
    pub fn collect(&self, plan: &RetentionPlan, now: Timestamp) -> Result<Collected, PublishError> {
        let Some(_locks) = self.lock_everything()? else {
            return Ok(Collected::Busy);
        };
        let mut releases = 0;
        for release in &plan.releases {
            if !self.is_current(&release.channel, &release.name)? {
                self.note_tree(&release.channel, &release.name, now)?;
                self.remove_release(&release.channel, &release.name, WhyGone::Superseded, now)?;
                releases += 1;
            }
        }
        let survey = self.survey(&Releases::new(), now)?;
        let paths = self.remove_narinfos(plan, &survey, now)?;
        let nars = self.remove_nars(plan, &survey, &paths, now)?;
        self.forget_trees(|tree| survey.narinfos.contains_key(tree) && !paths.contains(tree))?;
        Ok(Collected::Removed {
            releases,
            paths: paths.len(),
            nars,
        })
    }

    /// Removes what killed processes left half written or half removed. While somebody is at work it
    /// leaves all of it to the next time.
    ///
    /// # Errors
    /// I/O errors.
    pub fn remove_leftovers(&self) -> Result<(), PublishError> {
        let cache = self.dir.cache_dir();
        if !cache.try_exists().at(&cache)? {
            return Ok(());
        }
        // Who locks a folder tidies it. This one is under the lock of the one above.
        let nars = cache.join("nar");
        match self.lock_everything()? {
            Some(_locks) => remove_leftovers(&nars).at(&nars),
            None => Ok(()),
        }
    }

    /// Takes a release away from clients, for a reason that those who ask for it are told. Its store
    /// paths stay as long as the policy says.
    ///
    /// # Errors
    /// [`PublishError::IsCurrent`] where the channel's pointer leads to it; I/O errors.
    pub fn withdraw(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), PublishError> {
        let releases = self.dir.releases_dir(channel);
        let _lock = WorkLock::alone(&releases).at(&releases)?;
        if self.is_current(channel, name)? {
            return Err(PublishError::IsCurrent(name.clone()));
        }
        self.remove_release(channel, name, WhyGone::withdrawn(reason), now)
    }

    /// Whether clients are led to it, or told that it is the current one, which it was a moment ago.
    fn is_current(&self, channel: &ChannelName, name: &ReleaseName) -> Result<bool, PublishError> {
        if self.dir.current(channel)?.as_ref() == Some(name) {
            return Ok(true);
        }
        match self.dir.latest(channel) {
            Ok(latest) => Ok(latest.is_some_and(|latest| latest.release == *name)),
            // It tells nobody anything.
            Err(PublishError::Damaged { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The cache's lock and every channel's; `None` where somebody holds one of them.
    fn lock_everything(&self) -> Result<Option<Vec<WorkLock>>, PublishError> {
        let channels = self.channels_on_disk()?;
        let mut dirs = vec![self.dir.cache_dir()];
        dirs.extend(
            channels
                .iter()
                .map(|channel| self.dir.releases_dir(channel)),
        );
        let mut locks = Vec::new();
        for dir in dirs {
            match WorkLock::try_alone(&dir).at(&dir)? {
                Some(lock) => locks.push(lock),
                None => return Ok(None),
            }
        }
        Ok(Some(locks))
    }

    /// The note first: at no instant is there neither the release nor what became of it. A note that
    /// is there stays: it says what happened first.
    fn remove_release(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
        why: WhyGone,
        now: Timestamp,
    ) -> Result<(), PublishError> {
        let note = self.dir.gone_file(channel, name);
        if self.dir.gone(channel, name)?.is_none() {
            let dir = self.dir.releases_dir(channel).join(".gone");
            fs::create_dir_all(&dir).at(&dir)?;
            remove_leftovers(&dir).at(&dir)?;
            let gone = serde_json::to_vec(&Gone { at: now, why });
            let gone = gone.map_err(std::io::Error::other).at(&note)?;
            write_whole(&note, &gone).at(&note)?;
        }
        let folder = self.dir.release_dir(channel, name);
        drop(Draft::take(&folder).at(&folder)?);
        Ok(())
    }

    fn remove_narinfos(
        &self,
        plan: &RetentionPlan,
        survey: &Survey,
        now: Timestamp,
    ) -> Result<BTreeSet<HashPart>, PublishError> {
        let planned: BTreeSet<_> = plan.paths.iter().map(|it| &it.hash).collect();
        let still = plan::paths(survey, &plan.policy, now).into_iter();
        let going: BTreeSet<_> = still
            .map(|it| it.hash)
            .filter(|hash| planned.contains(hash))
            .collect();
        for hash in &going {
            let path = self.dir.cache_file(&CacheFile::NarInfo(hash.clone()));
            remove_file(&path).at(&path)?;
        }
        let cache = self.dir.cache_dir();
        sync_dir(&cache).at(&cache)?;
        Ok(going)
    }

    fn remove_nars(
        &self,
        plan: &RetentionPlan,
        survey: &Survey,
        gone: &BTreeSet<HashPart>,
        now: Timestamp,
    ) -> Result<usize, PublishError> {
        let planned: BTreeSet<_> = plan.nars.iter().map(|it| it.nar).collect();
        let still = plan::nars(survey, gone, &plan.policy, now);
        let going = still.into_iter().map(|it| it.nar);
        let going: Vec<_> = going.filter(|nar| planned.contains(nar)).collect();
        for nar in &going {
            let path = self.dir.cache_file(&CacheFile::Nar(*nar));
            remove_file(&path).at(&path)?;
        }
        let forgotten = going.iter().map(|nar| (*nar, None));
        self.verified.record(forgotten)?;
        Ok(going.len())
    }
}

fn names(releases: &[ReleaseRemoval]) -> Releases {
    let names = releases.iter();
    names
        .map(|it| (it.channel.clone(), it.name.clone()))
        .collect()
}
