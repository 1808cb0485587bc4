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
pub(crate) mod upstream;
pub(crate) mod world;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use picket_builder::{JobReads, JobSet, Live, Logs};
use picket_domain::{
    AfterHold, BaseHold, Board, BranchName, ChannelName, JobPattern, Lane, LaneKey, Login, Named,
    PackageTests, Policy, RetryPolicy, Scope, Timestamp,
};
use picket_evidence::Targets;
use picket_publisher::{KeyName, PublicDir, PublicKey, SecretKey};
use picket_snapshot::Snapshots;
use picket_store::Store;
use picket_web::{
    AppState, ChannelInfo, Conflicts, DemoPerson, Feeds, Risks, SignIn, SmallFiles, Streams, Tries,
};
use tokio::sync::Notify;
use url::Url;

pub(crate) const CHANNEL: &str = "nixos-26.05-sec";
/// What deliveries are signed with.
pub(crate) const WEBHOOK_SECRET: &str = "a secret of the test";

pub(crate) const BASE_URL: &str = "http://127.0.0.1:8080";

/// The team of the sample; `barbara` has a passphrase and is not in the team.
pub(crate) const TEAM: [&str; 3] = ["ada", "edsger", "grace"];

pub(crate) fn channel() -> ChannelName {
    ChannelName::parse(CHANNEL).unwrap()
}

pub(crate) fn login(name: &str) -> Login {
    Login::parse(name).unwrap()
}

/// People whom the configuration names.
pub(crate) fn named(names: &[&str]) -> Vec<Named> {
    let one = |name: &&str| Named {
        login: login(name),
        id: None,
    };
    names.iter().map(one).collect()
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
        mass_rebuild: None,
        required_jobs: vec![JobPattern::parse("*").unwrap()],
        package_tests: PackageTests::Require,
        retry: RetryPolicy {
            attempts: 1,
            transient_wait_seconds: 60,
            transient_attempts: 4,
            give_up_seconds: 3_600,
        },
        base_hold: BaseHold {
            seconds: 3_600,
            then: AfterHold::Hold,
        },
        overtake_seconds: 900,
        push_first: false,
    }
}

/// What a server stands on; the folder goes when this goes.
pub(crate) struct Site {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) wake: Arc<Notify>,
    pub(crate) board: Arc<Mutex<Board>>,
    snapshots: Arc<Snapshots>,
}

impl Site {
    /// An empty one.
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = Store::sqlite_url(&dir.path().join("picket.db")).unwrap();
        let store = Store::open(&url).await.unwrap();
        store
            .set_team(&named(&TEAM), Timestamp::now())
            .await
            .unwrap();
        let snapshots = Snapshots::open(store.clone(), vec![policy()], Timestamp::now());
        Self {
            snapshots: Arc::new(snapshots.await.unwrap()),
            store,
            dir,
            wake: Arc::default(),
            board: Arc::default(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Puts a lane of the channel on the board, with its last sign of life.
    pub(crate) fn lane(&self, lane: Lane, last_sign: Timestamp) -> LaneKey {
        let key = (lane, Some(channel()));
        let mut board = self.board.lock().unwrap();
        board.begin(key.clone(), last_sign, (600, 3_600));
        board.sign_of_life(&key, last_sign);
        key
    }

    pub(crate) fn public(&self) -> PublicDir {
        PublicDir::new(self.path().join("public"))
    }

    pub(crate) fn logs(&self) -> Logs {
        Logs::new(self.path())
    }

    /// The state of a server on this site, with the demonstration's sign-in.
    pub(crate) fn state(&self) -> AppState {
        let people = TEAM.iter().chain(&["barbara"]).map(|name| DemoPerson {
            login: login(name),
            passphrase: passphrase(name),
        });
        AppState {
            repository: "NixOS/nixpkgs".to_owned(),
            store: self.store.clone(),
            public: self.public(),
            mirror: upstream::mirror(self.path()),
            logs: self.logs(),
            live: Live::new(self.logs()),
            job_reads: JobReads::new(self.path()),
            streams: Streams::default(),
            conflicts: Conflicts::with_patience(Duration::from_secs(600)),
            channels: vec![ChannelInfo {
                jobs: JobSet {
                    file: "jobs.nix".into(),
                    arguments: BTreeMap::new(),
                    attributes: Vec::new(),
                },
                rebuild_limit: 500,
                scope: Scope::default(),
                policy: policy(),
                title: "NixOS 26.05, security".into(),
                base_label: "nixos-26.05".into(),
                branch: BranchName::parse("nixos-26.05-sec").unwrap(),
                resolutions_remote: None,
            }],
            tries: Tries::default(),
            sign_in: SignIn::Demo {
                people: people.collect(),
            },
            evidence: Arc::default(),
            risks: Risks::default(),
            feeds: Feeds::default(),
            small_files: SmallFiles::default(),
            targets: Targets::default(),
            webhook_secret: Some(WEBHOOK_SECRET.to_owned()),
            base_url: Url::parse(BASE_URL).unwrap(),
            public_keys: vec![public_key()],
            wake: self.wake.clone(),
            board: self.board.clone(),
            snapshots: self.snapshots.clone(),
            clock: Timestamp::now,
        }
    }
}
