//! Real Nix clients subscribe to the channel, install a fix without building anything, and check
//! where it came from.

mod channel;
mod flakes;
mod latest;
mod packages;
mod verify;

use anyhow::{Context, Result};
use picket_domain::PrNumber;
use picket_tests::Stage;
use serde_json::Value;

const MASTODON: PrNumber = PrNumber(4242);
const NGINX: PrNumber = PrNumber(4247);

/// The key that the stage's Picket signs with, by name; and that of the official cache.
const OUR_KEY: &str = "picket-demo-1";
const OFFICIAL_KEY: &str = "cache.example.org-1";

/// A stage with the fix of mastodon out.
async fn with_mastodon_fixed() -> Result<Stage> {
    let stage = Stage::open().await?;
    stage.approve(MASTODON).await?;
    stage.until_pick(MASTODON, "released").await?;
    Ok(stage)
}

/// Approves one more fix and waits until it is out.
async fn release_nginx(stage: &Stage) -> Result<()> {
    stage.approve(NGINX).await?;
    stage.until_pick(NGINX, "released").await?;
    Ok(())
}

/// The current release, as the JSON API shows it.
async fn current(stage: &Stage) -> Result<Value> {
    Ok(stage.channel().await?["current"].clone())
}

fn text<'a>(json: &'a Value, key: &str) -> Result<&'a str> {
    let text = json[key].as_str();
    text.with_context(|| format!("no text {key} in {json}"))
}
