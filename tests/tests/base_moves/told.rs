//! What GitHub tells by its webhook.

use std::fs;

use anyhow::{Result, ensure};
use hmac::{Hmac, Mac};
use picket_domain::PrNumber;
use picket_testkit::github::PullRequestSpec;
use picket_tests::{Stage, eventually};
use serde_json::json;
use sha2::Sha256;

use crate::{MASTODON, candidate};

const SECRET: &str = "what-github-signs-with";
const TOLD: PrNumber = PrNumber(4301);

/// It looks once an hour by itself: nothing but the delivery can make it look in time.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_makes_it_look_at_once() -> Result<()> {
    let mut stage = Stage::make().await?;
    let file = stage.dir().join("webhook-secret");
    fs::write(&file, SECRET)?;
    let config = fs::read_to_string(&stage.world.config_file)?;
    let config = config.replacen("interval_seconds = 2", "interval_seconds = 3600", 1);
    let key = format!("[github]\nwebhook_secret_file = {file:?}");
    let config = config.replacen("[github]", &key, 1);
    ensure!(
        config.contains("= 3600") && config.contains(&key),
        "{config}"
    );
    fs::write(&stage.world.config_file, config)?;
    stage.start()?;
    stage.until_pick(MASTODON, "awaiting_approval").await?;

    let fix = stage.world.nixpkgs.fix_curl()?;
    stage.world.github.open_pull_request(PullRequestSpec {
        number: Some(TOLD.0),
        title: "curl: patch CVE-2026-40999".into(),
        head_ref: fix.branch,
        ..Default::default()
    })?;
    let body = json!({
        "action": "opened",
        "number": TOLD.0,
        "repository": { "full_name": "NixOS/nixpkgs" },
    });
    deliver(&stage, &body.to_string()).await?;
    eventually("it is a candidate", async || {
        let json = candidate(&stage, TOLD).await.ok()?;
        (json["title"] == "curl: patch CVE-2026-40999").then_some(())
    })
    .await
}

async fn deliver(stage: &Stage, body: &str) -> Result<()> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    mac.update(body.as_bytes());
    let bytes = mac.finalize().into_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let sent = reqwest::Client::new()
        .post(stage.world.web.join("webhooks/github")?)
        .header("x-github-event", "pull_request")
        .header("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
        .header("x-hub-signature-256", format!("sha256={hex}"))
        .body(body.to_owned());
    let answer = sent.send().await?;
    ensure!(answer.status() == 202, "{}", answer.status());
    Ok(())
}
