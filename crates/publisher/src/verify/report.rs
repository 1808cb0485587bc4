//! What a verification found.

use std::fmt;

use picket_domain::{ChannelName, CommitSha, ReleaseName, ReleaseSeq};
use serde::Serialize;
use url::Url;

use super::logged::LoggedRelease;
use super::stated::StatedRelease;
use crate::http::HttpError;
use crate::manifest::Manifest;

/// What to make of a file that is not what was signed, and what to do.
pub(super) const DAMAGED: &str = "it was cut off, damaged or replaced, by the server or on the way. \
    Install nothing from it, and verify again past any proxy in between; if it stays so, tell who \
    runs the channel";

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// The address that was verified.
    pub url: Url,
    /// The channel, where a manifest could be read.
    pub channel: Option<ChannelName>,
    /// The release.
    pub release: Option<ReleaseName>,
    /// Its place in the channel.
    pub seq: Option<ReleaseSeq>,
    /// Its commit.
    pub rev: Option<CommitSha>,
    /// What the channel states of its current release, where that is signed.
    pub latest: Option<StatedRelease>,
    /// Where the release is in the release log, where there is one.
    pub release_log: Option<LoggedRelease>,
    /// How many files of the release folder are right.
    pub files: u64,
    /// How many store paths are right, NAR and narinfo.
    pub store_paths: u64,
    /// How many bytes were read.
    pub bytes: u64,
    /// All that is wrong, each as a sentence.
    pub problems: Vec<String>,
    /// What nobody vouches for, and is not wrong for that, each as a sentence.
    pub notes: Vec<String>,
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())?;
        if let Some(latest) = &self.latest {
            let (release, made, expires) = (&latest.release, latest.made, latest.expires);
            write!(
                f,
                "\nstated as current at {made}, until {expires}: {release}"
            )?;
        }
        if let Some(LoggedRelease {
            origin,
            index,
            size,
            ..
        }) = &self.release_log
        {
            write!(f, "\nentry {index} of {size} of the release log {origin}")?;
        }
        for note in &self.notes {
            write!(f, "\nnote: {note}")?;
        }
        if self.problems.is_empty() {
            return f.write_str("\nnothing is wrong");
        }
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "\nwrong: {problem}"))
    }
}

impl VerifyReport {
    pub(super) fn new(url: &Url) -> Self {
        Self {
            url: url.clone(),
            channel: None,
            release: None,
            seq: None,
            rev: None,
            latest: None,
            release_log: None,
            files: 0,
            store_paths: 0,
            bytes: 0,
            problems: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    fn summary(&self) -> String {
        let release = self
            .release
            .as_ref()
            .map_or("no release", ReleaseName::as_str);
        let Self {
            url,
            files,
            store_paths,
            bytes,
            ..
        } = self;
        let megabytes = *bytes as f64 / 1e6;
        format!(
            "{url}: {release}\n{files} files and {store_paths} store paths are right ({megabytes:.1} MB read)"
        )
    }

    pub(super) fn names(&mut self, manifest: &Manifest) {
        self.channel = Some(manifest.channel.clone());
        self.release = Some(manifest.name.clone());
        self.seq = Some(manifest.seq);
        self.rev = Some(manifest.rev.clone());
    }

    pub(super) fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    pub(super) fn error(&mut self, error: &HttpError) {
        self.problem(format!("{}: {}", error.url, error.reason));
    }
}
