//! Identifiers: checked once where they enter, trusted from then on.

mod pr_number;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::invalid_id::InvalidId;

pub use pr_number::PrNumber;

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
    /// The hash of what people made of a pick: of its conflicts, see [`crate::ResolvedSet::id`], and
    /// its form, see [`crate::Form::with`].
    ResolvedSetId, "a resolutions' id (64 lower-case hexadecimal digits)", |text| is_hex(text, 64)
}

text_id! {
    /// The name of a mitigation, which is part of the name of an option: `cve-2026-31431`.
    MitigationName, "a mitigation's name (a letter, then letters, digits and dashes in lower case)",
    is_mitigation_name
}

text_id! {
    /// The folder of a package, relative to the tree's root: `pkgs/development/libraries/openssl`.
    PackageFolder, "a package's folder (`pkgs/`, then at least two names)", is_package_folder
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

fn is_mitigation_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.bytes().all(is_plain)
}

fn is_package_folder(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+.".contains(&byte);
    let is_part = |part: &str| {
        let is_name = !part.is_empty() && part.len() <= 100 && !part.starts_with('.');
        is_name && part.bytes().all(is_plain)
    };
    let mut parts = text.split('/');
    let is_there = parts.next() == Some("pkgs") && !text.starts_with("pkgs/top-level/");
    is_there && text.len() <= 400 && text.matches('/').count() >= 2 && parts.all(is_part)
}

/// GitHub's own limit is 39; accounts from before it, and those of enterprises, are longer.
const LOGIN_MAX: usize = 100;

/// A GitHub login. GitHub compares logins without regard to case, so it is kept in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Login(String);

impl Login {
    /// Takes a login as GitHub writes it, `[bot]` suffix included. Old accounts may have hyphens
    /// anywhere, and those of enterprises an underscore: such a login looks like an option to a
    /// program, and must not be given to one.
    ///
    /// # Errors
    /// [`InvalidId`] where the text cannot be a login.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let name = text.strip_suffix("[bot]").unwrap_or(text);
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
        if (1..=LOGIN_MAX).contains(&name.len()) && name.bytes().all(is_plain) {
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
    /// GitHub's number of an account. It stays when the account gets another login.
    AccountId
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

impl JobName {
    /// The name that a text is; one that is too long keeps its beginning, and a digest tells it from
    /// others.
    ///
    /// # Errors
    /// Where it holds what no name holds.
    pub fn parse_or_shorten(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text).or_else(|_| {
            let end = text.floor_char_boundary(400);
            let digest = Sha256::of(text.as_bytes()).to_string();
            Self::parse(&format!("{}..{}", &text[..end], &digest[..16]))
        })
    }

    /// What the names of packages begin with that are built beside a channel's jobs.
    const PACKAGE: &str = "pkgs.";

    /// The name of a package that is built beside the jobs. One that would be too long stays as it
    /// is.
    #[must_use]
    pub fn of_package(name: &Self) -> Self {
        let long = format!("{}{name}", Self::PACKAGE);
        Self::parse(&long).unwrap_or_else(|_| name.clone())
    }

    /// What the names begin with of what a tree carries in place of fixes.
    const CARRIED: &str = "carried.";

    /// The name of something that a tree carries in place of a fix. One that would be too long stays
    /// as it is.
    #[must_use]
    pub fn of_carried(name: &Self) -> Self {
        let long = format!("{}{name}", Self::CARRIED);
        Self::parse(&long).unwrap_or_else(|_| name.clone())
    }

    /// Whether it is the name of something that a tree carries in place of a fix.
    pub fn is_carried(&self) -> bool {
        self.as_str().starts_with(Self::CARRIED)
    }

    /// What the names begin with of tests that packages name. A job is named by its attributes, and
    /// one with a colon is in quotes, so that no job's name begins like this.
    const PACKAGE_TEST: &str = "test:";

    /// The name of a test that a package names, by the path to it: `redis.passthru.tests.basic`. One
    /// that would be too long is shortened, with a digest that tells it from others.
    #[must_use]
    pub fn of_package_test(path: &Self) -> Self {
        let long = format!("{}{path}", Self::PACKAGE_TEST);
        Self::parse_or_shorten(&long).expect("it begins with a name, and goes on with another")
    }

    /// Whether it is the name of a test that a package names.
    pub fn is_package_test(&self) -> bool {
        self.as_str().starts_with(Self::PACKAGE_TEST)
    }

    /// The path to a package in the tree's package set, where it is the name of one.
    pub fn package(&self) -> Option<&str> {
        self.as_str().strip_prefix(Self::PACKAGE)
    }

    /// Whether it is the name of something that is looked at beside the jobs.
    pub fn is_beside(&self) -> bool {
        self.is_package() || self.is_package_test() || self.is_carried()
    }

    /// Whether it is the name of a package that is built beside the jobs.
    pub fn is_package(&self) -> bool {
        self.as_str().starts_with(Self::PACKAGE)
    }
}

#[cfg(test)]
mod tests;
