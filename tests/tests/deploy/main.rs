//! What `deploy/` holds is true of the program as it is: the modules evaluate, the configuration is
//! good, the units are accepted, nginx serves a channel that verifies, and every metric exists.

mod feeds;
mod latest;
mod metrics;
mod mirror;
mod mirror_site;
mod nginx;
mod nixos;
mod s3;
mod subscriber;
mod units;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use picket_domain::PrNumber;
use picket_tests::Stage;

const MASTODON: PrNumber = PrNumber(4242);

/// A file of `deploy/`.
fn deploy(file: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.expect("tests/ is in the workspace")
        .join("deploy")
        .join(file)
}

fn read(file: &str) -> Result<String> {
    let file = deploy(file);
    fs::read_to_string(&file).with_context(|| file.display().to_string())
}

/// Replaces what an administrator is told to replace; it must be there.
fn replaced(text: &str, from: &str, to: &str) -> Result<String> {
    anyhow::ensure!(text.contains(from), "nothing says {from:?} any more");
    Ok(text.replace(from, to))
}

/// Everything through nginx, from the approval to the installed fix.
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_served_by_nginx() -> Result<()> {
    let mut stage = Stage::make().await?;
    let nginx = nginx::Nginx::before(&mut stage).await?;
    stage.approve(MASTODON).await?;
    stage.until_pick(MASTODON, "released").await?;

    nginx::the_channel_verifies(&stage)?;
    nginx::a_machine_gets_the_fix(&stage)?;
    nginx::headers_are_those_of_picket(&stage, &nginx).await?;
    feeds::are_passed_on(&stage, &nginx).await?;
    nginx::nothing_else_is_served(&stage).await?;
    nginx.speaks_tls()?;
    metrics::all_are_there(&stage.text("metrics").await?)?;
    let subscriber = subscriber::Subscriber::of(&stage)?;
    subscriber::notices_what_is_wrong(&subscriber, &stage)?;
    latest::notices_what_is_wrong(&subscriber, &stage)?;

    stage.picket.take().context("Picket runs")?.stop()?;
    nginx::releases_outlive_picket(&stage).await?;
    Ok(())
}
