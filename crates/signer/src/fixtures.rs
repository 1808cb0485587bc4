//! What tests sign.

use std::collections::BTreeMap;

use picket_domain::{CommitSha, ReleaseSeq, Sha256, StorePath, Timestamp};
use picket_publisher::{
    Fingerprint, KeyName, Latest, LatestKind, Manifest, ManifestBase, PublishedPath, SecretKey,
};
use picket_releaselog::{Entry, Origin};

use crate::form::GrownLog;

pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_785_600_000);
pub(crate) const CHANNEL: &str = "nixos-26.05-sec";

pub(crate) fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(KeyName::parse(name).unwrap(), &[7; 32])
}

pub(crate) fn published(name: &str, nar: &[u8]) -> PublishedPath {
    let digits = Sha256::of(name.as_bytes()).to_string().replace('e', "z");
    let path = format!("/nix/store/{}-{name}", &digits[..32]);
    PublishedPath {
        path: StorePath::parse(&path).unwrap(),
        nar_hash: Sha256::of(nar),
        nar_size: nar.len() as u64,
    }
}

pub(crate) fn fingerprint(name: &str, nar: &[u8]) -> Fingerprint {
    let PublishedPath {
        path,
        nar_hash,
        nar_size,
    } = published(name, nar);
    let digits = nix_derivation::nixbase32::encode(nar_hash.as_bytes());
    let text = format!("1;{path};sha256:{digits};{nar_size};");
    Fingerprint::parse("/nix/store", &text).unwrap()
}

pub(crate) fn manifest(seq: u64) -> Manifest {
    let commit = CommitSha::parse(&"a".repeat(40)).unwrap();
    Manifest {
        format: 1,
        channel: CHANNEL.parse().unwrap(),
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
        created: NOW,
        picks: Vec::new(),
        set_aside: Vec::new(),
        flaky: Default::default(),
        broken_at_base: Default::default(),
        waived: Default::default(),
        files: BTreeMap::new(),
        tree: None,
        store_paths: vec![published("one", b"1")],
        upstream_references: Vec::new(),
        binary_cache_url: "https://sec.example/cache".parse().unwrap(),
        public_keys: vec![key("k-1").public()],
    }
}

/// The entry of that release.
pub(crate) fn entry(seq: u64) -> Entry {
    let manifest = manifest(seq);
    let sha256 = Sha256::of(&manifest.to_bytes());
    Entry::of_release(manifest.channel, manifest.name, manifest.seq, sha256)
}

pub(crate) fn grown_log(start: usize, numbers: &[u64]) -> GrownLog {
    GrownLog {
        origin: Origin::parse("sec.example/release-log").unwrap(),
        start,
        entries: numbers.iter().map(|seq| entry(*seq)).collect(),
    }
}

pub(crate) fn latest(seq: u64, made: Timestamp) -> Latest {
    let manifest = manifest(seq);
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
        release_url: "https://sec.example/releases/x".parse().unwrap(),
        release_log: None,
    }
}
