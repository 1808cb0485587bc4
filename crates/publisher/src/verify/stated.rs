//! What a channel states of its current release, read as a stranger reads it.

use std::time::Duration;

use picket_domain::{ReleaseName, ReleaseSeq, Timestamp};
use serde::Serialize;
use url::Url;

use crate::folder::{SIGNATURES_MAX, is_signed};
use crate::http::{self, HttpError};
use crate::key::PublicKey;
use crate::latest::{self, Latest, LatestFile};
use crate::source::Source;

/// The two files are read one after the other, and may be replaced in between.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// What to make of a channel that states nothing of its current release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingLatest {
    /// It is noted, since Pickets did not always state it.
    Noted,
    /// It is wrong.
    Wrong,
}

/// What a channel states, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatedRelease {
    /// Its current release.
    pub release: ReleaseName,
    /// That release's place in the channel.
    pub seq: ReleaseSeq,
    /// When it was stated.
    pub made: Timestamp,
    /// From when on that says nothing any more.
    pub expires: Timestamp,
}

/// What is found at a channel's address.
#[derive(Debug)]
pub(super) enum Found {
    /// Nothing is stated.
    Absent,
    /// It is not signed by a given key.
    NotSigned,
    /// It is signed.
    Signed(Box<Latest>),
    /// It cannot be had or read, for this reason.
    Unreadable(String),
}

/// Reads what a channel states, to be called before its pointer is followed: a publication in between
/// then makes a pointer that is ahead, and never one that seems to have gone back.
pub(super) async fn read(source: &Source, channel: &Url, keys: &[PublicKey]) -> Found {
    let mut attempt = 1;
    loop {
        let found = match once(source, channel, keys).await {
            Ok(found) => found,
            Err(error) => Found::Unreadable(format!("{}: {}", error.url, error.reason)),
        };
        if !matches!(found, Found::NotSigned) || attempt == ATTEMPTS {
            return found;
        }
        attempt += 1;
        tokio::time::sleep(PAUSE).await;
    }
}

async fn once(source: &Source, channel: &Url, keys: &[PublicKey]) -> Result<Found, HttpError> {
    let at = |file: LatestFile| http::below(channel, file.file_name());
    let statement = at(LatestFile::Statement)?;
    let Some(bytes) = source.read(&statement, latest::SIZE_MAX).await? else {
        return Ok(Found::Absent);
    };
    let signatures = source
        .read(&at(LatestFile::Signature)?, SIGNATURES_MAX)
        .await?;
    if !is_signed(&bytes, &signatures.unwrap_or_default(), keys) {
        return Ok(Found::NotSigned);
    }
    Ok(match Latest::parse(&bytes) {
        Ok(latest) => Found::Signed(Box::new(latest)),
        Err(reason) => Found::Unreadable(reason),
    })
}
