//! The official side: a channel's release folder and a signed binary cache of the base.
//!
//! It does what Hydra, the channel scripts and cache.nixos.org do: builds every job of a revision
//! in a store of its own, copies what was built, closure complete and signed, into a binary cache,
//! writes a release folder and moves the channel on to it by one atomic rename. All of it is served
//! over loopback HTTP, with a log of the requests:
//!
//! ```text
//! /nixos-26.05                    302 to the release folder, as are the files below it
//! /nixos-26.05/nixexprs.tar.xz    also git-revision, store-paths.xz, binary-cache-url
//! /releases/<name>/..             what was released once stays
//! /cache/..                       nix-cache-info (Priority 40), narinfos, NARs (zstd)
//! ```
//!
//! Everything is kept in a folder, which can be taken up again.

mod release;
mod server;

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::nix::NixStore;
use crate::nixpkgs::{CHANNEL_BRANCH as CHANNEL, Nixpkgs};

pub use self::release::OfficialRelease;
pub use self::server::Request;

/// What people are shown while they wait.
const PROGRESS: &str = "picket::progress";
/// The name of the key that the cache is signed with.
const KEY_NAME: &str = "cache.example.org-1";

/// The official side. Its server stops when it is dropped.
#[derive(Debug)]
pub struct Official {
    dir: PathBuf,
    store: NixStore,
    public_key: String,
    server: server::Server,
}

impl Official {
    /// Begins to serve from a folder, which is made or taken up, on a loopback address (port 0 for
    /// any). `store` is what jobs are built in: a [`NixStore::twin`] of the store that Picket
    /// uses, since what is built there is not to be in Picket's.
    ///
    /// # Errors
    /// Where the folder cannot be written, Nix is missing, or the address is taken.
    pub async fn start(dir: &Path, store: NixStore, address: SocketAddr) -> Result<Self> {
        fs::create_dir_all(dir)?;
        let dir = dir.canonicalize()?;
        for folder in ["cache", "channels", "keys", "releases", "trees"] {
            fs::create_dir_all(dir.join(folder))?;
        }
        let info = format!(
            "StoreDir: {}\nWantMassQuery: 1\nPriority: 40\n",
            store.store_dir().display()
        );
        replace(&dir.join("cache/nix-cache-info"), info.as_bytes())?;
        Ok(Self {
            public_key: key_pair(&dir.join("keys"), &store)?,
            server: server::Server::start(&dir, address).await?,
            dir,
            store,
        })
    }

    /// Where it is served: `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The channel's address, to subscribe to.
    pub fn channel_url(&self) -> String {
        format!("{}/{CHANNEL}", self.url())
    }

    /// The binary cache's address, a substituter.
    pub fn cache_url(&self) -> String {
        format!("{}/cache", self.url())
    }

    /// The key that the cache is signed with: `name:base64`.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// Builds a revision's jobs, adds them to the cache, and moves the channel on to it. At the
    /// revision that the channel is at already, nothing is done. Blocks.
    ///
    /// # Errors
    /// Where a job does not build, or a file cannot be written.
    pub fn publish(&self, nixpkgs: &Nixpkgs, rev: &str) -> Result<OfficialRelease> {
        let name = release::name(nixpkgs, rev)?;
        let folder = self.dir.join("releases").join(&name);
        if !folder.exists() {
            let tree = self.tree(nixpkgs, rev)?;
            tracing::info!(target: PROGRESS, "the official side builds {name}");
            let outputs = self.build(&tree)?;
            tracing::info!(
                target: PROGRESS,
                outputs = outputs.len(),
                "the official side fills its cache: {} outputs", outputs.len()
            );
            self.copy_to_cache(&outputs)?;
            release::write(&folder, &tree, rev, &outputs, &self.cache_url())?;
        }
        self.point_channel_at(&name)?;
        release::read(&folder, name)
    }

    /// What was asked of the server so far, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }

    /// Forgets what was asked so far.
    pub fn forget_requests(&self) {
        self.server.forget_requests();
    }

    /// The store paths whose contents were fetched from the cache so far.
    ///
    /// # Errors
    /// Where the cache cannot be read.
    pub fn substituted(&self) -> Result<BTreeSet<String>> {
        let fetched: BTreeSet<String> = self
            .requests()
            .into_iter()
            .filter(|request| request.status == 200)
            .filter_map(|request| Some(request.path.strip_prefix("/cache/")?.to_owned()))
            .collect();
        let narinfos = release::narinfos(&self.dir.join("cache"))?;
        Ok(narinfos
            .into_iter()
            .filter(|(_, nar)| fetched.contains(nar))
            .map(|(store_path, _)| store_path)
            .collect())
    }

    /// The store paths in the cache.
    ///
    /// # Errors
    /// Where the cache cannot be read.
    pub fn cached(&self) -> Result<BTreeSet<String>> {
        let narinfos = release::narinfos(&self.dir.join("cache"))?;
        Ok(narinfos.into_iter().map(|(path, _)| path).collect())
    }

    /// A revision's files.
    fn tree(&self, nixpkgs: &Nixpkgs, rev: &str) -> Result<PathBuf> {
        let tree = self.dir.join("trees").join(rev);
        if !tree.exists() {
            let partial = self.dir.join("trees").join(format!("{rev}.partial"));
            nixpkgs.export(rev, &partial)?;
            fs::rename(partial, &tree)?;
        }
        Ok(tree)
    }

    /// Builds all jobs; every output of theirs.
    fn build(&self, tree: &Path) -> Result<BTreeSet<String>> {
        let jobs = tree.join("nixos/release.nix");
        let jobs = jobs.to_str().context("the folder is UTF-8")?;
        let arguments = [jobs, "-A", "nixpkgs", "-A", "tests", "-A", "tested"];
        let drvs = self.store.run("nix-instantiate", arguments)?;
        // `<drv>!bin` stands for one output; the derivation alone for all of them.
        let drvs: BTreeSet<&str> = drvs
            .lines()
            .filter_map(|drv| drv.split('!').next())
            .collect();
        let arguments = ["--realise"].into_iter().chain(drvs);
        let outputs = self.store.run("nix-store", arguments)?;
        Ok(outputs.lines().map(str::to_owned).collect())
    }

    fn copy_to_cache(&self, outputs: &BTreeSet<String>) -> Result<()> {
        let cache = format!(
            "file://{}?compression=zstd&secret-key={}",
            self.dir.join("cache").display(),
            self.dir.join("keys/secret").display(),
        );
        let arguments = ["copy", "--to", &cache].into_iter();
        let outputs = outputs.iter().map(String::as_str);
        self.store.run("nix", arguments.chain(outputs))?;
        Ok(())
    }

    fn point_channel_at(&self, name: &str) -> Result<()> {
        let channels = self.dir.join("channels");
        let partial = channels.join(format!("{CHANNEL}.partial"));
        if partial.is_symlink() {
            fs::remove_file(&partial)?;
        }
        std::os::unix::fs::symlink(Path::new("../releases").join(name), &partial)?;
        fs::rename(partial, channels.join(CHANNEL))?;
        Ok(())
    }
}

/// Makes the cache's key pair, once; returns the public key.
fn key_pair(dir: &Path, store: &NixStore) -> Result<String> {
    let public = dir.join("public");
    if !public.exists() {
        let partial = dir.join("public.partial");
        let arguments = ["--generate-binary-cache-key", KEY_NAME]
            .map(PathBuf::from)
            .into_iter()
            .chain([dir.join("secret"), partial.clone()]);
        store.run("nix-store", arguments)?;
        fs::rename(partial, &public)?;
    }
    Ok(fs::read_to_string(public)?.trim().to_owned())
}

/// Writes a file as a whole or not at all.
fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let partial = path.with_extension("partial");
    fs::write(&partial, content)?;
    fs::rename(partial, path)?;
    Ok(())
}
