//! The demo, again and again on one folder.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use picket_demo::Scene;
use picket_tests::{Stage, demo_program, run_demo};
use serde_json::Value;

/// The keys of the object that `--json` prints.
const KEYS: [&str; 9] = [
    "base_url",
    "cache_url",
    "channel",
    "channel_url",
    "picks",
    "public_key",
    "release",
    "rev",
    "seconds_approval_to_published",
];

#[test]
fn a_demo_goes_on_from_where_it_was() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let first = through_to_the_end(dir.path(), &["--port", "0"])?;
    let keys: BTreeSet<&str> = first
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key.as_str())
        .collect();
    assert_eq!(keys, BTreeSet::from(KEYS));
    assert_eq!(
        states(&first)?,
        [
            (4242, "released"),
            (4243, "conflict"),
            (4244, "build_failed"),
            (4245, "released"),
            (4246, "in_base"),
            (4247, "awaiting_approval"),
        ]
    );
    let seconds = first["seconds_approval_to_published"].as_f64();
    assert!(seconds.is_some_and(|it| it > 0.0), "{first}");

    let again = until_ctrl_c(dir.path())?;
    assert_eq!(again["seconds_approval_to_published"], Value::Null);
    for key in KEYS {
        if key != "seconds_approval_to_published" {
            assert_eq!(again[key], first[key], "{key}");
        }
    }

    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let elsewhere = through_to_the_end(dir.path(), &["--port", &port.to_string()])?;
    let base_url = format!("http://127.0.0.1:{port}/");
    assert_eq!(elsewhere["base_url"], *base_url);
    assert_ne!(elsewhere["release"], first["release"], "it names the cache");
    assert_eq!(states(&elsewhere)?, states(&first)?);
    assert_eq!(elsewhere["public_key"], first["public_key"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_that_was_stopped_between_two_approvals_goes_on() -> Result<()> {
    let stage = Stage::open().await?;
    let first = stage.world.to_approve().next().context("a pull request")?;
    stage.until_pick(first, "awaiting_approval").await?;
    stage.person(0).await?.approve(first).await?;
    Scene::new(&stage.world).play().await?;
    stage.until_pick(first, "released").await?;
    Ok(())
}

/// A demo that stops by itself; what its last line of standard output says.
fn through_to_the_end(dir: &Path, more: &[&str]) -> Result<Value> {
    let dir = dir.display().to_string();
    let command = ["--dir", &dir, "--exit", "--json"];
    let ran = run_demo(command.iter().chain(more))?;
    ensure!(ran.code == Some(0), "{}", ran.stderr);
    let last = ran.stdout.lines().last().context("it prints something")?;
    Ok(serde_json::from_str(last)?)
}

/// A demo that stays up until it is interrupted, which is how it is meant to end.
fn until_ctrl_c(dir: &Path) -> Result<Value> {
    let mut child = Command::new(demo_program())
        .arg("--dir")
        .arg(dir)
        .arg("--json")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let stdout = child.stdout.take().context("standard output is a pipe")?;
    let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
    let json = lines.find(|line| line.starts_with('{'));
    let interrupt = ["-INT", &child.id().to_string()];
    ensure!(Command::new("kill").args(interrupt).status()?.success());
    let ended = child.wait()?;
    ensure!(ended.success(), "it ended with {ended}");
    Ok(serde_json::from_str(&json.context("it printed no JSON")?)?)
}

/// Number and state of each pull request.
fn states(report: &Value) -> Result<Vec<(u64, &str)>> {
    let picks = report["picks"].as_array().context("a list of picks")?;
    let states = picks.iter().map(|pick| {
        ensure!(
            pick["reason"].as_str().is_some_and(|it| !it.is_empty()),
            "{pick}"
        );
        let state = pick["state"].as_str().context("a state")?;
        Ok((pick["number"].as_u64().context("a number")?, state))
    });
    states.collect()
}
