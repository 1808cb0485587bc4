//! The configuration file: raw text to checked values, with errors that name file, line and remedy.
//!
//! Two steps, each with its own types. `raw` is what the file may say, key by key. `check`
//! makes of it what the rest of the program works with, reads the secrets that the file names,
//! and refuses what cannot work. Nothing after this step looks at the file again.

mod check;
mod error;
mod raw;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use picket_builder::{JobSet, Limits, NixConfig};
use picket_domain::{BranchName, Login, Policy};
use picket_publisher::{PublicKey, SecretKey};
use url::Url;

pub use error::ConfigError;
pub use raw::KEYS;

/// A checked configuration.
#[derive(Debug)]
pub struct Config {
    /// Where everything that Picket keeps is: database, git mirror, build state, public files.
    pub data_dir: PathBuf,
    /// The database.
    pub database_url: String,
    /// The web server.
    pub web: Web,
    /// Who may decide.
    pub team: Vec<Login>,
    /// The watched repository.
    pub github: GitHub,
    /// Where upstream's git objects come from.
    pub upstream: Upstream,
    /// The keys that sign releases and store paths; never empty.
    pub signing_keys: Vec<SecretKey>,
    /// How Nix is called.
    pub nix: NixConfig,
    /// What a build may use.
    pub limits: Limits,
    /// The longest time between two looks at the world.
    pub interval: Duration,
    /// The channels; never empty, names unique.
    pub channels: Vec<Channel>,
}

/// The web server.
#[derive(Debug, Clone)]
pub struct Web {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What clients call it.
    pub base_url: Url,
    /// How people sign in.
    pub sign_in: SignIn,
}

/// How people sign in.
#[derive(Debug, Clone)]
pub enum SignIn {
    /// With GitHub.
    GitHub {
        /// The OAuth app's client id.
        client_id: String,
        /// The OAuth app's client secret.
        client_secret: String,
        /// Where GitHub's sign-in pages are.
        web: Url,
    },
    /// With a passphrase from the configuration: for a demo on loopback alone.
    Demo(BTreeMap<Login, String>),
}

/// The watched repository.
#[derive(Debug, Clone)]
pub struct GitHub {
    /// The API's address.
    pub api: Url,
    /// `NixOS` of `NixOS/nixpkgs`.
    pub owner: String,
    /// `nixpkgs` of `NixOS/nixpkgs`.
    pub repository: String,
    /// The label that makes a pull request a candidate.
    pub label: String,
    /// The token to read with.
    pub token: Option<String>,
}

/// Where upstream's git objects come from.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// A URL or a path that git takes.
    pub git: String,
    /// A clone on this machine that has most of them.
    pub reference: Option<PathBuf>,
}

/// One channel.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its rules, its name among them.
    pub policy: Policy,
    /// The stable channel that it follows.
    pub follows: Follows,
    /// The jobs that it builds.
    pub jobs: JobSet,
    /// The cache that has what this channel does not change.
    pub upstream_cache: Option<UpstreamCache>,
    /// The git remote that branch and tags are pushed to.
    pub push_to: Option<String>,
}

impl Channel {
    /// The branch that the channel's releases are on; it has the channel's name.
    pub fn branch(&self) -> BranchName {
        let name = self.policy.channel.as_str();
        BranchName::parse(name).expect("every channel name is a branch name")
    }
}

/// Where the stable channel's revision is read.
#[derive(Debug, Clone)]
pub struct Follows {
    /// The branch whose history holds the revision.
    pub branch: BranchName,
    /// The channel's address: its `git-revision` is the revision. Without it, the branch's tip is.
    pub url: Option<Url>,
}

/// The cache that has what a channel does not change.
#[derive(Debug, Clone)]
pub struct UpstreamCache {
    /// Its address.
    pub url: Url,
    /// A `store-paths.xz` of what it is known to have, to save a request for each path.
    pub store_paths: Option<Url>,
    /// The keys that it signs with.
    pub public_keys: Vec<PublicKey>,
}

/// What the person who starts the program allows beyond the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allowances {
    /// Sign-in by passphrase.
    pub demo_sign_in: bool,
}

/// Every key and what it is for, as `picket check-config --help` shows it.
pub fn keys_help() -> String {
    let lines = KEYS
        .iter()
        .map(|(key, what)| format!("  {key}\n      {what}\n"));
    format!(
        "The configuration file's keys:\n{}",
        lines.collect::<String>()
    )
}

impl Config {
    /// Reads and checks a configuration file and the secrets that it names.
    ///
    /// # Errors
    /// [`ConfigError`] names the file, the line and what to do.
    pub fn load(file: &Path, allow: Allowances) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(file).map_err(|error| ConfigError::unreadable(file, &error))?;
        Self::parse(file, &text, allow)
    }

    /// Checks a configuration's text; `file` is where it came from.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(file: &Path, text: &str, allow: Allowances) -> Result<Self, ConfigError> {
        let raw = raw::Raw::parse(text).map_err(|error| ConfigError::syntax(file, text, &error))?;
        check::check(raw, file, allow).map_err(|problem| problem.located(file, text))
    }
}
