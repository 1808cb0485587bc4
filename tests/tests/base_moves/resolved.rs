//! A conflict that was resolved, while the stable channel moves.

use anyhow::Result;
use picket_domain::PrNumber;
use picket_tests::{Stage, eventually};
use serde_json::Value;

use crate::{candidate, head_in, publish_stable, until_release};

const REDIS: PrNumber = PrNumber(4243);

#[tokio::test(flavor = "multi_thread")]
async fn a_resolution_holds_as_long_as_the_same_versions_meet() -> Result<()> {
    let stage = Stage::open().await?;
    until_assessed(&stage, "conflict").await?;
    stage.person(0).await?.accept_proposal(REDIS).await?;
    let resolved = until_assessed(&stage, "picked").await?;
    assert_eq!(resolved["resolved"][0], "pkgs/by-name/re/redis/package.nix");
    stage.approve(REDIS).await?;
    stage.until_pick(REDIS, "released").await?;
    let machine = stage.machine("server")?;
    machine.subscribe(stage.channel_url()?.as_str())?;
    machine.store.install("nixos", "redis")?;
    assert_eq!(
        machine.version_of("redis-server")?,
        "redis-server, of redis 8.0.2"
    );

    let moved = stage.world.nixpkgs.advance_stable()?;
    publish_stable(&stage, &moved)?;
    let carried =
        until_release(&stage, "it follows the base", |it| it["base_rev"] == *moved).await?;
    assert!(head_in(&carried, REDIS).is_some(), "{carried}");

    let touched = stage.world.nixpkgs.advance_redis()?;
    publish_stable(&stage, &touched)?;
    stage.until_pick(REDIS, "conflict").await?;
    Ok(())
}

/// An approval is of what its giver saw. Here two people approve a pull request that conflicts, and
/// so its own diff; what a third makes of the conflict they have to approve again.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_ships_a_resolution_alone() -> Result<()> {
    let stage = Stage::open().await?;
    until_assessed(&stage, "conflict").await?;
    stage.approve(REDIS).await?;
    stage.until_pick(REDIS, "conflict").await?;
    stage.person(0).await?.accept_proposal(REDIS).await?;
    stage.until_pick(REDIS, "stale").await?;
    stage.person(0).await?.approve(REDIS).await?;
    let json = candidate(&stage, REDIS).await?;
    let reason = json["reason"].as_str().unwrap_or_default();
    assert!(reason.ends_with("1 approval of that needed"), "{reason}");
    stage.person(1).await?.approve(REDIS).await?;
    stage.until_pick(REDIS, "released").await?;
    Ok(())
}

async fn until_assessed(stage: &Stage, as_what: &str) -> Result<Value> {
    eventually(&format!("#{REDIS} is assessed as {as_what}"), async || {
        let json = candidate(stage, REDIS).await.ok()?;
        (json["assessment"] == as_what).then_some(json)
    })
    .await
}
