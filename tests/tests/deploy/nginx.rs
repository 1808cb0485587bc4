//! A real nginx with the shipped configuration before a real Picket.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use picket_domain::Timestamp;
use picket_publisher::{Gone, PublicDir, WhyGone};
use picket_tests::{Machine, Stage, eventually, run};
use reqwest::header::HeaderMap;
use reqwest::{Client, StatusCode};
use tempfile::TempDir;
use url::Url;

use crate::{deploy, read, replaced};

const HOST: &str = "security.example.org";
/// A release that was there once.
const WITHDRAWN: &str = "nixos-26.05.1.1.0123456789ab";

/// A running nginx; killed when dropped.
pub(crate) struct Nginx {
    child: Child,
    dir: TempDir,
    pub(crate) picket: Url,
    tls_port: u16,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Nginx {
    /// Starts nginx, and Picket behind it: everything that the stage does from now on goes through
    /// nginx.
    pub(crate) async fn before(stage: &mut Stage) -> Result<Self> {
        let picket = stage.world.web.clone();
        let dir = tempfile::tempdir()?;
        let [plain, http, tls] = free_ports()?;
        certificate(dir.path())?;
        let public = stage.dir().join("data/public");
        let upstream = picket.authority();
        fs::write(
            dir.path().join("site.conf"),
            site(dir.path(), &public, upstream, http, tls)?,
        )?;
        let conf = dir.path().join("nginx.conf");
        fs::write(&conf, main_conf(&site_and_plain(&public, plain)))?;

        let web = Url::parse(&format!("http://127.0.0.1:{plain}/"))?;
        let config = fs::read_to_string(&stage.world.config_file)?;
        let base_url = format!("base_url = {:?}", web.as_str());
        let config = replaced(
            &config,
            &format!("base_url = {:?}", picket.as_str()),
            &base_url,
        )?;
        fs::write(&stage.world.config_file, config)?;
        stage.world.web = web;

        let nginx = Self {
            child: start(dir.path(), &conf)?,
            dir,
            picket,
            tls_port: tls,
        };
        stage.start()?;
        stage
            .until("picket answers through nginx", |_| true)
            .await?;
        Ok(nginx)
    }

    /// The site as it is shipped: by its name, over TLS, and plain HTTP leads there.
    pub(crate) fn speaks_tls(&self) -> Result<()> {
        let certificate = self.dir.path().join("cert.pem");
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--fail", "--cacert"])
            .arg(certificate)
            .arg("--resolve")
            .arg(format!("{HOST}:{}:127.0.0.1", self.tls_port))
            .arg(format!("https://{HOST}:{}/healthz", self.tls_port))
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(said.contains(r#""ok":true"#), "{output:?}");
        Ok(())
    }
}

pub(crate) fn start(dir: &Path, conf: &Path) -> Result<Child> {
    let command = || {
        let mut command = Command::new("nginx");
        command.args(["-e", "stderr", "-p"]).arg(dir);
        command.arg("-c").arg(conf).stdin(Stdio::null());
        command
    };
    let tested = command().arg("-t").output();
    let tested = tested.context("cannot start nginx; Debian's nginx-light has it")?;
    let said = String::from_utf8_lossy(&tested.stderr);
    if !tested.status.success() || said.contains("[warn]") {
        bail!("nginx does not take the configuration: {said}");
    }
    Ok(command().spawn()?)
}

/// Ports that are free now. nginx cannot be asked which ones it took.
pub(crate) fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let listeners = [(); N].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(listeners) {
        *port = listener?.local_addr()?.port();
    }
    Ok(ports)
}

fn certificate(dir: &Path) -> Result<()> {
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"])
        .args(["-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-subj", &format!("/CN={HOST}")])
        .args(["-addext", &format!("subjectAltName=DNS:{HOST}")])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(dir)
        .output()?;
    ensure!(output.status.success(), "{output:?}");
    Ok(())
}

/// The shipped site, with addresses and paths of this test.
fn site(dir: &Path, public: &Path, upstream: &str, http: u16, tls: u16) -> Result<String> {
    let site = read("nginx/picket.conf")?;
    // There may be no IPv6 here.
    let site: String = site
        .lines()
        .filter(|line| !line.contains("listen [::]:"))
        .fold(String::new(), |site, line| site + line + "\n");
    let live = format!("/etc/letsencrypt/live/{HOST}");
    let mut site = replaced(&site, "listen 80;", &format!("listen 127.0.0.1:{http};"))?;
    for (from, to) in [
        ("listen 443 ", format!("listen 127.0.0.1:{tls} ")),
        ("server 127.0.0.1:8080;", format!("server {upstream};")),
        (&format!("{live}/fullchain.pem"), path(dir, "cert.pem")),
        (&format!("{live}/privkey.pem"), path(dir, "key.pem")),
        ("/var/lib/picket/public;", format!("{};", public.display())),
        (
            "/etc/nginx/picket-locations.conf",
            deploy("nginx/picket-locations.conf").display().to_string(),
        ),
    ] {
        site = replaced(&site, from, &to)?;
    }
    Ok(site)
}

fn path(dir: &Path, file: &str) -> String {
    dir.join(file).display().to_string()
}

/// What a distribution's own nginx.conf has, and this inside `http`.
pub(crate) fn main_conf(http: &str) -> String {
    format!(
        "daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
{http}
}}
"
    )
}

/// The site, and a server without TLS for the clients of this test.
fn site_and_plain(public: &Path, plain: u16) -> String {
    format!(
        "    gzip on;
    gzip_types *;
    include site.conf;
    server {{
        listen 127.0.0.1:{plain};
        root {public};
        include {locations};
    }}",
        public = public.display(),
        locations = deploy("nginx/picket-locations.conf").display(),
    )
}

pub(crate) fn the_channel_verifies(stage: &Stage) -> Result<()> {
    let key = stage.world.public_key.to_string();
    let channel = stage.channel_url()?;
    let ran = run(["verify", channel.as_str(), "--public-key", &key])?;
    ensure!(ran.code == Some(0), "{ran:?}");
    ensure!(ran.stdout.ends_with("nothing is wrong\n"), "{ran:?}");
    Ok(())
}

pub(crate) fn a_machine_gets_the_fix(stage: &Stage) -> Result<()> {
    let machine = stage.machine("behind-nginx")?;
    gets_the_fix(&machine, stage.channel_url()?.as_str())
}

/// A machine subscribes to the channel at this address, and installs what is fixed.
pub(crate) fn gets_the_fix(machine: &Machine, channel_url: &str) -> Result<()> {
    machine.subscribe(channel_url)?;
    machine.store.install("nixos", "mastodon")?;
    let version = machine.version_of("mastodon")?;
    ensure!(version.ends_with(" 4.3.8"), "{version}");
    let mastodon = machine.path_of("mastodon")?;
    assert_eq!(machine.signed_by(&mastodon)?, ["picket-demo-1"]);
    Ok(())
}

/// Those of nginx's own answers: the path, and the headers that clients and caches go by.
pub(crate) async fn headers_are_those_of_picket(stage: &Stage, nginx: &Nginx) -> Result<()> {
    let client = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    for path in static_paths(stage)? {
        let through = client.get(stage.world.web.join(&path)?);
        // As a browser, and a newer Nix, would.
        let through = through.header("accept-encoding", "gzip, br").send().await?;
        let direct = client.get(nginx.picket.join(&path)?).send().await?;
        assert_eq!(through.status(), direct.status(), "{path}");
        if path.contains(WITHDRAWN) {
            assert_eq!(through.status(), StatusCode::GONE, "{path}");
        }
        let (ours, theirs) = (shown(through.headers()), shown(direct.headers()));
        assert_eq!(ours, theirs, "{path}");
        assert_eq!(through.bytes().await?, direct.bytes().await?, "{path}");
    }
    Ok(())
}

fn shown(headers: &HeaderMap) -> Vec<(&'static str, Option<String>)> {
    let names = [
        "content-type",
        "cache-control",
        "content-encoding",
        "content-length",
        "accept-ranges",
        "location",
        "x-content-type-options",
    ];
    let value = |name| Some(headers.get(name)?.to_str().ok()?.to_owned());
    names.into_iter().map(|name| (name, value(name))).collect()
}

/// Everything in the public folder that has an address, what could be there and is not, and what
/// nginx passes on.
fn static_paths(stage: &Stage) -> Result<Vec<String>> {
    let root = stage.dir().join("data/public");
    let (public, channel) = (PublicDir::new(&root), channel_name(stage)?);
    let release = public
        .current(&channel.parse()?)?
        .context("there is a release")?;
    let folder = format!("releases/{channel}/{release}");
    let mut paths = vec![folder.clone(), format!("{folder}/"), channel.clone()];
    let cache = |file: &str| format!("cache/{file}");
    let log = |file: &str| format!("release-log/{file}");
    for (dir, to_path) in [
        (
            root.join(&folder),
            &(|file: &str| format!("{folder}/{file}")) as &dyn Fn(&str) -> _,
        ),
        (root.join("cache"), &cache),
        (root.join("cache/nar"), &|file: &str| {
            format!("cache/nar/{file}")
        }),
    ] {
        let names = names_in(&dir)?;
        paths.extend(names.iter().map(|name| to_path(name)));
    }
    paths.extend([
        cache(&format!("{}.narinfo", "0".repeat(32))),
        cache(&format!("nar/{}.nar.zst", "0".repeat(52))),
        format!("releases/{channel}/nixos-26.05.1.999.abc/nixexprs.tar.xz"),
    ]);
    paths.extend(["latest.json", "latest.json.sig"].map(|file| format!("{channel}/{file}")));
    paths.extend(["checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1"].map(log));
    paths.push(log("tile/0/999"));
    let gone = withdrawn(&root, &channel)?;
    paths.extend(["", "/", "/release.json"].map(|file| format!("{gone}{file}")));
    Ok(paths)
}

/// Leaves what is left of a release that was withdrawn, and returns its address.
fn withdrawn(public: &Path, channel: &str) -> Result<String> {
    let notes = public.join("releases").join(channel).join(".gone");
    let note = Gone {
        at: Timestamp::from_unix(1_790_000_000),
        why: WhyGone::withdrawn("it breaks logins"),
    };
    fs::create_dir_all(&notes)?;
    fs::write(
        notes.join(format!("{WITHDRAWN}.json")),
        serde_json::to_vec(&note)?,
    )?;
    Ok(format!("releases/{channel}/{WITHDRAWN}"))
}

/// The files in a folder that are for clients.
fn names_in(dir: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && !name.starts_with('.') {
            names.push(name);
        }
    }
    ensure!(!names.is_empty(), "{} is empty", dir.display());
    Ok(names)
}

pub(crate) fn channel_name(stage: &Stage) -> Result<String> {
    let url = stage.channel_url()?;
    let name = url.path_segments().and_then(Iterator::last);
    Ok(name.context("a channel has a name")?.to_owned())
}

/// Locks, half-written files and what lies beside the public folder have no address.
pub(crate) async fn nothing_else_is_served(stage: &Stage) -> Result<()> {
    let public = stage.dir().join("data/public");
    let hidden: [PathBuf; 2] = ["cache/.lock", "cache/.tmp-half.narinfo"].map(|it| public.join(it));
    fs::write(&hidden[1], "half")?;
    let channel = channel_name(stage)?;
    for path in [
        "cache/.lock",
        "cache/.tmp-half.narinfo",
        "cache/",
        "cache/nar/",
        "cache/..%2f..%2fpicket.db",
        "cache/log/00bgd045z0d4icpbc2yyz4gx48ak44la-x.drv",
        "releases/",
        "release-log/.entries",
        "release-log/tile/0/",
        &format!("latest/{channel}/.lock"),
        &format!("{channel}/.lock"),
        &format!("releases/{channel}/.lock"),
        &format!("releases/{channel}/..%2f..%2f..%2f..%2fpicket.toml"),
    ] {
        let answer = stage.get(path).await?;
        assert!(answer.status().is_client_error(), "{path}");
    }
    fs::remove_file(&hidden[1])?;
    Ok(())
}

/// Without Picket, what was published stays; a path that is not in the cache is still 404, which
/// clients take for an answer; and the rest says 502.
pub(crate) async fn releases_outlive_picket(stage: &Stage) -> Result<()> {
    for path in static_paths(stage)? {
        let missing = ["/0000", ".999.", "/0/999", WITHDRAWN];
        let missing = missing.iter().any(|name| path.contains(name));
        let expected = match path.contains('/') {
            true if missing => StatusCode::NOT_FOUND,
            true => StatusCode::OK,
            false => StatusCode::BAD_GATEWAY,
        };
        let status = async || {
            let answer = stage.get(&path).await.ok()?;
            (answer.status() == expected).then_some(())
        };
        eventually(&format!("{path} answers {expected}"), status).await?;
    }
    Ok(())
}
