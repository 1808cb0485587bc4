//! A pull request that upstream cannot send keeps no other one from servers.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use picket_domain::PrNumber;
use picket_testkit::github::PullRequestSpec;
use picket_tests::Stage;

use crate::MASTODON;

const LOST: PrNumber = PrNumber(412_491);

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_fetched_is_told_and_holds_up_no_other() -> Result<()> {
    let mut stage = Stage::make().await?;
    let fix = stage.world.nixpkgs.fix_curl()?;
    stage.world.github.open_pull_request(PullRequestSpec {
        number: Some(LOST.0),
        title: "curl: patch CVE-2026-40999".into(),
        head_ref: fix.branch.clone(),
        ..Default::default()
    })?;
    lose_a_file(&stage, &fix.head)?;
    stage.start()?;
    stage.until_pick(MASTODON, "awaiting_approval").await?;
    stage.approve(LOST).await?;
    stage.approve(MASTODON).await?;
    stage.until_pick(MASTODON, "released").await?;
    stage.until_pick(LOST, "unavailable").await?;
    let page = stage.text(&format!("candidates/{LOST}")).await?;
    ensure!(page.contains("cannot be had"), "{page}");
    Ok(())
}

/// Takes a file away that only this commit has.
fn lose_a_file(stage: &Stage, commit: &str) -> Result<()> {
    let repository = stage.world.nixpkgs.path();
    let changed = Command::new("git")
        .arg("-C")
        .arg(repository)
        .args(["diff-tree", "-r", "--no-commit-id", commit])
        .output()?;
    let changed = String::from_utf8(changed.stdout)?;
    let blob = changed
        .split_whitespace()
        .nth(3)
        .context("it changes a file")?;
    let objects = repository.join("objects");
    fs::remove_file(objects.join(&blob[..2]).join(&blob[2..]))?;
    Ok(())
}
