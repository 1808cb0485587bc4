//! The signer goes, and comes back.

use std::fs;

use anyhow::{Context, Result, ensure};
use picket_tests::{Machine, Picket, Stage, eventually, run};
use reqwest::StatusCode;
use serde_json::Value;

use crate::{MASTODON, NGINX, Signed};

fn verify(stage: &Stage) -> Result<Value> {
    let (url, key) = (stage.channel_url()?, stage.world.public_key.to_string());
    let ran = run(["verify", url.as_str(), "--public-key", &key, "--json"])?;
    let report: Value = serde_json::from_str(&ran.stdout)?;
    ensure!(ran.code == Some(0), "{report}");
    Ok(report)
}

fn install(machine: &Machine, attribute: &str) -> Result<String> {
    machine.store.install("nixos", attribute)?;
    let path = machine.path_of(attribute)?;
    assert_eq!(machine.signed_by(&path)?, ["picket-demo-1"], "{path}");
    machine.version_of(attribute)
}

/// Pages and releases tell the keys: without ever having heard of them there is nothing to serve.
pub(crate) async fn the_service_waits_for_its_signer_once(signed: &mut Signed) -> Result<()> {
    let signer = signed.signer.take().context("it runs")?;
    signer.kill()?;
    let config = signed.stage.world.config_file.display().to_string();
    let ran = run(["serve", "--allow-demo-sign-in", "--config", &config])?;
    assert_eq!(ran.code, Some(1));
    ensure!(
        ran.stderr.contains("start `picket sign-server` first"),
        "{}",
        ran.stderr
    );
    signed.signer = Some(Picket::sign_server(&signed.setting)?);
    // The key is the signer's alone.
    let key = fs::read_to_string(&signed.setting.key)?;
    signed.stage.start()?;
    let stage = &signed.stage;
    stage.until("picket answers", |_| true).await?;
    let kept = fs::read_to_string(stage.dir().join("data/signer-keys"))?;
    assert_eq!(kept.trim(), stage.world.public_key.to_string());
    ensure!(!kept.contains(key.trim()));
    Ok(())
}

pub(crate) async fn a_release_goes_out(signed: &Signed) -> Result<()> {
    let stage = &signed.stage;
    stage.approve(MASTODON).await?;
    stage.until_pick(MASTODON, "released").await?;
    let machine = stage.machine("server")?;
    machine.subscribe(stage.channel_url()?.as_str())?;
    assert_eq!(install(&machine, "mastodon")?, "mastodon 4.3.8");
    let report = eventually("it is stated", async || verify(stage).ok()).await?;
    assert_eq!(report["problems"], Value::Array(Vec::new()));

    let log = signed.log()?;
    let all_signed = log.iter().all(|line| line["outcome"] == "signed");
    ensure!(all_signed, "{log:?}");
    let path = machine.path_of("mastodon")?;
    ensure!(
        log.iter().any(|line| line["path"] == *path),
        "{path}: {log:?}"
    );
    let release = log.iter().rfind(|line| line["kind"] == "release");
    assert_eq!(release.context("a line")?["release"], report["release"]);
    Ok(())
}

/// The second fix is built, and is not out before the signer is back.
pub(crate) async fn while_the_signer_is_away_all_is_served_and_what_is_new_waits(
    signed: &mut Signed,
) -> Result<()> {
    let first = signed.stage.channel().await?["current"]["name"].clone();
    signed.signer.take().context("it runs")?.kill()?;
    let stage = &signed.stage;
    stage.approve(NGINX).await?;
    let told = eventually("it is told that the signer is away", async || {
        let health: Value = stage.get("healthz").await.ok()?.json().await.ok()?;
        let told = health.to_string();
        let asking = told.contains("asking the signer");
        let waiting = told.contains("staging") || told.contains("publishing");
        (asking && waiting).then_some(health)
    });
    let told = told.await?.to_string();
    ensure!(told.contains("Start the signer again"), "{told}");
    let metrics = stage.text("metrics").await?;
    let failing = metrics.lines().find(|line| {
        line.starts_with("picket_lane_troubles{lane=\"retain\"") && !line.ends_with(" 0")
    });
    ensure!(failing.is_some(), "{metrics}");

    assert_eq!(stage.channel().await?["current"]["name"], first);
    assert_eq!(verify(stage)?["release"], first);
    let stranger = stage.machine("stranger")?;
    stranger.subscribe(stage.channel_url()?.as_str())?;
    assert_eq!(install(&stranger, "mastodon")?, "mastodon 4.3.8");

    signed.signer = Some(Picket::sign_server(&signed.setting)?);
    let stage = &signed.stage;
    stage.until_pick(NGINX, "released").await?;
    stranger.update()?;
    assert_eq!(install(&stranger, "nginx")?, "nginx 1.28.1");
    // None was given up for an outage: numbers without a gap.
    let (first, second) = (
        seq(&first)?,
        seq(&stage.channel().await?["current"]["name"])?,
    );
    assert_eq!(second, first + 1);
    eventually("it is stated", async || verify(stage).ok()).await?;
    Ok(())
}

fn seq(name: &Value) -> Result<u64> {
    let parts = name.as_str().and_then(|name| name.rsplit('.').nth(1));
    Ok(parts.context("a release's name has its number")?.parse()?)
}

/// A machine that starts again, or a signer that is broken: the channel is there.
pub(crate) async fn the_service_starts_without_its_signer(signed: &mut Signed) -> Result<()> {
    signed.stage.picket.take().context("it runs")?.stop()?;
    signed.signer.take().context("it runs")?.stop()?;
    signed.stage.start()?;
    let stage = &signed.stage;
    stage.until("picket answers", |_| true).await?;
    assert_eq!(
        reqwest::get(stage.channel_url()?).await?.status(),
        StatusCode::OK
    );
    let keys = stage.channel().await?["public_keys"].to_string();
    ensure!(keys.contains(&stage.world.public_key.to_string()), "{keys}");
    verify(stage)?;
    Ok(())
}
