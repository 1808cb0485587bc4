//! The public folder, as readers see it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use picket_domain::{ChannelName, ReleaseName};
use picket_files::{create_whole, read_bounded};

use crate::cache_file::CacheFile;
use crate::error::{AtPath, PublishError};
use crate::folder::ReleaseFolder;
use crate::gone::{self, Gone};
use crate::latest::{self, Latest, LatestFile};
use crate::manifest::{Manifest, ReleaseHead, release_folder};
use crate::release_file::ReleaseFile;
use crate::release_log::LogFile;

/// The releases that were current when they were last asked for, one a channel.
type Heads = Arc<Mutex<BTreeMap<ChannelName, Arc<ReleaseHead>>>>;

/// The folder that is served to the world: releases, channels and the binary cache.
///
/// Every path comes from checked names, so none leads out of the folder.
#[derive(Debug, Clone)]
pub struct PublicDir {
    root: PathBuf,
    heads: Heads,
}

impl PublicDir {
    /// The public folder at this place; it need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            heads: Heads::default(),
        }
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

    /// The folder of the channel's staged releases. No name that is served begins with a dot, and
    /// nobody but the publisher's own user can look into it.
    pub(crate) fn staging_dir(&self, channel: &ChannelName) -> PathBuf {
        self.releases_dir(channel).join(".staged")
    }

    /// The folder of a staged release.
    pub(crate) fn staged_dir(&self, channel: &ChannelName, name: &ReleaseName) -> PathBuf {
        self.staging_dir(channel).join(name.as_str())
    }

    /// The note that is left of a release.
    pub(crate) fn gone_file(&self, channel: &ChannelName, name: &ReleaseName) -> PathBuf {
        let notes = self.releases_dir(channel).join(".gone");
        notes.join(format!("{name}.json"))
    }

    /// A name that no other public folder has, drawn at the first call: a mirror is one folder's alone.
    /// It is kept beside the folder, and is no secret.
    ///
    /// # Errors
    /// Where it cannot be read or written.
    pub fn identity(&self) -> Result<String, PublishError> {
        let path = self.records_dir().join("identity");
        if let Some(identity) = read_identity(&path)? {
            return Ok(identity);
        }
        let mut bytes = [0; 16];
        rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
            .map_err(io::Error::from)
            .at(&path)?;
        let identity: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let records = self.records_dir();
        fs::create_dir_all(&records).at(&records)?;
        // Whoever comes first has drawn it.
        if create_whole(&path, identity.as_bytes()).at(&path)? {
            return Ok(identity);
        }
        Ok(read_identity(&path)?.unwrap_or(identity))
    }

    /// The publisher's own records, beside the public folder.
    pub(crate) fn records_dir(&self) -> PathBuf {
        let mut name = self.root.file_name().unwrap_or_default().to_owned();
        name.push("-records");
        self.root.with_file_name(name)
    }

    /// The folder of the channel's statement of which release is the current one.
    pub(crate) fn latest_dir(&self, channel: &ChannelName) -> PathBuf {
        self.root.join("latest").join(channel.as_str())
    }

    /// A file of that statement.
    pub fn latest_file(&self, channel: &ChannelName, file: LatestFile) -> PathBuf {
        self.latest_dir(channel).join(file.file_name())
    }

    /// The folder of the release log.
    pub(crate) fn log_dir(&self) -> PathBuf {
        self.root.join("release-log")
    }

    /// A file of the release log.
    pub fn log_file(&self, file: LogFile) -> PathBuf {
        self.log_dir().join(file.to_string())
    }

    /// What the release log is made from. It is not served.
    pub(crate) fn log_record(&self) -> PathBuf {
        self.log_dir().join(".entries")
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
        let mut names = release_names(&self.releases_dir(channel))?;
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
        ReleaseFolder::new(self.release_dir(channel, name)).manifest_of(channel, name)
    }

    /// Where a release stands; `None` where there is no such release.
    pub(crate) fn head(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<Option<ReleaseHead>, PublishError> {
        ReleaseFolder::new(self.release_dir(channel, name)).head_of(channel, name)
    }

    /// The channel's current release. Costs no more than reading the pointer, but for the first time
    /// after it moved.
    ///
    /// # Errors
    /// As [`PublicDir::current`], and where the release's manifest cannot be read.
    pub fn current_release(
        &self,
        channel: &ChannelName,
    ) -> Result<Option<Arc<ReleaseHead>>, PublishError> {
        let Some(name) = self.current(channel)? else {
            return Ok(None);
        };
        let known = self.known_heads().get(channel).cloned();
        if let Some(head) = known.filter(|head| head.name == name) {
            return Ok(Some(head));
        }
        let head = self.head(channel, &name)?.map(Arc::new);
        if let Some(head) = &head {
            self.known_heads().insert(channel.clone(), Arc::clone(head));
        }
        Ok(head)
    }

    /// Whoever panicked while holding the lock left a map that is whole.
    fn known_heads(&self) -> std::sync::MutexGuard<'_, BTreeMap<ChannelName, Arc<ReleaseHead>>> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is stated of which release is the current one; `None` where nothing is. Who signed it is
    /// not looked at.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn latest(&self, channel: &ChannelName) -> Result<Option<Latest>, PublishError> {
        let path = self.latest_file(channel, LatestFile::Statement);
        let Some(bytes) = read_bounded(&path, latest::SIZE_MAX).at(&path)? else {
            return Ok(None);
        };
        let latest = Latest::parse(&bytes);
        latest
            .map(Some)
            .map_err(|reason| PublishError::Damaged { path, reason })
    }

    /// Why a release is not there any more; `None` where it is there, or never was.
    ///
    /// # Errors
    /// Where the note that is left of it cannot be read.
    pub fn gone(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<Option<Gone>, PublishError> {
        let path = self.gone_file(channel, name);
        let Some(bytes) = read_bounded(&path, gone::SIZE_MAX).at(&path)? else {
            return Ok(None);
        };
        let gone = serde_json::from_slice(&bytes);
        gone.map(Some).map_err(|error| PublishError::Damaged {
            path,
            reason: error.to_string(),
        })
    }
}

fn read_identity(path: &Path) -> Result<Option<String>, PublishError> {
    let Some(bytes) = read_bounded(path, 1024).at(path)? else {
        return Ok(None);
    };
    let is_one = bytes.len() == 32 && bytes.iter().all(u8::is_ascii_hexdigit);
    let identity = String::from_utf8(bytes).ok().filter(|_| is_one);
    identity.map(Some).ok_or_else(|| PublishError::Damaged {
        path: path.to_owned(),
        reason: "it is not 32 hexadecimal digits".to_owned(),
    })
}

/// The folders of releases that a folder has.
pub(crate) fn release_names(dir: &Path) -> Result<Vec<ReleaseName>, PublishError> {
    let names = names_in(dir)?.into_iter();
    Ok(names
        .filter_map(|name| ReleaseName::parse(&name).ok())
        .collect())
}

/// The names in a folder that are text; none where it is not there.
pub(crate) fn names_in(dir: &Path) -> Result<Vec<String>, PublishError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).at(dir),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.at(dir)?.file_name().into_string());
    }
    Ok(names)
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
    fn a_folder_has_an_identity_of_its_own_and_keeps_it() {
        let dir = tempfile::tempdir().unwrap();
        let public = PublicDir::new(dir.path().join("public"));
        let identity = public.identity().unwrap();
        assert_eq!(identity.len(), 32);
        assert_eq!(public.identity().unwrap(), identity);
        let other = PublicDir::new(dir.path().join("other"));
        assert_ne!(other.identity().unwrap(), identity);
        fs::write(public.records_dir().join("identity"), "half").unwrap();
        let error = public.identity().unwrap_err();
        assert!(matches!(error, PublishError::Damaged { .. }), "{error}");
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
