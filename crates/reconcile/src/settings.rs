//! What the loop is told: the channels, the data folder, what is kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

use picket_bucket::Target;
use picket_builder::JobSet;
use picket_domain::{BranchName, Certainty, ChannelName, CommentSite, CommitSha, Policy, Scope};
use picket_impact::Setting;
use picket_merger::GitAddress;
use picket_publisher::UpstreamCache;
use picket_watcher::Comments;
use tokio::sync::Mutex;
use url::Url;

/// One channel.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its rules, its name among them.
    pub policy: Policy,
    /// The stable channel that it follows.
    pub follows: Follows,
    /// The jobs that it builds.
    pub jobs: JobSet,
    /// How many packages that a change touches are built beside the jobs at most.
    pub rebuild_limit: u32,
    /// The packages that come first where there are more, and all of whose pull requests are looked at.
    pub scope: Scope,
    /// The cache that has what this channel does not change.
    pub upstream_cache: Option<UpstreamCache>,
    /// The git remote that branch and tags are pushed to.
    pub push_to: Option<GitAddress>,
}

impl Channel {
    /// The channel's name.
    pub fn name(&self) -> &ChannelName {
        &self.policy.channel
    }

    /// The branch that the channel's releases are on; it has the channel's name.
    pub fn branch(&self) -> BranchName {
        let name = self.policy.channel.as_str();
        BranchName::parse(name).expect("every channel name is a branch name")
    }
}

/// Where the stable channel's revision is read.
#[derive(Debug, Clone)]
pub struct Follows {
    /// The branch whose history holds the revision.
    pub branch: BranchName,
    /// The channel's address: its `git-revision` is the revision. Without it, the branch's tip is.
    pub url: Option<Url>,
}

/// How long what Picket makes is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Releases of each channel that are kept at least, whatever their age; at least 1.
    pub releases: u32,
    /// Days that every release is kept after the next one took its place.
    pub days: u32,
    /// Days that a cached path stays after the last release that needs it.
    pub cache_days: u32,
    /// Days that build logs and evaluations are kept that nothing needs.
    pub build_days: u32,
    /// Nothing new is built or released while fewer bytes of the disk are free.
    pub minimum_free_bytes: u64,
    /// Seconds from one time that things are put in order to the next.
    pub every_seconds: u32,
}

/// Where and how well it is found out what candidates change.
#[derive(Debug)]
pub struct Measuring {
    /// Where trees are evaluated, and what is learnt of them is kept.
    pub setting: Setting,
    /// How well.
    pub certainty: Certainty,
    /// How long an estimate may take.
    pub budget: Duration,
    /// One process, and one lane of it, uses the folder at a time.
    pub turn: Mutex<()>,
}

/// A copy of the public folder that is kept up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorSetting {
    /// Where it is.
    pub target: Target,
    /// Seconds from one look at it to the next, where nothing is published.
    pub every_seconds: u32,
}

/// Telling pull requests what became of them.
pub struct Commenting {
    /// What writes.
    pub comments: Comments,
    /// What comments say that they come from.
    pub site: CommentSite,
    /// For how many seconds a comment is to say the same before it is written.
    pub stable_seconds: u32,
}

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

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The bare mirror of upstream, with Picket's own commits, branches and tags.
    pub fn mirror(&self) -> PathBuf {
        self.root.join("mirror.git")
    }

    /// What is learnt of trees, to tell what a change changes; it can be removed at any time.
    pub fn impact(&self) -> PathBuf {
        self.root.join("impact")
    }

    /// Evaluations, build logs and GC roots.
    pub fn builds(&self) -> PathBuf {
        self.root.join("builds")
    }

    /// What clients can see: releases, pointers, binary cache.
    pub fn public(&self) -> PathBuf {
        self.root.join("public")
    }

    /// The trees that are exported for a channel.
    pub fn trees(&self, channel: &ChannelName) -> PathBuf {
        self.root.join("trees").join(channel.as_str())
    }

    /// A commit's tree as files, for a channel.
    pub fn tree(&self, channel: &ChannelName, rev: &CommitSha) -> PathBuf {
        self.trees(channel).join(rev.as_str())
    }
}
