//! A conflict: what the page shows of it, a proposal that is accepted, and its way to servers.

use anyhow::{Context, Result, ensure};
use picket_domain::PrNumber;
use picket_tests::{Stage, eventually};

use crate::chromium::{Browser, ChromeDriver};
use crate::{approve, click, open_candidate, screenshot, sign_in, text, until_it_shows};

const REDIS: PrNumber = PrNumber(4243);

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_is_accepted_and_ships() -> Result<()> {
    let stage = Stage::open().await?;
    stage.until_pick(REDIS, "awaiting_approval").await?;
    let driver = ChromeDriver::start()?;
    let browser = Browser::open(&driver).await?;
    sign_in(&browser, &stage, 0).await?;
    until_it_says(&browser, &stage, "redis: 7.2.7 -> 8.0.1").await?;
    let page = text(&browser).await?;
    for said in ["Conflict", "Picket proposes", "7.2.7", "8.0.1", "8.0.2"] {
        ensure!(page.contains(said), "{said:?} is missing:\n{page}");
    }
    scroll_to(&browser, "#conflict").await?;
    screenshot(&browser, "conflict").await?;
    click(&browser, "proposal", "#accept-proposal button").await?;

    until_it_says(&browser, &stage, "Applies as resolved").await?;
    let page = text(&browser).await?;
    let by = format!("{} resolved conflicts", stage.world.people[0].0);
    ensure!(page.contains(&by), "{by:?} is missing:\n{page}");
    approve(&browser, &stage, REDIS).await?;
    until_it_shows(&browser, &["1 of 2 approvals"]).await?;
    screenshot(&browser, "resolved").await?;

    let other = Browser::open(&driver).await?;
    sign_in(&other, &stage, 1).await?;
    approve(&other, &stage, REDIS).await?;
    let json = stage.until_pick(REDIS, "released").await?;
    let release = json["release"].as_str().context("a release")?;
    until_it_says(&other, &stage, release).await?;
    let machine = stage.machine("server")?;
    machine.subscribe(stage.channel_url()?.as_str())?;
    machine.store.install("nixos", "redis")?;
    let version = machine.version_of("redis-server")?;
    ensure!(version == "redis-server, of redis 8.0.2", "{version}");
    browser.close().await?;
    other.close().await
}

/// Looks at the candidate's page until it says so.
async fn until_it_says(browser: &Browser, stage: &Stage, what: &str) -> Result<()> {
    eventually(&format!("the page says {what:?}"), async || {
        open_candidate(browser, stage, REDIS).await.ok()?;
        text(browser).await.ok()?.contains(what).then_some(())
    })
    .await
}

async fn scroll_to(browser: &Browser, css: &str) -> Result<()> {
    let script = "document.querySelector(arguments[0]).scrollIntoView(); scrollBy(0, -48)";
    browser.execute(script, vec![css.into()]).await?;
    Ok(())
}
