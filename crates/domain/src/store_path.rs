//! Nix store paths and what a store knows of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::invalid_id::InvalidId;

/// The 32 digits of Nix's base 32.
const NIX32: &[u8] = b"0123456789abcdfghijklmnpqrsvwxyz";
const HASH_LEN: usize = 32;
const NAME_MAX: usize = 211;
const EXPECTED: &str = "a store path (/<store dir>/<32 base-32 digits>-<name>)";

/// An absolute store path, of whichever store folder: `/nix/store/<hash>-<name>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StorePath(String);

impl StorePath {
    /// Takes an absolute path that ends in a store object's name.
    ///
    /// # Errors
    /// [`InvalidId`] where it does not.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId::new(text, EXPECTED);
        let (dir, base_name) = text.rsplit_once('/').ok_or_else(invalid)?;
        let dir_is_plain = dir.starts_with('/')
            && !dir.bytes().any(|b| b.is_ascii_control())
            && dir
                .split('/')
                .skip(1)
                .all(|part| !matches!(part, "" | "." | ".."));
        if dir_is_plain && is_base_name(base_name) {
            Ok(Self(text.to_owned()))
        } else {
            Err(invalid())
        }
    }

    /// The whole path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The store's folder: `/nix/store`.
    pub fn store_dir(&self) -> &str {
        self.split().0
    }

    /// The last part: `<hash>-<name>`, as narinfos write references.
    pub fn base_name(&self) -> &str {
        self.split().1
    }

    /// The 32 digits that name the path's narinfo.
    pub fn hash_part(&self) -> &str {
        &self.base_name()[..HASH_LEN]
    }

    /// The part after the hash: `mastodon-4.3.1`.
    pub fn name(&self) -> &str {
        &self.base_name()[HASH_LEN + 1..]
    }

    /// Whether this is a derivation.
    pub fn is_derivation(&self) -> bool {
        self.0.ends_with(".drv")
    }

    fn split(&self) -> (&str, &str) {
        self.0.rsplit_once('/').unwrap_or(("", &self.0))
    }
}

/// Checks `<hash>-<name>` by the rules of Nix's `checkName`.
fn is_base_name(text: &str) -> bool {
    let Some((hash, name)) = text.split_at_checked(HASH_LEN) else {
        return false;
    };
    let Some(name) = name.strip_prefix('-') else {
        return false;
    };
    hash.bytes().all(|b| NIX32.contains(&b)) && is_name(name)
}

/// Nix takes a dot at the front again (`<hash>-.profile`), but no name that is, or before a hyphen
/// has, a folder's own or its parent's.
fn is_name(name: &str) -> bool {
    let is_folder = |dots: &str| {
        let rest = name.strip_prefix(dots);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    !name.is_empty()
        && name.len() <= NAME_MAX
        && !is_folder(".")
        && !is_folder("..")
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-._?=".contains(&b))
}

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for StorePath {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

impl TryFrom<String> for StorePath {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl From<StorePath> for String {
    fn from(path: StorePath) -> String {
        path.0
    }
}

/// What a Nix store records of a valid path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathInfo {
    /// The path itself.
    pub path: StorePath,
    /// SHA-256 of the path's NAR serialisation.
    pub nar_hash: Sha256,
    /// Size of the NAR, in bytes.
    pub nar_size: u64,
    /// The paths that this one refers to, itself included where it does; sorted.
    pub references: Vec<StorePath>,
    /// The derivation that made it, where that is known.
    pub deriver: Option<StorePath>,
    /// The content address (`fixed:r:sha256:..`), for paths that have one.
    pub content_address: Option<String>,
    /// Signatures that the store already holds (`name:base64`), those of other caches included.
    pub signatures: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_path_has_its_parts() {
        let text = "/tmp/x/store/00bgd045z0d4icpbc2yyz4gx48ak44la-hello-2.12.1";
        let path = StorePath::parse(text).unwrap();
        assert_eq!(path.store_dir(), "/tmp/x/store");
        assert_eq!(path.hash_part(), "00bgd045z0d4icpbc2yyz4gx48ak44la");
        assert_eq!(path.name(), "hello-2.12.1");
        assert!(!path.is_derivation());
    }

    #[test]
    fn whatever_nix_takes_for_a_name_is_one() {
        let hash = "00bgd045z0d4icpbc2yyz4gx48ak44la";
        let longest = "x".repeat(NAME_MAX);
        for name in [
            ".profile", ".x-y", "...", "..x", "...-x", "-x", "--", "_", "?=+", "a..b", "0.drv",
            &longest,
        ] {
            let path = StorePath::parse(&format!("/nix/store/{hash}-{name}"));
            assert_eq!(path.unwrap().name(), name);
        }
    }

    #[test]
    fn what_is_no_store_path_is_refused() {
        let hash = "00bgd045z0d4icpbc2yyz4gx48ak44la";
        for bad in [
            String::new(),
            format!("{hash}-relative"),
            format!("/nix/store/{hash}"),
            format!("/nix/store/{hash}-"),
            format!("/nix/store/{hash}-."),
            format!("/nix/store/{hash}-.."),
            format!("/nix/store/{hash}-.-x"),
            format!("/nix/store/{hash}-..-x"),
            format!("/nix/store/{hash}-~x"),
            format!("/nix/../store/{hash}-x"),
            format!("/nix/store/{hash}-a b"),
            format!("/nix/store/{}-x", "e".repeat(32)),
            format!("/nix/store/{hash}-{}", "x".repeat(212)),
            "/nix/store/ääääääääääääääääääääääääääääääää-x".to_owned(),
        ] {
            assert!(StorePath::parse(&bad).is_err(), "{bad:?}");
        }
    }
}
