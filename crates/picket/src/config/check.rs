//! From raw values to checked ones.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use picket_builder::{JobSet, Limits, NixConfig};
use picket_domain::{BranchName, ChannelName, JobPattern, Login, Policy, RetryPolicy};
use picket_publisher::{PublicKey, SecretKey};
use toml::Spanned;
use url::Url;

use super::error::Problem;
use super::{
    Allowances, Channel, Config, Follows, GitHub, SignIn, Upstream, UpstreamCache, Web, raw,
};

type Checked<T> = Result<T, Problem>;

const GITHUB_API: &str = "https://api.github.com";
const GITHUB_WEB: &str = "https://github.com";
const SECURITY_LABEL: &str = "1.severity: security";
const DEFAULT_INTERVAL: u64 = 60;

pub(super) fn check(raw: raw::Raw, file: &Path, allow: Allowances) -> Checked<Config> {
    let paths = Paths {
        folder: file.parent().unwrap_or(Path::new(".")).to_owned(),
    };
    let data_dir = paths.absolute(&raw.data_dir)?;
    let database_url = match raw.database_url {
        Some(url) => database_url(url)?,
        None => format!("sqlite://{}", data_dir.join("picket.db").display()),
    };
    Ok(Config {
        database_url,
        web: web(raw.web, &paths, allow)?,
        team: team(raw.team)?,
        github: github(raw.github, &paths)?,
        upstream: upstream(&raw.upstream, &paths)?,
        signing_keys: signing_keys(&raw.signing.key_files, &paths)?,
        limits: limits(&raw.nix),
        nix: nix(raw.nix),
        interval: interval(raw.reconcile)?,
        channels: channels(raw.channel, &paths)?,
        data_dir,
    })
}

/// Relative paths in the file are relative to the file's own folder.
struct Paths {
    folder: PathBuf,
}

impl Paths {
    fn absolute(&self, path: &Spanned<PathBuf>) -> Checked<PathBuf> {
        std::path::absolute(self.folder.join(path.as_ref())).map_err(|error| {
            Problem::new(path.span(), format!("is no path: {error}"), "write a path")
        })
    }

    /// The text of a secret's file, without the line break at its end.
    fn secret(&self, path: &Spanned<PathBuf>) -> Checked<String> {
        let file = self.absolute(path)?;
        let text = std::fs::read_to_string(&file).map_err(|error| {
            Problem::new(
                path.span(),
                format!("cannot read {}: {error}", file.display()),
                "create the file, readable to Picket's user alone",
            )
        })?;
        Ok(text.trim().to_owned())
    }
}

fn parse<T: FromStr>(value: &Spanned<String>, remedy: &str) -> Checked<T>
where
    T::Err: std::fmt::Display,
{
    value
        .as_ref()
        .parse()
        .map_err(|error| Problem::new(value.span(), format!("{error}"), remedy))
}

fn http_url(value: &Spanned<String>) -> Checked<Url> {
    const REMEDY: &str = "write an address as https://example.org";
    let url: Url = parse(value, REMEDY)?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(Problem::new(
            value.span(),
            format!("cannot speak {other}"),
            REMEDY,
        )),
    }
}

fn optional_http_url(value: Option<&Spanned<String>>) -> Checked<Option<Url>> {
    value.map(http_url).transpose()
}

fn http_url_or(value: Option<&Spanned<String>>, default: &str) -> Checked<Url> {
    let default = Spanned::new(0..0, default.to_owned());
    http_url(value.unwrap_or(&default))
}

fn database_url(value: Spanned<String>) -> Checked<String> {
    let known = ["sqlite:", "postgres:", "postgresql:"];
    if known
        .iter()
        .any(|scheme| value.as_ref().starts_with(scheme))
    {
        return Ok(value.into_inner());
    }
    Err(Problem::new(
        value.span(),
        "is no address of a database that Picket can use",
        "write sqlite:///path/to/picket.db or postgres://user@host/database",
    ))
}

fn web(raw: raw::Web, paths: &Paths, allow: Allowances) -> Checked<Web> {
    let listen: SocketAddr = parse(
        &raw.listen,
        "write an address and a port, as 127.0.0.1:8080",
    )?;
    let base_url = http_url(&raw.base_url)?;
    let sign_in = match (raw.github_oauth, raw.demo_sign_in) {
        (Some(oauth), None) => github_sign_in(oauth.into_inner(), paths)?,
        (None, Some(people)) => demo_sign_in(people, listen, allow)?,
        (None, None) => {
            return Err(Problem::new(
                raw.listen.span(),
                "says nothing of how people sign in",
                "add [web.github_oauth] with client_id and client_secret_file",
            ));
        }
        (Some(_), Some(people)) => {
            return Err(Problem::new(
                people.span(),
                "people can sign in in one way only",
                "remove [web.demo_sign_in] or [web.github_oauth]",
            ));
        }
    };
    Ok(Web {
        listen,
        base_url,
        sign_in,
    })
}

fn github_sign_in(raw: raw::GitHubOAuth, paths: &Paths) -> Checked<SignIn> {
    Ok(SignIn::GitHub {
        client_secret: paths.secret(&raw.client_secret_file)?,
        web: http_url_or(raw.web.as_ref(), GITHUB_WEB)?,
        client_id: raw.client_id,
    })
}

/// A passphrase in a file protects nothing that others can reach.
fn demo_sign_in(
    raw: Spanned<std::collections::BTreeMap<String, String>>,
    listen: SocketAddr,
    allow: Allowances,
) -> Checked<SignIn> {
    let refuse = |problem: &str, remedy: &str| Err(Problem::new(raw.span(), problem, remedy));
    if !listen.ip().is_loopback() {
        return refuse(
            "sign-in by passphrase is for loopback alone",
            "set web.listen to 127.0.0.1:PORT, or use [web.github_oauth]",
        );
    }
    if !allow.demo_sign_in {
        return refuse(
            "sign-in by passphrase was not allowed",
            "start with --allow-demo-sign-in if this is a demo, or use [web.github_oauth]",
        );
    }
    let span = raw.span();
    let people = raw
        .into_inner()
        .into_iter()
        .map(|(name, passphrase)| Ok((login(&name, &span)?, passphrase)));
    Ok(SignIn::Demo(people.collect::<Checked<_>>()?))
}

fn login(text: &str, span: &Range<usize>) -> Checked<Login> {
    Login::parse(text)
        .map_err(|error| Problem::new(span.clone(), error.to_string(), "write a GitHub login"))
}

fn team(raw: raw::Team) -> Checked<Vec<Login>> {
    let span = raw.members.span();
    raw.members
        .into_inner()
        .iter()
        .map(|member| login(member, &span))
        .collect()
}

fn github(raw: raw::GitHub, paths: &Paths) -> Checked<GitHub> {
    let span = raw.repository.span();
    let repository = raw.repository.into_inner();
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let (owner, repository) = match repository.split_once('/') {
        Some((owner, name)) if is_name(owner) && is_name(name) => (owner, name),
        _ => {
            return Err(Problem::new(
                span,
                format!("{repository:?} is no GitHub repository"),
                "write OWNER/NAME, as NixOS/nixpkgs",
            ));
        }
    };
    Ok(GitHub {
        api: http_url_or(raw.api.as_ref(), GITHUB_API)?,
        owner: owner.to_owned(),
        repository: repository.to_owned(),
        label: raw.label.unwrap_or_else(|| SECURITY_LABEL.to_owned()),
        token: raw.token_file.map(|file| paths.secret(&file)).transpose()?,
    })
}

fn upstream(raw: &raw::Upstream, paths: &Paths) -> Checked<Upstream> {
    let reference = raw.reference.as_ref();
    Ok(Upstream {
        git: git_remote(&raw.git, paths)?,
        reference: reference.map(|path| paths.absolute(path)).transpose()?,
    })
}

/// A URL that git fetches from or pushes to; a path is made absolute. Other forms that git takes
/// (`host:path`, `ext::..`) are refused: the last runs commands.
fn git_remote(value: &Spanned<String>, paths: &Paths) -> Checked<String> {
    const SCHEMES: [&str; 4] = ["https://", "http://", "ssh://", "file://"];
    let text = value.as_ref();
    if SCHEMES.iter().any(|scheme| text.starts_with(scheme)) {
        return Ok(text.clone());
    }
    if text.contains(':') {
        return Err(Problem::new(
            value.span(),
            format!("{text:?} is no address of a git repository that Picket uses"),
            "write https://HOST/PATH, ssh://USER@HOST/PATH, or a path",
        ));
    }
    Ok(paths.folder.join(text).display().to_string())
}

fn signing_keys(files: &Spanned<Vec<PathBuf>>, paths: &Paths) -> Checked<Vec<SecretKey>> {
    const REMEDY: &str = "make a key with `picket keygen NAME --out FILE` and name FILE here";
    let problem = |text: String| Problem::new(files.span(), text, REMEDY);
    if files.as_ref().is_empty() {
        return Err(problem("names no key: releases must be signed".to_owned()));
    }
    let read = |file: &PathBuf| {
        let file = paths.absolute(&Spanned::new(files.span(), file.clone()))?;
        SecretKey::read_file(&file).map_err(|error| problem(error.to_string()))
    };
    files.as_ref().iter().map(read).collect()
}

fn limits(raw: &raw::Nix) -> Limits {
    let default = Limits::default();
    Limits {
        build_seconds: raw.build_seconds.unwrap_or(default.build_seconds),
        silent_seconds: raw.silent_seconds.unwrap_or(default.silent_seconds),
        restricted: raw.restrict_evaluation.unwrap_or(default.restricted),
        ..default
    }
}

fn nix(raw: raw::Nix) -> NixConfig {
    NixConfig {
        bin_dir: raw.bin_dir,
        environment: raw.environment,
        options: raw.options.into_iter().collect(),
    }
}

fn interval(raw: raw::Reconcile) -> Checked<Duration> {
    match raw.interval_seconds {
        None => Ok(Duration::from_secs(DEFAULT_INTERVAL)),
        Some(seconds) if *seconds.as_ref() == 0 => Err(Problem::new(
            seconds.span(),
            "0 would never rest",
            "write 1 or more seconds",
        )),
        Some(seconds) => Ok(Duration::from_secs(seconds.into_inner())),
    }
}

fn channels(raw: Spanned<Vec<raw::Channel>>, paths: &Paths) -> Checked<Vec<Channel>> {
    let span = raw.span();
    let mut seen = BTreeSet::new();
    let mut channels = Vec::new();
    for raw in raw.into_inner() {
        let name = raw.name.clone();
        let channel = channel(raw, paths)?;
        if !seen.insert(channel.policy.channel.clone()) {
            let problem = format!("there is another channel {:?}", name.as_ref());
            return Err(Problem::new(
                name.span(),
                problem,
                "give each channel its own name",
            ));
        }
        channels.push(channel);
    }
    if channels.is_empty() {
        return Err(Problem::new(
            span,
            "there is no channel",
            "add a [[channel]] section",
        ));
    }
    Ok(channels)
}

fn channel(raw: raw::Channel, paths: &Paths) -> Checked<Channel> {
    let follows = Follows {
        branch: parse::<BranchName>(&raw.follows.branch, "write a branch, as nixos-26.05")?,
        url: optional_http_url(raw.follows.url.as_ref())?,
    };
    let push_to = raw.push_to.as_ref();
    let push_to = push_to
        .map(|remote| git_remote(remote, paths))
        .transpose()?;
    let upstream_cache = raw
        .upstream_cache
        .as_ref()
        .map(upstream_cache)
        .transpose()?;
    let jobs = JobSet {
        file: job_file(&raw.jobs.file)?,
        attributes: raw.jobs.attributes,
        arguments: raw.jobs.arguments,
    };
    let policy = Policy {
        channel: channel_name(&raw.name)?,
        required_approvals: at_least_one(raw.required_approvals.as_ref(), 2)?,
        required_jobs: required_jobs(raw.required_jobs)?,
        retry: RetryPolicy {
            attempts: at_least_one(raw.build_attempts.as_ref(), 2)?,
            transient_wait_seconds: raw.retry_seconds.unwrap_or(60).into(),
        },
    };
    Ok(Channel {
        policy,
        follows,
        jobs,
        upstream_cache,
        push_to,
    })
}

fn channel_name(raw: &Spanned<String>) -> Checked<ChannelName> {
    const REMEDY: &str = "write a name as nixos-26.05-sec";
    let name: ChannelName = parse(raw, REMEDY)?;
    if picket_web::is_reserved(name.as_str()) {
        let problem = format!("{name:?} is a page of the web UI", name = name.as_str());
        return Err(Problem::new(raw.span(), problem, REMEDY));
    }
    Ok(name)
}

fn at_least_one(raw: Option<&Spanned<u32>>, default: u32) -> Checked<u32> {
    match raw {
        None => Ok(default),
        Some(value) if *value.as_ref() == 0 => Err(Problem::new(
            value.span(),
            "0 would let everything through",
            "write 1 or more",
        )),
        Some(value) => Ok(*value.as_ref()),
    }
}

fn required_jobs(raw: Option<Spanned<Vec<String>>>) -> Checked<Vec<JobPattern>> {
    let patterns = raw.unwrap_or_else(|| Spanned::new(0..0, vec!["*".to_owned()]));
    let parse = |text: &String| {
        JobPattern::parse(text).map_err(|error| {
            Problem::new(
                patterns.span(),
                error.to_string(),
                "write job names, `*` for any run",
            )
        })
    };
    patterns.as_ref().iter().map(parse).collect()
}

/// The file is looked up in trees that Picket does not control, so it must not lead out of them.
fn job_file(raw: &Spanned<PathBuf>) -> Checked<PathBuf> {
    let is_plain = raw
        .as_ref()
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if is_plain && raw.as_ref().components().next().is_some() {
        return Ok(raw.as_ref().clone());
    }
    Err(Problem::new(
        raw.span(),
        format!("{:?} is not inside the tree", raw.as_ref()),
        "write a path relative to the tree's root, as nixos/release-small.nix",
    ))
}

fn upstream_cache(raw: &raw::UpstreamCache) -> Checked<UpstreamCache> {
    let key = |text: &String| {
        PublicKey::parse(text).map_err(|error| {
            let remedy = "write keys as NAME:BASE64, as cache.nixos.org-1:6NCH..";
            Problem::new(raw.public_keys.span(), error.to_string(), remedy)
        })
    };
    Ok(UpstreamCache {
        url: http_url(&raw.url)?,
        store_paths: optional_http_url(raw.store_paths.as_ref())?,
        public_keys: raw
            .public_keys
            .as_ref()
            .iter()
            .map(key)
            .collect::<Checked<_>>()?,
    })
}
