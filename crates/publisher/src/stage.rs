//! Staging a release: writing its folder where nobody sees it.
//!
//! What is staged is not signed. Until it is revealed it may be replaced, or discarded, as if it had
//! never been.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::thread;

use picket_files::{Draft, WorkLock, remove_leftovers};

use crate::content::{ReleaseContent, SmallFiles, first_difference, small_files};
use crate::error::{AtPath, PublishError};
use crate::folder::ReleaseFolder;
use crate::manifest::{FileDigest, Manifest, ManifestTree};
use crate::page;
use crate::publisher::Publisher;
use crate::release_file::ReleaseFile;
use crate::tarball::{self, Tarballs};
use crate::tree::{Tree, added};

/// A release whose folder is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// What it is.
    pub manifest: Manifest,
    /// Where it is.
    pub place: StagedPlace,
}

/// Where a release's folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StagedPlace {
    /// Where nobody sees it.
    Hidden,
    /// Where everybody sees it: it was revealed before.
    Revealed,
}

impl Publisher {
    /// Writes a release's folder where nobody sees it, without signatures.
    ///
    /// The binary cache gets the release's tree, as Nix unpacks it.
    ///
    /// If the folder is there already for the same commit and its files are whole, it stays as it is,
    /// with what it says of titles, of store paths and of what was set aside: those may have changed
    /// since, the release has not. So does one that is revealed already. Whatever else is staged
    /// under this name is replaced.
    ///
    /// # Errors
    /// Where the release is, or was, the channel's current one and is to get another content; where
    /// the tree cannot be packed; and on I/O errors.
    pub fn stage_release(&self, content: &ReleaseContent<'_>) -> Result<Staged, PublishError> {
        let release = content.release;
        let releases = self.dir.releases_dir(&release.channel);
        let _lock = WorkLock::alone(&releases).at(&releases)?;
        let staging = self.dir.staging_dir(&release.channel);
        private_dir(&staging)?;
        remove_leftovers(&staging).at(&staging)?;
        let small = small_files(content).at(&releases)?;
        let draft = content.draft(&small, self.public_keys().to_vec());
        let there = match self.revealed(&draft)? {
            Some(manifest) => Some((manifest, StagedPlace::Revealed)),
            None => self
                .staged(&draft)?
                .map(|manifest| (manifest, StagedPlace::Hidden)),
        };
        if let Some((manifest, place)) = there {
            if let Some(tree) = &manifest.tree {
                let added = added(release);
                self.keep_tree(&Tree::of(release, content.tree, &added), tree)?;
            }
            return Ok(Staged { manifest, place });
        }
        let manifest = self.write_staged(&staging, content, &small, draft)?;
        let place = StagedPlace::Hidden;
        Ok(Staged { manifest, place })
    }

    fn write_staged(
        &self,
        staging: &Path,
        content: &ReleaseContent<'_>,
        small: &SmallFiles,
        draft: Manifest,
    ) -> Result<Manifest, PublishError> {
        let folder = Draft::in_dir(staging).at(staging)?;
        let manifest = self.fill(folder.path(), content, small, draft)?;
        let path = self.dir.staged_dir(&manifest.channel, &manifest.name);
        folder.put_at(&path).at(&path)?;
        tracing::info!(
            target: "picket::progress",
            release = %manifest.name,
            "wrote the release {}",
            manifest.name,
        );
        Ok(manifest)
    }

    /// The revealed release's manifest, where it is this one and whole.
    fn revealed(&self, draft: &Manifest) -> Result<Option<Manifest>, PublishError> {
        let folder = ReleaseFolder::new(self.dir.release_dir(&draft.channel, &draft.name));
        if !folder.exists()? {
            return Ok(None);
        }
        let found = Self::same_and_whole(&folder, draft).and_then(|manifest| {
            self.signed_problems(&folder, &manifest.name)?;
            Ok(manifest)
        });
        match found {
            Ok(manifest) => Ok(Some(manifest)),
            Err(error @ PublishError::Io { .. }) => Err(error),
            Err(problem) if self.was_current(&draft.channel, &draft.name)? => Err(problem),
            Err(problem) => {
                tracing::warn!(%problem, "writes again a release that was never current");
                Ok(None)
            }
        }
    }

    /// The staged release's manifest, where it is this one and whole.
    fn staged(&self, draft: &Manifest) -> Result<Option<Manifest>, PublishError> {
        let folder = ReleaseFolder::new(self.dir.staged_dir(&draft.channel, &draft.name));
        if !folder.exists()? {
            return Ok(None);
        }
        match Self::same_and_whole(&folder, draft) {
            Ok(manifest) => Ok(Some(manifest)),
            Err(error @ PublishError::Io { .. }) => Err(error),
            Err(problem) => {
                tracing::info!(%problem, "stages a release anew");
                Ok(None)
            }
        }
    }

    fn same_and_whole(folder: &ReleaseFolder, draft: &Manifest) -> Result<Manifest, PublishError> {
        let found = folder.manifest_of(&draft.channel, &draft.name)?;
        let manifest = found.ok_or_else(|| PublishError::NotStaged(draft.name.clone()))?;
        if let Some(differs) = first_difference(&manifest, draft) {
            let name = draft.name.clone();
            return Err(PublishError::ReleaseExists { name, differs });
        }
        let problems = folder.content_problems(&manifest)?;
        whole(&manifest.name, problems)?;
        Ok(manifest)
    }

    pub(crate) fn signed_problems(
        &self,
        folder: &ReleaseFolder,
        name: &picket_domain::ReleaseName,
    ) -> Result<(), PublishError> {
        whole(name, folder.seal_problems(self.public_keys())?)
    }

    /// Writes all files into the folder and completes the manifest.
    fn fill(
        &self,
        dir: &Path,
        content: &ReleaseContent<'_>,
        small: &SmallFiles,
        mut manifest: Manifest,
    ) -> Result<Manifest, PublishError> {
        let folder = ReleaseFolder::new(dir.to_owned());
        for (file, bytes) in small {
            folder.create(*file, bytes)?;
        }
        let (Tarballs { xz, zst }, tree) = self.write_tree(dir, content)?;
        manifest.has_tree(tree);
        for (file, digest) in [
            (ReleaseFile::NixexprsXz, xz),
            (ReleaseFile::NixexprsZst, zst),
        ] {
            manifest.files.insert(file.file_name().to_owned(), digest);
        }
        // Each of the two shows the hashes of what is listed before it, so that both can be listed.
        let page = page::html(&manifest);
        add(&folder, &mut manifest, ReleaseFile::Index, page.as_bytes())?;
        let sums = manifest.sha256sums();
        add(
            &folder,
            &mut manifest,
            ReleaseFile::Sha256Sums,
            sums.as_bytes(),
        )?;
        folder.create(ReleaseFile::Manifest, &manifest.to_bytes())?;
        Ok(manifest)
    }

    /// The tree in all its shapes: the two archives, and a store path in the binary cache.
    fn write_tree(
        &self,
        dir: &Path,
        content: &ReleaseContent<'_>,
    ) -> Result<(Tarballs, ManifestTree), PublishError> {
        let added = added(content.release);
        let tree = Tree::of(content.release, content.tree, &added);
        let path = |file: ReleaseFile| dir.join(file.file_name());
        let (xz, zst) = (
            path(ReleaseFile::NixexprsXz),
            path(ReleaseFile::NixexprsZst),
        );
        thread::scope(|scope| {
            let published = scope.spawn(|| self.publish_tree(&tree, None));
            let tarballs = tarball::write(&tree, [&xz, &zst], &self.settings, &self.blocks);
            let published = published.join().expect("packing does not panic");
            Ok((tarballs?, published?))
        })
    }
}

/// Writes a file and lists it in the manifest.
fn add(
    folder: &ReleaseFolder,
    manifest: &mut Manifest,
    file: ReleaseFile,
    content: &[u8],
) -> Result<(), PublishError> {
    folder.create(file, content)?;
    let name = file.file_name().to_owned();
    manifest.files.insert(name, FileDigest::of(content));
    Ok(())
}

/// Nothing is wrong, or else the error that says all of it.
pub(crate) fn whole(
    name: &picket_domain::ReleaseName,
    problems: Vec<String>,
) -> Result<(), PublishError> {
    if problems.is_empty() {
        return Ok(());
    }
    let name = name.clone();
    Err(PublishError::Incomplete { name, problems })
}

/// A folder that nobody but this user can look into.
fn private_dir(dir: &Path) -> Result<(), PublishError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(dir).at(dir)?;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).at(dir)
}
