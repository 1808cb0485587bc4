//! A release's tree in the binary cache: what Nix makes of the archives.
//!
//! A lock has the hash of the tree, and with that its store path: Nix asks substituters for that path
//! before it asks the lock's address for an archive. So a lock outlives the release's folder. What
//! Nix fetches it names `source`, and its path comes from its hash alone (`makeFixedOutputPath` in
//! Nix's `store-api.cc`, `downloadTarball` in `tarball.cc`), so that it needs no signature.

use std::collections::BTreeMap;
use std::path::Path;

use nix_derivation::{CAHash, NixHash, StoreDir, nixbase32};
use picket_domain::{ChannelName, PathInfo, Release, ReleaseName, Sha256, StorePath};
use picket_files::sync_dir;

use crate::cache::keep_fresh;
use crate::cache_file::CacheFile;
use crate::digest::digest_of_file;
use crate::error::{AtPath, PublishError};
use crate::manifest::ManifestTree;
use crate::publisher::Publisher;
use crate::tree::{Tree, added};
use crate::verified::metadata_if_there;

/// A release: its channel and its name.
type ReleaseId = (ChannelName, ReleaseName);

/// What Nix's fetchers name what they fetch.
const NAME: &str = "source";

impl Publisher {
    /// Puts a tree into the binary cache.
    ///
    /// # Errors
    /// Where it is not the one that is `expected`, and on I/O errors.
    pub(crate) fn publish_tree(
        &self,
        tree: &Tree<'_>,
        expected: Option<Sha256>,
    ) -> Result<ManifestTree, PublishError> {
        let (cache, _lock) = (self.dir.cache_dir(), self.join_cache()?);
        self.write_cache_info()?;
        let packed = self.pack_nar(|out| tree.dump(out))?;
        if expected.is_some_and(|expected| expected != packed.nar_hash) {
            let reason = "it is not the one that the release was made from";
            return Err(PublishError::Tree(reason.to_owned()));
        }
        let info = path_info(&self.settings.store_dir, packed.nar_hash, packed.nar_size)?;
        let nar = self.keep_nar(packed)?;
        self.write_anew(&info, nar)?;
        sync_dir(&cache).at(&cache)?;
        Ok(ManifestTree {
            nar_hash: info.nar_hash,
            nar_size: info.nar_size,
            store_path: info.path,
        })
    }

    /// Makes a release's tree again in the binary cache, from the files of its commit. For what
    /// [`Publisher::reread`] found damaged.
    ///
    /// # Errors
    /// Where the release is not there or says nothing of its tree, where the files are not those that
    /// it was made from, and on I/O errors.
    pub fn repair_tree(&self, release: &Release, files: &Path) -> Result<(), PublishError> {
        let manifest = self.dir.manifest(&release.channel, &release.name)?;
        let written = manifest.and_then(|manifest| manifest.tree);
        let written = written.ok_or_else(|| PublishError::NotStaged(release.name.clone()))?;
        let added = added(release);
        let tree = Tree::of(release, files, &added);
        self.publish_tree(&tree, Some(written.nar_hash)).map(drop)
    }

    /// The trees of the releases that are there, and of which each is.
    pub(crate) fn trees(&self) -> Result<BTreeMap<StorePath, ReleaseId>, PublishError> {
        let mut trees = BTreeMap::new();
        for channel in self.channels_on_disk()? {
            for name in self.dir.releases(&channel)? {
                let head = self.dir.head(&channel, &name)?;
                if let Some(tree) = head.and_then(|head| head.tree) {
                    trees.insert(tree.store_path, (channel.clone(), name));
                }
            }
        }
        Ok(trees)
    }

    /// Makes sure that the binary cache has the tree of a release that is written already.
    pub(crate) fn keep_tree(
        &self,
        tree: &Tree<'_>,
        written: &ManifestTree,
    ) -> Result<(), PublishError> {
        if self.has_tree(written)? {
            let narinfo = CacheFile::narinfo_of(&written.store_path);
            let narinfo = self.dir.cache_file(&narinfo);
            return keep_fresh(&narinfo).at(&narinfo);
        }
        self.publish_tree(tree, Some(written.nar_hash)).map(drop)
    }

    /// Whether the cache has it whole: all of its NAR is read.
    fn has_tree(&self, tree: &ManifestTree) -> Result<bool, PublishError> {
        let narinfo = match self.read_narinfo(&tree.store_path) {
            Ok(Some(narinfo)) => narinfo,
            Ok(None) | Err(PublishError::Damaged { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        let file = self.dir.cache_file(&narinfo.nar.file());
        if metadata_if_there(&file)?.is_none() {
            return Ok(false);
        }
        let nar = digest_of_file(&file).at(&file)?;
        let is_whole = nar == (narinfo.nar.hash, narinfo.nar.size);
        Ok(is_whole && narinfo.nar_hash == tree.nar_hash && self.is_ours(&narinfo))
    }
}

/// What a Nix store records of a fetched tree.
fn path_info(store_dir: &str, nar_hash: Sha256, nar_size: u64) -> Result<PathInfo, PublishError> {
    let path = store_path(store_dir, nar_hash)
        .map_err(|reason| PublishError::Tree(format!("it has no store path: {reason}")))?;
    let digits = nixbase32::encode(nar_hash.as_bytes());
    Ok(PathInfo {
        path,
        nar_hash,
        nar_size,
        references: Vec::new(),
        deriver: None,
        content_address: Some(format!("fixed:r:sha256:{digits}")),
        signatures: Vec::new(),
    })
}

fn store_path(store_dir: &str, nar_hash: Sha256) -> Result<StorePath, String> {
    let dir = StoreDir::new(store_dir).map_err(|error| error.to_string())?;
    let address = CAHash::Nar(NixHash::Sha256(*nar_hash.as_bytes()));
    let path = dir.build_ca_path(NAME, &address, [], false);
    let path = path.map_err(|error| error.to_string())?;
    StorePath::parse(&dir.render_path(&path)).map_err(|error| error.to_string())
}
