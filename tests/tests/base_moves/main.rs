//! What is decided and what is released, while the stable channel, pull requests and opinions move.

mod advised;
mod carried_over;
mod commented;
mod decisions;
mod impact;
mod older_database;
mod own_patch;
mod resolved;
mod stand_ins;
mod told;
mod unfetchable;

use anyhow::{Context, Result};
use picket_domain::PrNumber;
use picket_tests::Stage;
use serde_json::Value;

const MASTODON: PrNumber = PrNumber(4242);

/// Moves the stable channel on to a revision, as Hydra and the channel scripts do.
fn publish_stable(stage: &Stage, rev: &str) -> Result<()> {
    let (official, nixpkgs) = (&stage.world.official, &stage.world.nixpkgs);
    tokio::task::block_in_place(|| official.publish(nixpkgs, rev))?;
    Ok(())
}

/// The signed manifests of all releases that were ever out, oldest first.
async fn manifests(stage: &Stage) -> Result<Vec<Value>> {
    let channel = stage.channel().await?;
    let mut manifests = Vec::new();
    for release in channel["releases"].as_array().into_iter().flatten().rev() {
        let url = release["url"].as_str().context("a release has a URL")?;
        let text = stage.text(&format!("{url}/release.json")).await?;
        manifests.push(serde_json::from_str(&text)?);
    }
    Ok(manifests)
}

/// The head at which a release has a pull request.
fn head_in(manifest: &Value, pr: PrNumber) -> Option<&str> {
    let mut picks = manifest["picks"].as_array()?.iter();
    picks.find(|pick| pick["pr"] == pr.0)?["head"].as_str()
}

/// The current release's manifest.
async fn current(stage: &Stage) -> Result<Value> {
    let newest = manifests(stage).await?.pop();
    newest.context("nothing is released")
}

/// Waits until the current release is as it should be; returns its manifest.
async fn until_release(stage: &Stage, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
    stage.until(what, |json| is_so(&json["current"])).await?;
    current(stage).await
}

/// Whether a release, as the JSON API shows it, has a pull request.
fn has(release: &Value, pr: PrNumber) -> bool {
    let mut picks = release["picks"].as_array().into_iter().flatten();
    picks.any(|it| *it == pr.0)
}

/// A channel's candidate, as the JSON API shows it.
async fn candidate(stage: &Stage, pr: PrNumber) -> Result<Value> {
    let text = stage.text(&format!("api/v1/candidates/{pr}")).await?;
    let json: Value = serde_json::from_str(&text)?;
    Ok(json["candidates"][0].clone())
}
