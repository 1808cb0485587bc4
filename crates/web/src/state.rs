//! What the pages need, handed over once by the program.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use picket_builder::Logs;
use picket_domain::{BranchName, ChannelName, Login, Policy, Timestamp};
use picket_merger::Mirror;
use picket_publisher::{PublicDir, PublicKey};
use picket_store::Store;
use tokio::sync::Notify;
use url::Url;

use crate::sign_in::SignIn;

/// Everything that the web side uses.
pub struct AppState {
    /// The database.
    pub store: Store,
    /// The folder that releases and the binary cache are published in.
    pub public: PublicDir,
    /// The mirror of the watched repository, for diffs only.
    pub mirror: Mirror,
    /// The build logs.
    pub logs: Logs,
    /// The channels, in the order in which pages list them; at least one.
    pub channels: Vec<ChannelInfo>,
    /// The people who may sign in and decide.
    pub team: BTreeSet<Login>,
    /// How they sign in.
    pub sign_in: SignIn,
    /// The address under which browsers and Nix clients reach this server, without a path.
    pub base_url: Url,
    /// The keys that the binary cache's signatures are made with.
    pub public_keys: Vec<PublicKey>,
    /// Told after each decision, so that the reconciler looks at once.
    pub wake: Arc<Notify>,
    /// The reconciler's signs of life.
    pub health: Arc<Health>,
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
    /// Its name for people: `NixOS 26.05, security`.
    pub title: String,
    /// What it stands on, for people: `nixos-26.05`.
    pub base_label: String,
    /// The branch that its releases are on.
    pub branch: BranchName,
    /// The address of the git repository that members push resolutions of conflicts to; `None`
    /// where conflicts are resolved on the pages only.
    pub resolutions_remote: Option<String>,
}

impl ChannelInfo {
    /// The channel's name.
    pub fn name(&self) -> &ChannelName {
        &self.policy.channel
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

    /// An absolute URL of this server; `path` begins with a slash.
    pub(crate) fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_str().trim_end_matches('/'))
    }
}

/// The reconciler's signs of life, for `/healthz` and `/metrics`.
#[derive(Debug)]
pub struct Health {
    /// Seconds since 1970 of the last sign; 0 before the first.
    last_sign: AtomicI64,
    stale_after_seconds: i64,
}

impl Health {
    /// A reconciler that gives no sign for this long counts as stuck.
    pub const fn new(stale_after_seconds: i64) -> Self {
        Self {
            last_sign: AtomicI64::new(0),
            stale_after_seconds,
        }
    }

    /// The reconciler finished a pass or a step.
    pub fn sign_of_life(&self, at: Timestamp) {
        self.last_sign.store(at.as_unix(), Ordering::Relaxed);
    }

    /// Seconds since the last sign; `None` before the first.
    pub(crate) fn age(&self, now: Timestamp) -> Option<i64> {
        match self.last_sign.load(Ordering::Relaxed) {
            0 => None,
            at => Some(now.seconds_since(Timestamp::from_unix(at))),
        }
    }

    /// Whether the reconciler counts as alive.
    pub(crate) fn is_alive(&self, now: Timestamp) -> bool {
        self.age(now)
            .is_some_and(|age| age <= self.stale_after_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reconciler_is_alive_for_a_while_after_each_sign() {
        let health = Health::new(60);
        let start = Timestamp::from_unix(1_000);
        assert!(!health.is_alive(start));
        health.sign_of_life(start);
        assert!(health.is_alive(start.plus_seconds(60)));
        assert!(!health.is_alive(start.plus_seconds(61)));
    }
}
