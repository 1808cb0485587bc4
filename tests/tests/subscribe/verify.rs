//! `picket verify`, as a stranger runs it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use picket_tests::{Stage, run};
use serde_json::Value;

use crate::{OUR_KEY, current, with_mastodon_fixed};

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_what_is_wrong() -> Result<()> {
    let stage = with_mastodon_fixed().await?;
    let url = stage.channel_url()?;
    let release = current(&stage).await?;
    let key = stage.world.public_key.to_string();
    let good = verify(url.as_str(), &key)?;
    assert_eq!(good["problems"], Value::Array(Vec::new()));
    assert_eq!(good["release"], release["name"]);
    assert_eq!(good["rev"], release["rev"]);
    assert!(good["store_paths"].as_u64() > Some(1), "{good}");

    let key_file = stage.dir().join("other.key");
    let made = run(["keygen", OUR_KEY, "--out", &key_file.display().to_string()])?;
    let wrong_key = verify(url.as_str(), made.stdout.trim())?;
    assert!(problems(&wrong_key).contains("sign"), "{wrong_key}");

    let nar = nar_of(&stage, "-mastodon-4.3.8")?;
    let whole = fs::read(&nar)?;
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&nar, damaged)?;
    let damage = verify(url.as_str(), &key)?;
    assert!(problems(&damage).contains("-mastodon-4.3.8"), "{damage}");
    assert_eq!(damage["problems"].as_array().map(Vec::len), Some(1));

    fs::write(&nar, whole)?;
    let mended = verify(url.as_str(), &key)?;
    assert_eq!(mended, good);
    Ok(())
}

/// What `picket verify --json` reports; its exit code must agree.
fn verify(url: &str, key: &str) -> Result<Value> {
    let ran = run(["verify", url, "--public-key", key, "--json"])?;
    let report: Value = serde_json::from_str(&ran.stdout)?;
    let is_good = report["problems"].as_array().is_some_and(Vec::is_empty);
    assert_eq!(ran.code, Some(if is_good { 0 } else { 1 }), "{report}");
    Ok(report)
}

fn problems(report: &Value) -> String {
    let problems = report["problems"].as_array();
    let problems = problems.into_iter().flatten().filter_map(Value::as_str);
    problems.collect::<Vec<_>>().join("\n")
}

/// The file in the public folder that holds the contents of the store path with this name.
fn nar_of(stage: &Stage, name: &str) -> Result<PathBuf> {
    let cache = stage.dir().join("data/public/cache");
    for entry in fs::read_dir(&cache)? {
        let file = entry?.path();
        if file.extension().is_none_or(|it| it != "narinfo") {
            continue;
        }
        let narinfo = fs::read_to_string(&file)?;
        let field = |key: &str| narinfo.lines().find_map(|line| line.strip_prefix(key));
        if field("StorePath: ").is_some_and(|path| path.ends_with(name)) {
            return Ok(cache.join(field("URL: ").context("a narinfo has a URL")?));
        }
    }
    bail!("no {name} in {}", cache.display())
}
