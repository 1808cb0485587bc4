//! What happens in the demo: two people approve, and the channel moves.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use picket::logging::PROGRESS;
use picket_domain::PrNumber;
use reqwest::Client;
use serde_json::Value;
use tracing::info;
use url::Url;

use crate::person::{Person, channel_json};
use crate::report::{PickReport, Report};
use crate::world::{CHANNEL, World};

/// How long the demo waits for something to happen before it gives up.
const PATIENCE: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long things took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timing {
    /// Seconds from the first fix's last approval to the moment that clients could get it.
    pub approval_to_published: Option<f64>,
}

/// The demo's script, played on a running world.
pub struct Scene<'a> {
    world: &'a World,
    client: Client,
}

impl<'a> Scene<'a> {
    /// A scene on this world, whose Picket is running.
    pub fn new(world: &'a World) -> Self {
        Self {
            world,
            client: Client::new(),
        }
    }

    /// Two people approve what is to be approved; ends when all of it is settled.
    ///
    /// # Errors
    /// Where the server refuses a decision, or nothing happens for minutes.
    pub async fn play(&self) -> anyhow::Result<Timing> {
        self.wait("every pull request is assessed", |state| {
            state.all_assessed()
        })
        .await?;
        self.wait("the first release is out", |state| state.release.is_some())
            .await?;
        let mut people = Vec::new();
        for (name, passphrase) in &self.world.people {
            people.push(Person::sign_in(&self.world.web, name, passphrase).await?);
        }
        let state = self.state().await?;
        let undecided: Vec<_> = self
            .world
            .to_approve()
            .filter(|pr| state.awaits(*pr))
            .collect();
        let mut approved = Instant::now();
        for (at, pr) in undecided.iter().enumerate() {
            for person in &people {
                person.approve(*pr).await?;
            }
            info!(target: PROGRESS, "{} people approve #{pr}", people.len());
            if at == 0 {
                approved = Instant::now();
            }
        }
        let mut timing = Timing::default();
        if let Some(first) = undecided.first() {
            self.wait("the first fix is out", |state| state.is(*first, "released"))
                .await?;
            timing.approval_to_published = Some(approved.elapsed().as_secs_f64());
        }
        self.wait("all is settled", |state| {
            state.is_settled() && state.is_reachable
        })
        .await?;
        Ok(timing)
    }

    /// What came of it.
    ///
    /// # Errors
    /// Where the server does not answer, or there is no release.
    pub async fn report(&self, timing: Timing) -> anyhow::Result<Report> {
        let json = channel_json(&self.client, &self.world.web).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let current = json
            .get("current")
            .filter(|it| !it.is_null())
            .context("no release is out")?;
        Ok(Report {
            base_url: self.world.web.clone(),
            channel: CHANNEL.to_owned(),
            channel_url: self.world.web.join(CHANNEL)?,
            cache_url: self.world.web.join("cache")?,
            public_key: self.world.public_key.to_string(),
            release: text(&current["name"]),
            rev: text(&current["rev"]),
            seconds_approval_to_published: timing.approval_to_published,
            picks: serde_json::from_value(json["picks"].clone())?,
        })
    }

    /// The address of the binary cache that the current release names. On another port than the
    /// last time it is an old one, until a release has followed that names the new one.
    async fn named_cache(&self) -> anyhow::Result<Url> {
        let url = self.world.web.join(&format!("{CHANNEL}/release.json"))?;
        let manifest: Value = self
            .client
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        Ok(serde_json::from_value(
            manifest["binary_cache_url"].clone(),
        )?)
    }

    async fn state(&self) -> anyhow::Result<State> {
        let channel = channel_json(&self.client, &self.world.web).await?;
        let url = self
            .world
            .web
            .join(&format!("api/v1/channels/{CHANNEL}/candidates"))?;
        let answer = self.client.get(url).send().await?.error_for_status()?;
        let mut state = State::read(&channel, &answer.json().await?, self.world)?;
        if state.release.is_some() {
            state.is_reachable = self.named_cache().await? == self.world.web.join("cache")?;
        }
        Ok(state)
    }

    async fn wait(&self, what: &str, is_so: impl Fn(&State) -> bool) -> anyhow::Result<()> {
        let start = Instant::now();
        while !is_so(&self.state().await?) {
            if start.elapsed() > PATIENCE {
                bail!("waited {} s until {what}, in vain", PATIENCE.as_secs());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }
}

/// How far things are, as the JSON API says.
struct State {
    release: Option<String>,
    /// State and assessment of each pull request of the world; of those that Picket has seen.
    picks: BTreeMap<PrNumber, (PickReport, bool)>,
    expected: usize,
    /// Whether the current release names this run's address.
    is_reachable: bool,
}

impl State {
    fn read(channel: &Value, candidates: &Value, world: &World) -> anyhow::Result<Self> {
        let mut picks = BTreeMap::new();
        for candidate in candidates["candidates"]
            .as_array()
            .context("no candidates in the JSON")?
        {
            let pick: PickReport = serde_json::from_value(candidate.clone())?;
            let is_assessed = !candidate["assessment"].is_null();
            picks.insert(PrNumber(pick.number), (pick, is_assessed));
        }
        let release = channel["release"].as_str().map(str::to_owned);
        let expected = world.pull_requests().len();
        Ok(Self {
            release,
            picks,
            expected,
            is_reachable: false,
        })
    }

    fn all_assessed(&self) -> bool {
        self.picks.len() >= self.expected && self.picks.values().all(|(_, assessed)| *assessed)
    }

    fn is(&self, pr: PrNumber, state: &str) -> bool {
        self.picks
            .get(&pr)
            .is_some_and(|(pick, _)| pick.state == state)
    }

    fn awaits(&self, pr: PrNumber) -> bool {
        self.is(pr, "awaiting_approval")
    }

    fn is_settled(&self) -> bool {
        const MOVING: [&str; 4] = ["assembling", "building", "retrying", "releasing"];
        !self
            .picks
            .values()
            .any(|(pick, _)| MOVING.contains(&pick.state.as_str()))
    }
}
