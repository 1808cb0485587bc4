//! What the configuration file may say, key by key.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use picket_domain::{AfterHold, PackageTests};

/// The whole file. Values that are checked later keep their place in the text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) data_dir: Spanned<PathBuf>,
    pub(super) database_url: Option<Spanned<String>>,
    pub(super) web: Web,
    pub(super) team: Team,
    pub(super) github: GitHub,
    pub(super) upstream: Upstream,
    pub(super) signing: Spanned<Signing>,
    #[serde(default)]
    pub(super) nix: Nix,
    #[serde(default)]
    pub(super) reconcile: Reconcile,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) impact: Impact,
    #[serde(default)]
    pub(super) evidence: Evidence,
    #[serde(default)]
    pub(super) retention: Retention,
    #[serde(default)]
    pub(super) mirror: Vec<Mirror>,
    pub(super) channel: Spanned<Vec<Channel>>,
}

/// A copy of the public folder elsewhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mirror {
    pub(super) to: Spanned<String>,
    pub(super) endpoint: Option<Spanned<String>>,
    pub(super) region: Option<String>,
    pub(super) credentials_file: Option<Spanned<PathBuf>>,
    pub(super) conditional_writes: Option<bool>,
    pub(super) every_seconds: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Web {
    pub(super) listen: Spanned<String>,
    pub(super) base_url: Spanned<String>,
    pub(super) github_oauth: Option<Spanned<GitHubOAuth>>,
    pub(super) demo_sign_in: Option<Spanned<BTreeMap<String, Spanned<String>>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GitHubOAuth {
    pub(super) client_id: Spanned<String>,
    pub(super) client_secret_file: Spanned<PathBuf>,
    pub(super) web: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Team {
    pub(super) members: Spanned<Vec<Spanned<Member>>>,
    #[serde(default)]
    pub(super) targets: Targets,
}

/// How soon fixes are to be out.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Targets {
    pub(super) exploited_hours: Option<Spanned<u32>>,
    pub(super) critical_hours: Option<Spanned<u32>>,
    pub(super) high_hours: Option<Spanned<u32>>,
    pub(super) medium_hours: Option<Spanned<u32>>,
    pub(super) low_hours: Option<Spanned<u32>>,
}

/// Somebody of the team: by the login alone, or by the account's number too.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "neither a GitHub login nor { login = \"ada\", id = 42 }"
)]
pub(super) enum Member {
    Login(String),
    Account(MemberAccount),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberAccount {
    pub(super) login: String,
    pub(super) id: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GitHub {
    pub(super) repository: Spanned<String>,
    pub(super) api: Option<Spanned<String>>,
    pub(super) label: Option<Spanned<String>>,
    pub(super) unlabelled: Option<bool>,
    pub(super) token_file: Option<Spanned<PathBuf>>,
    pub(super) webhook_secret_file: Option<Spanned<PathBuf>>,
    #[serde(default)]
    pub(super) comments: Comments,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Comments {
    pub(super) enabled: Option<Spanned<bool>>,
    pub(super) token_file: Option<Spanned<PathBuf>>,
    pub(super) stable_seconds: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Upstream {
    pub(super) git: Spanned<String>,
    pub(super) reference: Option<Spanned<PathBuf>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signing {
    pub(super) server: Option<Spanned<PathBuf>>,
    pub(super) key_files: Option<Spanned<Vec<Spanned<PathBuf>>>>,
    pub(super) latest_hours: Option<Spanned<u32>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nix {
    pub(super) bin_dir: Option<Spanned<PathBuf>>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) options: BTreeMap<String, Spanned<String>>,
    pub(super) restrict_evaluation: Option<bool>,
    pub(super) evaluate_unsandboxed: Option<bool>,
    pub(super) build_seconds: Option<u32>,
    pub(super) silent_seconds: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reconcile {
    pub(super) interval_seconds: Option<Spanned<u64>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Impact {
    pub(super) certainty: Option<ImpactCertainty>,
    pub(super) seconds: Option<Spanned<u32>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evidence {
    pub(super) kev_file: Option<Spanned<PathBuf>>,
    #[serde(default)]
    pub(super) osv: Vec<Spanned<PathBuf>>,
    pub(super) epss_file: Option<Spanned<PathBuf>>,
}

/// How well it is found out what candidates change.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ImpactCertainty {
    None,
    Estimate,
    Exact,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) evaluation_seconds: Option<Spanned<u32>>,
    pub(super) evaluation_job_seconds: Option<Spanned<u32>>,
    pub(super) evaluation_memory_mib: Option<Spanned<u32>>,
    pub(super) evaluation_workers: Option<Spanned<u32>>,
    pub(super) evaluation_disk_mib: Option<Spanned<u32>>,
    pub(super) evaluations: Option<Spanned<u32>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Retention {
    pub(super) releases: Option<Spanned<u32>>,
    pub(super) days: Option<u32>,
    pub(super) cache_days: Option<u32>,
    pub(super) log_days: Option<u32>,
    pub(super) evaluation_days: Option<u32>,
    pub(super) minimum_free_gib: Option<u32>,
    pub(super) every_seconds: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Channel {
    pub(super) name: Spanned<String>,
    pub(super) follows: Follows,
    pub(super) required_approvals: Option<Spanned<u32>>,
    pub(super) mass_rebuild_approvals: Option<Spanned<u32>>,
    pub(super) required_jobs: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) build_attempts: Option<Spanned<u32>>,
    pub(super) retry_seconds: Option<u32>,
    pub(super) transient_attempts: Option<Spanned<u32>>,
    pub(super) give_up_hours: Option<Spanned<u32>>,
    pub(super) overtake_minutes: Option<u32>,
    pub(super) rebuild_limit: Option<u32>,
    #[serde(default)]
    pub(super) scope: Vec<Spanned<String>>,
    pub(super) package_tests: Option<PackageTests>,
    pub(super) base_hold_hours: Option<u32>,
    pub(super) base_hold_then: Option<AfterHold>,
    #[serde(default)]
    pub(super) push_first: bool,
    pub(super) push_to: Option<Spanned<String>>,
    pub(super) jobs: Jobs,
    pub(super) upstream_cache: Option<UpstreamCache>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Follows {
    pub(super) branch: Spanned<String>,
    pub(super) url: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Jobs {
    pub(super) file: Spanned<PathBuf>,
    #[serde(default)]
    pub(super) attributes: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) arguments: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpstreamCache {
    pub(super) url: Spanned<String>,
    pub(super) store_paths: Option<Spanned<String>>,
    pub(super) public_keys: Spanned<Vec<Spanned<String>>>,
}

impl Raw {
    pub(super) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}
