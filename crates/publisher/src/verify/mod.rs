//! Looking at a published channel as a stranger does: nothing but its address and a public key.

mod content;
mod files;
mod paths;
mod place;
mod report;
mod unlisted;

use url::Url;

use crate::folder::{SIGNATURES_MAX, is_signed};
use crate::http::{self, HttpError};
use crate::key::PublicKey;
use crate::manifest::{self, Manifest};
use crate::release_file::ReleaseFile;
use crate::source::Source;
use place::Place;
pub use report::VerifyReport;

/// One look at a channel: where it is, whom to trust, and what was found.
struct Verification<'a> {
    source: Source,
    place: Place,
    keys: &'a [PublicKey],
    report: VerifyReport,
}

/// Verifies the release that an address gives now.
///
/// The address is that of a channel, of a release folder or of a file in one (`http`, `https`), or
/// `file:///<public folder>/<channel>`. Checked are the manifest's signature, the hash of every file
/// that it lists, what the archives hold, and of every store path its narinfo, its signature, its
/// references and its NAR. A file that it does not list is named, where it can be seen: over HTTP
/// those whose names a release has, in a folder all.
///
/// All that is wrong is in the report, which has to be looked at: see [`VerifyReport::is_good`].
/// Only a manifest that no given key signed ends it early.
pub async fn verify(url: &Url, keys: &[PublicKey]) -> VerifyReport {
    let mut report = VerifyReport::new(url);
    let opened = async {
        let source = Source::of(url)?;
        let place = Place::find(&source, url).await?;
        Ok::<_, HttpError>((source, place))
    };
    match opened.await {
        Err(error) => {
            report.error(&error);
            report
        }
        Ok((source, place)) => {
            let mut verification = Verification {
                source,
                place,
                keys,
                report,
            };
            verification.run().await;
            verification.report
        }
    }
}

impl Verification<'_> {
    async fn run(&mut self) {
        let Some(manifest) = self.manifest().await else {
            return;
        };
        self.report.names(&manifest);
        // The manifest and its signatures.
        self.report.files += 2;
        tracing::info!(
            target: "picket::progress",
            release = %manifest.name,
            "verifying {}: {} store paths",
            manifest.name,
            manifest.store_paths.len(),
        );
        self.place_fits(&manifest);
        self.files(&manifest).await;
        self.unlisted(&manifest).await;
        self.store_paths(&manifest).await;
    }

    /// The manifest, if it is signed: what an untrusted one describes is not worth looking at.
    async fn manifest(&mut self) -> Option<Manifest> {
        let bytes = self
            .small(ReleaseFile::Manifest, manifest::SIZE_MAX)
            .await?;
        let signatures = self.small(ReleaseFile::Signature, SIGNATURES_MAX).await?;
        if !is_signed(&bytes, &signatures, self.keys) {
            let names = self.keys.iter().map(|key| key.name().as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            self.report.problem(format!(
                "release.json is not signed by {names}: nothing that it says was looked at"
            ));
            return None;
        }
        match Manifest::parse(&bytes) {
            Ok(manifest) => Some(manifest),
            Err(reason) => {
                self.report.problem(reason);
                None
            }
        }
    }

    /// A signed manifest of another channel or release, put here, would be a replay.
    fn place_fits(&mut self, manifest: &Manifest) {
        if !self
            .place
            .release
            .path()
            .trim_end_matches('/')
            .ends_with(&manifest.folder())
        {
            self.report.problem(format!(
                "{} holds the release {} of {}",
                self.place.release, manifest.name, manifest.channel
            ));
        }
        let asked = self.place.asked_for.as_str();
        if ![manifest.channel.as_str(), manifest.name.as_str()].contains(&asked) {
            let channel = &manifest.channel;
            let problem = format!("asked for {asked}, the server gave the channel {channel}");
            self.report.problem(problem);
        }
    }

    /// A file of the release that is read whole. That it is not there is a problem.
    async fn small(&mut self, file: ReleaseFile, limit: u64) -> Option<Vec<u8>> {
        let read = async {
            let url = self.url_of(file)?;
            let content = self.source.read(&url, limit).await?;
            content.ok_or_else(|| HttpError::new(&url, "there is no such file"))
        };
        match read.await {
            Ok(content) => {
                self.report.bytes += content.len() as u64;
                Some(content)
            }
            Err(error) => {
                self.report.error(&error);
                None
            }
        }
    }

    fn url_of(&self, file: ReleaseFile) -> Result<Url, HttpError> {
        http::below(&self.place.release, file.file_name())
    }
}
