//! Where things are in the data folder.

use std::path::{Path, PathBuf};

use picket_domain::{ChannelName, CommitSha};

/// The data folder's layout.
#[derive(Debug, Clone)]
pub struct Dirs {
    root: PathBuf,
}

impl Dirs {
    /// The layout of this data folder.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
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

    /// The trees that are exported for a channel. Each channel has its own, so that one that has
    /// nothing to do can clean up while another one builds.
    pub fn trees(&self, channel: &ChannelName) -> PathBuf {
        self.root.join("trees").join(channel.as_str())
    }

    /// A commit's tree as files, for a channel.
    pub fn tree(&self, channel: &ChannelName, rev: &CommitSha) -> PathBuf {
        self.trees(channel).join(rev.as_str())
    }
}
