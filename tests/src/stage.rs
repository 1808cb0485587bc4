//! A world with Picket at work in it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use picket_demo::{CHANNEL, Person, World};
use picket_domain::PrNumber;
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

use crate::picket::Picket;

/// How long something may take to come about.
const PATIENCE: Duration = Duration::from_secs(360);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A world in a temporary folder, and `picket serve` in it.
pub struct Stage {
    /// Everything outside of Picket.
    pub world: World,
    /// The program; `None` while it is stopped.
    pub picket: Option<Picket>,
    client: reqwest::Client,
    dir: TempDir,
}

impl Stage {
    /// Makes a world and starts Picket in it.
    ///
    /// # Errors
    /// Where either cannot be started.
    pub async fn open() -> Result<Self> {
        let mut stage = Self::make().await?;
        stage.start()?;
        stage.until("picket answers", |_| true).await?;
        Ok(stage)
    }

    /// Makes a world in which Picket has not been started yet.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub async fn make() -> Result<Self> {
        // Whoever was first has installed the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir()?;
        let world = World::start(dir.path(), Some(0)).await?;
        let client = reqwest::Client::new();
        Ok(Self {
            world,
            picket: None,
            client,
            dir,
        })
    }

    /// Starts Picket; it must not be running.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(&mut self) -> Result<()> {
        self.picket = Some(Picket::serve(&self.world.config_file)?);
        Ok(())
    }

    /// The temporary folder: `data/` in it is Picket's data folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What clients subscribe to.
    ///
    /// # Errors
    /// None in practice: the address is well-formed.
    pub fn channel_url(&self) -> Result<Url> {
        Ok(self.world.web.join(CHANNEL)?)
    }

    /// Our binary cache.
    ///
    /// # Errors
    /// None in practice: the address is well-formed.
    pub fn cache_url(&self) -> Result<Url> {
        Ok(self.world.web.join("cache")?)
    }

    /// Signs a person of the team in: 0 or 1.
    ///
    /// # Errors
    /// Where the server does not take them.
    pub async fn person(&self, which: usize) -> Result<Person> {
        let (name, passphrase) = &self.world.people[which];
        Person::sign_in(&self.world.web, name, passphrase).await
    }

    /// Both people approve a pull request, as soon as it is assessed.
    ///
    /// # Errors
    /// Where the server refuses that.
    pub async fn approve(&self, pr: PrNumber) -> Result<()> {
        self.until_pick(pr, "awaiting_approval").await?;
        // What is assessed between a look and a click is not what the person saw.
        eventually(&format!("#{pr} is assessed"), async || {
            let text = self.text(&format!("api/v1/candidates/{pr}")).await.ok()?;
            let json: Value = serde_json::from_str(&text).ok()?;
            (!json["candidates"][0]["assessment"].is_null()).then_some(())
        })
        .await?;
        for which in 0..2 {
            self.person(which).await?.approve(pr).await?;
        }
        Ok(())
    }

    /// Asks Picket's web server for something below its address.
    ///
    /// # Errors
    /// Where it does not answer; an answer of any status is one.
    pub async fn get(&self, path: &str) -> Result<reqwest::Response> {
        Ok(self.client.get(self.world.web.join(path)?).send().await?)
    }

    /// The text of something below its address.
    ///
    /// # Errors
    /// Where it does not answer with success.
    pub async fn text(&self, path: &str) -> Result<String> {
        Ok(self.get(path).await?.error_for_status()?.text().await?)
    }

    /// The channel as the JSON API shows it.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn channel(&self) -> Result<Value> {
        let url = self.world.web.join(&format!("api/v1/channels/{CHANNEL}"))?;
        let answer = self.client.get(url).send().await?.error_for_status()?;
        Ok(answer.json().await?)
    }

    /// Waits until the channel's JSON is as it should be; returns it.
    ///
    /// # Errors
    /// Where that does not come about.
    pub async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
        let seen = eventually(what, async || {
            self.channel().await.ok().filter(|json| is_so(json))
        });
        match seen.await {
            Ok(json) => Ok(json),
            Err(error) => Err(error.context(self.health().await)),
        }
    }

    /// What Picket says of itself, for whoever reads why a test failed.
    async fn health(&self) -> String {
        let told = match self.get("healthz").await {
            Ok(answer) => answer.text().await.map_err(anyhow::Error::from),
            Err(error) => Err(error),
        };
        told.map_or_else(
            |error| format!("picket does not answer: {error:#}"),
            |health| format!("/healthz says: {health}"),
        )
    }

    /// Waits until a pull request is in this state.
    ///
    /// # Errors
    /// Where it does not get there.
    pub async fn until_pick(&self, pr: PrNumber, state: &str) -> Result<Value> {
        let what = format!("#{pr} is {state}");
        self.until(&what, |json| pick_state(json, pr) == Some(state))
            .await
    }
}

/// The state of a pull request in a channel's JSON.
fn pick_state(json: &Value, pr: PrNumber) -> Option<&str> {
    let picks = json["picks"].as_array()?;
    picks.iter().find(|pick| is(&pick["number"], pr))?["state"].as_str()
}

/// Whether this is how JSON has the number.
fn is(json: &Value, pr: PrNumber) -> bool {
    serde_json::to_value(pr).is_ok_and(|number| number == *json)
}

/// Looks until there is an answer.
///
/// # Errors
/// Where there is none within six minutes.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> Result<T> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(answer) = look().await {
            return Ok(answer);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    bail!("waited {} s until {what}, in vain", PATIENCE.as_secs())
}
