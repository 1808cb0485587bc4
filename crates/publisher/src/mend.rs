//! Looking again at the folders of releases that clients fetch from, and making damaged files again.
//!
//! What the manifest lists is made from the release's tree and from the manifest itself, and always
//! comes out the same: so a damaged file can be told from a whole one by its hash, and be put back.
//! What is signed over, and the signatures, are never made again: nobody but the team's decisions and
//! the gate stand for them.

use std::fs;
use std::path::Path;

use picket_domain::{ChannelName, Release, ReleaseName};
use picket_files::{Draft, WorkLock, sync_dir};

use crate::error::{AtPath, PublishError};
use crate::folder::ReleaseFolder;
use crate::manifest::Manifest;
use crate::page;
use crate::publisher::Publisher;
use crate::release_file::ReleaseFile;
use crate::tarball;
use crate::tree::{Tree, added};

impl Publisher {
    /// What is wrong with the folder of a release that is published: each sentence is about one file.
    /// All of it is read.
    ///
    /// # Errors
    /// I/O errors, but for files that are not there.
    pub fn folder_problems(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<Vec<String>, PublishError> {
        let folder = ReleaseFolder::new(self.dir.release_dir(channel, name));
        let manifest = match folder.manifest_of(channel, name) {
            Ok(Some(manifest)) => manifest,
            Ok(None) => return Ok(vec!["release.json is missing".to_owned()]),
            Err(PublishError::Damaged { reason, .. }) => {
                return Ok(vec![format!("release.json cannot be read: {reason}")]);
            }
            Err(error) => return Err(error),
        };
        let mut problems = folder.content_problems(&manifest)?;
        problems.extend(folder.seal_problems(self.public_keys())?);
        Ok(problems)
    }

    /// Whether each file of a published release's folder is there with its length; nothing is read but
    /// the manifest. A quick look between those of [`Publisher::folder_problems`].
    ///
    /// # Errors
    /// Where there is no manifest that can be read, and on I/O errors.
    pub fn has_all_files(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<bool, PublishError> {
        let folder = ReleaseFolder::new(self.dir.release_dir(channel, name));
        let manifest = folder.manifest_of(channel, name)?;
        let manifest = manifest.ok_or_else(|| PublishError::NotStaged(name.clone()))?;
        let is_there = |file: ReleaseFile, size: Option<u64>| {
            let metadata = fs::metadata(folder.file(file));
            metadata.is_ok_and(|it| size.is_none_or(|size| it.len() == size))
        };
        let mut files = ReleaseFile::ALL.into_iter();
        Ok(files.all(|file| is_there(file, manifest.file(file).map(|it| it.size))))
    }

    /// Makes the damaged files of a published release's folder again, as far as that comes out as the
    /// manifest says: the archives from `files`, those of its commit; the page, the sums and the short
    /// texts from the manifest. Clients see the damaged file or the whole one.
    ///
    /// # Errors
    /// Where the manifest is damaged or not signed by a key of ours, and on I/O errors.
    pub fn mend_folder(&self, release: &Release, files: &Path) -> Result<(), PublishError> {
        let (channel, name) = (&release.channel, &release.name);
        let releases = self.dir.releases_dir(channel);
        let _lock = WorkLock::alone(&releases).at(&releases)?;
        let folder = ReleaseFolder::new(self.dir.release_dir(channel, name));
        let manifest = folder.manifest_of(channel, name)?;
        let manifest = manifest.ok_or_else(|| PublishError::NotStaged(name.clone()))?;
        self.signed_problems(&folder, name)?;
        let faults = folder.faults(&manifest)?.into_iter();
        let damaged: Vec<_> = faults.map(|(file, _)| file).collect();
        let staging = self.dir.staging_dir(channel);
        let draft = Draft::in_dir(&staging).at(&staging)?;
        let fresh = ReleaseFolder::new(draft.path().to_owned());
        make_texts(&fresh, &manifest)?;
        if damaged.iter().any(|file| file.is_tarball()) {
            self.make_archives(&fresh, release, files)?;
        }
        let still = fresh.faults(&manifest)?;
        let is_as_signed = |file: &ReleaseFile| {
            manifest.file(*file).is_some() && still.iter().all(|(faulty, _)| faulty != file)
        };
        for file in damaged.into_iter().filter(is_as_signed) {
            let there = folder.file(file);
            fs::rename(fresh.file(file), &there).at(&there)?;
        }
        sync_dir(folder.path()).at(folder.path())
    }

    fn make_archives(
        &self,
        fresh: &ReleaseFolder,
        release: &Release,
        files: &Path,
    ) -> Result<(), PublishError> {
        let (xz, zst) = (ReleaseFile::NixexprsXz, ReleaseFile::NixexprsZst);
        let (xz, zst) = (fresh.file(xz), fresh.file(zst));
        let added = added(release);
        let tree = Tree::of(release, files, &added);
        tarball::write(&tree, [&xz, &zst], &self.settings, &self.blocks).map(drop)
    }
}

/// Writes the texts that come out of the manifest.
fn make_texts(fresh: &ReleaseFolder, manifest: &Manifest) -> Result<(), PublishError> {
    // The page shows the hashes of what was listed before it, and the sums that of the page, too.
    let mut listed = manifest.clone();
    listed.files.remove(ReleaseFile::Sha256Sums.file_name());
    let sums = listed.sha256sums();
    listed.files.remove(ReleaseFile::Index.file_name());
    for (file, text) in [
        (ReleaseFile::GitRevision, manifest.rev.as_str()),
        (ReleaseFile::BinaryCacheUrl, manifest.binary_cache_url()),
        (ReleaseFile::Sha256Sums, &sums),
        (ReleaseFile::Index, &page::html(&listed)),
    ] {
        fresh.create(file, text.as_bytes())?;
    }
    Ok(())
}
