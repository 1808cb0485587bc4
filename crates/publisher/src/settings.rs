//! How the binary cache and the archives are written.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use picket_domain::StorePath;

use crate::parallel::all_threads;

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
