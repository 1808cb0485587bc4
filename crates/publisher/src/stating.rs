//! Stating which release of a channel is the current one.
//!
//! The pointer moves first and the statement follows: whoever is killed in between leaves a pointer
//! that is ahead of the statement, which clients take for what it is. A statement ahead of the pointer
//! would tell them that the channel was moved back.
//!
//! Of the two files the signatures are written first, and hold for the statement before too: whatever
//! is there at any instant, is signed.

use std::fs;

use picket_domain::{ChannelName, Release, ReleaseName, Sha256, Timestamp};
use picket_files::{WorkLock, read_bounded, write_whole};
use url::Url;

use crate::error::{AtPath, PublishError};
use crate::folder::{ReleaseFolder, SIGNATURES_MAX, is_signed};
use crate::key::{PublicKey, Signature};
use crate::latest::{self, FORMAT, Latest, LatestFile, LatestKind, LoggedAs};
use crate::manifest::{Manifest, SIZE_MAX, release_folder};
use crate::publisher::Publisher;
use crate::release_file::ReleaseFile;
use crate::reveal::lines;

/// What goes into every statement.
#[derive(Debug, Clone)]
pub struct LatestTerms {
    /// The address that clients use.
    pub base_url: Url,
    /// For how many seconds a statement holds.
    pub valid_seconds: u32,
}

/// What came of stating which release is the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stated {
    /// The channel has no release yet.
    NoRelease,
    /// What is stated is true, and holds long enough.
    Holds,
    /// It is stated anew.
    Made,
}

/// The statement that there is, as far as it is signed by a key of ours.
struct There {
    bytes: Vec<u8>,
    signatures: Vec<u8>,
    latest: Latest,
}

impl Publisher {
    /// States which release is the channel's current one, unless that is stated already and holds long
    /// enough. `recorded` is the one that the caller knows to have been current: nothing older is
    /// vouched for, and nothing that a key of ours did not sign.
    ///
    /// # Errors
    /// [`PublishError::PointerWentBack`] where clients were led to a later release, or to another one of
    /// that number; [`PublishError::Incomplete`] where the current release's manifest is not signed;
    /// and I/O errors.
    pub fn state_latest(
        &self,
        channel: &ChannelName,
        recorded: Option<&Release>,
        terms: &LatestTerms,
        now: Timestamp,
    ) -> Result<Stated, PublishError> {
        // Nobody waits for a lock where nothing is to be done.
        if let Next::No(stated) = self.next_statement(channel, recorded, terms, now)? {
            return Ok(stated);
        }
        let dir = self.dir.latest_dir(channel);
        let _lock = WorkLock::alone(&dir).at(&dir)?;
        match self.next_statement(channel, recorded, terms, now)? {
            Next::No(stated) => Ok(stated),
            Next::Due(due) => {
                self.write_statement(&due)?;
                tracing::info!(
                    target: "picket::progress",
                    %channel,
                    release = %due.latest.release,
                    "stated that {} is current",
                    due.latest.release,
                );
                Ok(Stated::Made)
            }
        }
    }

    fn next_statement(
        &self,
        channel: &ChannelName,
        recorded: Option<&Release>,
        terms: &LatestTerms,
        now: Timestamp,
    ) -> Result<Next, PublishError> {
        let Some(name) = self.dir.current(channel)? else {
            return Ok(Next::No(Stated::NoRelease));
        };
        let (manifest, bytes) = self.signed_manifest(channel, &name)?;
        let there = self.statement_there(channel)?;
        let stated = there.as_ref().map(|it| (it.latest.seq, &it.latest.release));
        let recorded = recorded.map(|it| (it.seq, &it.name));
        for (seq, seen) in stated.into_iter().chain(recorded) {
            if seq > manifest.seq || (seq == manifest.seq && *seen != name) {
                let seen = seen.clone();
                return Err(PublishError::PointerWentBack { name, seen });
            }
        }
        let release_log = self.logged(&manifest, Sha256::of(&bytes))?;
        let valid_seconds = i64::from(terms.valid_seconds);
        let root = terms.base_url.as_str().trim_end_matches('/');
        let next = Latest {
            format: FORMAT,
            kind: LatestKind::Latest,
            channel: channel.clone(),
            seq: manifest.seq,
            release_json_sha256: Sha256::of(&bytes),
            made: now,
            expires: now.plus_seconds(valid_seconds),
            url: address(&format!("{root}/{channel}")),
            release_url: address(&format!("{root}/{}", release_folder(channel, &name))),
            release: name,
            release_log,
        };
        Ok(match there {
            Some(there)
                if there.latest.says_as(&next)
                    && !there.latest.is_due(valid_seconds, now)
                    && there.is_signed_by_all(self.public_keys()) =>
            {
                Next::No(Stated::Holds)
            }
            before => Next::Due(Box::new(Due {
                latest: next,
                manifest: bytes,
                before,
            })),
        })
    }

    /// Where the release log has the release: clients refuse one that it does not have.
    fn logged(
        &self,
        manifest: &Manifest,
        sha256: Sha256,
    ) -> Result<Option<LoggedAs>, PublishError> {
        if self.log_origin.is_none() {
            return Ok(None);
        }
        let record = self.dir.log_entries()?;
        let found = record.as_ref().and_then(|record| {
            let (index, entry) = record.find(&manifest.channel, manifest.seq)?;
            let origin = record.origin().clone();
            (entry.release_json_sha256 == sha256).then_some(LoggedAs { origin, index })
        });
        found.map(Some).ok_or_else(|| PublishError::ReleaseLog {
            reason: format!(
                "{} is not entered as it is now, and nobody vouches for it before it is",
                manifest.name
            ),
        })
    }

    /// The manifest that clients are led to, and its bytes.
    fn signed_manifest(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<(Manifest, Vec<u8>), PublishError> {
        let folder = ReleaseFolder::new(self.dir.release_dir(channel, name));
        let incomplete = |problems| PublishError::Incomplete {
            name: name.clone(),
            problems,
        };
        let bytes = folder.read(ReleaseFile::Manifest, SIZE_MAX)?;
        let bytes = bytes.ok_or_else(|| incomplete(vec!["release.json is missing".to_owned()]))?;
        let signatures = folder.read(ReleaseFile::Signature, SIGNATURES_MAX)?;
        if !is_signed(&bytes, &signatures.unwrap_or_default(), self.public_keys()) {
            let problem = "release.json is not signed by a key of ours";
            return Err(incomplete(vec![problem.to_owned()]));
        }
        let manifest = Manifest::parse(&bytes).map_err(|reason| incomplete(vec![reason]))?;
        if (&manifest.channel, &manifest.name) != (channel, name) {
            let problem = format!("it is that of {}", manifest.folder());
            return Err(incomplete(vec![problem]));
        }
        Ok((manifest, bytes))
    }

    /// `None` too for one that nobody can check, or that is of something else: it is replaced.
    fn statement_there(&self, channel: &ChannelName) -> Result<Option<There>, PublishError> {
        let read = |file: LatestFile, limit| {
            let path = self.dir.latest_file(channel, file);
            match read_bounded(&path, limit) {
                Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => Ok(None),
                read => read.at(&path),
            }
        };
        let bytes = read(LatestFile::Statement, latest::SIZE_MAX)?;
        let signatures = read(LatestFile::Signature, SIGNATURES_MAX)?;
        let (Some(bytes), Some(signatures)) = (bytes, signatures) else {
            return Ok(None);
        };
        if !is_signed(&bytes, &signatures, self.public_keys()) {
            return Ok(None);
        }
        let latest = Latest::parse(&bytes).ok();
        Ok(latest
            .filter(|latest| latest.channel == *channel)
            .map(|latest| There {
                bytes,
                signatures,
                latest,
            }))
    }

    /// The caller holds the lock of the statement's folder.
    fn write_statement(&self, due: &Due) -> Result<(), PublishError> {
        let Due {
            latest,
            manifest,
            before,
        } = due;
        let dir = self.dir.latest_dir(&latest.channel);
        fs::create_dir_all(&dir).at(&dir)?;
        let bytes = latest.to_bytes();
        let mut signed = lines(&self.signer.sign_latest(&bytes, manifest)?);
        if let Some(before) = before {
            signed.push_str(&before.signatures_of(self.public_keys()));
        }
        for (file, content) in [
            (LatestFile::Signature, signed.as_bytes()),
            (LatestFile::Statement, bytes.as_slice()),
        ] {
            let path = self.dir.latest_file(&latest.channel, file);
            write_whole(&path, content).at(&path)?;
        }
        Ok(())
    }
}

/// What is to be stated.
enum Next {
    /// Nothing new.
    No(Stated),
    /// Something that is not stated yet, or was for long enough.
    Due(Box<Due>),
}

/// A statement, the `release.json` of the release that it names, and the one in whose place it comes.
struct Due {
    latest: Latest,
    manifest: Vec<u8>,
    before: Option<There>,
}

impl There {
    fn is_signed_by_all(&self, keys: &[PublicKey]) -> bool {
        let mut keys = keys.iter();
        keys.all(|key| is_signed(&self.bytes, &self.signatures, std::slice::from_ref(key)))
    }

    /// The lines that are signatures over this one: those over the one before it are dropped.
    fn signatures_of(&self, keys: &[PublicKey]) -> String {
        let text = String::from_utf8_lossy(&self.signatures);
        let is_over_this = |line: &&str| {
            let signature = Signature::parse(line);
            signature.is_ok_and(|it| keys.iter().any(|key| key.verify(&self.bytes, &it)))
        };
        let lines = text.lines().filter(is_over_this);
        lines.map(|line| format!("{line}\n")).collect()
    }
}

fn address(text: &str) -> Url {
    Url::parse(text).expect("names of channels and releases below an address make an address")
}
