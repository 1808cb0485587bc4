//! The statement of which release of a channel is the current one: `latest.json`.
//!
//! A release is signed once and for all, so that its signature cannot tell whether it is still the
//! newest. This can: it is signed anew all the time, and soon expires. It is to a channel what the
//! timestamp role is to a repository of The Update Framework.

use picket_domain::{ChannelName, ReleaseName, ReleaseSeq, Sha256, Timestamp};
use picket_releaselog::Origin;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::lifetime::NEVER_UNASKED;
use crate::versioned;

/// The format that this version of Picket writes.
pub(crate) const FORMAT: u32 = 1;

/// No statement that is read may be longer, in bytes.
pub(crate) const SIZE_MAX: u64 = 64 * 1024;

/// It is made anew after a part of the time for which it holds, and never later than this.
const RENEWED_AFTER_AT_MOST: i64 = 12 * 3_600;
/// That part: so many times it is made anew before the first one expires.
const TIMES: i64 = 4;

/// The two files of a statement. They lie in `latest/<channel>/` of the public folder, and are served
/// beside the channel's redirects, as `/<channel>/latest.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LatestFile {
    /// The statement.
    Statement,
    /// Signatures over its bytes, one a line; also those over the statement before it, so that whoever
    /// read that one just before it was replaced has its signatures too.
    Signature,
}

impl LatestFile {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Statement, Self::Signature];

    /// Its name, in the folder and in URLs.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Statement => "latest.json",
            Self::Signature => "latest.json.sig",
        }
    }

    /// The file of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|file| file.file_name() == name)
    }

    /// Its media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Statement => "application/json",
            Self::Signature => "text/plain; charset=utf-8",
        }
    }

    /// How long clients keep it.
    pub const fn cache_control(self) -> &'static str {
        NEVER_UNASKED
    }
}

/// What is stated. The same keys sign releases and store paths: this keeps one from being taken for
/// the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LatestKind {
    /// The current release of a channel.
    Latest,
}

/// Which release of a channel is the current one, and until when that can be relied on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest {
    /// The format of this file: 1.
    pub format: u32,
    /// What is stated: `latest`.
    pub kind: LatestKind,
    /// The channel.
    pub channel: ChannelName,
    /// Its current release.
    pub release: ReleaseName,
    /// That release's place in the channel.
    pub seq: ReleaseSeq,
    /// SHA-256 of that release's `release.json`, which vouches for all the rest.
    pub release_json_sha256: Sha256,
    /// When this was signed, in seconds since 1970-01-01T00:00:00Z.
    pub made: Timestamp,
    /// From when on it says nothing any more.
    pub expires: Timestamp,
    /// The channel's address.
    pub url: Url,
    /// The release folder's address.
    pub release_url: Url,
    /// Where the release log has that release. A Picket of before has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_log: Option<LoggedAs>,
}

/// Where a release log has a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoggedAs {
    /// Which log.
    pub origin: Origin,
    /// Which of its entries, beginning with 0.
    pub index: u64,
}

impl Latest {
    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a statement has no map at all");
        bytes.push(b'\n');
        bytes
    }

    /// Reads the file's bytes.
    ///
    /// # Errors
    /// What is wrong with them, as a sentence for a person.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        versioned::parse("latest.json", FORMAT, bytes)
    }

    /// Seconds until it expires; negative afterwards.
    pub const fn seconds_left(&self, now: Timestamp) -> i64 {
        self.expires.seconds_since(now)
    }

    /// Whether it says the same of the channel, whenever it was made.
    pub(crate) fn says_as(&self, other: &Self) -> bool {
        let this = Self {
            made: other.made,
            expires: other.expires,
            ..self.clone()
        };
        this == *other
    }

    /// Whether it is time for the next one, which holds for so many seconds. One that was made in the
    /// future, by a clock that was wrong, is worth nothing.
    pub(crate) fn is_due(&self, valid_seconds: i64, now: Timestamp) -> bool {
        let after = (valid_seconds / TIMES).min(RENEWED_AFTER_AT_MOST);
        let age = now.seconds_since(self.made);
        !(0..after).contains(&age) || self.expires.seconds_since(self.made) > valid_seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: Timestamp = Timestamp::from_unix(1_785_600_000);
    const THREE_DAYS: i64 = 72 * 3_600;

    fn latest() -> Latest {
        Latest {
            format: FORMAT,
            kind: LatestKind::Latest,
            channel: ChannelName::parse("nixos-26.05-sec").unwrap(),
            release: ReleaseName::parse("nixos-26.05.715880.12.abc1234").unwrap(),
            seq: ReleaseSeq(12),
            release_json_sha256: Sha256::of(b"release.json"),
            made: MADE,
            expires: MADE.plus_seconds(THREE_DAYS),
            url: "https://sec.example/nixos-26.05-sec".parse().unwrap(),
            release_url: "https://sec.example/releases/nixos-26.05-sec/x"
                .parse()
                .unwrap(),
            release_log: None,
        }
    }

    #[test]
    fn it_reads_as_it_is_written() {
        let bytes = latest().to_bytes();
        assert_eq!(Latest::parse(&bytes).unwrap(), latest());
        insta::assert_snapshot!(String::from_utf8(bytes).unwrap(), @r#"
        {
          "format": 1,
          "kind": "latest",
          "channel": "nixos-26.05-sec",
          "release": "nixos-26.05.715880.12.abc1234",
          "seq": 12,
          "release_json_sha256": "16903c7a4898d982fab69d1f9b86f84345e498ec58965bf6047383688818b4c3",
          "made": 1785600000,
          "expires": 1785859200,
          "url": "https://sec.example/nixos-26.05-sec",
          "release_url": "https://sec.example/releases/nixos-26.05-sec/x"
        }
        "#);
    }

    /// What else the same keys sign.
    #[test]
    fn nothing_else_is_taken_for_it() {
        let text = String::from_utf8(latest().to_bytes()).unwrap();
        for (from, to, says) in [
            ("\"kind\": \"latest\",", "", "missing field `kind`"),
            ("\"latest\"", "\"release\"", "unknown variant `release`"),
            (
                "\"format\": 1",
                "\"format\": 2",
                "format 2; this version of picket knows format 1",
            ),
            ("{", "[", "cannot be read"),
        ] {
            let error = Latest::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        assert!(crate::manifest::Manifest::parse(text.as_bytes()).is_err());
    }

    #[test]
    fn it_is_made_anew_well_before_it_expires() {
        let due = |valid, after| latest().is_due(valid, MADE.plus_seconds(after));
        assert!(!due(THREE_DAYS, 0));
        assert!(!due(THREE_DAYS, 12 * 3_600 - 1));
        assert!(due(THREE_DAYS, 12 * 3_600));
        assert!(due(THREE_DAYS, -1), "the clock was wrong when it was made");
        assert!(due(24 * 3_600, 0), "it holds for longer than is wanted");
        assert_eq!(latest().seconds_left(MADE), THREE_DAYS);
        assert_eq!(latest().seconds_left(MADE.plus_seconds(THREE_DAYS + 1)), -1);
    }

    #[test]
    fn names_go_both_ways() {
        for file in LatestFile::ALL {
            assert_eq!(LatestFile::parse(file.file_name()), Some(file));
        }
        assert_eq!(LatestFile::parse("release.json"), None);
    }
}
