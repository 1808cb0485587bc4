//! From raw values to checked ones.

mod address;
mod channel;
mod channels;
mod github;
mod mirror;
mod nix;
mod paths;
mod signing;
mod targets;
mod team;
mod value;
mod web;

use std::path::{Path, PathBuf};
use std::time::Duration;

use picket_domain::Certainty;
use picket_evidence::Places;
use toml::Spanned;

use self::channel::Around;
use self::paths::Paths;
use self::value::{Checked, at_least_one};
use super::error::Problem;
use super::{Allowances, Config, Impact, raw};

const DEFAULT_INTERVAL: u64 = 60;
const DEFAULT_ESTIMATE: u32 = 30;

pub(super) fn check(raw: raw::Raw, file: &Path, allow: Allowances) -> Checked<Config> {
    let paths = Paths::of(file);
    let web = web::web(raw.web, &paths, allow)?;
    let team = team::team(&raw.team, &web.sign_in)?;
    let upstream = github::upstream(&raw.upstream, &paths)?;
    let github = github::github(raw.github, &paths, &web.base_url)?;
    let around = Around {
        paths: &paths,
        upstream: &upstream,
        base_url: &web.base_url,
        members: team.len(),
    };
    let channels = channels::channels(raw.channel, &around)?;
    Ok(Config {
        database_url: address::database_url(raw.database_url, &raw.data_dir, &paths)?,
        data_dir: paths.writable_folder(&raw.data_dir)?,
        web,
        team,
        targets: targets::targets(&raw.team.targets)?,
        github,
        upstream,
        signing: signing::signing(&raw.signing, &paths)?,
        latest_seconds: signing::latest_seconds(raw.signing.as_ref().latest_hours.as_ref())?,
        limits: nix::limits(&raw.nix, &raw.limits)?,
        nix: nix::nix(raw.nix, &paths)?,
        impact: impact(&raw.impact)?,
        evidence: evidence(&raw.evidence, &paths)?,
        retention: nix::retention(&raw.retention)?,
        interval: interval(raw.reconcile)?,
        mirrors: mirror::mirrors(&raw.mirror, &paths)?,
        channels,
    })
}

fn impact(raw: &raw::Impact) -> Checked<Option<Impact>> {
    let seconds = at_least_one(raw.seconds.as_ref(), DEFAULT_ESTIMATE)?;
    let certainty = match raw.certainty {
        Some(raw::ImpactCertainty::None) => return Ok(None),
        Some(raw::ImpactCertainty::Estimate) | None => Certainty::Estimate,
        Some(raw::ImpactCertainty::Exact) => Certainty::Exact,
    };
    Ok(Some(Impact {
        certainty,
        budget: Duration::from_secs(seconds.into()),
    }))
}

/// The files need not be there yet: whatever fetches them may come later.
fn evidence(raw: &raw::Evidence, paths: &Paths) -> Checked<Places> {
    let file = |file: &Option<Spanned<PathBuf>>| {
        let file = file.as_ref();
        file.map(|file| paths.absolute(file)).transpose()
    };
    let osv = raw.osv.iter().map(|path| paths.absolute(path));
    Ok(Places {
        kev: file(&raw.kev_file)?,
        osv: osv.collect::<Checked<_>>()?,
        epss: file(&raw.epss_file)?,
    })
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
