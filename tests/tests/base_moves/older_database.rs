//! The database was restored from a copy of before the release that servers have.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use picket_domain::PrNumber;
use picket_tests::{Stage, eventually};

use crate::{MASTODON, current, head_in};

const NGINX: PrNumber = PrNumber(4247);

#[tokio::test(flavor = "multi_thread")]
async fn an_older_database_takes_no_fix_from_servers_unsaid() -> Result<()> {
    let mut stage = Stage::open().await?;
    stage.until_pick(NGINX, "awaiting_approval").await?;
    stage.until_pick(MASTODON, "awaiting_approval").await?;
    stop(&mut stage)?;
    let copy = stage.dir().join("copy");
    fs::create_dir(&copy)?;
    let data = stage.dir().join("data");
    copy_database(&data, &copy)?;
    stage.start()?;
    stage.approve(MASTODON).await?;
    stage.until_pick(MASTODON, "released").await?;
    stop(&mut stage)?;
    for file in database(&data)? {
        fs::remove_file(file)?;
    }
    copy_database(&copy, &data)?;
    stage.start()?;

    stage.approve(NGINX).await?;
    stage.until_pick(NGINX, "releasing").await?;
    let told = eventually("it is told", async || {
        let health = stage.text("healthz").await.ok()?;
        health
            .contains("comparing what nixos-26.05-sec publishes")
            .then_some(())
    });
    told.await?;
    let out = stage.text("nixos-26.05-sec/release.json").await?;
    let out = serde_json::from_str(&out)?;
    ensure!(
        head_in(&out, MASTODON).is_some(),
        "servers still have it: {out}"
    );

    stage.approve(MASTODON).await?;
    stage.until_pick(NGINX, "released").await?;
    let out = current(&stage).await?;
    ensure!(head_in(&out, MASTODON).is_some(), "{out}");
    ensure!(head_in(&out, NGINX).is_some(), "{out}");
    Ok(())
}

fn stop(stage: &mut Stage) -> Result<()> {
    stage.picket.take().context("it runs")?.stop()
}

fn database(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("picket.db") && !name.ends_with(".lock") {
            files.push(path);
        }
    }
    Ok(files)
}

fn copy_database(from: &Path, to: &Path) -> Result<()> {
    for file in database(from)? {
        let name = file.file_name().context("a file has a name")?;
        fs::copy(&file, to.join(name))?;
    }
    Ok(())
}
