//! Deciding, where something is in the way: a push, or a browser that runs no scripts.

use anyhow::{Result, ensure};
use picket_domain::PrNumber;
use picket_tests::{Stage, eventually};
use serde_json::Value;
use thirtyfour::prelude::*;

use crate::chromium::{Browser, ChromeDriver, Setting};
use crate::{MASTODON, NGINX, approve, click, open_candidate, sign_in, until_it_shows};

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_about_what_was_read() -> Result<()> {
    let stage = Stage::open().await?;
    stage.until_pick(MASTODON, "awaiting_approval").await?;
    stage.until_pick(NGINX, "awaiting_approval").await?;
    let driver = ChromeDriver::start()?;
    a_push_comes_between(&driver, &stage).await?;
    without_scripts(&driver, &stage).await
}

/// The author pushes after the page was loaded and before the click: nothing is approved, and the
/// page names both heads.
async fn a_push_comes_between(driver: &ChromeDriver, stage: &Stage) -> Result<()> {
    let browser = Browser::open(driver).await?;
    sign_in(&browser, stage, 0).await?;
    open_candidate(&browser, stage, NGINX).await?;
    let fix = stage.world.nixpkgs.fix_nginx()?;
    let pushed = stage.world.nixpkgs.push_again(&fix)?;
    stage.world.github.push(NGINX.0, &pushed.head)?;
    eventually("picket sees the push", async || {
        (candidate(stage, NGINX).await.ok()?["head"] == pushed.head.as_str()).then_some(())
    })
    .await?;
    let button = format!("form[action='/candidates/{NGINX}/approve'] button");
    click(&browser, "approve button", &button).await?;
    let both = [fix.head.as_str(), pushed.head.as_str()];
    until_it_shows(&browser, &["has moved on", both[0], both[1]]).await?;
    let approvals = candidate(stage, NGINX).await?["approvals"].clone();
    ensure!(approvals == Value::Array(Vec::new()), "{approvals}");
    click(&browser, "way on", "main a.button").await?;
    until_it_shows(&browser, &[&pushed.head, "Approve"]).await?;
    browser.close().await
}

/// A candidate in the stage's one channel, as the JSON API shows it.
async fn candidate(stage: &Stage, pr: PrNumber) -> Result<Value> {
    let json = stage.text(&format!("api/v1/candidates/{pr}")).await?;
    Ok(serde_json::from_str::<Value>(&json)?["candidates"][0].clone())
}

/// Signing in, approving, and taking that back with a reason: forms and links alone.
async fn without_scripts(driver: &ChromeDriver, stage: &Stage) -> Result<()> {
    let browser = Browser::open_in(Setting::WithoutScripts, driver).await?;
    let script = "data:text/html,<title>off</title><script>document.title = 'on'</script>";
    browser.goto(script).await?;
    ensure!(browser.title().await? == "off", "scripts do run");
    sign_in(&browser, stage, 1).await?;
    approve(&browser, stage, MASTODON).await?;
    until_it_shows(&browser, &["1 of 2 approvals"]).await?;
    let form = format!("form[action='/candidates/{MASTODON}/withdraw']");
    let fold = format!("details:has({form}) > summary");
    click(&browser, "fold", &fold).await?;
    let reason = browser.find(By::Css(format!("{form} textarea"))).await?;
    reason.send_keys("I read the wrong advisory").await?;
    click(&browser, "withdraw button", &format!("{form} button")).await?;
    until_it_shows(&browser, &["0 of 2 approvals", "I read the wrong advisory"]).await?;
    browser.close().await
}
