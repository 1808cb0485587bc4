//! The two archives of a tree, by hand: without a release, a channel or a key.

use std::path::{Path, PathBuf};

use picket_domain::CommitSha;

use crate::error::{AtPath, PublishError};
use crate::manifest::FileDigest;
use crate::release_file::ReleaseFile;
use crate::settings::CacheSettings;
use crate::tarball::{self, KeptBlocks, Tarballs};
use crate::tree::{Tree, added_for};

/// A tree to make archives of.
#[derive(Debug)]
pub struct TreeArchives<'a> {
    /// The folder with its files.
    pub files: &'a Path,
    /// The name of the archives' one top-level folder.
    pub top: &'a str,
    /// The commit, which becomes `.git-revision`.
    pub rev: &'a CommitSha,
    /// What becomes `.version-suffix`: `.715880.abcdef123456`.
    pub version_suffix: &'a str,
    /// Where compressed blocks are kept for the next time, if anywhere. It can be removed at any time.
    pub keep: Option<&'a Path>,
}

/// An archive that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenArchive {
    /// Where it is.
    pub path: PathBuf,
    /// Its hash and its size in bytes.
    pub digest: FileDigest,
}

impl TreeArchives<'_> {
    /// Writes `nixexprs.tar.xz` and `nixexprs.tar.zst` into a folder, which is made where it is not
    /// there. The same tree, names and settings give the same bytes.
    ///
    /// # Errors
    /// Where one of the two is there already, where the tree cannot be packed, and on I/O errors.
    pub fn write(
        &self,
        out: &Path,
        settings: &CacheSettings,
    ) -> Result<[WrittenArchive; 2], PublishError> {
        std::fs::create_dir_all(out).at(out)?;
        let kept = self.keep.map_or_else(KeptBlocks::none, KeptBlocks::in_dir);
        let added = added_for(self.rev, self.version_suffix);
        let tree = Tree {
            files: self.files,
            top: self.top,
            added: &added,
        };
        let path = |file: ReleaseFile| out.join(file.file_name());
        let xz = path(ReleaseFile::NixexprsXz);
        let zst = path(ReleaseFile::NixexprsZst);
        let digests = tarball::write(&tree, [&xz, &zst], settings, &kept)?;
        let Tarballs {
            xz: of_xz,
            zst: of_zst,
        } = digests;
        Ok([(xz, of_xz), (zst, of_zst)].map(|(path, digest)| WrittenArchive { path, digest }))
    }
}
