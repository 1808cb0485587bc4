//! The configuration file: raw text to checked values, with errors that name file, line and remedy.
//!
//! Two steps, each with its own types. `raw` is what the file may say, key by key. `check`
//! makes of it what the rest of the program works with, reads the files that it names, and refuses
//! what cannot work. `picket check-config` and `picket serve` both do this and nothing else before
//! state is opened, so that they agree. Nothing after this step looks at the file again.

mod check;
mod error;
mod keys;
mod raw;
mod secret;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use picket_builder::{Limits, NixConfig};
use picket_domain::{Certainty, Login, Named};
use picket_evidence::{Places, Targets};
use picket_merger::GitAddress;
use picket_publisher::SecretKey;
use url::Url;
use zeroize::Zeroizing;

pub use error::ConfigError;
pub use keys::KEYS;
pub use picket_publisher::UpstreamCache;
pub use picket_reconcile::{Channel, Follows, MirrorSetting};
pub use secret::Secret;

/// A checked configuration.
#[derive(Debug)]
pub struct Config {
    /// Where everything that Picket keeps is: database, git mirror, build state, public files.
    pub data_dir: PathBuf,
    /// The database.
    pub database_url: Secret<String>,
    /// The web server.
    pub web: Web,
    /// Who may decide; logins and numbers are unique.
    pub team: Vec<Named>,
    /// How soon the team wants fixes to be out; the graver no later.
    pub targets: Targets,
    /// The watched repository.
    pub github: GitHub,
    /// Where upstream's git objects come from.
    pub upstream: Upstream,
    /// Who signs releases and store paths.
    pub signing: Signing,
    /// For how many seconds it holds what is stated of a channel's current release; at least a day.
    pub latest_seconds: u32,
    /// How Nix is called.
    pub nix: NixConfig,
    /// What builds and evaluations may use.
    pub limits: Limits,
    /// How well it is found out what candidates change; `None`: not at all.
    pub impact: Option<Impact>,
    /// Where it is that something is known of vulnerabilities.
    pub evidence: Places,
    /// How long what Picket makes is kept.
    pub retention: Retention,
    /// The longest time between two looks at the world.
    pub interval: Duration,
    /// Where the public folder is copied to; none twice.
    pub mirrors: Vec<MirrorSetting>,
    /// The channels; never empty, names unique.
    pub channels: Vec<Channel>,
}

/// Who signs.
#[derive(Debug)]
pub enum Signing {
    /// This process, with these keys; never empty.
    Keys(Vec<SecretKey>),
    /// `picket sign-server`, which listens on this socket.
    Server(PathBuf),
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
        client_secret: Secret<String>,
        /// Where GitHub's sign-in pages are.
        web: Url,
    },
    /// With a passphrase from the configuration: for a demo on loopback alone.
    Demo(BTreeMap<Login, Secret<String>>),
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
    /// Whether one without it is a candidate too, where it says that it is a security fix.
    pub unlabelled: bool,
    /// The file with the token to read with, which may be replaced at any time.
    pub token_file: Option<PathBuf>,
    /// What GitHub signs its deliveries with.
    pub webhook_secret: Option<Secret<String>>,
    /// How pull requests are told what became of them; `None`: they are not.
    pub comments: Option<Comments>,
}

/// How pull requests are told what became of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comments {
    /// The file with the token to write with, which may be replaced at any time.
    pub token_file: PathBuf,
    /// For how many seconds a comment is to say the same before it is written.
    pub stable_seconds: u32,
}

/// Where upstream's git objects come from.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Their repository.
    pub git: GitAddress,
    /// A clone on this machine that has most of them.
    pub reference: Option<PathBuf>,
}

/// How well it is found out what candidates change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Impact {
    /// How well.
    pub certainty: Certainty,
    /// About how long an estimate may take.
    pub budget: Duration,
}

/// How long what Picket makes is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Releases of each channel that are kept at least, whatever their age; at least 1.
    pub releases: u32,
    /// Days that every release is kept.
    pub days: u32,
    /// Days that a cached path stays after the last release that needs it.
    pub cache_days: u32,
    /// Days that build logs are kept.
    pub log_days: u32,
    /// Days that evaluations are kept.
    pub evaluation_days: u32,
    /// Nothing new is begun while fewer GiB of the disk are free.
    pub minimum_free_gib: u32,
    /// Seconds from one time that things are put in order to the next.
    pub every_seconds: u32,
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
        let text = std::fs::read_to_string(file)
            .map(Zeroizing::new)
            .map_err(|error| ConfigError::unreadable(file, &error))?;
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
