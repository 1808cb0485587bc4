//! Fixes to packages that no job is about.

use std::fs;

use anyhow::{Context, Result};
use picket_tests::Stage;

use crate::MASTODON;

const JOBS: &str = "[channel.jobs]\nfile = \"nixos/release.nix\"\n";

/// A world whose channel has a single job, which nobody's fix touches.
async fn with_one_job() -> Result<Stage> {
    let mut stage = Stage::make().await?;
    let config = fs::read_to_string(&stage.world.config_file)?;
    let (before, after) = config.split_once(JOBS).context("the jobs' part")?;
    let one = format!("{before}{JOBS}attributes = [\"nixpkgs.vim\"]\n{after}");
    fs::write(&stage.world.config_file, one)?;
    stage.start()?;
    stage.until("picket answers", |_| true).await?;
    Ok(stage)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_to_a_package_that_is_no_job_is_built_and_served() -> Result<()> {
    let stage = with_one_job().await?;
    stage.approve(MASTODON).await?;
    stage.until_pick(MASTODON, "released").await?;

    let page = stage.get(&format!("/candidates/{MASTODON}")).await?;
    let page = page.text().await?;
    let test = "test:mastodon.passthru.tests.mastodon";
    assert!(page.contains(test), "its own test was built too: {page}");

    let machine = stage.machine("server")?;
    machine.subscribe(stage.channel_url()?.as_str())?;
    machine.store.install("nixos", "mastodon")?;
    assert_eq!(machine.version_of("mastodon")?, "mastodon 4.3.8");
    let built = machine.store.built()?;
    assert!(
        !built.iter().any(|name| name.contains("mastodon")),
        "{built:?}"
    );
    Ok(())
}
