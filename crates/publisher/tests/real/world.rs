//! A Nix store with a few real paths, and a release made of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix_derivation::NixHash;
use picket_domain::{
    Advisory, Base, ChannelName, CommitSha, Form, OddJobs, PathInfo, PrNumber, Release,
    ReleaseName, ReleaseSeq, ReleaseState, ReleasedPick, Sha256, StorePath, Timestamp,
};
use picket_publisher::{
    CacheSettings, KeyName, Manifest, PickNote, PublicDir, PublishedPaths, Publisher,
    ReleaseContent, SecretKey, SetAside, Staged, Upstream,
};
use picket_testkit::nix::NixStore;
use tempfile::TempDir;
use url::Url;

/// `libc` <- `lib` <- `app`; the last two refer to themselves too.
const EXPRESSION: &str = r#"
let
  make = name: script: derivation {
    inherit name;
    system = builtins.currentSystem;
    PATH = "/usr/bin:/bin";
    builder = "/bin/sh";
    args = [ "-ec" script ];
  };
in rec {
  libc = make "libc-1.0" "echo the C library > $out";
  lib = make "lib-1.0" ''
    mkdir -p $out/lib $out/bin $out/empty
    echo ${libc} $out > $out/lib/lib.so
    printf '#!/bin/sh\n' > $out/bin/tool
    chmod +x $out/bin/tool
    ln -s ../lib/lib.so $out/bin/link
    ln -s $out/lib//./lib.so $out/untidy
    echo > "$out/$(printf 'caf\351')"
  '';
  app = make "app-1.0" "mkdir $out; echo ${lib} $out > $out/app; yes filler | head -c 3000000 > $out/big";
}
"#;

/// A store in which the expression is built, and a public folder.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) store: NixStore,
    outputs: BTreeMap<&'static str, StorePath>,
}

impl World {
    /// Builds everything.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = NixStore::create(&dir.path().join("nix")).unwrap();
        let file = dir.path().join("default.nix");
        fs::write(&file, EXPRESSION).unwrap();
        let outputs = ["libc", "lib", "app"].map(|name| {
            let file = file.to_str().unwrap();
            let built = store.run("nix-build", ["--no-out-link", file, "-A", name]);
            (name, StorePath::parse(&built.unwrap()).unwrap())
        });
        Self {
            dir,
            store,
            outputs: outputs.into(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> &StorePath {
        &self.outputs[name]
    }

    /// All three.
    pub(crate) fn outputs(&self) -> Vec<StorePath> {
        self.outputs.values().cloned().collect()
    }

    /// What Nix records of the closure of `app`.
    pub(crate) fn closure(&self) -> Vec<PathInfo> {
        let app = self.path("app").as_str();
        let json = self
            .store
            .run("nix", ["path-info", "--json", "-r", app])
            .unwrap();
        let infos: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        infos.iter().map(path_info).collect()
    }

    pub(crate) fn public(&self) -> PublicDir {
        PublicDir::new(self.dir.path().join("public"))
    }

    /// A publisher into the world's public folder, with these keys.
    pub(crate) fn publisher(&self, keys: &[&str]) -> Publisher {
        self.publisher_into(self.public(), keys)
    }

    pub(crate) fn publisher_into(&self, public: PublicDir, keys: &[&str]) -> Publisher {
        let settings = CacheSettings {
            store_dir: self.store.store_dir().to_str().unwrap().to_owned(),
            reread_days: 0,
            ..CacheSettings::default()
        };
        let keys = keys.iter().map(|name| key(name)).collect();
        Publisher::new(public, keys, settings).unwrap()
    }

    /// `libc` is upstream's.
    pub(crate) fn upstream(&self) -> Upstream {
        Upstream::of([self.path("libc").clone()])
    }

    /// A small nixpkgs-like tree.
    pub(crate) fn tree(&self) -> PathBuf {
        let tree = self.dir.path().join("tree");
        if !tree.exists() {
            fs::create_dir_all(tree.join("lib")).unwrap();
            fs::write(tree.join(".version"), "26.05").unwrap();
            fs::write(tree.join("lib/n".to_owned() + &"a".repeat(200)), "long").unwrap();
            let expression = r#"{ version = builtins.readFile ./.version + builtins.readFile ./.version-suffix; }"#;
            fs::write(tree.join("default.nix"), expression).unwrap();
        }
        tree
    }

    /// Publishes the closure, and stages and reveals a release with it.
    pub(crate) fn release(&self, publisher: &Publisher, release: &Release) -> Manifest {
        let staged = self.stage(publisher, release);
        publisher.reveal(&channel(), &release.name).unwrap();
        staged.manifest
    }

    /// Publishes the closure and stages a release with it.
    pub(crate) fn stage(&self, publisher: &Publisher, release: &Release) -> Staged {
        let published = publisher
            .publish_paths(&self.closure(), &self.upstream())
            .unwrap();
        self.try_stage(publisher, release, &published, "http://127.0.0.1/cache")
            .unwrap()
    }

    pub(crate) fn try_stage(
        &self,
        publisher: &Publisher,
        release: &Release,
        published: &PublishedPaths,
        cache: &str,
    ) -> Result<Staged, picket_publisher::PublishError> {
        Self::stage_release(
            publisher,
            release,
            published,
            &self.tree(),
            &self.outputs(),
            cache,
        )
    }

    /// Stages a release from this tree, without a world.
    pub(crate) fn stage_release(
        publisher: &Publisher,
        release: &Release,
        published: &PublishedPaths,
        tree: &Path,
        outputs: &[StorePath],
        cache: &str,
    ) -> Result<Staged, picket_publisher::PublishError> {
        let note = PickNote {
            title: "openssl: <b>3.0.15</b>".to_owned(),
            advisories: Advisory::find_all("CVE-2026-1234"),
            ..PickNote::default()
        };
        publisher.stage_release(&ReleaseContent {
            release,
            previous: None,
            tree,
            src_url: &Url::parse("https://example.org/tree").unwrap(),
            binary_cache_url: &Url::parse(cache).unwrap(),
            outputs,
            published,
            notes: &BTreeMap::from([(PrNumber(7), note)]),
            set_aside: &[SetAside {
                pr: PrNumber(8),
                reason: "conflicts in a & b".to_owned(),
            }],
            odd_jobs: &OddJobs::default(),
        })
    }
}

fn path_info(json: &serde_json::Value) -> PathInfo {
    let text = |key: &str| json[key].as_str().unwrap();
    let list = |key: &str| {
        let items = json[key].as_array().cloned().unwrap_or_default();
        items
            .into_iter()
            .map(|it| it.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let hash = NixHash::parse(text("narHash")).unwrap();
    let path = |text: &str| StorePath::parse(text).unwrap();
    PathInfo {
        path: path(text("path")),
        nar_hash: Sha256::from_bytes(hash.digest_as_bytes().try_into().unwrap()),
        nar_size: json["narSize"].as_u64().unwrap(),
        references: list("references").iter().map(|it| path(it)).collect(),
        deriver: json["deriver"].as_str().map(path),
        content_address: None,
        signatures: list("signatures"),
    }
}

/// When the tests take place.
pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_785_600_000);

/// A key that depends on its name alone.
pub(crate) fn key(name: &str) -> SecretKey {
    let seed = Sha256::of(name.as_bytes());
    SecretKey::from_seed(KeyName::parse(name).unwrap(), seed.as_bytes())
}

pub(crate) fn channel() -> ChannelName {
    ChannelName::parse("nixos-26.05-sec").unwrap()
}

/// The channel's release of this number.
pub(crate) fn release(seq: u64) -> Release {
    let sha =
        |text: &str| CommitSha::parse(&Sha256::of(text.as_bytes()).to_string()[..40]).unwrap();
    let base = Base {
        rev: sha("base"),
        rev_count: 715_880,
        version: "26.05".to_owned(),
        committed_at: Timestamp::from_unix(0),
        seen_at: Timestamp::from_unix(0),
    };
    let rev = sha(&format!("rev {seq}"));
    Release {
        channel: channel(),
        seq: ReleaseSeq(seq),
        name: ReleaseName::of(&base, ReleaseSeq(seq), &rev).unwrap(),
        base,
        tip: sha("tip"),
        rev,
        picks: vec![ReleasedPick {
            pr: PrNumber(7),
            head: sha("head"),
            form: Form::AsIs,
        }],
        reserved_at: Timestamp::from_unix(1_785_542_400),
        state: ReleaseState::Reserved,
    }
}

/// Every file below a folder, with its content.
pub(crate) fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// As if all of it had been written before `NOW`.
pub(crate) fn age(dir: &Path) {
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.as_unix().unsigned_abs());
    for path in contents(dir).into_keys() {
        let file = fs::File::open(dir.join(path)).unwrap();
        file.set_modified(then).unwrap();
    }
}
