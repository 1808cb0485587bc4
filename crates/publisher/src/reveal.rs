//! Revealing a release: signing its manifest and putting its folder where everybody sees it.

use std::fs;

use picket_domain::{ChannelName, ReleaseName};
use picket_files::{
    Draft, WorkLock, remove_dir, remove_leftovers, sync_dir, sync_parent, write_whole,
};

use crate::error::{AtPath, PublishError};
use crate::folder::ReleaseFolder;
use crate::key::Signature;
use crate::manifest::{Manifest, SIZE_MAX};
use crate::publisher::Publisher;
use crate::release_file::ReleaseFile;
use crate::stage::whole;

impl Publisher {
    /// Signs a staged release with every key and makes its folder visible, at one instant. Its
    /// channel does not lead to it yet.
    ///
    /// Call it when the release must go out: after [`Publisher::check_staged`] found nothing wrong,
    /// and after it is recorded that the release goes forward only. A release that is revealed
    /// already is looked at and stays. If it is damaged, or what is staged under its name is another,
    /// it is made again from what is staged, unless it was its channel's current one.
    ///
    /// # Errors
    /// Where nothing is staged or what is staged is damaged; where a release that was current is
    /// damaged; and on I/O errors.
    pub fn reveal(&self, channel: &ChannelName, name: &ReleaseName) -> Result<(), PublishError> {
        let releases = self.dir.releases_dir(channel);
        let _lock = WorkLock::alone(&releases).at(&releases)?;
        let staged = ReleaseFolder::new(self.dir.staged_dir(channel, name));
        let revealed = ReleaseFolder::new(self.dir.release_dir(channel, name));
        if revealed.exists()? {
            let problem = self.looks_revealed(&revealed, channel, name);
            let stays = !staged.exists()? || self.was_current(channel, name)?;
            if stays || (problem.is_ok() && same_manifest(&staged, &revealed)?) {
                problem?;
                return remove_dir(staged.path()).at(staged.path()).map(drop);
            }
        }
        self.sign(&staged, channel, name)?;
        let aside = Draft::take(revealed.path()).at(revealed.path())?;
        fs::rename(staged.path(), revealed.path()).at(revealed.path())?;
        sync_parent(revealed.path()).at(revealed.path())?;
        sync_parent(staged.path()).at(staged.path())?;
        drop(aside);
        tracing::info!(target: "picket::progress", release = %name, "signed the release {name}");
        Ok(())
    }

    /// Looks at all files of a revealed release.
    pub(crate) fn looks_revealed(
        &self,
        folder: &ReleaseFolder,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<Manifest, PublishError> {
        let manifest = folder.manifest_of(channel, name)?;
        let manifest = manifest.ok_or_else(|| PublishError::NotStaged(name.clone()))?;
        let mut problems = folder.content_problems(&manifest)?;
        problems.extend(folder.seal_problems(self.public_keys())?);
        whole(name, problems).map(|()| manifest)
    }

    /// Adds the signatures to a staged release.
    fn sign(
        &self,
        staged: &ReleaseFolder,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<(), PublishError> {
        let manifest = staged.manifest_of(channel, name)?;
        let manifest = manifest.ok_or_else(|| PublishError::NotStaged(name.clone()))?;
        whole(name, staged.content_problems(&manifest)?)?;
        remove_leftovers(staged.path()).at(staged.path())?;
        let bytes = staged.read(ReleaseFile::Manifest, SIZE_MAX)?;
        let signed = self.signer.sign_release(&bytes.unwrap_or_default())?;
        let path = staged.file(ReleaseFile::Signature);
        write_whole(&path, lines(&signed).as_bytes()).at(&path)?;
        sync_dir(staged.path()).at(staged.path())
    }
}

/// One a line.
pub(crate) fn lines(signatures: &[Signature]) -> String {
    let lines = signatures.iter().map(|signature| format!("{signature}\n"));
    lines.collect()
}

fn same_manifest(one: &ReleaseFolder, other: &ReleaseFolder) -> Result<bool, PublishError> {
    let read = |folder: &ReleaseFolder| folder.read(ReleaseFile::Manifest, SIZE_MAX);
    Ok(read(one)? == read(other)?)
}
