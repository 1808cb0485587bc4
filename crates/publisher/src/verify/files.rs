//! The files of the release folder.

use picket_domain::Sha256;
use url::Url;

use super::Verification;
use super::content::{self, Archive, Coding};
use super::report::DAMAGED;
use crate::http::{self, HttpError};
use crate::manifest::{FileDigest, Manifest};
use crate::release_file::ReleaseFile;
use crate::source::{Body, Source};

const SMALL: u64 = 64 * 1024;

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
        for file in ReleaseFile::SIGNED {
            if !file.was_not_listed() {
                self.expected(manifest, file);
            }
        }
        let archives = [ReleaseFile::NixexprsXz, ReleaseFile::NixexprsZst];
        let archives = archives.map(ReleaseFile::file_name);
        for (name, expected) in &manifest.files {
            if !archives.contains(&name.as_str()) {
                self.plain(name, *expected).await;
            }
        }
        self.folders_address(manifest).await;
        self.says(ReleaseFile::GitRevision, manifest.rev.as_str())
            .await;
        let cache = manifest.binary_cache_url();
        self.says(ReleaseFile::BinaryCacheUrl, cache).await;
    }

    /// A file that is only hashed.
    async fn plain(&mut self, name: &str, expected: FileDigest) {
        let found = match http::below(&self.place.release, name) {
            Ok(url) => self.digest(url, expected.size).await,
            Err(error) => Err(error),
        };
        match found {
            Ok(found) => self.compare(name, expected, found),
            Err(error) => self.report.error(&error),
        }
    }

    /// What `nix-channel` downloads before it asks for the archive, and people look at: the folder's
    /// own address, which gives the page.
    async fn folders_address(&mut self, manifest: &Manifest) {
        let page = manifest.file(ReleaseFile::Index);
        let (Some(expected), Source::Http(_)) = (page, &self.source) else {
            return;
        };
        let url = self.place.release.clone();
        match self.digest(url.clone(), expected.size).await {
            Ok(found) if found == *expected => self.report.bytes += found.size,
            Ok(_) => self
                .report
                .problem(format!("{url} gives another page than index.html")),
            Err(error) => self.report.error(&error),
        }
    }

    /// The digest of a file of which no more than this size and one byte is read.
    async fn digest(&self, url: Url, size: u64) -> Result<FileDigest, HttpError> {
        let body = self.source.open(&url).await?;
        let body = body.ok_or_else(|| HttpError::new(&url, "there is no such file"))?;
        let limit = size.saturating_add(1);
        body.consume(move |it| content::digest(it, limit)).await
    }

    /// One of the channel's archives; returns the hash of what it unpacks to.
    async fn archive(
        &mut self,
        manifest: &Manifest,
        file: ReleaseFile,
        coding: Coding,
    ) -> Option<Sha256> {
        let expected = manifest.file(file).copied()?;
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
                let name = file.file_name();
                self.compare(name, expected, found.file);
                match found.content {
                    Ok(archive) => {
                        self.holds(manifest, file, &archive);
                        Some(archive.unpacked)
                    }
                    Err(error) => {
                        self.report
                            .problem(format!("{name} cannot be unpacked ({error}): {DAMAGED}"));
                        None
                    }
                }
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
        // Archives of an older Picket have the release's name there.
        let (channel, release) = (manifest.channel.as_str(), manifest.name.as_str());
        if top != [channel] && top != [release] {
            let top = top.join(", ");
            self.report.problem(format!(
                "{file} must hold one folder, {channel}, and holds {top}"
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

    fn expected(&mut self, manifest: &Manifest, file: ReleaseFile) {
        if manifest.file(file).is_none() {
            let name = file.file_name();
            self.report
                .problem(format!("release.json does not list {name}"));
        }
    }

    fn compare(&mut self, name: &str, expected: FileDigest, found: FileDigest) {
        self.report.bytes += found.size;
        if found == expected {
            self.report.files += 1;
        } else {
            self.report.problem(format!(
                "{name} is not the file that release.json describes ({} bytes, and {} should be): \
                 {DAMAGED}",
                found.size, expected.size
            ));
        }
    }

    async fn body(&self, file: ReleaseFile) -> Result<Body, HttpError> {
        let url = self.url_of(file)?;
        let body = self.source.open(&url).await?;
        body.ok_or_else(|| HttpError::new(&url, "there is no such file"))
    }
}
