//! `picket explain` on the pick of a channel at work: git alone makes the same commit.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use picket_domain::PrNumber;
use picket_tests::{Stage, run};
use serde_json::Value;

const MASTODON: PrNumber = PrNumber(4242);

#[tokio::test(flavor = "multi_thread")]
async fn git_alone_makes_what_is_explained() -> Result<()> {
    let stage = Stage::open().await?;
    stage.approve(MASTODON).await?;
    stage.until_pick(MASTODON, "released").await?;
    let config = stage.world.config_file.display().to_string();
    let told = run(["explain", "#4242", "--config", &config, "--json"])?;
    assert_eq!((told.code, told.stderr.as_str()), (Some(0), ""));
    let picks: Value = serde_json::from_str(&told.stdout)?;
    let pick = picks[0]["explanation"]["commit"]
        .as_str()
        .context("a pick")?;

    let clone = stage.dir().join("clone.git");
    let mirror = stage.dir().join("data/mirror.git");
    let mirrored = Command::new("git")
        .args(["clone", "--quiet", "--mirror"])
        .args([&mirror, &clone])
        .status()?;
    ensure!(mirrored.success(), "git clones the mirror: {mirrored}");
    assert_eq!(made_by_git(&clone, &picks[0]["steps"])?, pick);

    let path = clone.display().to_string();
    let words = run(["explain", pick, "--repo", &path])?;
    let by_number = run(["explain", "4242", "--config", &config])?;
    assert_eq!((words.code, words.stderr.as_str()), (Some(0), ""));
    assert_eq!(words.stdout, by_number.stdout);
    for line in [
        "pick        ",
        "its parent  ",
        "renames     not needed",
        "    tree=$(git ",
    ] {
        ensure!(
            words.stdout.contains(line),
            "no {line:?}:\n{}",
            words.stdout
        );
    }
    what_is_no_pick_is_refused(&stage, &path, &config).await
}

async fn what_is_no_pick_is_refused(stage: &Stage, clone: &str, config: &str) -> Result<()> {
    let channel = stage.channel().await?;
    let release = channel["current"]["rev"].as_str().context("a release")?;
    for (pick, place, complaint) in [
        (release, ["--repo", clone], "cannot be explained"),
        ("4243", ["--config", config], "no channel's present chain"),
        ("4242", ["--repo", clone], "name one of them"),
        ("4242", ["--repo", "/dev/null"], "name one of them"),
        (release, ["--repo", "/dev/null"], "no git repository"),
    ] {
        let refused = run([&["explain", pick], place.as_slice()].concat())?;
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
        ensure!(
            refused.stderr.contains(complaint),
            "{pick}: {}",
            refused.stderr
        );
    }
    Ok(())
}

/// Runs the steps as a person would, in a shell; the last one prints the commit.
fn made_by_git(clone: &Path, steps: &Value) -> Result<String> {
    let steps: Vec<String> = serde_json::from_value(steps.clone())?;
    let output = Command::new("bash")
        .args(["-euc", &steps.join("\n")])
        .current_dir(clone)
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
