//! What the configuration file may say, key by key.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

/// The whole file. Values that are checked later keep their place in the text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) data_dir: Spanned<PathBuf>,
    pub(super) database_url: Option<Spanned<String>>,
    pub(super) web: Web,
    pub(super) team: Team,
    pub(super) github: GitHub,
    pub(super) upstream: Upstream,
    pub(super) signing: Signing,
    #[serde(default)]
    pub(super) nix: Nix,
    #[serde(default)]
    pub(super) reconcile: Reconcile,
    pub(super) channel: Spanned<Vec<Channel>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Web {
    pub(super) listen: Spanned<String>,
    pub(super) base_url: Spanned<String>,
    pub(super) github_oauth: Option<Spanned<GitHubOAuth>>,
    pub(super) demo_sign_in: Option<Spanned<BTreeMap<String, String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GitHubOAuth {
    pub(super) client_id: String,
    pub(super) client_secret_file: Spanned<PathBuf>,
    pub(super) web: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Team {
    pub(super) members: Spanned<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GitHub {
    pub(super) repository: Spanned<String>,
    pub(super) api: Option<Spanned<String>>,
    pub(super) label: Option<String>,
    pub(super) token_file: Option<Spanned<PathBuf>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Upstream {
    pub(super) git: Spanned<String>,
    pub(super) reference: Option<Spanned<PathBuf>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signing {
    pub(super) key_files: Spanned<Vec<PathBuf>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nix {
    pub(super) bin_dir: Option<PathBuf>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) options: BTreeMap<String, String>,
    pub(super) restrict_evaluation: Option<bool>,
    pub(super) build_seconds: Option<u64>,
    pub(super) silent_seconds: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reconcile {
    pub(super) interval_seconds: Option<Spanned<u64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Channel {
    pub(super) name: Spanned<String>,
    pub(super) follows: Follows,
    pub(super) required_approvals: Option<Spanned<u32>>,
    pub(super) required_jobs: Option<Spanned<Vec<String>>>,
    pub(super) build_attempts: Option<Spanned<u32>>,
    pub(super) retry_seconds: Option<u32>,
    pub(super) push_to: Option<Spanned<String>>,
    pub(super) jobs: Jobs,
    pub(super) upstream_cache: Option<UpstreamCache>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Follows {
    pub(super) branch: Spanned<String>,
    pub(super) url: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Jobs {
    pub(super) file: Spanned<PathBuf>,
    #[serde(default)]
    pub(super) attributes: Vec<String>,
    #[serde(default)]
    pub(super) arguments: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpstreamCache {
    pub(super) url: Spanned<String>,
    pub(super) store_paths: Option<Spanned<String>>,
    pub(super) public_keys: Spanned<Vec<String>>,
}

impl Raw {
    pub(super) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}

/// Every key that the file may hold, with what it is for, in the file's order.
///
/// The README's table is made from this, and a test tells when the two, or the types above, differ.
pub const KEYS: &[(&str, &str)] = &[
    (
        "data_dir",
        "Where Picket keeps its database, git mirror, build state and public files.",
    ),
    (
        "database_url",
        "`sqlite:///path` or `postgres://..`; default: a file in `data_dir`.",
    ),
    (
        "web.listen",
        "Address and port to listen on, as `127.0.0.1:8080`.",
    ),
    (
        "web.base_url",
        "The address that clients use: every redirect and subscription names it.",
    ),
    (
        "web.github_oauth.client_id",
        "The GitHub OAuth app that people sign in with.",
    ),
    (
        "web.github_oauth.client_secret_file",
        "File that holds the OAuth app's secret.",
    ),
    (
        "web.github_oauth.web",
        "GitHub's web address; default `https://github.com`.",
    ),
    (
        "web.demo_sign_in",
        "People and passphrases, for a demo on loopback instead of GitHub.",
    ),
    (
        "team.members",
        "GitHub logins of those who may approve, veto and nominate.",
    ),
    (
        "github.repository",
        "The watched repository, as `NixOS/nixpkgs`.",
    ),
    (
        "github.api",
        "GitHub's API; default `https://api.github.com`.",
    ),
    (
        "github.label",
        "The label of security fixes; default `1.severity: security`.",
    ),
    (
        "github.token_file",
        "File that holds a token to read with; without it GitHub allows 60 requests an hour.",
    ),
    (
        "upstream.git",
        "Where upstream's commits are fetched: a URL or path for git.",
    ),
    (
        "upstream.reference",
        "A full clone on this machine whose objects are used and not fetched; it must stay, and lose none.",
    ),
    (
        "signing.key_files",
        "Secret keys made by `picket keygen`; several while one replaces another.",
    ),
    (
        "nix.bin_dir",
        "Folder of the Nix commands; default: those in PATH.",
    ),
    (
        "nix.environment",
        "Environment of the Nix commands, as for a store of one's own.",
    ),
    (
        "nix.options",
        "Settings for the Nix commands, as `--option NAME VALUE`.",
    ),
    (
        "nix.restrict_evaluation",
        "Whether evaluation sees only the tree that is evaluated; default true.",
    ),
    (
        "nix.build_seconds",
        "How long one build may take; default 36000.",
    ),
    (
        "nix.silent_seconds",
        "How long one build may print nothing; default 3600.",
    ),
    (
        "reconcile.interval_seconds",
        "Longest time between two looks at GitHub and upstream; default 60.",
    ),
    ("channel.name", "The channel's name, as in its address."),
    (
        "channel.follows.branch",
        "The stable channel's branch in `upstream.git`.",
    ),
    (
        "channel.follows.url",
        "The stable channel's address; its `git-revision` is followed instead of the branch's tip.",
    ),
    (
        "channel.required_approvals",
        "How many people other than the author must approve; default 2.",
    ),
    (
        "channel.required_jobs",
        "Patterns of the jobs that a release must not break; default all.",
    ),
    (
        "channel.build_attempts",
        "How often a failing build is tried before its pick is set aside; default 2.",
    ),
    (
        "channel.retry_seconds",
        "Wait after a failure by the machine's fault, doubling; default 60.",
    ),
    (
        "channel.push_to",
        "Git remote that gets the channel's branch and tags, and that members may push resolutions of conflicts to.",
    ),
    (
        "channel.jobs.file",
        "The job set's file in the tree, as `nixos/release-small.nix`.",
    ),
    (
        "channel.jobs.attributes",
        "Attributes of the job set to build; default all.",
    ),
    (
        "channel.jobs.arguments",
        "Arguments for the job set's function.",
    ),
    (
        "channel.upstream_cache.url",
        "The binary cache that has what this channel does not change.",
    ),
    (
        "channel.upstream_cache.store_paths",
        "Address of a `store-paths.xz` that lists what that cache has.",
    ),
    (
        "channel.upstream_cache.public_keys",
        "The keys that that cache signs with.",
    ),
];
