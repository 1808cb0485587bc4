//! The files of a release folder.

use crate::lifetime::IMMUTABLE;

/// A file of a release folder. The set is closed: no other name is written or served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReleaseFile {
    /// The channel's expressions, for `nix-channel`, which knows no zstd.
    NixexprsXz,
    /// The same archive for flakes and `fetchTarball`, quicker to unpack.
    NixexprsZst,
    /// The commit: 40 hexadecimal digits without a line end.
    GitRevision,
    /// Where the commit can be looked at.
    SrcUrl,
    /// The binary cache's address.
    BinaryCacheUrl,
    /// The outputs of the release's jobs, one a line, as far as it is known that they can be had: from
    /// our binary cache or from upstream's. As in the official channels, what does not build is not
    /// listed; unlike there, neither is what upstream may have without having said so.
    StorePaths,
    /// The SHA-256 of every other file that the manifest lists, as `sha256sum -c` takes it.
    Sha256Sums,
    /// What the release is: see [`crate::Manifest`].
    Manifest,
    /// Signatures over the manifest's bytes, one a line.
    Signature,
    /// The folder's page. `nix-channel` downloads it too, so it is small.
    Index,
}

impl ReleaseFile {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::NixexprsXz,
        Self::NixexprsZst,
        Self::GitRevision,
        Self::SrcUrl,
        Self::BinaryCacheUrl,
        Self::StorePaths,
        Self::Sha256Sums,
        Self::Manifest,
        Self::Signature,
        Self::Index,
    ];

    /// The files whose hashes the manifest holds, and its signatures so vouch for: all that can be
    /// fetched, but the manifest and the signatures themselves.
    pub const SIGNED: [Self; 8] = [
        Self::NixexprsXz,
        Self::NixexprsZst,
        Self::GitRevision,
        Self::SrcUrl,
        Self::BinaryCacheUrl,
        Self::StorePaths,
        Self::Sha256Sums,
        Self::Index,
    ];

    /// Its name, in the folder and in URLs.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::NixexprsXz => "nixexprs.tar.xz",
            Self::NixexprsZst => "nixexprs.tar.zst",
            Self::GitRevision => "git-revision",
            Self::SrcUrl => "src-url",
            Self::BinaryCacheUrl => "binary-cache-url",
            Self::StorePaths => "store-paths.xz",
            Self::Sha256Sums => "SHA256SUMS",
            Self::Manifest => "release.json",
            Self::Signature => "release.json.sig",
            Self::Index => "index.html",
        }
    }

    /// The file of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|file| file.file_name() == name)
    }

    /// Its media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::NixexprsXz | Self::StorePaths => "application/x-xz",
            Self::NixexprsZst => "application/zstd",
            Self::GitRevision
            | Self::SrcUrl
            | Self::BinaryCacheUrl
            | Self::Sha256Sums
            | Self::Signature => "text/plain; charset=utf-8",
            Self::Manifest => "application/json",
            Self::Index => "text/html; charset=utf-8",
        }
    }

    /// How long clients keep it: nothing in a release's folder ever changes.
    pub const fn cache_control(self) -> &'static str {
        IMMUTABLE
    }

    /// Whether the manifests of earlier Pickets, whose releases are kept, do not list it.
    pub(crate) const fn was_not_listed(self) -> bool {
        matches!(self, Self::Sha256Sums | Self::Index)
    }

    /// Whether it is an archive of expressions, whose redirect carries the `Link` header.
    pub const fn is_tarball(self) -> bool {
        matches!(self, Self::NixexprsXz | Self::NixexprsZst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways_and_no_other_name_is_a_file() {
        for file in ReleaseFile::ALL {
            assert_eq!(ReleaseFile::parse(file.file_name()), Some(file));
        }
        for bad in [
            "",
            "..",
            "../release.json",
            "release.json/",
            "nixexprs.tar.bz2",
        ] {
            assert_eq!(ReleaseFile::parse(bad), None, "{bad:?}");
        }
    }
}
