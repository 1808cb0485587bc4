//! Writing a signed binary cache, side by side with `nix copy`.
//!
//! `cargo bench --package picket-publisher`. Needs Nix. Makes a store of its own with 800 paths of
//! 16 KiB to 4 MiB, publishes them with both, three times each in turn, and prints the medians. Then the
//! same of 2,000 small paths, of which signing is a larger part: with keys of its own, and with a signer
//! behind a socket.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use picket_domain::{PathInfo, Sha256, StorePath};
use picket_publisher::{CacheSettings, KeyName, PublicDir, Publisher, SecretKey, Upstream};
use picket_signer::{Client, Limits, Rules, Signer, listen, serve};
use picket_testkit::nix::NixStore;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

const ROUNDS: usize = 3;
const PATHS: usize = 800;
const SMALL_PATHS: usize = 2_000;

type Result<T> = anyhow::Result<T>;

fn main() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let store = NixStore::create(&dir.path().join("nix"))?;
    let sizes = (0..PATHS).map(|number| (16 << 10) << (number % 9));
    let closure = fill(&store, &dir.path().join("content"), sizes)?;
    let bytes: u64 = closure.iter().map(|info| info.nar_size).sum();
    let key = SecretKey::generate(KeyName::parse("bench-1")?)?;
    let key_file = dir.path().join("key");
    key.write_file(&key_file)?;
    println!(
        "{PATHS} store paths, {:.0} MB of NARs, zstd, signed",
        bytes as f64 / 1e6
    );
    let (mut ours, mut again, mut nix, mut nix_again) = Default::default();
    for round in 0..ROUNDS {
        let cache = dir.path().join(format!("nix-copy-{round}"));
        time(&mut nix, || nix_copy(&store, &closure, &cache, &key_file))?;
        time(&mut nix_again, || {
            nix_copy(&store, &closure, &cache, &key_file)
        })?;
        let publisher = publisher(&store, &dir.path().join(format!("picket-{round}")), &key)?;
        time(&mut ours, || publish(&publisher, &closure))?;
        time(&mut again, || publish(&publisher, &closure))?;
    }
    println!(
        "{:<34} {:>8} {:>12}",
        "median of 3, seconds", "first", "once more"
    );
    println!(
        "{:<34} {:>8.2} {:>12.2}",
        "nix copy",
        median(nix),
        median(nix_again)
    );
    println!(
        "{:<34} {:>8.2} {:>12.2}",
        "picket",
        median(ours),
        median(again)
    );
    signing(&store, dir.path(), &key)
}

/// What it costs that another process has the key.
fn signing(store: &NixStore, dir: &Path, key: &SecretKey) -> Result<()> {
    let sizes = (0..SMALL_PATHS).map(|_| 1 << 10);
    let closure = fill(store, &dir.join("small"), sizes)?;
    let runtime = Runtime::new()?;
    let socket = dir.join("socket");
    let stop = CancellationToken::new();
    let rules = Rules {
        store_dir: store.store_dir().display().to_string(),
        ..Rules::default()
    };
    let signer = Signer::open(vec![copy(key)?], &dir.join("signer"), rules)?;
    let listener = listen(Some(&socket))?;
    listener.set_nonblocking(true)?;
    let listener = {
        let _inside = runtime.enter();
        tokio::net::UnixListener::from_std(listener)?
    };
    runtime.spawn(serve(listener, Arc::new(signer), Limits::default(), stop));
    let (mut held, mut asked) = Default::default();
    for round in 0..ROUNDS {
        let ours = publisher(store, &dir.join(format!("held-{round}")), key)?;
        time(&mut held, || publish(&ours, &closure))?;
        // Paths that were signed before are signed again, and are new to nobody but the cache.
        let client = Client::open(&socket, &dir.join("kept"))?;
        let public = PublicDir::new(dir.join(format!("asked-{round}")));
        let ours = Publisher::signed_by(Arc::new(client), public, settings(store));
        time(&mut asked, || publish(&ours, &closure))?;
    }
    println!("{SMALL_PATHS} store paths of 1 KiB, median of 3, seconds");
    println!("{:<34} {:>8.2}", "picket, with its own key", median(held));
    println!("{:<34} {:>8.2}", "picket, asking a signer", median(asked));
    Ok(())
}

fn copy(key: &SecretKey) -> Result<SecretKey> {
    Ok(SecretKey::parse(&key.to_text())?)
}

fn time(times: &mut Vec<Duration>, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let start = Instant::now();
    work()?;
    times.push(start.elapsed());
    Ok(())
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

/// Puts files into the store whose content compresses about as well as programs do.
fn fill(
    store: &NixStore,
    content: &Path,
    sizes: impl Iterator<Item = usize>,
) -> Result<Vec<PathInfo>> {
    fs::create_dir_all(content)?;
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut files = Vec::new();
    for (number, size) in sizes.enumerate() {
        let mut bytes = Vec::with_capacity(size);
        while bytes.len() < size {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // Eight bytes of noise, then a run: about half of it can be compressed away.
            bytes.extend(state.to_le_bytes());
            bytes.extend([number as u8; 8]);
        }
        let file = content.join(format!("path-{number}"));
        fs::write(&file, bytes)?;
        files.push(file.display().to_string());
    }
    let added = store.run("nix-store", ["--add".to_owned()].into_iter().chain(files))?;
    path_infos(store, &added.lines().collect::<Vec<_>>())
}

fn path_infos(store: &NixStore, paths: &[&str]) -> Result<Vec<PathInfo>> {
    let arguments = ["path-info", "--json"].iter().chain(paths);
    let json: Value = serde_json::from_str(&store.run("nix", arguments)?)?;
    json.as_array()
        .into_iter()
        .flatten()
        .map(path_info)
        .collect()
}

fn path_info(json: &Value) -> Result<PathInfo> {
    let text = |key: &str| json[key].as_str().unwrap_or_default();
    let hash = BASE64_STANDARD.decode(text("narHash").trim_start_matches("sha256-"))?;
    let hash: [u8; 32] = hash.as_slice().try_into()?;
    Ok(PathInfo {
        path: StorePath::parse(text("path"))?,
        nar_hash: Sha256::from_bytes(hash),
        nar_size: json["narSize"].as_u64().unwrap_or_default(),
        references: Vec::new(),
        deriver: None,
        content_address: None,
        signatures: Vec::new(),
    })
}

fn nix_copy(store: &NixStore, closure: &[PathInfo], cache: &Path, key: &Path) -> Result<()> {
    let to = format!(
        "file://{}?compression=zstd&secret-key={}",
        cache.display(),
        key.display()
    );
    let paths = closure.iter().map(|info| info.path.as_str());
    store.run("nix", ["copy", "--to", &to].into_iter().chain(paths))?;
    Ok(())
}

fn publisher(store: &NixStore, public: &Path, key: &SecretKey) -> Result<Publisher> {
    let (public, keys) = (PublicDir::new(public), vec![copy(key)?]);
    Ok(Publisher::new(public, keys, settings(store))?)
}

fn settings(store: &NixStore) -> CacheSettings {
    CacheSettings {
        store_dir: store.store_dir().display().to_string(),
        ..CacheSettings::default()
    }
}

fn publish(publisher: &Publisher, closure: &[PathInfo]) -> Result<()> {
    publisher.publish_paths(closure, &Upstream::none())?;
    Ok(())
}
