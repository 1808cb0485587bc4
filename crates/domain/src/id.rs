//! Identifiers: checked once where they enter, trusted from then on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::digest::Sha256;

/// A text that does not have the form of the identifier it was meant to be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not {expected}")]
pub struct InvalidId {
    text: String,
    expected: &'static str,
}

impl InvalidId {
    /// Keeps at most 80 characters of the text: it may come from anywhere and be of any size.
    pub(crate) fn new(text: &str, expected: &'static str) -> Self {
        let text = text.chars().take(80).collect();
        Self { text, expected }
    }
}

/// Defines a newtype over `String` whose only way in is a check.
macro_rules! text_id {
    ($(#[$meta:meta])* $name:ident, $expected:literal, $check:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes the text if it has the identifier's form.
            ///
            /// # Errors
            /// [`InvalidId`] says which form was expected.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId::new(text, $expected))
                }
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

fn is_hex(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_name(text: &str, extra: &[u8]) -> bool {
    let first_is_alphanumeric = text
        .as_bytes()
        .first()
        .is_some_and(u8::is_ascii_alphanumeric);
    first_is_alphanumeric
        && text.len() <= 128
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || extra.contains(&b))
}

text_id! {
    /// A git commit id: 40 lower-case hexadecimal digits (SHA-1 object format).
    CommitSha, "a commit id (40 lower-case hexadecimal digits)", |text| is_hex(text, 40)
}

impl CommitSha {
    /// The first 12 digits, the length that nixpkgs' own release names have.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

text_id! {
    /// The name of a channel, as in its URL: `nixos-26.05-sec`.
    ///
    /// Every channel name is a branch name too: the channel's releases are on the branch so named.
    ChannelName, "a channel name (lower-case letters, digits, '.', '-', '_'; at most 128)",
    |text| is_name(text, b".-_") && !text.bytes().any(|b| b.is_ascii_uppercase())
        && !text.contains("..") && BranchName::parse(text).is_ok()
}

text_id! {
    /// A git branch name, within the rules of `git check-ref-format`.
    BranchName, "a branch name", |text| {
        let forbidden = |b: u8| b <= b' ' || b == 0x7f || b"~^:?*[\\".contains(&b);
        !text.is_empty()
            && text.len() <= 255
            && !text.starts_with(['-', '/', '.'])
            && !text.ends_with(['/', '.'])
            && !["..", "//", "@{", "/.", ".lock/"].iter().any(|bad| text.contains(bad))
            && !text.ends_with(".lock")
            && !text.bytes().any(forbidden)
    }
}

text_id! {
    /// A job of the channel's job set, as a dotted attribute path: `nixpkgs.mastodon`.
    JobName, "a job name (an attribute path without white space, at most 512 characters)",
    |text| !text.is_empty() && text.len() <= 512
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

text_id! {
    /// The name of a release: `nixos-<version>.<base revCount>.<seq>.<short rev>`.
    ///
    /// Only characters that `system.nixos.label` takes; no `+`.
    ReleaseName, "a release name", |text| is_name(text, b".-_") && !text.contains("..")
}

text_id! {
    /// The hash of everything that a pick chain depends on; see [`crate::ChainSpec::id`].
    ChainId, "a chain id (64 lower-case hexadecimal digits)", |text| is_hex(text, 64)
}

text_id! {
    /// A git blob's id: 40 lower-case hexadecimal digits (SHA-1 object format).
    BlobId, "a blob id (40 lower-case hexadecimal digits)", |text| is_hex(text, 40)
}

text_id! {
    /// The SHA-256 of a file's content that a person made, under which it is kept.
    ContentId, "a content id (64 lower-case hexadecimal digits)", |text| is_hex(text, 64)
}

text_id! {
    /// The hash of what one commit changes: files' paths and modes, and the lines taken out and
    /// put in, without their context and place. Two commits with the same one are what
    /// `git range-diff` calls equal, but for context that differs.
    PatchId, "a patch id (64 lower-case hexadecimal digits)", |text| is_hex(text, 64)
}

text_id! {
    /// The hash of a pull request's resolutions; see [`crate::ResolvedSet::id`].
    ResolvedSetId, "a resolutions' id (64 lower-case hexadecimal digits)", |text| is_hex(text, 64)
}

/// Makes a text id out of a digest.
macro_rules! from_digest {
    ($($name:ident),*) => {
        $(impl From<Sha256> for $name {
            fn from(digest: Sha256) -> Self {
                Self(digest.to_string())
            }
        })*
    };
}

from_digest!(ChainId, ContentId, PatchId, ResolvedSetId);

/// A GitHub login. GitHub compares logins without regard to case, so it is kept in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Login(String);

impl Login {
    /// Takes a login as GitHub writes it, `[bot]` suffix included.
    ///
    /// # Errors
    /// [`InvalidId`] where the text cannot be a login.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let name = text.strip_suffix("[bot]").unwrap_or(text);
        if name.len() <= 64 && is_name(name, b"-_") {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(InvalidId::new(text, "a GitHub login"))
        }
    }

    /// The login in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Login {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Login {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl From<Login> for String {
    fn from(login: Login) -> String {
        login.0
    }
}

/// Defines a newtype over `u64` that is written as a plain number.
macro_rules! number_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

number_id! {
    /// The number of a pull request in the watched repository.
    PrNumber
}

number_id! {
    /// The place of a release in its channel, from 1; it never resets and never repeats, gaps allowed.
    ReleaseSeq
}

impl ReleaseSeq {
    /// The sequence number after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commit_ids_are_forty_lower_case_hex_digits() {
        assert!(CommitSha::parse(&"a1".repeat(20)).is_ok());
        assert!(CommitSha::parse(&"A1".repeat(20)).is_err());
        assert!(CommitSha::parse("a1").is_err());
        assert!(CommitSha::parse(&"g1".repeat(20)).is_err());
    }

    #[test]
    fn names_cannot_leave_their_folder() {
        for bad in [
            "", "..", "../x", "a/b", ".hidden", "a..b", "x y", "-x", "Upper",
        ] {
            assert!(ChannelName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(ChannelName::parse("nixos-26.05-sec").is_ok());
        assert!(ReleaseName::parse("nixos-26.05.1.2.abc+dirty").is_err());
    }

    #[test]
    fn branch_names_follow_gits_rules() {
        for bad in [
            "", "-f", "a..b", "a b", "x.lock", "a~1", "a:b", "refs//x", "@{u", "/x", "x/",
        ] {
            assert!(BranchName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(BranchName::parse("backport-12-to-release-26.05").is_ok());
    }

    #[test]
    fn logins_ignore_case() {
        assert_eq!(
            Login::parse("Ada-L").unwrap(),
            Login::parse("ada-l").unwrap()
        );
        assert!(Login::parse("renovate[bot]").is_ok());
        assert!(Login::parse("a b").is_err());
    }

    #[test]
    fn an_error_shows_a_bounded_part_of_the_text() {
        let error = CommitSha::parse(&"x".repeat(10_000)).unwrap_err();
        assert!(error.to_string().len() < 200);
    }
}
