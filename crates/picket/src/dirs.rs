//! Where things are in the data folder.

use std::path::{Path, PathBuf};

use picket_domain::CommitSha;

/// The data folder's layout.
#[derive(Debug, Clone)]
pub struct Dirs {
    root: PathBuf,
}

impl Dirs {
    /// The layout of this data folder.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The bare mirror of upstream, with Picket's own commits, branches and tags.
    pub fn mirror(&self) -> PathBuf {
        self.root.join("mirror.git")
    }

    /// Evaluations, build logs and GC roots.
    pub fn builds(&self) -> PathBuf {
        self.root.join("builds")
    }

    /// What clients can see: releases, pointers, binary cache.
    pub fn public(&self) -> PathBuf {
        self.root.join("public")
    }

    /// The folder of exported trees.
    pub fn trees(&self) -> PathBuf {
        self.root.join("trees")
    }

    /// A commit's tree as files.
    pub fn tree(&self, rev: &CommitSha) -> PathBuf {
        self.trees().join(rev.as_str())
    }
}
