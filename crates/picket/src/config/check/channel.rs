//! One channel.

use picket_builder::JobSet;
use picket_domain::{
    AfterHold, BaseHold, BranchName, ChannelName, JobPattern, MassRebuild, Policy, RetryPolicy,
    Scope,
};
use picket_publisher::PublicKey;
use toml::Spanned;
use url::Url;

use super::address::{git_remote, http_base, optional_http_url};
use super::paths::Paths;
use super::value::{Checked, at_least_one, parse};
use crate::config::error::Problem;
use crate::config::{Channel, Follows, Upstream, UpstreamCache, raw};

/// What channels are checked against.
pub(super) struct Around<'a> {
    pub(super) paths: &'a Paths,
    pub(super) upstream: &'a Upstream,
    pub(super) base_url: &'a Url,
    pub(super) members: usize,
}

/// A branch by its own name.
fn branch(raw: &Spanned<String>) -> Checked<BranchName> {
    const REMEDY: &str = "write a branch, as nixos-26.05";
    let name = raw.as_ref();
    if name == "HEAD" || name == "@" || name.starts_with("refs/") {
        let text = format!("{name:?} is no branch's own name");
        return Err(Problem::new(raw.span(), text, REMEDY));
    }
    parse(raw, REMEDY)
}

pub(super) fn channel(raw: raw::Channel, around: &Around<'_>) -> Checked<Channel> {
    let follows = Follows {
        branch: branch(&raw.follows.branch)?,
        url: optional_http_url(raw.follows.url.as_ref())?,
    };
    let push_to = raw.push_to.as_ref();
    let push_to = push_to
        .map(|remote| git_remote(remote, around.paths))
        .transpose()?;
    let upstream_cache = raw
        .upstream_cache
        .as_ref()
        .map(upstream_cache)
        .transpose()?;
    let jobs = jobs(raw.jobs)?;
    let required_approvals =
        required_approvals(&raw.name, raw.required_approvals.as_ref(), around.members)?;
    let rebuild_limit = raw.rebuild_limit.unwrap_or(500);
    let approvals = raw.mass_rebuild_approvals.as_ref();
    let mass_rebuild = approvals.map(|raw| mass_rebuild(raw, rebuild_limit, around.members));
    let policy = Policy {
        channel: channel_name(&raw.name)?,
        required_approvals,
        mass_rebuild: mass_rebuild.transpose()?,
        required_jobs: required_jobs(raw.required_jobs)?,
        package_tests: raw.package_tests.unwrap_or_default(),
        retry: RetryPolicy {
            attempts: at_least_one(raw.build_attempts.as_ref(), 2)?,
            transient_wait_seconds: raw.retry_seconds.unwrap_or(60).into(),
            transient_attempts: at_least_one(raw.transient_attempts.as_ref(), 4)?,
            give_up_seconds: i64::from(at_least_one(raw.give_up_hours.as_ref(), 6)?) * 3_600,
        },
        base_hold: BaseHold {
            seconds: i64::from(raw.base_hold_hours.unwrap_or(24)) * 3_600,
            then: raw.base_hold_then.unwrap_or(AfterHold::Hold),
        },
        overtake_seconds: i64::from(raw.overtake_minutes.unwrap_or(15)) * 60,
        push_first: raw.push_first,
    };
    Ok(Channel {
        policy,
        follows,
        jobs,
        rebuild_limit,
        scope: scope(&raw.scope)?,
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

/// More approvals than there are people would let nothing through, ever.
fn required_approvals(
    name: &Spanned<String>,
    raw: Option<&Spanned<u32>>,
    members: usize,
) -> Checked<u32> {
    let required = at_least_one(raw, 2)?;
    if usize::try_from(required).is_ok_and(|it| it <= members) {
        return Ok(required);
    }
    Err(Problem::new(
        raw.map_or_else(|| name.span(), Spanned::span),
        format!("{required} people must approve, and the team has {members}"),
        "name more people in team.members, or set required_approvals",
    ))
}

fn mass_rebuild(raw: &Spanned<u32>, over: u32, members: usize) -> Checked<MassRebuild> {
    let approvals = at_least_one(Some(raw), 1)?;
    if usize::try_from(approvals).is_ok_and(|it| it <= members) {
        return Ok(MassRebuild { over, approvals });
    }
    Err(Problem::new(
        raw.span(),
        format!("{approvals} people must approve a mass rebuild, and the team has {members}"),
        "name more people in team.members, or fewer here",
    ))
}

fn required_jobs(raw: Option<Spanned<Vec<Spanned<String>>>>) -> Checked<Vec<JobPattern>> {
    let Some(raw) = raw else {
        return Ok(vec![JobPattern::all()]);
    };
    let (span, patterns) = (raw.span(), raw.into_inner());
    let remedy = "write job names, `*` for any run";
    if patterns.is_empty() {
        let text = "nothing is required, so that a release may break everything";
        let remedy = "name the jobs that must pass, or leave the key out to require all";
        return Err(Problem::new(span, text, remedy));
    }
    patterns.iter().map(|it| pattern(it, remedy)).collect()
}

/// The packages that the channel is about. One of all would make each pull request a candidate.
fn scope(raw: &[Spanned<String>]) -> Checked<Scope> {
    let remedy = "write names of packages, as mastodon or firefox*";
    let check = |text: &Spanned<String>| {
        let pattern = pattern(text, remedy)?;
        if pattern.names_all() {
            let problem = "every pull request would be a candidate";
            return Err(Problem::new(text.span(), problem, remedy));
        }
        Ok(pattern)
    };
    let patterns: Checked<_> = raw.iter().map(check).collect();
    patterns.map(Scope::new)
}

fn pattern(text: &Spanned<String>, remedy: &'static str) -> Checked<JobPattern> {
    JobPattern::parse(text.as_ref())
        .map_err(|error| Problem::new(text.span(), error.to_string(), remedy))
}

/// The builder's own check decides, first of the file, then with each attribute.
fn jobs(raw: raw::Jobs) -> Checked<JobSet> {
    let span = raw.file.span();
    let mut jobs = JobSet {
        file: raw.file.into_inner(),
        attributes: Vec::new(),
        arguments: raw.arguments,
    };
    let check = |jobs: &JobSet, span, remedy: &str| {
        jobs.check()
            .map_err(|error| Problem::new(span, error.to_string(), remedy))
    };
    let remedy = "write a path relative to the tree's root, as nixos/release-small.nix";
    check(&jobs, span, remedy)?;
    for attribute in raw.attributes {
        let span = attribute.span();
        jobs.attributes.push(attribute.into_inner());
        check(
            &jobs,
            span,
            "write names with dots between them, as nixos.tests",
        )?;
    }
    Ok(jobs)
}

fn upstream_cache(raw: &raw::UpstreamCache) -> Checked<UpstreamCache> {
    let remedy = "write keys as NAME:BASE64, as cache.nixos.org-1:6NCH..";
    let key = |text: &Spanned<String>| {
        PublicKey::parse(text.as_ref())
            .map_err(|error| Problem::new(text.span(), error.to_string(), remedy))
    };
    let keys = raw.public_keys.as_ref().iter().map(key);
    // What the upstream cache has is not copied, so that its keys are looked at, and not used.
    keys.collect::<Checked<Vec<_>>>()?;
    Ok(UpstreamCache {
        url: http_base(Some(&raw.url), "")?,
        store_paths: optional_http_url(raw.store_paths.as_ref())?,
    })
}
