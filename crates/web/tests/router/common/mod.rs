//! A server on a throw-away folder, with or without a sample of everything in it.

#![expect(
    dead_code,
    reason = "each test file, and the example, uses its own part of this module"
)]
#![expect(
    clippy::unwrap_used,
    reason = "what a test stands on is there, or the test fails"
)]

pub(crate) mod client;
pub(crate) mod public;
pub(crate) mod sample;
pub(crate) mod world;

use std::path::Path;
use std::sync::Arc;

use picket_domain::{BranchName, ChannelName, JobPattern, Login, Policy, RetryPolicy, Timestamp};
use picket_publisher::{KeyName, PublicDir, PublicKey, SecretKey};
use picket_store::Store;
use picket_web::{AppState, ChannelInfo, DemoPerson, Health, SignIn};
use tokio::sync::Notify;
use url::Url;

pub(crate) const CHANNEL: &str = "nixos-26.05-sec";
pub(crate) const BASE_URL: &str = "http://127.0.0.1:8080";

/// The team of the sample; `barbara` has a passphrase and is not in the team.
pub(crate) const TEAM: [&str; 3] = ["ada", "edsger", "grace"];

pub(crate) fn channel() -> ChannelName {
    ChannelName::parse(CHANNEL).unwrap()
}

pub(crate) fn login(name: &str) -> Login {
    Login::parse(name).unwrap()
}

pub(crate) fn passphrase(name: &str) -> String {
    format!("{name}-correct-horse")
}

pub(crate) fn public_key() -> PublicKey {
    let name = KeyName::parse("sec.example-1").unwrap();
    SecretKey::from_seed(name, &[7; 32]).public()
}

pub(crate) fn policy() -> Policy {
    Policy {
        channel: channel(),
        required_approvals: 2,
        required_jobs: vec![JobPattern::parse("*").unwrap()],
        retry: RetryPolicy {
            attempts: 1,
            transient_wait_seconds: 60,
        },
    }
}

/// What a server stands on; the folder goes when this goes.
pub(crate) struct Site {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) wake: Arc<Notify>,
    pub(crate) health: Arc<Health>,
}

impl Site {
    /// An empty one.
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = Store::sqlite_url(&dir.path().join("picket.db")).unwrap();
        Self {
            store: Store::open(&url).await.unwrap(),
            dir,
            wake: Arc::default(),
            health: Arc::new(Health::new(600)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn public(&self) -> PublicDir {
        PublicDir::new(self.path().join("public"))
    }

    /// The state of a server on this site, with the demonstration's sign-in.
    pub(crate) fn state(&self) -> AppState {
        let people = TEAM.iter().chain(&["barbara"]).map(|name| DemoPerson {
            login: login(name),
            passphrase: passphrase(name),
        });
        AppState {
            store: self.store.clone(),
            public: self.public(),
            mirror: sample::mirror(self.path()),
            logs: picket_builder::Logs::new(self.path()),
            channels: vec![ChannelInfo {
                policy: policy(),
                title: "NixOS 26.05, security".into(),
                base_label: "nixos-26.05".into(),
                branch: BranchName::parse("nixos-26.05-sec").unwrap(),
                resolutions_remote: None,
            }],
            team: TEAM.iter().map(|name| login(name)).collect(),
            sign_in: SignIn::Demo {
                people: people.collect(),
            },
            base_url: Url::parse(BASE_URL).unwrap(),
            public_keys: vec![public_key()],
            wake: self.wake.clone(),
            health: self.health.clone(),
            clock: Timestamp::now,
        }
    }
}
