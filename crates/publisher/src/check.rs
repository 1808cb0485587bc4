//! The check before the pointer moves: can everything that a release needs be had?

use std::collections::BTreeSet;
use std::io;

use picket_domain::{ChannelName, ReleaseName, StorePath};

use crate::cache_file::CacheFile;
use crate::error::{AtPath, PublishError};
use crate::files::{digest_of_file, read_if_there};
use crate::key::{PublicKey, Signature};
use crate::manifest::{FileDigest, Manifest, PublishedPath, SIZE_MAX};
use crate::parallel;
use crate::publisher::Publisher;
use crate::release::sha256sums;
use crate::release_file::ReleaseFile;

/// Signatures of a manifest, of as many keys as anybody will ever have.
pub(crate) const SIGNATURES_MAX: u64 = 64 * 1024;
const SUMS_MAX: u64 = 64 * 1024;

impl Publisher {
    /// Checks, by reading everything again, that a release is complete: each file by its hash, the
    /// manifest's signature, each store path's narinfo, its signatures and references, and each
    /// NAR by its hash.
    ///
    /// # Errors
    /// [`PublishError::Incomplete`] with all that is wrong; I/O errors.
    pub fn check(&self, channel: &ChannelName, name: &ReleaseName) -> Result<(), PublishError> {
        let Some(manifest) = self.dir.manifest(channel, name)? else {
            return incomplete(name, vec!["it has no release.json".to_owned()]);
        };
        let mut problems = self.file_problems(&manifest)?;
        let info = self.dir.cache_file(&CacheFile::Info);
        if !info.try_exists().at(&info)? {
            problems.push("the binary cache has no nix-cache-info".to_owned());
        }
        let known: BTreeSet<&StorePath> = manifest
            .store_paths
            .iter()
            .map(|it| &it.path)
            .chain(&manifest.upstream_references)
            .collect();
        let found = parallel::map(&manifest.store_paths, self.settings.threads, |path| {
            self.path_problem(path, &known)
        })?;
        problems.extend(found.into_iter().flatten());
        if problems.is_empty() {
            tracing::info!(
                target: "picket::progress",
                release = %name,
                "checked all files and {} store paths of {name}",
                manifest.store_paths.len(),
            );
            return Ok(());
        }
        incomplete(name, problems)
    }

    /// What is wrong with the files of a release's folder.
    pub(crate) fn file_problems(&self, manifest: &Manifest) -> Result<Vec<String>, PublishError> {
        let mut problems = Vec::new();
        for file in ReleaseFile::SIGNED {
            let path = self
                .dir
                .release_file(&manifest.channel, &manifest.name, file);
            let problem = match digest_of_file(&path) {
                Ok((sha256, size)) if manifest.file(file) == Some(&FileDigest { sha256, size }) => {
                    continue;
                }
                Ok(_) => "is not what release.json says",
                Err(error) if error.kind() == io::ErrorKind::NotFound => "is missing",
                Err(error) => return Err(PublishError::Io { path, error }),
            };
            problems.push(format!("{} {problem}", file.file_name()));
        }
        if problems.is_empty() {
            problems.extend(self.sums_problem(manifest)?);
        }
        problems.extend(self.signature_problem(manifest)?);
        Ok(problems)
    }

    fn sums_problem(&self, manifest: &Manifest) -> Result<Option<String>, PublishError> {
        let dir = self.dir.release_dir(&manifest.channel, &manifest.name);
        let path = dir.join(ReleaseFile::Sha256Sums.file_name());
        let there = read_if_there(&path, SUMS_MAX).at(&path)?;
        let expected = match sha256sums(&dir) {
            Ok(expected) => expected,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Some("a file that SHA256SUMS lists is missing".to_owned()));
            }
            Err(error) => return Err(PublishError::Io { path: dir, error }),
        };
        let same = there.as_deref() == Some(expected.as_bytes());
        Ok((!same).then(|| "SHA256SUMS is missing or does not fit the files".to_owned()))
    }

    fn signature_problem(&self, manifest: &Manifest) -> Result<Option<String>, PublishError> {
        let read = |file, limit| {
            let path = self
                .dir
                .release_file(&manifest.channel, &manifest.name, file);
            read_if_there(&path, limit).at(&path)
        };
        let bytes = read(ReleaseFile::Manifest, SIZE_MAX)?.unwrap_or_default();
        let signatures = read(ReleaseFile::Signature, SIGNATURES_MAX)?.unwrap_or_default();
        let signed = is_signed(&bytes, &signatures, &self.public_keys());
        Ok((!signed).then(|| "release.json is not signed by a key of ours".to_owned()))
    }

    /// What is wrong with a store path in the binary cache.
    fn path_problem(
        &self,
        expected: &PublishedPath,
        known: &BTreeSet<&StorePath>,
    ) -> Result<Option<String>, PublishError> {
        let path = &expected.path;
        let narinfo = match self.read_narinfo(path) {
            Ok(Some(narinfo)) => narinfo,
            Ok(None) => return Ok(Some(format!("{path} has no narinfo"))),
            Err(PublishError::Damaged { reason, .. }) => {
                return Ok(Some(format!("the narinfo of {path} is damaged: {reason}")));
            }
            Err(error) => return Err(error),
        };
        let unsigned = |key: &PublicKey| !narinfo.is_signed_by(key);
        if let Some(key) = self.public_keys().into_iter().find(unsigned) {
            return Ok(Some(format!(
                "the narinfo of {path} is not signed by {}",
                key.name()
            )));
        }
        if narinfo.path != *path || narinfo.nar_hash != expected.nar_hash {
            return Ok(Some(format!(
                "the narinfo of {path} is not what release.json says"
            )));
        }
        if let Some(missing) = narinfo.references.iter().find(|it| !known.contains(it)) {
            return Ok(Some(format!(
                "{path} refers to {missing}, which cannot be had"
            )));
        }
        let file = self.dir.cache_file(&narinfo.nar.file());
        match digest_of_file(&file) {
            Ok((hash, size)) if (hash, size) == (narinfo.nar.hash, narinfo.nar.size) => Ok(None),
            Ok(_) => Ok(Some(format!("the NAR of {path} is damaged"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Some(format!("the NAR of {path} is missing")))
            }
            Err(error) => Err(PublishError::Io { path: file, error }),
        }
    }
}

fn incomplete<T>(name: &ReleaseName, problems: Vec<String>) -> Result<T, PublishError> {
    Err(PublishError::Incomplete {
        name: name.clone(),
        problems,
    })
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
