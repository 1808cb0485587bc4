//! The pointer of a channel: the one thing that changes.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;

use picket_domain::{ChannelName, ReleaseName, ReleaseSeq};
use picket_files::{TEMPORARY, WorkLock, remove_file, sync_dir};

use crate::error::{AtPath, PublishError};
use crate::manifest::Manifest;
use crate::public_dir::{PublicDir, pointer_target};
use crate::publisher::Publisher;
use crate::release_file::ReleaseFile;

impl Publisher {
    /// Makes a release the channel's current one: enters it in the release log, and then renames one
    /// symbolic link.
    ///
    /// Call [`Publisher::reveal`] before: this looks no closer than that all files are there.
    ///
    /// # Errors
    /// Where the release is not revealed or not complete, where the channel is at a later release already,
    /// where the release log cannot go on, and on I/O errors.
    pub fn flip(&self, channel: &ChannelName, name: &ReleaseName) -> Result<(), PublishError> {
        let releases = self.dir.releases_dir(channel);
        let _lock = WorkLock::alone(&releases).at(&releases)?;
        let next = self.complete(channel, name)?;
        if let Some(current) = self.dir.current(channel)? {
            if current == *name {
                return Ok(());
            }
            let head = self.dir.head(channel, &current)?;
            if head.is_some_and(|head| head.seq >= next.seq) {
                let name = name.clone();
                return Err(PublishError::Backwards { name, current });
            }
        }
        self.remember_current(channel, name)?;
        self.enter(channel, name)?;
        self.dir.lead_to(channel, name)?;
        tracing::info!(
            target: "picket::progress",
            %channel,
            release = %name,
            "{channel} is now {name}",
        );
        Ok(())
    }

    /// The number of the release that the channel's clients get now; `None` before its first one. A
    /// database that knows less, since it was restored from a backup, goes on after this number.
    ///
    /// # Errors
    /// Where the pointer or the release's manifest cannot be read.
    pub fn highest_seq(&self, channel: &ChannelName) -> Result<Option<ReleaseSeq>, PublishError> {
        Ok(self.dir.current_release(channel)?.map(|head| head.seq))
    }

    /// The manifest of a release whose files are all there, each as long as it should be.
    fn complete(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<Manifest, PublishError> {
        let manifest = self.dir.manifest(channel, name)?;
        let mut problems = Vec::new();
        for file in ReleaseFile::ALL {
            let expected = manifest.as_ref().and_then(|it| it.file(file));
            let path = self.dir.release_file(channel, name, file);
            match fs::metadata(&path) {
                Ok(metadata) if expected.is_none_or(|it| it.size == metadata.len()) => {}
                Ok(_) => problems.push(format!("{} has another size", file.file_name())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    problems.push(format!("{} is missing", file.file_name()));
                }
                Err(error) => return Err(PublishError::Io { path, error }),
            }
        }
        match manifest {
            Some(manifest) if problems.is_empty() => Ok(manifest),
            _ => Err(PublishError::Incomplete {
                name: name.clone(),
                problems,
            }),
        }
    }
}

impl PublicDir {
    /// Leads a channel to a release, by renaming one symbolic link. Whether the release is whole is not
    /// looked at. The caller sees to it that nobody else does the same meanwhile: the temporary name is
    /// one.
    ///
    /// # Errors
    /// Where the link cannot be written.
    pub fn lead_to(&self, channel: &ChannelName, name: &ReleaseName) -> Result<(), PublishError> {
        let dir = self.channels_dir();
        fs::create_dir_all(&dir).at(&dir)?;
        let temporary = dir.join(format!("{TEMPORARY}{channel}"));
        remove_file(&temporary).at(&temporary)?;
        symlink(pointer_target(channel, name), &temporary).at(&temporary)?;
        let pointer = self.pointer(channel);
        fs::rename(&temporary, &pointer).at(&pointer)?;
        sync_dir(&dir).at(&dir)
    }
}
