//! Object ids and file modes.

use std::{fmt, str::FromStr};

use sha1::{Digest, Sha1};

use crate::kind::Kind;

/// A git object's SHA-1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId([u8; 20]);

/// A text is not the hexadecimal form of an object id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an object id: 40 hexadecimal digits are")]
pub struct InvalidObjectId(String);

impl ObjectId {
    /// The id that git uses for "no object".
    pub const NULL: Self = Self([0; 20]);
    /// The tree without entries.
    pub const EMPTY_TREE: Self =
        Self(*b"\x4b\x82\x5d\xc6\x42\xcb\x6e\xb9\xa0\x60\xe5\x4b\xf8\xd6\x92\x88\xfb\xee\x49\x04");
    /// The file without content.
    pub(crate) const EMPTY_BLOB: Self =
        Self(*b"\xe6\x9d\xe2\x9b\xb2\xd1\xd6\x43\x4b\x8b\x29\xae\x77\x5a\xd8\xc2\xe4\x8c\x53\x91");

    /// The id with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The id's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The id of an object with this content.
    #[must_use]
    pub fn of(kind: Kind, content: &[u8]) -> Self {
        let mut hash = Sha1::new();
        hash.update(format!("{kind} {}\0", content.len()));
        hash.update(content);
        Self(hash.finalize().into())
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ObjectId {
    type Err = InvalidObjectId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidObjectId(text.chars().take(60).collect());
        let digits: [u8; 40] = text.as_bytes().try_into().map_err(|_| invalid())?;
        let value = |digit: u8| char::from(digit).to_digit(16).ok_or_else(invalid);
        let mut bytes = [0; 20];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = u8::try_from(value(pair[0])? * 16 + value(pair[1])?).map_err(|_| invalid())?;
        }
        Ok(Self(bytes))
    }
}

/// What a tree entry is. Unusual permissions of old commits count as the nearest of these, as git
/// reads and writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A regular file.
    File,
    /// A regular file that may be executed.
    Executable,
    /// A symbolic link.
    Symlink,
    /// A directory.
    Tree,
    /// A submodule's commit.
    Submodule,
}

impl Mode {
    pub(crate) const fn from_bits(bits: u32) -> Self {
        match bits & 0o170_000 {
            0o100_000 if bits & 0o100 != 0 => Self::Executable,
            0o100_000 => Self::File,
            0o120_000 => Self::Symlink,
            0o040_000 => Self::Tree,
            _ => Self::Submodule,
        }
    }

    /// The mode as trees hold it.
    pub(crate) const fn octal(self) -> &'static [u8] {
        match self {
            Self::File => b"100644",
            Self::Executable => b"100755",
            Self::Symlink => b"120000",
            Self::Tree => b"40000",
            Self::Submodule => b"160000",
        }
    }

    /// Whether it is a file's, executable or not.
    #[must_use]
    pub const fn is_regular(self) -> bool {
        matches!(self, Self::File | Self::Executable)
    }

    /// Whether both are files, or links, and so on, whatever their permissions.
    pub(crate) fn same_type(self, other: Self) -> bool {
        self == other || (self.is_regular() && other.is_regular())
    }
}

/// What one tree has at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    /// What it is.
    pub mode: Mode,
    /// Its content; a submodule's commit.
    pub id: ObjectId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_gits() {
        assert_eq!(ObjectId::of(Kind::Tree, b""), ObjectId::EMPTY_TREE);
        assert_eq!(ObjectId::of(Kind::Blob, b""), ObjectId::EMPTY_BLOB);
        let text = "ce013625030ba8dba906f756967f9e9ca394464a";
        assert_eq!(ObjectId::of(Kind::Blob, b"hello\n").to_string(), text);
        assert_eq!(text.parse(), Ok(ObjectId::of(Kind::Blob, b"hello\n")));
        assert!("ce01".parse::<ObjectId>().is_err());
        assert!("zz".repeat(20).parse::<ObjectId>().is_err());
    }
}
