//! The stable channel moves while picks are out.

use anyhow::{Context, Result};
use picket_demo::CHANNEL;
use picket_domain::PrNumber;
use picket_tests::{Machine, Stage};
use serde_json::Value;

use crate::{MASTODON, candidate, head_in, manifests, publish_stable, until_release};

const NGINX: PrNumber = PrNumber(4247);
const OUR_KEY: &str = "picket-demo-1";
const OFFICIAL_KEY: &str = "cache.example.org-1";

#[tokio::test(flavor = "multi_thread")]
async fn picks_are_carried_over_until_the_base_has_them() -> Result<()> {
    let stage = Stage::open().await?;
    for pr in [MASTODON, NGINX] {
        stage.approve(pr).await?;
    }
    for pr in [MASTODON, NGINX] {
        stage.until_pick(pr, "released").await?;
    }
    let machine = stage.machine("server")?;
    machine.subscribe(stage.channel_url()?.as_str())?;
    install(&machine)?;

    let moved = stage.world.nixpkgs.advance_stable()?;
    let carried = moves_to(&stage, &moved).await?;
    for pr in [MASTODON, NGINX] {
        assert!(head_in(&carried, pr).is_some(), "{carried}");
    }
    machine.update()?;
    assert_eq!(machine.release()?, carried["name"]);
    install(&machine)?;

    let backported = upstream_takes_mastodon(&stage)?;
    let caught_up = moves_to(&stage, &backported).await?;
    assert_eq!(head_in(&caught_up, MASTODON), None, "{caught_up}");
    assert!(head_in(&caught_up, NGINX).is_some(), "{caught_up}");
    stage.until_pick(MASTODON, "superseded").await?;

    the_lag_won_is_recorded(&stage, &backported).await?;
    no_release_lacked_the_fix(&stage, &backported).await?;
    clients_get_the_fix_of_the_base(&stage, &machine)
}

/// The stable channel moves; returns the manifest of the first release that stands on it.
async fn moves_to(stage: &Stage, rev: &str) -> Result<Value> {
    publish_stable(stage, rev)?;
    let is_on_it = |release: &Value| release["base_rev"] == rev;
    let manifest = until_release(stage, "a release stands on the new base", is_on_it).await?;
    assert_eq!(manifest["base"]["rev"], rev);
    Ok(manifest)
}

/// The pull request is merged, and backported to the stable branch.
fn upstream_takes_mastodon(stage: &Stage) -> Result<String> {
    let nixpkgs = &stage.world.nixpkgs;
    let fix = nixpkgs.fix_mastodon()?;
    let merged = nixpkgs.merge(&fix)?;
    stage.world.github.merge(MASTODON.0, &merged)?;
    nixpkgs.backport_to_stable(&fix)
}

/// Both fixes, built by nobody but Picket.
fn install(machine: &Machine) -> Result<()> {
    for (attribute, version) in [("mastodon", "mastodon 4.3.8"), ("nginx", "nginx 1.28.1")] {
        machine.store.install("nixos", attribute)?;
        assert_eq!(machine.version_of(attribute)?, version);
    }
    Ok(())
}

/// On the channel's page, the candidate's page and in the audit log, by the same number.
async fn the_lag_won_is_recorded(stage: &Stage, base: &str) -> Result<()> {
    let json = candidate(stage, MASTODON).await?;
    let reason = json["reason"].as_str().context("it has a reason")?;
    let lag = reason.strip_prefix("the stable channel has it, ");
    let lag = lag.and_then(|rest| rest.strip_suffix(" later"));
    let lag = lag.with_context(|| format!("{reason:?} names no time"))?;
    assert_ne!(lag, "0 s");
    assert!(json["stages"]["superseded_at"].is_string(), "{json}");
    assert!(json["stages"]["merged_at"].is_string(), "{json}");

    let page = stage.text(&format!("channels/{CHANNEL}")).await?;
    assert!(page.contains(&format!("{lag} earlier")), "{lag}: {page}");
    let page = stage.text(&format!("candidates/{MASTODON}")).await?;
    assert!(page.contains(&format!("{lag} ahead")), "{lag}: {page}");
    let log = stage.text("audit-log").await?;
    let entry = format!("by {}, {lag} after this channel had it", &base[..12]);
    assert_eq!(log.matches(&entry).count(), 1, "{entry}: {log}");
    Ok(())
}

/// From the first release with the fix on, each one has it: as a pick, or in its base.
async fn no_release_lacked_the_fix(stage: &Stage, backported: &str) -> Result<()> {
    let all = manifests(stage).await?;
    let without: Vec<_> = all
        .iter()
        .skip_while(|manifest| head_in(manifest, MASTODON).is_none())
        .filter(|manifest| head_in(manifest, MASTODON).is_none())
        .map(|manifest| manifest["base"]["rev"].as_str())
        .collect();
    assert!(!without.is_empty());
    assert!(without.iter().all(|base| *base == Some(backported)));
    let numbers: Vec<_> = all
        .iter()
        .map(|manifest| manifest["seq"].as_u64())
        .collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    Ok(())
}

/// What the base has now comes from the official cache; what it lacks still comes from ours.
fn clients_get_the_fix_of_the_base(stage: &Stage, machine: &Machine) -> Result<()> {
    machine.update()?;
    install(machine)?;
    let fresh = stage.machine("fresh")?;
    fresh.subscribe(stage.channel_url()?.as_str())?;
    install(&fresh)?;
    let mastodon = fresh.path_of("mastodon")?;
    assert_eq!(fresh.signed_by(&mastodon)?, [OFFICIAL_KEY], "{mastodon}");
    assert!(stage.world.official.substituted()?.contains(&mastodon));
    let nginx = fresh.path_of("nginx")?;
    assert_eq!(fresh.signed_by(&nginx)?, [OUR_KEY], "{nginx}");
    Ok(())
}
