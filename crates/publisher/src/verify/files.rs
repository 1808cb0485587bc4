//! The files of the release folder.

use std::collections::BTreeMap;

use picket_domain::Sha256;

use super::Verification;
use super::content::{self, Archive, Coding};
use crate::http::HttpError;
use crate::manifest::{FileDigest, Manifest};
use crate::release_file::ReleaseFile;
use crate::source::Body;

const SMALL: u64 = 64 * 1024;
/// The page's length grows with the number of picks.
const PAGE: u64 = 16 * 1024 * 1024;

impl Verification<'_> {
    pub(super) async fn files(&mut self, manifest: &Manifest) {
        let xz = self
            .archive(manifest, ReleaseFile::NixexprsXz, Coding::Xz)
            .await;
        let zst = self
            .archive(manifest, ReleaseFile::NixexprsZst, Coding::Zstd)
            .await;
        if let (Some(xz), Some(zst)) = (xz, zst)
            && xz != zst
        {
            self.report
                .problem("nixexprs.tar.xz and nixexprs.tar.zst hold different trees");
        }
        for file in [
            ReleaseFile::GitRevision,
            ReleaseFile::SrcUrl,
            ReleaseFile::BinaryCacheUrl,
            ReleaseFile::StorePaths,
        ] {
            self.plain(manifest, file).await;
        }
        self.says(ReleaseFile::GitRevision, manifest.rev.as_str())
            .await;
        let cache = manifest.binary_cache_url.as_str().trim_end_matches('/');
        self.says(ReleaseFile::BinaryCacheUrl, cache).await;
        self.sums(manifest).await;
    }

    /// A file that is only hashed.
    async fn plain(&mut self, manifest: &Manifest, file: ReleaseFile) {
        let Some(expected) = self.expected(manifest, file) else {
            return;
        };
        let found = match self.body(file).await {
            Ok(body) => {
                body.consume(move |it| content::digest(it, expected.size + 1))
                    .await
            }
            Err(error) => Err(error),
        };
        match found {
            Ok(found) => self.compare(file, expected, found),
            Err(error) => self.report.error(&error),
        }
    }

    /// One of the channel's archives; returns the hash of what it unpacks to.
    async fn archive(
        &mut self,
        manifest: &Manifest,
        file: ReleaseFile,
        coding: Coding,
    ) -> Option<Sha256> {
        let expected = self.expected(manifest, file)?;
        let found = match self.body(file).await {
            Ok(body) => {
                let limit = expected.size + 1;
                body.consume(move |it| content::archive(it, coding, limit))
                    .await
            }
            Err(error) => Err(error),
        };
        match found {
            Ok(found) => {
                self.compare(file, expected, found.file);
                self.holds(manifest, file, &found);
                Some(found.unpacked)
            }
            Err(error) => {
                self.report.error(&error);
                None
            }
        }
    }

    fn holds(&mut self, manifest: &Manifest, file: ReleaseFile, found: &Archive) {
        let file = file.file_name();
        let top: Vec<_> = found.top.iter().map(String::as_str).collect();
        if top != [manifest.name.as_str()] {
            let top = top.join(", ");
            self.report.problem(format!(
                "{file} must hold one folder, {}, and holds {top}",
                manifest.name
            ));
        }
        if found.git_revision.as_deref() != Some(manifest.rev.as_str()) {
            self.report.problem(format!(
                "{file} has {:?} as its .git-revision, release.json says {}",
                found.git_revision.as_deref().unwrap_or_default(),
                manifest.rev
            ));
        }
    }

    async fn says(&mut self, file: ReleaseFile, expected: &str) {
        let Some(found) = self.small(file, SMALL).await else {
            return;
        };
        if found != expected.as_bytes() {
            let found = String::from_utf8_lossy(&found[..found.len().min(80)]).into_owned();
            self.report.problem(format!(
                "{} says {found:?}, release.json says {expected}",
                file.file_name()
            ));
        }
    }

    /// `SHA256SUMS` must agree with the manifest, and with the files that the manifest does not list.
    async fn sums(&mut self, manifest: &Manifest) {
        let Some(sums) = self.small(ReleaseFile::Sha256Sums, SMALL).await else {
            return;
        };
        let text = String::from_utf8_lossy(&sums).into_owned();
        let sums: BTreeMap<&str, &str> = text
            .lines()
            .filter_map(|line| line.split_once("  "))
            .map(|(digest, name)| (name, digest))
            .collect();
        for file in ReleaseFile::ALL {
            if file == ReleaseFile::Sha256Sums {
                continue;
            }
            let digest = match manifest.file(file) {
                Some(digest) => digest.sha256,
                None => match self.small(file, PAGE.max(crate::manifest::SIZE_MAX)).await {
                    Some(content) => Sha256::of(&content),
                    None => continue,
                },
            };
            let name = file.file_name();
            if sums.get(name) != Some(&digest.to_string().as_str()) {
                self.report
                    .problem(format!("SHA256SUMS has another hash of {name}"));
            } else if manifest.file(file).is_none() {
                self.report.files += 1;
            }
        }
        self.report.files += 1;
    }

    fn expected(&mut self, manifest: &Manifest, file: ReleaseFile) -> Option<FileDigest> {
        let expected = manifest.file(file).copied();
        if expected.is_none() {
            let name = file.file_name();
            self.report
                .problem(format!("release.json does not list {name}"));
        }
        expected
    }

    fn compare(&mut self, file: ReleaseFile, expected: FileDigest, found: FileDigest) {
        self.report.bytes += found.size;
        if found == expected {
            self.report.files += 1;
        } else {
            let name = file.file_name();
            self.report.problem(format!(
                "{name} is not the file that release.json describes"
            ));
        }
    }

    async fn body(&self, file: ReleaseFile) -> Result<Body, HttpError> {
        let url = self.url_of(file)?;
        let body = self.source.open(&url).await?;
        body.ok_or_else(|| HttpError::new(&url, "there is no such file"))
    }
}
