//! The publisher and its settings.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use picket_domain::StorePath;

use crate::error::PublishError;
use crate::key::{PublicKey, SecretKey};
use crate::parallel::all_threads;
use crate::public_dir::PublicDir;
use crate::sign::{HeldKeys, Sign};
use crate::tarball::KeptBlocks;
use crate::upstream::answers::AnswersFile;
use crate::upstream::list::KeptLists;
use crate::verified::VerifiedFile;

/// Where the files of a store path are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StoreRoot {
    /// At the path itself, as in every ordinary store.
    #[default]
    Logical,
    /// In this folder, under the path's last part, as in a store that lies elsewhere.
    Folder(PathBuf),
}

impl StoreRoot {
    /// The place of a store path's files.
    pub fn physical(&self, path: &StorePath) -> PathBuf {
        match self {
            Self::Logical => Path::new(path.as_str()).to_owned(),
            Self::Folder(folder) => folder.join(path.base_name()),
        }
    }
}

/// How the binary cache and the channel's archives are written.
#[derive(Debug, Clone)]
pub struct CacheSettings {
    /// The store folder that clients have: `/nix/store`.
    pub store_dir: String,
    /// Where the paths' files are on this machine.
    pub store_root: StoreRoot,
    /// The cache's place among a client's substituters; a higher number is asked later. Above
    /// cache.nixos.org's 40, clients ask us only for what upstream does not have.
    pub priority: u32,
    /// The zstd level of NARs.
    pub nar_level: i32,
    /// The xz preset of `nixexprs.tar.xz`, 0 to 9. A fix waits for this: on expressions, preset 9 packs
    /// about 3 MB in a second of one core, and preset 2 four times as much, a fifth larger.
    pub xz_preset: u32,
    /// The zstd level of `nixexprs.tar.zst`.
    pub zstd_level: i32,
    /// A release's check reads a NAR again that was not read for so many days; 0 reads all of them.
    pub reread_days: u32,
    /// So many days a store path counts as upstream's that its cache was found to have.
    pub upstream_days: u32,
    /// How many threads compress at the same time.
    pub threads: NonZeroUsize,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            store_dir: "/nix/store".to_owned(),
            store_root: StoreRoot::Logical,
            priority: 50,
            nar_level: 3,
            xz_preset: 9,
            zstd_level: 9,
            reread_days: 14,
            upstream_days: 14,
            threads: all_threads(),
        }
    }
}

/// Writes the public folder. Every step can be killed at any instruction and done again.
#[derive(Debug)]
pub struct Publisher {
    pub(crate) dir: PublicDir,
    pub(crate) signer: Arc<dyn Sign>,
    pub(crate) settings: CacheSettings,
    pub(crate) verified: VerifiedFile,
    pub(crate) answers: AnswersFile,
    pub(crate) lists: KeptLists,
    pub(crate) blocks: KeptBlocks,
}

impl Publisher {
    /// A publisher that signs with every one of these keys, which it holds itself.
    ///
    /// # Errors
    /// [`PublishError::NoKey`] where there is none.
    pub fn new(
        dir: PublicDir,
        keys: Vec<SecretKey>,
        settings: CacheSettings,
    ) -> Result<Self, PublishError> {
        if keys.is_empty() {
            return Err(PublishError::NoKey);
        }
        Ok(Self::signed_by(
            Arc::new(HeldKeys::new(keys)),
            dir,
            settings,
        ))
    }

    /// A publisher that has another sign.
    pub fn signed_by(signer: Arc<dyn Sign>, dir: PublicDir, settings: CacheSettings) -> Self {
        Self {
            verified: VerifiedFile::in_dir(dir.records_dir()),
            answers: AnswersFile::in_dir(dir.records_dir(), settings.upstream_days),
            lists: KeptLists::in_dir(dir.records_dir()),
            blocks: KeptBlocks::in_dir(&dir.records_dir()),
            dir,
            signer,
            settings,
        }
    }

    /// The folder that it writes.
    pub fn dir(&self) -> &PublicDir {
        &self.dir
    }

    /// Who signs.
    pub fn signer(&self) -> &dyn Sign {
        &*self.signer
    }

    /// The keys that clients are told.
    pub fn public_keys(&self) -> &[PublicKey] {
        self.signer.public_keys()
    }
}
