//! A conflict that was resolved, while the stable channel moves.

use anyhow::Result;
use picket_demo::CHANNEL;
use picket_domain::PrNumber;
use picket_tests::{Stage, eventually};
use serde_json::Value;

use crate::{MASTODON, candidate, head_in, publish_stable, until_release};

const REDIS: PrNumber = PrNumber(4243);

#[tokio::test(flavor = "multi_thread")]
async fn a_resolution_holds_as_long_as_the_same_versions_meet() -> Result<()> {
    let stage = Stage::open().await?;
    release_resolved(&stage).await?;
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
    until_assessed(&stage, "conflict").await?;
    the_base_is_held_back(&stage, &moved).await?;
    let veto = stage.person(0).await?;
    veto.veto(REDIS, "8.0.3 is on its way").await?;
    let has_moved = |release: &Value| release["base_rev"] != *moved;
    let without = until_release(&stage, "it goes on without the fix", has_moved).await?;
    assert_eq!(head_in(&without, REDIS), None);
    Ok(())
}

/// Meanwhile servers lack what the new base fixes, and that is said too.
#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_would_take_a_fix_away_is_followed_once_that_is_resolved_there() -> Result<()> {
    let stage = Stage::open().await?;
    release_resolved(&stage).await?;
    let current = stage.channel().await?["current"]["base_rev"].clone();
    let before = current.as_str().unwrap_or_default();

    let nixpkgs = &stage.world.nixpkgs;
    let fix = nixpkgs.fix_mastodon()?;
    stage
        .world
        .github
        .merge(MASTODON.0, &nixpkgs.merge(&fix)?)?;
    nixpkgs.backport_to_stable(&fix)?;
    let touched = nixpkgs.advance_redis()?;
    publish_stable(&stage, &touched)?;
    until_assessed(&stage, "conflict").await?;
    the_base_is_held_back(&stage, before).await?;
    let advisories = candidate(&stage, MASTODON).await?["advisories"].clone();
    let advisory = advisories[0].as_str().unwrap_or_default();
    let missed = format!("what that revision fixes: #{MASTODON} ({advisory}");
    for page in [&format!("channels/{CHANNEL}"), "healthz"] {
        eventually(&format!("{page} names what is missed"), async || {
            let text = stage.get(page).await.ok()?.text().await.ok()?;
            text.contains(&missed).then_some(())
        })
        .await?;
    }

    let people = [stage.person(0).await?, stage.person(1).await?];
    people[0].accept_proposal(REDIS).await?;
    until_assessed(&stage, "picked").await?;
    for person in people {
        person.approve(REDIS).await?;
    }
    let is_on_it = |release: &Value| release["base_rev"] == *touched;
    let moved = until_release(&stage, "it goes to the new base", is_on_it).await?;
    assert!(head_in(&moved, REDIS).is_some(), "{moved}");
    Ok(())
}

/// The pull request conflicts; what Picket proposes is accepted, approved and released.
async fn release_resolved(stage: &Stage) -> Result<()> {
    until_assessed(stage, "conflict").await?;
    stage.person(0).await?.accept_proposal(REDIS).await?;
    let resolved = until_assessed(stage, "picked").await?;
    assert_eq!(resolved["resolved"][0], "pkgs/by-name/re/redis/package.nix");
    stage.approve(REDIS).await?;
    stage.until_pick(REDIS, "released").await?;
    Ok(())
}

/// Servers have the fix, and the new base would take it away: the channel stays where it is, and the
/// page says why and what to do.
async fn the_base_is_held_back(stage: &Stage, base: &str) -> Result<()> {
    let page = format!("channels/{CHANNEL}");
    eventually("the page says that the base is held back", async || {
        let text = stage.text(&page).await.ok()?;
        text.contains("servers would lose fixes").then_some(())
    })
    .await?;
    assert_eq!(candidate(stage, REDIS).await?["state"], "released");
    assert_eq!(stage.channel().await?["current"]["base_rev"], base);
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
