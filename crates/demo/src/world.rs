//! The demo's world: nixpkgs, a stand-in for GitHub, the official channel, a Nix store.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use picket::logging::PROGRESS;
use picket_domain::{PrNumber, Timestamp};
use picket_publisher::{KeyName, PublicKey, SecretKey};
use picket_testkit::github::{CheckSpec, GitHub, PullRequestSpec};
use picket_testkit::nix::{NixConf, NixStore};
use picket_testkit::nixpkgs::{CHANNEL_BRANCH, Fix, MASTER, Nixpkgs};
use picket_testkit::official::Official;
use tokio::net::TcpListener;
use tracing::info;
use url::Url;

use crate::evidence;

/// The channel's name.
pub const CHANNEL: &str = "nixos-26.05-sec";

const PEOPLE: [&str; 2] = ["ada", "grace"];
const LABEL: &str = "1.severity: security";
const DEFAULT_PORT: u16 = 8080;
const LOOPBACK: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Makes a pull request's branch.
type MakeFix = fn(&Nixpkgs) -> anyhow::Result<Fix>;

/// The pull requests: number, branch, and whether the demo's people approve it.
const PULL_REQUESTS: [(u64, MakeFix, bool); 6] = [
    (4242, Nixpkgs::fix_mastodon, true),
    (4243, Nixpkgs::fix_redis, true),
    (4244, Nixpkgs::fix_unbound, true),
    (4245, Nixpkgs::fix_openssl, true),
    (4246, Nixpkgs::fix_sudo, false),
    (4247, Nixpkgs::fix_nginx, false),
];

/// Everything outside of Picket, running, and Picket's configuration for it.
pub struct World {
    /// Where Picket's web pages are to be.
    pub web: Url,
    /// Picket's configuration.
    pub config_file: PathBuf,
    /// The key that Picket signs with.
    pub public_key: PublicKey,
    /// The people who may approve, with their passphrases.
    pub people: Vec<(String, String)>,
    /// The stable channel and its cache.
    pub official: Official,
    /// The stand-in for GitHub.
    pub github: GitHub,
    /// The repository behind it.
    pub nixpkgs: Nixpkgs,
    /// Picket's Nix store.
    pub store: NixStore,
}

impl World {
    /// Makes the world in a folder, or goes on with the one that is there.
    ///
    /// # Errors
    /// Where the folder cannot be written, a program is missing, or the port is taken.
    pub async fn start(dir: &Path, port: Option<u16>) -> anyhow::Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let dir = dir.canonicalize()?;
        let listen = address(&dir.join("port"), port).await?;
        let web = Url::parse(&format!("http://{listen}/"))?;
        info!(target: PROGRESS, "the demo is in {}", dir.display());
        let nixpkgs = make_nixpkgs(dir.join("nixpkgs.git")).await?;
        let store = NixStore::create(&dir.join("nix"))?;
        let official = publish_official(&dir, &store, &nixpkgs).await?;
        let github = open_pull_requests(&nixpkgs).await?;
        let public_key = signing_key(&dir.join("signing.key"))?;
        let people = people(&dir.join("passphrases.json"))?;
        let world = Self {
            config_file: dir.join("picket.toml"),
            web,
            public_key,
            people,
            official,
            github,
            nixpkgs,
            store,
        };
        world.configure(&dir, listen)?;
        Ok(world)
    }

    /// The pull requests that are open.
    pub fn pull_requests(&self) -> Vec<PrNumber> {
        PULL_REQUESTS
            .iter()
            .map(|(number, ..)| PrNumber(*number))
            .collect()
    }

    /// Those that the demo's people approve, in this order.
    pub fn to_approve(&self) -> impl Iterator<Item = PrNumber> {
        let approved = PULL_REQUESTS.iter().filter(|(_, _, approve)| *approve);
        approved.map(|(number, ..)| PrNumber(*number))
    }

    fn configure(&self, dir: &Path, listen: SocketAddr) -> anyhow::Result<()> {
        let conf =
            NixConf::substituting(&[&self.official.cache_url()], &[self.official.public_key()]);
        self.store.configure(&conf)?;
        // Without a token, GitHub answers 60 requests an hour, and so does its stand-in.
        fs::write(dir.join("github-token"), self.github.add_token(PEOPLE[0]))?;
        evidence::write(dir, Timestamp::now())?;
        fs::write(&self.config_file, self.config(dir, listen))?;
        Ok(())
    }

    /// TOML's basic strings and Rust's debug form of a path or a plain text agree.
    fn config(&self, dir: &Path, listen: SocketAddr) -> String {
        let list = |items: &mut dyn Iterator<Item = String>| items.collect::<String>();
        let people = list(
            &mut self
                .people
                .iter()
                .map(|(who, pass)| format!("{who} = {pass:?}\n")),
        );
        let environment = self.store.environment();
        let environment = list(&mut environment.iter().map(|(k, v)| format!("{k} = {v:?}\n")));
        let members: Vec<_> = self.people.iter().map(|(who, _)| who).collect();
        let [kev, advisories, epss] = evidence::FILES;
        format!(
            r#"# Written by the demo at every start.
data_dir = {data:?}

[web]
listen = "{listen}"
base_url = "{web}"

[web.demo_sign_in]
{people}
[team]
members = {members:?}

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
[impact]
certainty = "exact"

[evidence]
kev_file = "{kev}"
osv = ["{advisories}"]
epss_file = "{epss}"

[reconcile]
interval_seconds = 2

# The demo's builds take megabytes, and shall run on a disk that is nearly full, too.
[retention]
minimum_free_gib = 0

[[channel]]
name = "{CHANNEL}"
follows = {{ branch = "{CHANNEL_BRANCH}", url = "{channel_url}" }}
required_approvals = 2
build_attempts = 1
push_to = {nixpkgs:?}

[channel.jobs]
file = "nixos/release.nix"

[channel.upstream_cache]
url = "{cache_url}"
store_paths = "{channel_url}/store-paths.xz"
public_keys = ["{cache_key}"]
"#,
            data = dir.join("data"),
            web = self.web,
            github = self.github.url(),
            nixpkgs = self.nixpkgs.path(),
            key = dir.join("signing.key"),
            channel_url = self.official.channel_url(),
            cache_url = self.official.cache_url(),
            cache_key = self.official.public_key(),
        )
    }
}

/// The address to listen on. Without a wish it is that of the last run: what was subscribed to then
/// still works. A free port is found, and let go again, where any will do.
async fn address(file: &Path, port: Option<u16>) -> anyhow::Result<SocketAddr> {
    let last = fs::read_to_string(file)
        .ok()
        .and_then(|port| port.parse().ok());
    let port = match port.or(last).unwrap_or(DEFAULT_PORT) {
        0 => free_port().await?,
        port => port,
    };
    let listener = TcpListener::bind((LOOPBACK, port)).await;
    let listener = listener.with_context(|| {
        format!("cannot listen on port {port}; choose another one with --port, or 0 for any")
    })?;
    let address = listener.local_addr()?;
    fs::write(file, address.port().to_string())?;
    Ok(address)
}

/// A port that nobody listens on. It is none of those that the system gives to whoever connects
/// somewhere: such a one could be taken before the service listens on it, or while it is restarted.
async fn free_port() -> anyhow::Result<u16> {
    const TRIES: u32 = 100;
    const FIRST: u16 = 20_000;
    const PORTS: u16 = 12_000;
    for _ in 0..TRIES {
        let port = FIRST + rand::random::<u16>() % PORTS;
        if TcpListener::bind((LOOPBACK, port)).await.is_ok() {
            return Ok(port);
        }
    }
    bail!("no port from {FIRST} to {} is free", FIRST + PORTS)
}

async fn make_nixpkgs(dir: PathBuf) -> anyhow::Result<Nixpkgs> {
    tokio::task::spawn_blocking(move || Nixpkgs::create(&dir)).await?
}

async fn publish_official(
    dir: &Path,
    store: &NixStore,
    nixpkgs: &Nixpkgs,
) -> anyhow::Result<Official> {
    let dir = dir.join("official");
    let twin = store.twin(&dir.join("nix"))?;
    let official = Official::start(&dir, twin, SocketAddr::from((LOOPBACK, 0))).await?;
    info!(target: PROGRESS, "building the official channel");
    let rev = nixpkgs.tip(CHANNEL_BRANCH)?;
    tokio::task::block_in_place(|| official.publish(nixpkgs, &rev))?;
    info!(target: PROGRESS, "the official channel is at {}", &rev[..12]);
    Ok(official)
}

async fn open_pull_requests(nixpkgs: &Nixpkgs) -> anyhow::Result<GitHub> {
    let builder = GitHub::builder("NixOS", "nixpkgs").git_repository(nixpkgs.path());
    let github = builder.start().await?;
    for (number, make, _) in PULL_REQUESTS {
        let fix = make(nixpkgs)?;
        github.open_pull_request(PullRequestSpec {
            number: Some(number),
            title: fix.title,
            body: Some(fix.body),
            author: fix.author,
            base: MASTER.to_owned(),
            head_ref: fix.branch,
            labels: vec![LABEL.to_owned()],
            ..PullRequestSpec::default()
        })?;
    }
    review(&github)?;
    Ok(github)
}

/// Has upstream make something of two of them.
fn review(github: &GitHub) -> anyhow::Result<()> {
    let (build, lint) = (("build", "SUCCESS"), ("lint", "FAILURE"));
    for (number, word, checks) in [
        (4242, "APPROVED", vec![build]),
        (4246, "CHANGES_REQUESTED", vec![build, lint]),
    ] {
        github.review(number, Some("upstream-maintainer"), word)?;
        let checks = checks.into_iter();
        let checks = checks.map(|(name, conclusion)| CheckSpec::new(name, conclusion));
        github.set_checks(number, checks.collect())?;
    }
    Ok(())
}

fn signing_key(file: &Path) -> anyhow::Result<PublicKey> {
    if !file.exists() {
        SecretKey::generate(KeyName::parse("picket-demo-1")?)?.write_file(file)?;
    }
    Ok(SecretKey::read_file(file)?.public())
}

/// Passphrases of this folder's own: others on this machine can reach the port too.
fn people(file: &Path) -> anyhow::Result<Vec<(String, String)>> {
    if !file.exists() {
        let people = PEOPLE.map(|name| (name, format!("{:08x}", rand::random::<u32>())));
        fs::write(file, serde_json::to_vec(&people)?)?;
    }
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn any_port_is_none_that_the_system_gives_to_others() {
        let given = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
        let mut given = given
            .split_whitespace()
            .map(|it| it.parse::<u16>().unwrap());
        let given = given.next().unwrap()..=given.next().unwrap();
        for _ in 0..20 {
            let port = free_port().await.unwrap();
            assert!(!given.contains(&port), "{port} of {given:?}");
        }
    }
}
