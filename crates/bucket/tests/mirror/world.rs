//! A public folder of files with the right names, and what must hold of any copy of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use picket_bucket::Pointer;
use picket_domain::{ChannelName, ReleaseName, Sha256};
use picket_publisher::{CacheFile, LatestFile, LogFile, PublicDir, ReleaseFile};
use picket_releaselog::{Checkpoint, NoteSignature, Origin, SignedNote};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Digits of the alphabet that store paths are written in.
const DIGITS: &[u8] = b"0123456789abcdfghijklmnpqrsvwxyz";

/// A public folder.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) public: PublicDir,
}

/// All that a copy holds, by key.
pub(crate) type Copied = BTreeMap<String, Vec<u8>>;

pub(crate) fn channel() -> ChannelName {
    ChannelName::parse("nixos-26.05-sec").unwrap()
}

fn release(seq: u64) -> ReleaseName {
    ReleaseName::parse(&format!("nixos-26.05.1000.{seq}.abcdef{seq}")).unwrap()
}

impl World {
    /// With one release.
    pub(crate) fn new() -> Self {
        let world = Self::empty();
        world.publish(1, &["a", "b"]);
        world
    }

    pub(crate) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let public = PublicDir::new(dir.path().join("public"));
        fs::create_dir_all(public.root().join("releases")).unwrap();
        Self { dir, public }
    }

    /// Publishes a release of paths that are called so, as a publisher does it.
    pub(crate) fn publish(&self, seq: u64, paths: &[&str]) {
        self.publish_in(&channel(), seq, paths);
    }

    pub(crate) fn publish_in(&self, channel: &ChannelName, seq: u64, paths: &[&str]) {
        let info = self.public.cache_file(&CacheFile::Info);
        if !info.exists() {
            write(&info, "StoreDir: /nix/store\n");
        }
        let hashes: Vec<_> = paths
            .iter()
            .map(|name| self.path(name, name.len()))
            .collect();
        let name = release(seq);
        for file in ReleaseFile::ALL {
            let content = match file {
                ReleaseFile::Manifest => manifest(channel, &name, seq),
                ReleaseFile::StorePaths => hashes.join("\n"),
                other => format!("{} of {name}", other.file_name()),
            };
            write(&self.public.release_file(channel, &name, file), &content);
        }
        self.enter(&name);
        self.public.lead_to(channel, &name).unwrap();
        self.state(channel, seq, "first");
    }

    /// Enters a release in something like a release log: a tile that holds all entries, and a
    /// checkpoint that says how many they are.
    fn enter(&self, name: &ReleaseName) {
        let checkpoint = self.public.log_file(LogFile::Checkpoint);
        let size = fs::read_to_string(&checkpoint).map_or(0, |it| log_size(&it));
        let tile = |size| {
            let tile = LogFile::parse(&tile_of(size)).unwrap();
            self.public.log_file(tile)
        };
        let mut entries = fs::read_to_string(tile(size.max(1))).unwrap_or_default();
        entries.push_str(&format!("{name}\n"));
        write(&tile(size + 1), entries);
        write(&checkpoint, checkpoint_of(size + 1));
    }

    /// A path of the cache; the hash that names its narinfo.
    pub(crate) fn path(&self, name: &str, size: usize) -> String {
        let nar = name.as_bytes().repeat(size / name.len() + 1);
        let file = CacheFile::Nar(Sha256::of(&nar));
        if self.public.cache_file(&file).exists() {
            return hash_part(name);
        }
        write(&self.public.cache_file(&file), nar);
        let hash = hash_part(name);
        let narinfo = CacheFile::parse(&format!("{hash}.narinfo")).unwrap();
        write(&self.public.cache_file(&narinfo), format!("URL: {file}\n"));
        hash
    }

    /// States that a release is current, and drops no signature of the statement before.
    pub(crate) fn state(&self, channel: &ChannelName, seq: u64, when: &str) {
        let file = |file| self.public.latest_file(channel, file);
        let before = fs::read(file(LatestFile::Statement)).ok();
        let statement = json!({"seq": seq, "made": when}).to_string();
        let mut signatures = signature(statement.as_bytes());
        signatures.extend(before.iter().flat_map(|it| signature(it)));
        write(&file(LatestFile::Signature), signatures);
        write(&file(LatestFile::Statement), statement);
    }

    /// Removes a release, and paths that no other one needs, as retention does it.
    pub(crate) fn collect(&self, seq: u64, paths: &[&str]) {
        for name in paths {
            let hash = hash_part(name);
            let narinfo = CacheFile::parse(&format!("{hash}.narinfo")).unwrap();
            let narinfo = self.public.cache_file(&narinfo);
            let nar = fs::read_to_string(&narinfo).unwrap();
            let nar = CacheFile::parse(nar.trim().strip_prefix("URL: ").unwrap()).unwrap();
            fs::remove_file(narinfo).unwrap();
            fs::remove_file(self.public.cache_file(&nar)).unwrap();
        }
        fs::remove_dir_all(self.public.release_dir(&channel(), &release(seq))).unwrap();
    }

    /// The files that a mirror is to have, but for the pointers.
    pub(crate) fn files(&self) -> Copied {
        let mut files = Copied::new();
        for top in ["cache", "latest", "releases", "release-log"] {
            read_below(
                self.public.root(),
                &self.public.root().join(top),
                &mut files,
            );
        }
        files
    }
}

fn manifest(channel: &ChannelName, name: &ReleaseName, seq: u64) -> String {
    let manifest = json!({
        "channel": channel.as_str(),
        "name": name.as_str(),
        "seq": seq,
        "rev": format!("{seq:040}"),
        "base": {"rev": "b".repeat(40), "rev_count": 1000, "version": "26.05"},
        "created": 1_785_542_400,
    });
    manifest.to_string()
}

/// A checkpoint of a log of this size, whose root and signature nobody looks at.
fn checkpoint_of(size: u64) -> Vec<u8> {
    let checkpoint = Checkpoint {
        origin: Origin::parse("sec.example/release-log").unwrap(),
        size,
        root: Sha256::of(b"the tree"),
    };
    let signature = NoteSignature {
        name: checkpoint.origin.to_string(),
        id: [0; 4],
        bytes: vec![0; 64],
    };
    let note = SignedNote {
        text: checkpoint.to_text(),
        signatures: vec![signature],
    };
    note.to_bytes()
}

fn log_size(checkpoint: &str) -> u64 {
    checkpoint.lines().nth(1).unwrap().parse().unwrap()
}

/// Where the entries of a log of this size are.
fn tile_of(size: u64) -> String {
    format!("tile/entries/000.p/{size}")
}

/// The digits that name a path's narinfo.
fn hash_part(name: &str) -> String {
    let digest = Sha256::of(name.as_bytes());
    let digits = digest.as_bytes().iter();
    digits
        .map(|it| DIGITS[usize::from(it % 32)] as char)
        .collect()
}

fn signature(of: &[u8]) -> Vec<u8> {
    format!("signature:{}\n", Sha256::of(of)).into_bytes()
}

pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// The files of a folder, by their paths below a root. What a link leads to is not looked at.
pub(crate) fn read_below(root: &Path, dir: &Path, files: &mut Copied) {
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let entry = entry.unwrap();
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            read_below(root, &path, files);
        } else if entry.file_type().unwrap().is_file() {
            let key = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            files.insert(key, fs::read(&path).unwrap());
        }
    }
}

/// What a reader relies on, at any instant: whatever is named is there, and what is stated is signed
/// and not ahead of where the channel leads.
pub(crate) fn is_whole(copied: &Copied) {
    for (key, content) in copied {
        if key.ends_with(".narinfo") {
            let nar = std::str::from_utf8(content).unwrap().trim();
            let nar = format!("cache/{}", nar.strip_prefix("URL: ").unwrap());
            assert!(
                copied.contains_key(&nar),
                "{key} names {nar}, which is not there"
            );
        } else if let Some(channel) = key.strip_prefix("channels/") {
            let pointer: Pointer = serde_json::from_slice(content).unwrap();
            release_is_whole(copied, channel, &pointer);
        }
    }
}

fn release_is_whole(copied: &Copied, channel: &str, pointer: &Pointer) {
    let folder = format!("releases/{channel}/{}", pointer.release);
    for file in ReleaseFile::ALL {
        let key = format!("{folder}/{}", file.file_name());
        assert!(
            copied.contains_key(&key),
            "{channel} leads to a release without {key}"
        );
    }
    let checkpoint = std::str::from_utf8(&copied["release-log/checkpoint"]).unwrap();
    let tile = format!("release-log/{}", tile_of(log_size(checkpoint)));
    let entries = std::str::from_utf8(&copied[&tile]).unwrap();
    let is_entry = |line: &str| line == pointer.release.as_str();
    assert!(
        entries.lines().any(is_entry),
        "{channel} leads to a release that is in no log"
    );
    let paths = std::str::from_utf8(&copied[&format!("{folder}/store-paths.xz")]).unwrap();
    for hash in paths.lines() {
        let narinfo = format!("cache/{hash}.narinfo");
        assert!(copied.contains_key(&narinfo), "{folder} needs {narinfo}");
    }
    if let Some(statement) = copied.get(&format!("latest/{channel}/latest.json")) {
        let stated: Value = serde_json::from_slice(statement).unwrap();
        assert!(
            stated["seq"].as_u64().unwrap() <= pointer.seq.0,
            "{stated} is ahead"
        );
        let signatures = &copied[&format!("latest/{channel}/latest.json.sig")];
        let own = signature(statement);
        let mut lines = signatures.split_inclusive(|it| *it == b'\n');
        assert!(lines.any(|line| line == own), "{stated} is not signed");
    }
}
