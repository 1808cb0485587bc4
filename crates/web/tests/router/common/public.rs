//! A published release, as small as it can be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use picket_domain::{ReleaseName, ReleaseSeq, Sha256, StorePath, Timestamp};
use picket_publisher::{
    CacheFile, Latest, LatestFile, LatestKind, Manifest, ManifestBase, ManifestTree, PublicDir,
    ReleaseFile,
};

use super::sample::sha;
use super::{BASE_URL, channel, public_key};

/// Writes a release and points the channel at it.
pub(crate) fn publish(public: &PublicDir, name: &ReleaseName, seq: ReleaseSeq) {
    let manifest = Manifest {
        format: 1,
        channel: channel(),
        name: name.clone(),
        seq,
        previous: None,
        rev: sha(name.as_str()),
        tip: sha("tip"),
        base: ManifestBase {
            rev: sha("base"),
            rev_count: 715_880,
            version: "26.05".into(),
            release: None,
        },
        created: Timestamp::from_unix(1_785_542_400),
        picks: Vec::new(),
        set_aside: Vec::new(),
        flaky: BTreeSet::new(),
        broken_at_base: BTreeSet::new(),
        waived: BTreeSet::new(),
        files: BTreeMap::new(),
        tree: Some(ManifestTree {
            nar_hash: Sha256::of(b"tree"),
            nar_size: 4,
            store_path: StorePath::parse("/nix/store/00bgd045z0d4icpbc2yyz4gx48ak44la-source")
                .unwrap(),
        }),
        store_paths: Vec::new(),
        upstream_references: Vec::new(),
        binary_cache_url: "http://127.0.0.1:8080/cache".parse().unwrap(),
        public_keys: vec![public_key()],
    };
    fs::create_dir_all(public.release_dir(&channel(), name)).unwrap();
    for file in ReleaseFile::ALL {
        let content = match file {
            ReleaseFile::Manifest => manifest.to_bytes(),
            ReleaseFile::Index => b"<!doctype html><title>release</title>".to_vec(),
            other => format!("content of {}", other.file_name()).into_bytes(),
        };
        fs::write(public.release_file(&channel(), name, file), content).unwrap();
    }
    let pointers = public.root().join("channels");
    fs::create_dir_all(&pointers).unwrap();
    let (new, pointer) = (pointers.join("new"), pointers.join(channel().as_str()));
    let target = format!("../releases/{}/{name}", channel());
    std::os::unix::fs::symlink(target, &new).unwrap();
    fs::rename(new, pointer).unwrap();
}

/// States that a release is the current one, for three days.
pub(crate) fn state(public: &PublicDir, name: &ReleaseName, seq: ReleaseSeq, made: Timestamp) {
    let latest = Latest {
        format: 1,
        kind: LatestKind::Latest,
        channel: channel(),
        release: name.clone(),
        seq,
        release_json_sha256: Sha256::of(b"release.json"),
        made,
        expires: made.plus_seconds(72 * 3_600),
        url: format!("{BASE_URL}/{}", channel()).parse().unwrap(),
        release_log: None,
        release_url: format!("{BASE_URL}/releases/{}/{name}", channel())
            .parse()
            .unwrap(),
    };
    let statement = public.latest_file(&channel(), LatestFile::Statement);
    fs::create_dir_all(statement.parent().unwrap()).unwrap();
    fs::write(statement, latest.to_bytes()).unwrap();
    let signature = public.latest_file(&channel(), LatestFile::Signature);
    fs::write(signature, "sec.example-1:AAAA\n").unwrap();
}

/// Writes a cache with one path; returns the addresses of its narinfo and NAR.
pub(crate) fn cache(public: &PublicDir) -> [String; 2] {
    let nar = CacheFile::Nar(Sha256::of(b"nar"));
    let narinfo = CacheFile::parse("00bgd045z0d4icpbc2yyz4gx48ak44la.narinfo").unwrap();
    fs::create_dir_all(public.cache_dir().join("nar")).unwrap();
    let info = "StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 50\n";
    fs::write(public.cache_file(&CacheFile::Info), info).unwrap();
    fs::write(public.cache_file(&narinfo), "StorePath: x\n").unwrap();
    fs::write(public.cache_file(&nar), "0123456789").unwrap();
    [narinfo, nar].map(|file| format!("/cache/{file}"))
}
