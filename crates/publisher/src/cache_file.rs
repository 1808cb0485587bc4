//! The files of the binary cache.

use std::fmt;

use nix_derivation::nixbase32;
use picket_domain::{Sha256, StorePath};
use serde::{Deserialize, Serialize};

use crate::lifetime::{FOR_A_DAY, IMMUTABLE};

/// A file of the binary cache. There is no value that names a file outside of its folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CacheFile {
    /// `nix-cache-info`.
    Info,
    /// `<hash>.narinfo`.
    NarInfo(HashPart),
    /// `nar/<file hash>.nar.zst`, named by its own bytes.
    Nar(Sha256),
}

/// The 32 digits of a store path that name its narinfo.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HashPart(String);

impl TryFrom<String> for HashPart {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is not the hash of a store path"))
    }
}

impl From<HashPart> for String {
    fn from(HashPart(text): HashPart) -> String {
        text
    }
}

impl HashPart {
    fn parse(text: &str) -> Option<Self> {
        let decoded = nixbase32::decode(text.as_bytes()).ok()?;
        (decoded.len() == 20).then(|| Self(text.to_owned()))
    }
}

impl From<&StorePath> for HashPart {
    fn from(path: &StorePath) -> Self {
        Self(path.hash_part().to_owned())
    }
}

impl CacheFile {
    /// The file at this path below the cache's address.
    pub fn parse(path: &str) -> Option<Self> {
        if path == "nix-cache-info" {
            Some(Self::Info)
        } else if let Some(hash) = path.strip_suffix(".narinfo") {
            HashPart::parse(hash).map(Self::NarInfo)
        } else {
            let hash = path.strip_prefix("nar/")?.strip_suffix(".nar.zst")?;
            let bytes = nixbase32::decode(hash.as_bytes()).ok()?;
            bytes.try_into().ok().map(Sha256::from_bytes).map(Self::Nar)
        }
    }

    /// The narinfo of a store path.
    pub fn narinfo_of(path: &StorePath) -> Self {
        Self::NarInfo(path.into())
    }

    /// Its media type.
    pub const fn content_type(&self) -> &'static str {
        match self {
            Self::Info => "text/x-nix-cache-info",
            Self::NarInfo(_) => "text/x-nix-narinfo",
            Self::Nar(_) => "application/x-nix-nar",
        }
    }

    /// How long clients keep it.
    pub const fn cache_control(&self) -> &'static str {
        match self {
            Self::Info | Self::NarInfo(_) => FOR_A_DAY,
            Self::Nar(_) => IMMUTABLE,
        }
    }
}

/// Writes the path below the cache's address.
impl fmt::Display for CacheFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Info => f.write_str("nix-cache-info"),
            Self::NarInfo(HashPart(hash)) => write!(f, "{hash}.narinfo"),
            Self::Nar(hash) => write!(f, "nar/{}.nar.zst", nixbase32::encode(hash.as_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_both_ways() {
        let nar = format!("nar/{}.nar.zst", "0".repeat(52));
        for path in [
            "nix-cache-info",
            "00bgd045z0d4icpbc2yyz4gx48ak44la.narinfo",
            &nar,
        ] {
            assert_eq!(CacheFile::parse(path).unwrap().to_string(), path);
        }
    }

    #[test]
    fn nothing_outside_of_the_cache_has_a_name() {
        let e = "e".repeat(52);
        for bad in [
            "",
            "../nix-cache-info",
            "00bgd045z0d4icpbc2yyz4gx48ak44l.narinfo",
            "../../../../../../../../etc/shado.narinfo",
            "nar/../../../../etc/shadow.nar.zst",
            "nar/0.nar.zst",
            &format!("nar/{e}.nar.zst"),
            &format!("nar/{}.nar.xz", "0".repeat(52)),
            &format!("{}.narinfo", "é".repeat(16)),
        ] {
            assert_eq!(CacheFile::parse(bad), None, "{bad:?}");
        }
    }
}
