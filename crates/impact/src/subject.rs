//! What is evaluated, and where what is learnt about it is kept.

use std::path::{Path, PathBuf};

use picket_evaluator::Limits;
use sha2::{Digest, Sha256};

use crate::error::{ImpactError, at};
use crate::walker::WALKER;

/// Changes with the layout of what is kept.
const LAYOUT: u32 = 2;

/// Which attributes of a tree are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobSet {
    /// The package set's top level: the attributes of the tree's `default.nix`.
    TopLevel,
    /// The derivations in the set that this file of the tree returns.
    File(String),
}

impl JobSet {
    pub(crate) fn file(&self) -> Option<&str> {
        match self {
            Self::TopLevel => None,
            Self::File(file) => Some(file),
        }
    }

    /// The file that evaluation begins with.
    pub(crate) fn entry(&self) -> &str {
        self.file().unwrap_or("default.nix")
    }
}

/// Where and how trees are evaluated.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The folder for trees, derivations and indexes. It can be removed at any time.
    pub cache: PathBuf,
    /// The system, as Nix names it: `x86_64-linux`.
    pub system: String,
    /// Which attributes.
    pub job_set: JobSet,
    /// Folder of the Nix commands; `None`: they are found in `PATH`.
    pub bin_dir: Option<PathBuf>,
    /// What evaluating may take. Its seconds for a job are those for an attribute.
    pub limits: Limits,
    /// More derivations to build than these are a mass rebuild.
    pub mass_rebuild: usize,
    /// Bytes that the folder may have, but for the tree in it.
    pub cache_bytes: u64,
}

impl Setting {
    /// The top level of trees, for this machine's system, with the usual limits.
    pub fn new(cache: PathBuf) -> Self {
        Self {
            cache,
            system: format!("{}-linux", std::env::consts::ARCH),
            job_set: JobSet::TopLevel,
            bin_dir: None,
            limits: Limits::default(),
            mass_rebuild: 500,
            cache_bytes: 4 << 30,
        }
    }

    /// What the names of the files begin with that tell what is known of trees: a hash of all that
    /// an evaluation depends on but the tree.
    pub(crate) fn index_prefix(&self, nix: &str) -> String {
        let key = [&self.system, self.job_set.file().unwrap_or(""), WALKER, nix];
        let mut hash = Sha256::new();
        hash.update(LAYOUT.to_be_bytes());
        for part in key {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        digest
            .iter()
            .take(8)
            .map(|it| format!("{it:02x}"))
            .collect()
    }

    pub(crate) fn indexes(&self) -> PathBuf {
        self.cache.join("index")
    }

    /// Makes the folders of the store, where they are not there.
    pub(crate) fn make_store(&self) -> Result<(), ImpactError> {
        for name in ["store", "state", "log"] {
            let folder = self.store().join(name);
            std::fs::create_dir_all(&folder).map_err(at(&folder))?;
        }
        Ok(())
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.cache.join("store")
    }

    pub(crate) fn checkout(&self) -> PathBuf {
        Path::new(&self.cache).join("checkout")
    }
}
