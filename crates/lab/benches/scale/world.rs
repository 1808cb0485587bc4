//! Everything that the service meets, in a temporary folder and on loopback.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use axum::Router;
use picket_domain::{Base, ChannelName, CommitSha, Policy, Timestamp};
use picket_publisher::{CacheFile, KeyName, PublicDir, SecretKey};
use picket_store::Store;
use picket_testkit::github::{GitHub, PullRequestSpec};
use picket_testkit::nix::{NixConf, NixStore};
use picket_testkit::nixpkgs::{CHANNEL_BRANCH, MASTER, Nixpkgs};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::facts::Filling;
use crate::sizes::Size;

/// The channel.
const CHANNEL: &str = "nixos-26.05-sec";
/// Who looks at the pages, and the passphrase of that person.
pub(crate) const PERSON: (&str, &str) = ("grace", "of the bench");
/// Seconds from one look of a lane to the next, at most.
pub(crate) const INTERVAL_SECONDS: u64 = 5;

/// A world without the service.
pub(crate) struct World {
    pub(crate) size: Size,
    /// Where the service is to answer.
    pub(crate) web: String,
    /// The service's configuration.
    pub(crate) config_file: PathBuf,
    pub(crate) policy: Policy,
    /// Where the service's log goes.
    pub(crate) log_file: PathBuf,
    pub(crate) database: PathBuf,
    _github: GitHub,
    _dir: TempDir,
}

impl World {
    /// Makes the world; in memory, where the system has room for files there, since filling a
    /// database as safely as the service does takes minutes on a disk.
    pub(crate) async fn make(size: Size) -> Result<Self> {
        let temporary = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
        let dir = temporary.path().to_owned();
        let nixpkgs = Nixpkgs::create(&dir.join("nixpkgs.git"))?;
        let github = open_pull_request(&nixpkgs, size).await?;
        let nix = NixStore::create(&dir.join("nix"))?;
        nix.configure(&NixConf::default())?;
        let rev = nixpkgs.tip(CHANNEL_BRANCH)?;
        let official = serve_text(rev.clone()).await?;
        let listen = free_address().await?;
        let data = dir.join("data");
        let world = Self {
            size,
            web: format!("http://{listen}/"),
            config_file: dir.join("picket.toml"),
            policy: Policy::of(ChannelName::parse(CHANNEL)?),
            log_file: dir.join("serve.log"),
            database: data.join("picket.db"),
            _github: github,
            _dir: temporary,
        };
        let key = dir.join("signing.key");
        SecretKey::generate(KeyName::parse("picket-bench-1")?)?.write_file(&key)?;
        write_cache_info(&data)?;
        fs::write(dir.join("github-token"), world._github.add_token("ada"))?;
        let config = world.config(&dir, listen, &official, &nixpkgs, &nix);
        fs::write(&world.config_file, config)?;
        world.fill(&nixpkgs, &rev).await?;
        Ok(world)
    }

    /// The folder that clients get files from.
    pub(crate) fn public(&self) -> PathBuf {
        self.database.with_file_name("public")
    }

    pub(crate) fn channel_path(&self) -> String {
        format!("channels/{CHANNEL}")
    }

    pub(crate) fn candidate_path(&self) -> String {
        format!("candidates/{}", self.size.real())
    }

    async fn fill(&self, nixpkgs: &Nixpkgs, rev: &str) -> Result<()> {
        let store = Store::open(&Store::sqlite_url(&self.database)?).await?;
        let now = Timestamp::now();
        let base = Base {
            rev: CommitSha::parse(rev)?,
            rev_count: u64::from(nixpkgs.rev_count(rev)?),
            version: "26.05".into(),
            committed_at: now,
            seen_at: now,
        };
        let filling = Filling {
            store: &store,
            policy: &self.policy,
            base,
            size: self.size,
            now,
        };
        filling.fill().await.context("filling the database")?;
        // All of them were seen, and the day's lists were read: no candidate is looked for.
        let now = now.as_unix();
        let cursor = serde_json::json!({
            "read_to": now, "swept": now, "swept_whole": now, "swept_whole_try": now, "wanted": {},
        });
        store.set_cursor("github", &cursor.to_string()).await?;
        store.close().await;
        Ok(())
    }

    fn config(
        &self,
        dir: &Path,
        listen: SocketAddr,
        official: &str,
        nixpkgs: &Nixpkgs,
        nix: &NixStore,
    ) -> String {
        let environment = nix.environment();
        let environment = environment.iter().map(|(k, v)| format!("{k} = {v:?}\n"));
        let environment: String = environment.collect();
        let (who, passphrase) = PERSON;
        format!(
            r#"data_dir = {data:?}

[web]
listen = "{listen}"
base_url = "{web}"

[web.demo_sign_in]
{who} = {passphrase:?}

[team]
members = ["ada", "grace"]

[github]
api = "{github}"
repository = "NixOS/nixpkgs"
token_file = "github-token"

[upstream]
git = {nixpkgs:?}

[signing]
key_files = [{key:?}]

[nix.environment]
{environment}
# Made-up candidates have no tree that could be looked at.
[impact]
certainty = "none"

[reconcile]
interval_seconds = {INTERVAL_SECONDS}

[[channel]]
name = "{CHANNEL}"
follows = {{ branch = "{CHANNEL_BRANCH}", url = "{official}" }}
required_approvals = 2

[channel.jobs]
file = "nixos/release.nix"
"#,
            data = dir.join("data"),
            web = self.web,
            github = self._github.url(),
            nixpkgs = nixpkgs.path(),
            key = dir.join("signing.key"),
        )
    }
}

/// One pull request is real, so that its page shows what there is to show.
async fn open_pull_request(nixpkgs: &Nixpkgs, size: Size) -> Result<GitHub> {
    // The service asks for each candidate that it knows when it first looks.
    let builder = GitHub::builder("NixOS", "nixpkgs").rate_limit(10 * size.candidates);
    let github = builder.git_repository(nixpkgs.path()).start().await?;
    let fix = nixpkgs.fix_mastodon()?;
    github.open_pull_request(PullRequestSpec {
        number: Some(size.real()),
        title: fix.title,
        body: Some(fix.body),
        author: fix.author,
        base: MASTER.to_owned(),
        head_ref: fix.branch,
        labels: vec!["1.severity: security".to_owned()],
        ..PullRequestSpec::default()
    })?;
    Ok(github)
}

/// The first release of a channel writes this; here, none was written.
fn write_cache_info(data: &Path) -> Result<()> {
    let file = PublicDir::new(data.join("public")).cache_file(&CacheFile::Info);
    fs::create_dir_all(file.parent().context("a file is in a folder")?)?;
    let info = "StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 30\n";
    Ok(fs::write(file, info)?)
}

/// A server that answers everything with one text: the stable channel's `git-revision`.
async fn serve_text(text: String) -> Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let router = Router::new().fallback(async move || text);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}/channel"))
}

pub(crate) async fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    Ok(listener.local_addr()?)
}
