//! Looking at a published channel as a stranger does: nothing but its address and a public key.

mod content;
mod files;
mod forward;
mod latest;
mod log_reader;
mod logged;
mod memory;
mod paths;
mod place;
mod report;
mod stated;
mod unlisted;

use std::path::Path;

use picket_domain::{Sha256, Timestamp};
use url::Url;

use crate::folder::{SIGNATURES_MAX, is_signed};
use crate::http::{self, HttpError};
use crate::key::PublicKey;
use crate::manifest::{self, Manifest};
use crate::release_file::ReleaseFile;
use crate::source::Source;
pub use logged::LoggedRelease;
use place::Place;
pub use report::VerifyReport;
use stated::Found;
pub use stated::{MissingLatest, StatedRelease};

/// What a channel is verified by.
#[derive(Debug, Clone)]
pub struct VerifyTerms<'a> {
    /// The keys of which one has to have signed it.
    pub keys: &'a [PublicKey],
    /// The time, which tells whether what is stated of the current release holds.
    pub now: Timestamp,
    /// What to make of it if nothing is stated.
    pub missing_latest: MissingLatest,
    /// The file that remembers the highest release of each channel, which none may go below, and how far
    /// each release log had grown; `None`: nothing is remembered.
    pub state: Option<&'a Path>,
}

impl<'a> VerifyTerms<'a> {
    /// A look now, of somebody who was never here before.
    pub fn of(keys: &'a [PublicKey]) -> Self {
        Self {
            keys,
            now: Timestamp::now(),
            missing_latest: MissingLatest::Noted,
            state: None,
        }
    }
}

/// One look at a channel: where it is, whom to trust, and what was found.
struct Verification<'a> {
    source: Source,
    place: Place,
    terms: &'a VerifyTerms<'a>,
    report: VerifyReport,
}

/// Verifies the release that an address gives now.
///
/// The address is that of a channel, of a release folder or of a file in one (`http`, `https`), or
/// `file:///<public folder>/<channel>`. Checked are the manifest's signature, the hash of every file
/// that it lists, what the archives hold, and of every store path its narinfo, its signature, its
/// references and its NAR; that it is the release that
/// the channel states to be its current one; and that it is in the release log. A file that it does not list is named, where it can be seen: over HTTP
/// those whose names a release has, in a folder all.
///
/// All that is wrong is in the report, which has to be looked at: see [`VerifyReport::is_good`].
/// Only a manifest that no given key signed ends it early.
pub async fn verify(url: &Url, keys: &[PublicKey]) -> VerifyReport {
    verify_by(url, &VerifyTerms::of(keys)).await
}

/// [`verify()`], by other terms.
pub async fn verify_by(url: &Url, terms: &VerifyTerms<'_>) -> VerifyReport {
    let mut report = VerifyReport::new(url);
    let opened = async {
        let source = Source::of(url)?;
        let stated_at = place::stated_at(url)?;
        let found = stated::read(&source, &stated_at, terms.keys).await;
        let place = Place::find(&source, url).await?;
        Ok::<_, HttpError>((source, found, place))
    };
    match opened.await {
        Err(error) => {
            report.error(&error);
            report
        }
        Ok((source, found, place)) => {
            let mut verification = Verification {
                source,
                place,
                terms,
                report,
            };
            verification.run(&found).await;
            verification.report
        }
    }
}

impl Verification<'_> {
    async fn run(&mut self, found: &Found) {
        let Some((manifest, sha256)) = self.manifest().await else {
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
        let before = self.recall(&manifest);
        if let Some(before) = &before {
            self.goes_forward(&manifest, sha256, before);
        }
        self.latest(found, &manifest, sha256, before.as_ref());
        self.logged(found, &manifest, sha256, before.as_ref()).await;
        self.files(&manifest).await;
        self.unlisted(&manifest).await;
        self.store_paths(&manifest).await;
        self.remember(&manifest, sha256);
    }

    /// The names of the keys, for a person.
    fn key_names(&self) -> String {
        let names = self.terms.keys.iter().map(|key| key.name().as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    /// The manifest and its hash, if it is signed: what an untrusted one describes is not worth looking
    /// at.
    async fn manifest(&mut self) -> Option<(Manifest, Sha256)> {
        let bytes = self
            .small(ReleaseFile::Manifest, manifest::SIZE_MAX)
            .await?;
        let signatures = self.small(ReleaseFile::Signature, SIGNATURES_MAX).await?;
        if !is_signed(&bytes, &signatures, self.terms.keys) {
            let names = self.key_names();
            self.report.problem(format!(
                "release.json is not signed by {names}: nothing that it says was looked at"
            ));
            return None;
        }
        match Manifest::parse(&bytes) {
            Ok(manifest) => Some((manifest, Sha256::of(&bytes))),
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
