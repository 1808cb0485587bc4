//! A signer that listens, and what is to be signed.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use picket_domain::{CommitSha, ReleaseSeq, Sha256, StorePath, Timestamp};
use picket_publisher::{
    Fingerprint, KeyName, Latest, LatestKind, Manifest, ManifestBase, PublicKey, PublishedPath,
    SecretKey,
};
use picket_signer::{Client, Limits, Rules, Signer, listen, serve};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// A folder for a signer, and one at work in it as long as `running` is there.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    running: Option<Running>,
}

struct Running {
    runtime: Runtime,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

pub(crate) fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(KeyName::parse(name).unwrap(), &[7; 32])
}

pub(crate) fn public(name: &str) -> PublicKey {
    key(name).public()
}

impl World {
    pub(crate) fn with(keys: &[&str]) -> Self {
        Self::within(keys, Limits::default())
    }

    pub(crate) fn within(keys: &[&str], limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut world = Self { dir, running: None };
        world.start(keys, limits);
        world
    }

    pub(crate) fn start(&mut self, keys: &[&str], limits: Limits) {
        let keys = keys.iter().map(|name| key(name)).collect();
        let signer = Signer::open(keys, &self.state(), Rules::default()).unwrap();
        let listener = listen(Some(&self.socket())).unwrap();
        listener.set_nonblocking(true).unwrap();
        let (runtime, stop) = (Runtime::new().unwrap(), CancellationToken::new());
        let listener = {
            let _inside = runtime.enter();
            tokio::net::UnixListener::from_std(listener).unwrap()
        };
        let serving = runtime.spawn(serve(listener, Arc::new(signer), limits, stop.clone()));
        self.running = Some(Running {
            runtime,
            stop,
            serving,
        });
    }

    pub(crate) fn stop(&mut self) {
        let running = self.running.take().unwrap();
        running.stop.cancel();
        running.runtime.block_on(running.serving).unwrap();
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("socket")
    }

    pub(crate) fn client(&self) -> Client {
        Client::open(&self.socket(), &self.kept()).unwrap()
    }

    pub(crate) fn kept(&self) -> PathBuf {
        self.dir.path().join("signer-keys")
    }

    /// A connection on which anything can be said.
    pub(crate) fn raw(&self) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream
    }

    /// What the log has, without the times and processes.
    pub(crate) fn log(&self) -> Vec<(String, String)> {
        let text = std::fs::read_to_string(self.state().join("log.jsonl")).unwrap();
        let lines = text.lines().map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["pid"], std::process::id());
            let word = |key: &str| line[key].as_str().unwrap().to_owned();
            (word("outcome"), word("kind"))
        });
        lines.collect()
    }
}

pub(crate) fn logged(lines: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    lines.iter().map(own).collect()
}

fn published(name: &str, nar: &[u8]) -> PublishedPath {
    let digits = Sha256::of(name.as_bytes()).to_string().replace('e', "z");
    PublishedPath {
        path: StorePath::parse(&format!("/nix/store/{}-{name}", &digits[..32])).unwrap(),
        nar_hash: Sha256::of(nar),
        nar_size: nar.len() as u64,
    }
}

pub(crate) fn fingerprint(name: &str, nar: &[u8]) -> Fingerprint {
    let it = published(name, nar);
    let digits = nix_derivation::nixbase32::encode(it.nar_hash.as_bytes());
    let text = format!("1;{};sha256:{digits};{};", it.path, it.nar_size);
    Fingerprint::parse("/nix/store", &text).unwrap()
}

pub(crate) fn manifest(seq: u64) -> Manifest {
    let commit = CommitSha::parse(&"a".repeat(40)).unwrap();
    Manifest {
        format: 1,
        channel: "nixos-26.05-sec".parse().unwrap(),
        name: format!("nixos-26.05.715880.{seq}.aaaaaaaaaaaa")
            .parse()
            .unwrap(),
        seq: ReleaseSeq(seq),
        previous: None,
        rev: commit.clone(),
        tip: commit.clone(),
        base: ManifestBase {
            rev: commit,
            rev_count: 715_880,
            version: "26.05".to_owned(),
            release: None,
        },
        created: Timestamp::from_unix(1_785_600_000),
        picks: Vec::new(),
        set_aside: Vec::new(),
        flaky: Default::default(),
        broken_at_base: Default::default(),
        waived: Default::default(),
        files: Default::default(),
        tree: None,
        store_paths: vec![published("one", b"1")],
        upstream_references: Vec::new(),
        binary_cache_url: "https://sec.example/cache".parse().unwrap(),
        public_keys: vec![public("k-1")],
    }
}

pub(crate) fn latest(seq: u64) -> Latest {
    let (manifest, made) = (manifest(seq), Timestamp::now());
    Latest {
        format: 1,
        kind: LatestKind::Latest,
        channel: manifest.channel.clone(),
        release: manifest.name.clone(),
        seq: manifest.seq,
        release_json_sha256: Sha256::of(&manifest.to_bytes()),
        made,
        expires: made.plus_seconds(72 * 3_600),
        url: "https://sec.example/nixos-26.05-sec".parse().unwrap(),
        release_log: None,
        release_url: "https://sec.example/releases/x".parse().unwrap(),
    }
}

pub(crate) fn files_of(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = entries
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
