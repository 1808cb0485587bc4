//! The public folder, as readers see it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use picket_domain::{ChannelName, ReleaseName};

use crate::cache_file::CacheFile;
use crate::error::{AtPath, PublishError};
use crate::files::read_if_there;
use crate::manifest::{Manifest, SIZE_MAX, release_folder};
use crate::release_file::ReleaseFile;

/// The folder that is served to the world: releases, channels and the binary cache.
///
/// Every path comes from checked names, so none leads out of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicDir {
    root: PathBuf,
}

impl PublicDir {
    /// The public folder at this place; it need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a release.
    pub fn release_dir(&self, channel: &ChannelName, name: &ReleaseName) -> PathBuf {
        self.root.join(release_folder(channel, name))
    }

    /// A file of a release.
    pub fn release_file(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
        file: ReleaseFile,
    ) -> PathBuf {
        self.release_dir(channel, name).join(file.file_name())
    }

    /// The binary cache's folder.
    pub fn cache_dir(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// A file of the binary cache.
    pub fn cache_file(&self, file: &CacheFile) -> PathBuf {
        self.cache_dir().join(file.to_string())
    }

    /// The folder of a channel's releases.
    pub(crate) fn releases_dir(&self, channel: &ChannelName) -> PathBuf {
        self.root.join("releases").join(channel.as_str())
    }

    /// The folder of the channels' pointers.
    pub(crate) fn channels_dir(&self) -> PathBuf {
        self.root.join("channels")
    }

    /// The channel's pointer, a symbolic link.
    pub(crate) fn pointer(&self, channel: &ChannelName) -> PathBuf {
        self.channels_dir().join(channel.as_str())
    }

    /// The release that the channel's clients get now; `None` before its first one.
    ///
    /// # Errors
    /// Where the pointer cannot be read or leads elsewhere than to a release of the channel.
    pub fn current(&self, channel: &ChannelName) -> Result<Option<ReleaseName>, PublishError> {
        let pointer = self.pointer(channel);
        let target = match fs::read_link(&pointer) {
            Ok(target) => target,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let path = pointer;
                return Err(PublishError::Io { path, error });
            }
        };
        let name = target.file_name().and_then(|name| name.to_str());
        name.and_then(|name| ReleaseName::parse(name).ok())
            .filter(|name| target == pointer_target(channel, name))
            .map(Some)
            .ok_or_else(|| PublishError::Damaged {
                path: pointer,
                reason: format!("it leads to {target:?}, which is no release of the channel"),
            })
    }

    /// The channel's releases, by name; those that were never current too.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn releases(&self, channel: &ChannelName) -> Result<Vec<ReleaseName>, PublishError> {
        let dir = self.releases_dir(channel);
        let entries = match fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(PublishError::Io { path: dir, error }),
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.at(&dir)?.file_name();
            names.extend(name.to_str().and_then(|name| ReleaseName::parse(name).ok()));
        }
        names.sort();
        Ok(names)
    }

    /// What a release is; `None` where there is no such release.
    ///
    /// # Errors
    /// Where its manifest cannot be read.
    pub fn manifest(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<Option<Manifest>, PublishError> {
        let path = self.release_file(channel, name, ReleaseFile::Manifest);
        let Some(bytes) = read_if_there(&path, SIZE_MAX).at(&path)? else {
            return Ok(None);
        };
        let damaged = |reason| PublishError::Damaged {
            path: path.clone(),
            reason,
        };
        let manifest = Manifest::parse(&bytes).map_err(damaged)?;
        if (&manifest.channel, &manifest.name) == (channel, name) {
            Ok(Some(manifest))
        } else {
            Err(damaged(format!("it is that of {}", manifest.folder())))
        }
    }
}

/// Where a channel's pointer leads, from the pointer's own folder.
pub(crate) fn pointer_target(channel: &ChannelName, name: &ReleaseName) -> PathBuf {
    Path::new("..").join(release_folder(channel, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel() -> ChannelName {
        ChannelName::parse("nixos-26.05-sec").unwrap()
    }

    #[test]
    fn an_empty_folder_has_no_release() {
        let dir = tempfile::tempdir().unwrap();
        let public = PublicDir::new(dir.path());
        assert_eq!(public.current(&channel()).unwrap(), None);
        assert!(public.releases(&channel()).unwrap().is_empty());
        let name = ReleaseName::parse("nixos-26.05.1.1.abc").unwrap();
        assert_eq!(public.manifest(&channel(), &name).unwrap(), None);
    }

    #[test]
    fn a_pointer_that_leads_elsewhere_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let public = PublicDir::new(dir.path());
        fs::create_dir(public.channels_dir()).unwrap();
        std::os::unix::fs::symlink("/etc/nixos", public.pointer(&channel())).unwrap();
        let error = public.current(&channel()).unwrap_err();
        assert!(matches!(error, PublishError::Damaged { .. }), "{error}");
    }
}
