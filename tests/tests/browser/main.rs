//! Two people at work in a real browser, and a third look at what they did.
//!
//! Needs Chromium and its driver. Screenshots go to `target/screenshots`; with
//! `PICKET_UPDATE_SCREENSHOTS=1`, those that the README shows are written to `docs/images` anew.

mod chromium;
mod conflict;
mod deciding;
mod reading;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use chromium::{Browser, ChromeDriver};
use picket_demo::CHANNEL;
use picket_domain::PrNumber;
use picket_tests::{Stage, eventually};
use thirtyfour::prelude::*;

const MASTODON: PrNumber = PrNumber(4242);
const NGINX: PrNumber = PrNumber(4247);

async fn sign_in(browser: &WebDriver, stage: &Stage, which: usize) -> Result<()> {
    let (name, passphrase) = &stage.world.people[which];
    browser
        .goto(stage.world.web.join("login")?.as_str())
        .await?;
    browser.find(By::Id("name")).await?.send_keys(name).await?;
    browser
        .find(By::Id("passphrase"))
        .await?
        .send_keys(passphrase)
        .await?;
    click(browser, "Sign in", "form.card button").await?;
    until_it_shows(browser, &[name]).await
}

/// Waits until the page shows all of these: a click may come back before the browser has begun to load
/// what it leads to.
async fn until_it_shows(browser: &WebDriver, texts: &[&str]) -> Result<()> {
    eventually(&format!("the page shows {texts:?}"), async || {
        let page = text(browser).await.ok()?;
        texts.iter().all(|it| page.contains(it)).then_some(())
    })
    .await
}

/// What the page shows. A page under work loads itself anew now and then, and takes what was found
/// on it away: then it is looked for again.
async fn text(browser: &WebDriver) -> Result<String> {
    eventually("the page shows something", async || {
        let body = browser.find(By::Css("body")).await.ok()?;
        body.text().await.ok()
    })
    .await
}

async fn click(browser: &WebDriver, what: &str, css: &str) -> Result<()> {
    let what = format!("there is a {what} to click on");
    eventually(&what, async || {
        let element = browser.find(By::Css(css)).await.ok()?;
        element.scroll_into_view().await.ok()?;
        element.click().await.ok()
    })
    .await
}

/// From the queue, as a person goes: by the candidate's title.
async fn open_candidate(browser: &WebDriver, stage: &Stage, pr: PrNumber) -> Result<()> {
    browser
        .goto(
            stage
                .world
                .web
                .join(&format!("queue?channel={CHANNEL}"))?
                .as_str(),
        )
        .await?;
    click(
        browser,
        "candidate in the queue",
        &format!("a[href^='/candidates/{pr}']"),
    )
    .await
}

async fn approve(browser: &WebDriver, stage: &Stage, pr: PrNumber) -> Result<()> {
    open_candidate(browser, stage, pr).await?;
    click(
        browser,
        "approve button",
        &format!("form[action='/candidates/{pr}/approve'] button"),
    )
    .await
}

async fn screenshot(browser: &WebDriver, name: &str) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("the root")?;
    let folder = root.join("target/screenshots");
    fs::create_dir_all(&folder)?;
    let png = browser.screenshot_as_png().await?;
    fs::write(folder.join(format!("{name}.png")), &png)?;
    let is_in_readme = ["queue", "candidate", "conflict"].contains(&name);
    if is_in_readme && std::env::var_os("PICKET_UPDATE_SCREENSHOTS").is_some() {
        fs::write(root.join(format!("docs/images/{name}.png")), &png)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_approve_and_the_release_appears() -> Result<()> {
    let stage = Stage::open().await?;
    stage.until_pick(MASTODON, "awaiting_approval").await?;
    stage.until_pick(NGINX, "awaiting_approval").await?;
    let driver = ChromeDriver::start()?;
    let ada = Browser::open(&driver).await?;
    let grace = Browser::open(&driver).await?;

    sign_in(&ada, &stage, 0).await?;
    approve(&ada, &stage, MASTODON).await?;
    until_it_shows(&ada, &["1 of 2 approvals"]).await?;
    screenshot(&ada, "candidate").await?;
    open_candidate(&ada, &stage, MASTODON).await?;
    ada.goto(stage.world.web.join("queue")?.as_str()).await?;
    screenshot(&ada, "queue").await?;

    sign_in(&grace, &stage, 1).await?;
    approve(&grace, &stage, MASTODON).await?;
    writes_meanwhile(&grace, &stage).await?;
    // The channel's page names a pick as soon as its release is on the way.
    stage.until_pick(MASTODON, "released").await?;
    let channel = stage.world.web.join(&format!("channels/{CHANNEL}"))?;
    eventually("the release appears", async || {
        grace.goto(channel.as_str()).await.ok()?;
        let page = text(&grace).await.ok()?;
        page.contains("mastodon: 4.3.7 -> 4.3.8").then_some(())
    })
    .await?;
    screenshot(&grace, "channel").await?;

    who_did_what_when(&driver, &stage).await?;
    a_veto_shows(&grace, &stage).await?;
    ada.close().await?;
    grace.close().await
}

/// While what was approved goes its way, the page changes around what somebody writes on it.
async fn writes_meanwhile(browser: &WebDriver, stage: &Stage) -> Result<()> {
    let form = format!("form[action='/candidates/{MASTODON}/veto']");
    click(browser, "fold", &format!("details:has({form}) > summary")).await?;
    let reason = browser.find(By::Css(format!("{form} textarea"))).await?;
    reason.send_keys("half a sen").await?;
    stage.until_pick(MASTODON, "released").await?;
    eventually("the page says that it is released", async || {
        let badge = browser.find(By::Css(".head .badge")).await.ok()?;
        (badge.text().await.ok()? == "Released").then_some(())
    })
    .await?;
    let text = reason.value().await?;
    ensure!(text.as_deref() == Some("half a sen"), "{text:?}");
    let focused = browser.active_element().await?;
    ensure!(focused == reason, "the focus went elsewhere");
    Ok(())
}

/// A third person, who has not signed in, reads who approved what when.
async fn who_did_what_when(driver: &ChromeDriver, stage: &Stage) -> Result<()> {
    let reader = Browser::open(driver).await?;
    open_candidate(&reader, stage, MASTODON).await?;
    let page = text(&reader).await?;
    for (name, _) in &stage.world.people {
        ensure!(
            page.contains(&format!("{name} approved")),
            "{name} is missing:\n{page}"
        );
    }
    let json = stage.channel().await?;
    let release = json["release"].as_str().context("a release")?;
    ensure!(page.contains(release), "the release is missing:\n{page}");
    let times = reader.find_all(By::Css("time[datetime]")).await?;
    ensure!(times.len() >= 2, "no times are shown:\n{page}");
    reader.close().await
}

async fn a_veto_shows(browser: &WebDriver, stage: &Stage) -> Result<()> {
    open_candidate(browser, stage, NGINX).await?;
    let form = format!("form[action='/candidates/{NGINX}/veto']");
    // The form is folded away until somebody wants to object.
    browser
        .execute(
            "document.querySelectorAll('details').forEach(it => it.open = true)",
            vec![],
        )
        .await?;
    let reason = browser
        .find(By::Css(format!("{form} [name=reason]")))
        .await?;
    reason.send_keys("breaks <b>HTTP/3</b>").await?;
    click(browser, "veto button", &format!("{form} button")).await?;
    until_it_shows(browser, &["Vetoed", "breaks <b>HTTP/3</b>"]).await?;
    stage.until_pick(NGINX, "vetoed").await?;
    Ok(())
}
