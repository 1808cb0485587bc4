//! A patch of the team's own goes the whole way, and leaves when the stable channel has its change.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use picket_domain::PrNumber;
use picket_tests::Stage;
use serde_json::json;

use crate::impact::exact_impact;
use crate::{current, publish_stable};

#[tokio::test(flavor = "multi_thread")]
async fn an_own_patch_is_released_and_leaves_with_upstreams_fix() -> Result<()> {
    let mut stage = Stage::make().await?;
    // Who handed it in is not among those who approve, and the team has two.
    let config = std::fs::read_to_string(&stage.world.config_file)?;
    let config = config.replace("required_approvals = 2", "required_approvals = 1");
    std::fs::write(&stage.world.config_file, config)?;
    let fix = stage.world.nixpkgs.fix_nginx()?;
    let mail = Command::new("git")
        .arg("-C")
        .arg(stage.world.nixpkgs.path())
        .args(["format-patch", "--stdout", &fix.head])
        .arg(format!("-{}", fix.commits.len()))
        .output()?;
    stage.start()?;
    let own = PrNumber::own(1);
    stage
        .until("the stable channel is known", |json| {
            !json["base"].is_null()
        })
        .await?;
    let ada = stage.person(0).await?;
    ada.hand_in(&String::from_utf8(mail.stdout)?, "nobody upstream answers")
        .await?;
    ensure!(ada.approve(own).await.is_err(), "it is ada's own");
    stage.until_pick(own, "awaiting_approval").await?;
    exact_impact(&stage, own).await?;
    stage.person(1).await?.approve(own).await?;
    stage.until_pick(own, "released").await?;

    let manifest = current(&stage).await?;
    assert_eq!(manifest["picks"][0]["pr"], "own-1", "{manifest}");
    let versions = manifest["picks"][0]["versions"]
        .as_array()
        .context("it is measured")?;
    let nginx = json!({"attribute": "nginx", "old": "1.28.0", "new": "1.28.1"});
    ensure!(versions.contains(&nginx), "{versions:?}");
    let channel = stage.channel().await?;
    let url = channel["current"]["url"].as_str().context("it is out")?;
    let page = stage.text(url).await?;
    ensure!(page.contains("<h2>The team's own patches</h2>"), "{page}");

    let moved = stage.world.nixpkgs.backport_to_stable(&fix)?;
    publish_stable(&stage, &moved)?;
    stage
        .until("it is in the stable channel", |json| {
            let picks = json["current"]["picks"].as_array();
            json["base"]["rev"] == *moved && picks.is_some_and(Vec::is_empty)
        })
        .await?;
    Ok(())
}
