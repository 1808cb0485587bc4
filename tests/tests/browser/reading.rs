//! Reading every page: at a desk and on a phone, with nothing that the browser complains about.

use anyhow::{Context, Result, ensure};
use picket_demo::CHANNEL;
use picket_tests::Stage;

use crate::chromium::{Browser, ChromeDriver, PHONE_WIDTH, Setting};
use crate::{MASTODON, NGINX, screenshot, sign_in};

#[tokio::test(flavor = "multi_thread")]
async fn every_page_reads_well() -> Result<()> {
    let stage = Stage::open().await?;
    stage.approve(MASTODON).await?;
    stage.until_pick(NGINX, "awaiting_approval").await?;
    let json = stage.until_pick(MASTODON, "released").await?;
    let release = json["release"].as_str().context("a release")?;
    let driver = ChromeDriver::start()?;
    for setting in [Setting::Desk, Setting::Phone] {
        let browser = Browser::open_in(setting, &driver).await?;
        // Chromium's own first page may look for the network, in vain.
        browser.goto("about:blank").await?;
        browser.complaints().await?;
        read(&browser, &stage, setting, "login", "login").await?;
        sign_in(&browser, &stage, 0).await?;
        for (name, path) in pages(release) {
            read(&browser, &stage, setting, name, &path).await?;
        }
        complains_where_something_is_wrong(&browser, &stage).await?;
        browser.close().await?;
    }
    Ok(())
}

/// A name for the screenshot, and the address. Candidates: released, to be approved, in conflict,
/// in the stable channel already.
fn pages(release: &str) -> Vec<(&'static str, String)> {
    vec![
        ("queue", "queue".to_owned()),
        ("channel", format!("channels/{CHANNEL}")),
        ("released", format!("candidates/{MASTODON}")),
        ("approvable", format!("candidates/{NGINX}")),
        ("conflict", "candidates/4243".to_owned()),
        ("in-base", "candidates/4246".to_owned()),
        ("search", "search?q=mastodon".to_owned()),
        ("found-nothing", "search?q=nonesuch".to_owned()),
        ("nominate", "nominate".to_owned()),
        ("audit-log", "audit-log".to_owned()),
        ("release", format!("releases/{CHANNEL}/{release}/")),
    ]
}

async fn read(
    browser: &Browser,
    stage: &Stage,
    setting: Setting,
    name: &str,
    path: &str,
) -> Result<()> {
    browser.goto(stage.world.web.join(path)?.as_str()).await?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "{path}: {complaints:#?}");
    if setting == Setting::Phone {
        let script = "return document.documentElement.scrollWidth";
        let width: i64 = browser.execute(script, Vec::new()).await?.convert()?;
        ensure!(
            width <= PHONE_WIDTH,
            "{path} is {width} wide on a phone of {PHONE_WIDTH}"
        );
    }
    let name = match setting {
        Setting::Phone => format!("phone-{name}"),
        Setting::Desk | Setting::WithoutScripts => format!("desk-{name}"),
    };
    screenshot(browser, &name).await
}

/// What the looks above are worth: a page that is not there is complained about.
async fn complains_where_something_is_wrong(browser: &Browser, stage: &Stage) -> Result<()> {
    let nowhere = stage.world.web.join("static/nothing.css")?;
    browser.goto(nowhere.as_str()).await?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.len() >= 2, "too few: {complaints:#?}");
    Ok(())
}
