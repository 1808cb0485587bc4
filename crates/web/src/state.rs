//! What the pages need, handed over once by the program.

use std::sync::{Arc, Mutex, PoisonError};

use picket_builder::{JobReads, JobSet, Live, Logs};
use picket_domain::{Board, BranchName, ChannelName, Policy, Scope, Series, Timestamp};
use picket_evidence::{Evidence, Targets};
use picket_merger::{GitAddress, Merger};
use picket_publisher::{PublicDir, PublicKey};
use picket_snapshot::Snapshots;
use picket_store::Store;
use tokio::sync::Notify;
use url::Url;

use crate::conflict::Conflicts;
use crate::files::SmallFiles;
use crate::identity::{SignIn, Tries};
use crate::risks::Risks;
use crate::stated::Feeds;
use crate::streams::Streams;

/// Everything that the web side uses.
pub struct AppState {
    /// The database.
    pub store: Store,
    /// The folder that releases and the binary cache are published in.
    pub public: PublicDir,
    /// The watched repository: `NixOS/nixpkgs`.
    pub repository: String,
    /// The mirror of the watched repository, for diffs only.
    pub mirror: Merger,
    /// The build logs.
    pub logs: Logs,
    /// What builds are doing.
    pub live: Live,
    /// What the jobs of evaluated revisions read.
    pub job_reads: JobReads,
    /// The logs that are watched.
    pub streams: Streams,
    /// The conflicts that were looked at.
    pub conflicts: Conflicts,
    /// The channels, in the order in which pages list them; at least one.
    pub channels: Vec<ChannelInfo>,
    /// How the team signs in.
    pub sign_in: SignIn,
    /// How often that was tried in vain.
    pub tries: Tries,
    /// What is known of vulnerabilities elsewhere; somebody else reads it.
    pub evidence: Arc<Evidence>,
    /// How urgent the candidates are by that.
    pub risks: Risks,
    /// What is stated of what is fixed and what is not.
    pub feeds: Feeds,
    /// The files of the public folder that are asked for the most.
    pub small_files: SmallFiles,
    /// How soon the team wants fixes to be out.
    pub targets: Targets,
    /// What GitHub signs its deliveries with; `None`: none are taken.
    pub webhook_secret: Option<String>,
    /// The address under which browsers and Nix clients reach this server; a path in it is that of
    /// a reverse proxy.
    pub base_url: Url,
    /// The keys that the binary cache's signatures are made with.
    pub public_keys: Vec<PublicKey>,
    /// Told after each decision, so that the reconciler looks at once.
    pub wake: Arc<Notify>,
    /// How the parts of the service are, as they write it down.
    pub board: Arc<Mutex<Board>>,
    /// What is known of the channels.
    pub snapshots: Arc<Snapshots>,
    /// The clock.
    pub clock: fn() -> Timestamp,
}

/// The state as handlers share it.
pub(crate) type App = Arc<AppState>;

/// A channel, as far as pages need to know it.
#[derive(Debug, Clone)]
pub struct ChannelInfo {
    /// Its rules; its name is in them.
    pub policy: Policy,
    /// Its jobs.
    pub jobs: JobSet,
    /// More derivations than these are a mass rebuild.
    pub rebuild_limit: u32,
    /// The packages that it is about besides security fixes.
    pub scope: Scope,
    /// Its name for people: `NixOS 26.05, security`.
    pub title: String,
    /// The branch that it follows, by which people know what it stands on: `nixos-26.05`.
    pub base_label: String,
    /// The branch that its releases are on.
    pub branch: BranchName,
    /// The address of the git repository that members push resolutions of conflicts to; `None`
    /// where conflicts are resolved on the pages only.
    pub resolutions_remote: Option<GitAddress>,
}

impl ChannelInfo {
    /// The channel's name.
    pub fn name(&self) -> &ChannelName {
        &self.policy.channel
    }

    /// The release that it follows; `None` where it follows none that has branches.
    pub fn series(&self) -> Option<Series> {
        Series::of(&self.base_label)
    }
}

impl AppState {
    /// The channel of this name.
    pub(crate) fn channel(&self, name: &str) -> Option<&ChannelInfo> {
        self.channels
            .iter()
            .find(|channel| channel.name().as_str() == name)
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// How the parts of the service are at this moment. A part that broke down while it wrote leaves
    /// the board as it was.
    pub(crate) fn board(&self) -> Board {
        let board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        board.clone()
    }

    /// An absolute URL of this server; `path` begins with a slash.
    pub(crate) fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_str().trim_end_matches('/'))
    }
}
