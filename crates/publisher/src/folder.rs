//! A release's folder, staged or revealed, as it is on disk.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use picket_domain::{ChannelName, ReleaseName};
use picket_files::read_bounded;

use crate::digest::digest_of_file;
use crate::error::{AtPath, PublishError};
use crate::key::{PublicKey, Signature};
use crate::manifest::{FileDigest, Manifest, ReleaseHead, SIZE_MAX};
use crate::release_file::ReleaseFile;

/// Signatures of a manifest, of as many keys as anybody will ever have.
pub(crate) const SIGNATURES_MAX: u64 = 64 * 1024;

/// The folder of one release.
#[derive(Debug, Clone)]
pub(crate) struct ReleaseFolder {
    path: PathBuf,
}

impl ReleaseFolder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self, file: ReleaseFile) -> PathBuf {
        self.path.join(file.file_name())
    }

    pub(crate) fn exists(&self) -> Result<bool, PublishError> {
        self.path.try_exists().at(&self.path)
    }

    pub(crate) fn read(
        &self,
        file: ReleaseFile,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, PublishError> {
        let path = self.file(file);
        read_bounded(&path, limit).at(&path)
    }

    /// The manifest, which must be that of this release; `None` where there is none.
    pub(crate) fn manifest_of(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<Option<Manifest>, PublishError> {
        let Some(bytes) = self.read(ReleaseFile::Manifest, SIZE_MAX)? else {
            return Ok(None);
        };
        let manifest = Manifest::parse(&bytes).map_err(|reason| self.damaged(reason))?;
        self.is_of(&manifest.head(), channel, name)?;
        Ok(Some(manifest))
    }

    /// The few fields that tell where the release stands. The rest is passed over, not kept.
    pub(crate) fn head_of(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<Option<ReleaseHead>, PublishError> {
        let path = self.file(ReleaseFile::Manifest);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).at(&path),
        };
        let head = serde_json::from_reader(BufReader::new(file.take(SIZE_MAX)));
        let head: ReleaseHead = head.map_err(|error| self.damaged(error.to_string()))?;
        self.is_of(&head, channel, name)?;
        Ok(Some(head))
    }

    fn is_of(
        &self,
        head: &ReleaseHead,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<(), PublishError> {
        if (&head.channel, &head.name) == (channel, name) {
            return Ok(());
        }
        Err(self.damaged(format!("it is that of {}/{}", head.channel, head.name)))
    }

    fn damaged(&self, reason: String) -> PublishError {
        let path = self.file(ReleaseFile::Manifest);
        PublishError::Damaged { path, reason }
    }

    /// What is wrong with the files that the manifest should list, a sentence each.
    pub(crate) fn content_problems(
        &self,
        manifest: &Manifest,
    ) -> Result<Vec<String>, PublishError> {
        let faults = self.faults(manifest)?.into_iter();
        Ok(faults
            .map(|(file, problem)| format!("{} {problem}", file.file_name()))
            .collect())
    }

    /// The files that the manifest should list and that are not as it says, each with what is wrong.
    /// Those that an earlier Picket did not list need only be there.
    pub(crate) fn faults(
        &self,
        manifest: &Manifest,
    ) -> Result<Vec<(ReleaseFile, &'static str)>, PublishError> {
        let mut faults = Vec::new();
        for file in ReleaseFile::SIGNED {
            let path = self.file(file);
            let problem = match digest_of_file(&path) {
                Ok((sha256, size)) => match manifest.file(file) {
                    Some(expected) if *expected != (FileDigest { sha256, size }) => {
                        "is not what release.json says"
                    }
                    None if !file.was_not_listed() => "is not in release.json",
                    Some(_) | None => continue,
                },
                Err(error) if error.kind() == io::ErrorKind::NotFound => "is missing",
                Err(error) => return Err(PublishError::Io { path, error }),
            };
            faults.push((file, problem));
        }
        Ok(faults)
    }

    /// What is wrong with what is added when the release is revealed: the signatures.
    pub(crate) fn seal_problems(&self, keys: &[PublicKey]) -> Result<Vec<String>, PublishError> {
        let bytes = self.read(ReleaseFile::Manifest, SIZE_MAX)?;
        let signatures = self.read(ReleaseFile::Signature, SIGNATURES_MAX)?;
        let (bytes, signatures) = (bytes.unwrap_or_default(), signatures.unwrap_or_default());
        if is_signed(&bytes, &signatures, keys) {
            return Ok(Vec::new());
        }
        Ok(vec![
            "release.json is not signed by a key of ours".to_owned(),
        ])
    }

    /// Writes a new file and syncs it.
    pub(crate) fn create(&self, file: ReleaseFile, content: &[u8]) -> Result<(), PublishError> {
        let path = self.file(file);
        let write = || {
            let mut file = File::create_new(&path)?;
            file.write_all(content)?;
            file.sync_all()
        };
        write().at(&path)
    }

    /// The length of all its files together, in bytes.
    pub(crate) fn bytes(&self) -> Result<u64, PublishError> {
        let mut bytes = 0;
        for file in ReleaseFile::ALL {
            let path = self.file(file);
            match fs::metadata(&path) {
                Ok(metadata) => bytes += metadata.len(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(PublishError::Io { path, error }),
            }
        }
        Ok(bytes)
    }
}

/// Whether one of the signatures, one a line, is of one of the keys over these bytes.
pub(crate) fn is_signed(bytes: &[u8], signatures: &[u8], keys: &[PublicKey]) -> bool {
    let Ok(signatures) = std::str::from_utf8(signatures) else {
        return false;
    };
    let mut signatures = signatures
        .lines()
        .filter_map(|line| Signature::parse(line).ok());
    signatures.any(|signature| keys.iter().any(|key| key.verify(bytes, &signature)))
}
