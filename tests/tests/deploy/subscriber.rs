//! The look that a subscriber takes at its channel.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use picket_publisher::{KeyName, SecretKey};
use picket_tests::{Ran, Stage, program};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{deploy, metrics};

/// A server that looks at a stage's channel.
pub(crate) struct Subscriber {
    dir: TempDir,
    url: String,
    key: String,
    release: Value,
}

impl Subscriber {
    /// One that runs the release that the channel has now.
    pub(crate) fn of(stage: &Stage) -> Result<Self> {
        let url = stage.channel_url()?.to_string();
        let pointer = stage
            .dir()
            .join("data/public/channels")
            .join(url.rsplit('/').next().unwrap_or_default());
        let release = serde_json::from_slice(&fs::read(pointer.join("release.json"))?)?;
        let subscriber = Self {
            dir: tempfile::tempdir()?,
            url,
            key: stage.world.public_key.to_string(),
            release,
        };
        for folder in ["state", "metrics", "system"] {
            fs::create_dir(subscriber.dir.path().join(folder))?;
        }
        let name = subscriber.release["name"].as_str().unwrap_or_default();
        let version = name.strip_prefix("nixos-").context("a release's name")?;
        subscriber.runs(version)?;
        Ok(subscriber)
    }

    fn runs(&self, version: &str) -> Result<()> {
        let file = self.dir.path().join("system/nixos-version");
        Ok(fs::write(file, version)?)
    }

    fn seen_file(&self) -> PathBuf {
        let channel = self.release["channel"].as_str().unwrap_or_default();
        self.dir
            .path()
            .join("state")
            .join(format!("{channel}.json"))
    }

    pub(crate) fn seen(&self) -> Result<Value> {
        Ok(serde_json::from_slice(&fs::read(self.seen_file())?)?)
    }

    /// Takes a look, with some of the settings changed.
    pub(crate) fn look(&self, changed: &[(&str, &str)]) -> Result<Ran> {
        let bin = program().parent().context("a program is in a folder")?;
        let path = std::env::var("PATH")?;
        let output = Command::new("/bin/sh")
            .arg(deploy("nixos/check-channel.sh"))
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("CHANNEL_URL", &self.url)
            .env("PUBLIC_KEYS", &self.key)
            .env("MAX_AGE_HOURS", "168")
            .env("STATE_DIRECTORY", self.dir.path().join("state"))
            .env("METRICS_DIRECTORY", self.dir.path().join("metrics"))
            .env("SYSTEM", self.dir.path().join("system"))
            .envs(changed.iter().copied())
            .output()?;
        Ok(Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }

    fn metrics(&self) -> Result<String> {
        let file = self.dir.path().join("metrics/picket_subscriber.prom");
        Ok(fs::read_to_string(file)?)
    }

    fn metric(&self, name: &str) -> Result<String> {
        let metrics = self.metrics()?;
        let line = metrics
            .lines()
            .find(|line| line.starts_with(&format!("{name}{{")));
        let value = line.and_then(|line| line.rsplit(' ').next());
        Ok(value.with_context(|| format!("no {name}"))?.to_owned())
    }

    /// The kinds of problem that the last look found, as its metrics tell.
    fn problems(&self) -> Result<Vec<String>> {
        let metrics = self.metrics()?;
        let samples = metrics
            .lines()
            .filter(|line| line.starts_with("picket_subscriber_problem{"));
        let found = samples.filter(|line| line.ends_with(" 1"));
        let kind = |line: &str| Some(line.split("kind=\"").nth(1)?.split('"').next()?.to_owned());
        Ok(found.filter_map(kind).collect())
    }

    /// A look that must find this kind of problem, and no other.
    pub(crate) fn finds(&self, kind: &str, changed: &[(&str, &str)]) -> Result<String> {
        let ran = self.look(changed)?;
        ensure!(ran.code == Some(1), "{kind}: {ran:?}");
        assert_eq!(self.problems()?, [kind]);
        Ok(ran.stderr)
    }
}

/// From the first look at a good channel to each thing that can be wrong with it.
pub(crate) fn notices_what_is_wrong(subscriber: &Subscriber, stage: &Stage) -> Result<()> {
    a_good_channel(subscriber)?;
    an_old_release(subscriber)?;
    a_server_that_is_behind(subscriber)?;
    another_key(subscriber)?;
    nobody_there(subscriber)?;
    another_channel(subscriber)?;
    going_back(subscriber)?;
    a_damaged_cache(subscriber, stage)
}

fn a_good_channel(subscriber: &Subscriber) -> Result<()> {
    let ran = subscriber.look(&[])?;
    ensure!(ran.code == Some(0), "{ran:?}");
    ensure!(ran.stderr.contains("nothing is wrong"), "{ran:?}");
    let release = &subscriber.release;
    let seen = subscriber.seen()?;
    for field in ["name", "rev", "seq", "created"] {
        assert_eq!(seen[field], release[field], "{field}");
    }
    let metrics = subscriber.metrics()?;
    metrics::those_of_subscribers_are_there(&metrics)?;
    assert_eq!(subscriber.problems()?, Vec::<String>::new());
    assert_eq!(
        subscriber.metric("picket_subscriber_release_seq")?,
        release["seq"].to_string()
    );
    assert_eq!(subscriber.metric("picket_subscriber_system_current")?, "1");

    let again = subscriber.look(&[])?;
    ensure!(again.code == Some(0), "{again:?}");
    assert_eq!(again.stderr, "", "a release is verified once");
    Ok(())
}

fn an_old_release(subscriber: &Subscriber) -> Result<()> {
    let ran = subscriber.look(&[("MAX_AGE_HOURS", "-1")])?;
    ensure!(ran.code == Some(0), "{ran:?}");
    ensure!(
        ran.stderr
            .starts_with("<4>nixos-26.05-sec: the release is 0 hours old")
    );
    Ok(())
}

fn a_server_that_is_behind(subscriber: &Subscriber) -> Result<()> {
    subscriber.runs("26.05.1.1.abc")?;
    let ran = subscriber.look(&[])?;
    ensure!(ran.code == Some(0), "{ran:?}");
    assert_eq!(subscriber.metric("picket_subscriber_system_current")?, "0");
    Ok(())
}

/// Even one of the right name.
fn another_key(subscriber: &Subscriber) -> Result<()> {
    let (name, _) = subscriber.key.split_once(':').context("a key has a name")?;
    for name in [name, "other-1"] {
        let key = SecretKey::generate(KeyName::parse(name)?)?
            .public()
            .to_string();
        let said = subscriber.finds("unsigned", &[("PUBLIC_KEYS", &key)])?;
        assert_eq!(
            said,
            "<3>nixos-26.05-sec: none of the given keys signed release.json\n"
        );
        // While one key replaces another, either will do.
        let both = format!("{key} {}", subscriber.key);
        let ran = subscriber.look(&[("PUBLIC_KEYS", &both)])?;
        ensure!(ran.code == Some(0), "{ran:?}");
    }
    Ok(())
}

fn nobody_there(subscriber: &Subscriber) -> Result<()> {
    let url = format!("{}/nowhere", subscriber.url);
    let said = subscriber.finds("unreachable", &[("CHANNEL_URL", &url)])?;
    ensure!(said.ends_with("nowhere does not answer\n"), "{said}");
    Ok(())
}

/// A release of this channel in the place of another.
fn another_channel(subscriber: &Subscriber) -> Result<()> {
    let (release, channel) = (&subscriber.release["name"], &subscriber.release["channel"]);
    let (release, channel) = (release.as_str(), channel.as_str());
    let (release, channel) = (release.context("a name")?, channel.context("a channel")?);
    let (server, _) = subscriber.url.rsplit_once('/').context("an address")?;
    let url = format!("{server}/releases/{channel}/{release}");
    subscriber.finds("other_channel", &[("CHANNEL_URL", &url)])?;
    Ok(())
}

fn going_back(subscriber: &Subscriber) -> Result<()> {
    let good = subscriber.seen()?;
    let keep = |seen: &Value| fs::write(subscriber.seen_file(), seen.to_string());
    let seq = good["seq"].as_u64().context("a number")?;
    let mut newer = good.clone();
    newer["seq"] = json!(seq + 1);
    keep(&newer)?;
    let said = subscriber.finds("went_back", &[])?;
    let expected = format!("has the number {seq}; {} was here before\n", seq + 1);
    ensure!(said.ends_with(&expected), "{said}");
    assert_eq!(subscriber.seen()?, newer, "what was seen is not forgotten");

    let mut other = good.clone();
    other["digest"] = json!("0".repeat(64));
    keep(&other)?;
    subscriber.finds("rewritten", &[])?;
    keep(&good)?;
    Ok(())
}

/// A release that was not seen before is looked at as a whole.
fn a_damaged_cache(subscriber: &Subscriber, stage: &Stage) -> Result<()> {
    let nars = stage.dir().join("data/public/cache/nar");
    let path = &subscriber.release["store_paths"][0]["path"];
    let path = path.as_str().context("a store path")?;
    let name = path
        .rsplit('/')
        .next()
        .and_then(|name| name.split_once('-'));
    let (hash, _) = name.context("a store path has a hash")?;
    let narinfo = stage
        .dir()
        .join(format!("data/public/cache/{hash}.narinfo"));
    let narinfo = fs::read_to_string(narinfo)?;
    let url = narinfo
        .lines()
        .find_map(|line| line.strip_prefix("URL: nar/"));
    let nar = nars.join(url.context("a narinfo names its NAR")?);
    let whole = fs::read(&nar)?;

    fs::remove_file(subscriber.seen_file())?;
    fs::write(&nar, &whole[1..])?;
    let said = subscriber.finds("damaged", &[])?;
    ensure!(said.contains("wrong: "), "{said}");
    ensure!(!subscriber.seen_file().exists(), "it is not taken for good");
    fs::write(&nar, &whole)?;
    let ran = subscriber.look(&[])?;
    ensure!(ran.code == Some(0), "{ran:?}");
    Ok(())
}
