//! What the channel states of its current release, over the service's life.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use picket_domain::{ChannelName, Timestamp};
use picket_publisher::{Latest, LatestFile, PublicDir, SecretKey};
use picket_tests::{Ran, Stage, eventually, run};
use serde_json::Value;

use crate::{current, text, with_mastodon_fixed};

const DAY: i64 = 24 * 3_600;

/// The channel of a stage, from both sides.
struct Channel {
    stage: Stage,
    name: ChannelName,
    public: PublicDir,
    state: PathBuf,
}

impl Channel {
    async fn open() -> Result<Self> {
        let stage = with_mastodon_fixed().await?;
        let url = stage.channel_url()?;
        let name = url.path_segments().and_then(Iterator::last);
        Ok(Self {
            name: name.context("a channel has a name")?.parse()?,
            public: PublicDir::new(stage.dir().join("data/public")),
            state: stage.dir().join("seen.json"),
            stage,
        })
    }

    fn stated(&self) -> Result<Latest> {
        let stated = self.public.latest(&self.name)?;
        stated.context("nothing is stated")
    }

    fn verify(&self, more: &[&str]) -> Result<Ran> {
        let (url, key) = (
            self.stage.channel_url()?,
            self.stage.world.public_key.to_string(),
        );
        let strictly = [
            "verify",
            url.as_str(),
            "--require-latest",
            "--public-key",
            &key,
        ];
        run(strictly.into_iter().chain(more.iter().copied()))
    }

    /// As if it had been stated so long ago.
    fn age(&self, seconds: i64) -> Result<()> {
        let latest = self.stated()?;
        let key = SecretKey::read_file(&self.stage.dir().join("signing.key"))?;
        let older = Latest {
            made: Timestamp::now().plus_seconds(-seconds),
            expires: Timestamp::now().plus_seconds(3 * DAY - seconds),
            ..latest
        };
        let signature = format!("{}\n", key.sign(&older.to_bytes()));
        let file = |it| self.public.latest_file(&self.name, it);
        fs::write(file(LatestFile::Signature), signature)?;
        Ok(fs::write(file(LatestFile::Statement), older.to_bytes())?)
    }

    /// The statement that was made after this time.
    async fn stated_after(&self, then: Timestamp) -> Result<Latest> {
        let anew = async || self.stated().ok().filter(|it| it.made >= then);
        eventually("it is stated anew", anew).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_stated_anew_and_what_went_back_is_told() -> Result<()> {
    let mut channel = Channel::open().await?;
    is_stated_on_publication(&channel).await?;
    is_stated_anew(&mut channel).await?;
    tells_of_a_pointer_that_went_back(&channel).await
}

async fn is_stated_on_publication(channel: &Channel) -> Result<()> {
    let release = current(&channel.stage).await?;
    let stated = channel.stated()?;
    assert_eq!(stated.release.as_str(), text(&release, "name")?);
    assert_eq!(stated.expires.seconds_since(stated.made), 3 * DAY);
    let url = channel.stage.channel_url()?;
    assert_eq!(stated.url, url);
    let state = channel.state.display().to_string();
    let ran = channel.verify(&["--state", &state, "--json"])?;
    ensure!(ran.code == Some(0), "{ran:?}");
    let report: Value = serde_json::from_str(&ran.stdout)?;
    assert_eq!(report["latest"]["release"], release["name"]);
    assert_eq!(report["latest"]["expires"], stated.expires.as_unix());
    assert_eq!(report["notes"], Value::Array(Vec::new()));
    Ok(())
}

/// While the service runs; and at once when it starts, after it was away for too long.
async fn is_stated_anew(channel: &mut Channel) -> Result<()> {
    let now = Timestamp::now();
    channel.age(13 * 3_600)?;
    channel.stated_after(now).await?;
    fs::remove_file(
        channel
            .public
            .latest_file(&channel.name, LatestFile::Statement),
    )?;
    channel.stated_after(now).await?;

    channel.stage.picket = None;
    channel.age(4 * DAY)?;
    let now = Timestamp::now();
    channel.stage.start()?;
    channel.stage.until("picket answers", |_| true).await?;
    channel.stated_after(now).await?;
    let ran = channel.verify(&[])?;
    ensure!(ran.code == Some(0), "{ran:?}");
    ensure!(ran.stdout.contains("\nstated as current at "), "{ran:?}");
    Ok(())
}

/// To strangers by their verification, with a memory and without; and to the team.
async fn tells_of_a_pointer_that_went_back(channel: &Channel) -> Result<()> {
    let release = channel.public.current(&channel.name)?;
    let release = release.context("there is a release")?;
    let manifest = channel.public.manifest(&channel.name, &release)?;
    let before = manifest.and_then(|it| it.previous);
    let before = before.context("there was one before it")?;
    let pointer = channel
        .public
        .root()
        .join("channels")
        .join(channel.name.as_str());
    fs::remove_file(&pointer)?;
    symlink(format!("../releases/{}/{before}", channel.name), &pointer)?;

    let state = channel.state.display().to_string();
    let ran = channel.verify(&["--state", &state])?;
    ensure!(ran.code == Some(1), "{ran:?}");
    let wrong: Vec<_> = ran
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("wrong: "))
        .collect();
    let [remembered, stated] = wrong.as_slice() else {
        anyhow::bail!("{ran:?}");
    };
    ensure!(remembered.contains("was here before"), "{ran:?}");
    let leads = format!("the address leads to {before}, and latest.json says that {release}");
    ensure!(stated.starts_with(&leads), "{ran:?}");

    channel.age(DAY)?;
    let step = format!("stating which release of {} is current", channel.name);
    let told = async || {
        let health = channel.stage.get("healthz").await.ok()?;
        let health: Value = health.json().await.ok()?;
        let troubles = health["troubles"].as_array()?.clone();
        troubles.into_iter().find(|it| it["step"] == *step)
    };
    let told = eventually("the trouble is told", told).await?;
    let remedy = told["remedy"].as_str().unwrap_or_default();
    ensure!(
        remedy.starts_with("Find out who moved the pointer"),
        "{told}"
    );
    assert_eq!(channel.stated()?.release, release, "nobody vouches for it");
    Ok(())
}
