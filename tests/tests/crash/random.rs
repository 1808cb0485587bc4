//! Kills at random moments, many in a row: while people approve, object and change their minds, and
//! while what is not needed is removed all the time.
//!
//! `cargo xtask crash --kills 300` makes many of them; the ordinary tests a few. The seed is printed.
//! With it, the same moments are chosen again, as far as time itself lets them come.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use picket_demo::Person;
use picket_tests::{LogLine, Stage, program};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::client::Client;
use crate::look::{self, Past};
use crate::team::{Wish, approve, push_again};
use crate::{Crash, MASTODON, NGINX};

/// Kills where nobody says how many.
const KILLS: u32 = 25;
/// The most kills from one push to the release with it.
const KILLS_A_ROUND: u32 = 8;
/// A fix writes half as many again.
const LINES: u32 = 20;
/// Kills come up to so many milliseconds later than their line, and so amid some work.
const HESITATE: u64 = 60;
/// What removes things beside the service lives no longer than so many milliseconds.
const COLLECT: u64 = 150;
/// What is kept, and that it is looked at every second: so that there is something to remove.
const RETENTION: &str = r"
[retention]
releases = 3
days = 0
cache_days = 0
log_days = 0
evaluation_days = 0
every_seconds = 1
";

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random() -> Result<()> {
    let seed = number("PICKET_CRASH_SEED")?.unwrap_or_else(rand::random);
    let kills = number("PICKET_CRASH_KILLS")?.unwrap_or(u64::from(KILLS));
    println!("seed {seed}, {kills} kills");
    let mut run = Run::start(seed).await?;
    let mut round = 0;
    while u64::from(run.kills) < kills {
        run.round(round).await?;
        round += 1;
        println!("{round} rounds, {} kills, {} vetoes", run.kills, run.vetoes);
    }
    let seen = run.client.stop().await?;
    println!("seed {seed}: {} kills; {seen:?}", run.kills);
    ensure!(seen.releases.len() > 1 && seen.down > 0, "{seen:?}");
    Ok(())
}

fn number(variable: &str) -> Result<Option<u64>> {
    let Ok(text) = std::env::var(variable) else {
        return Ok(None);
    };
    let number = text.parse();
    number
        .map(Some)
        .with_context(|| format!("{variable} is a number"))
}

/// Kills so far, in one world.
struct Run {
    crash: Crash,
    client: Client,
    random: StdRng,
    kills: u32,
    vetoes: u32,
}

impl Run {
    async fn start(seed: u64) -> Result<Self> {
        let stage = Stage::make().await?;
        let config = std::fs::read_to_string(&stage.world.config_file)?;
        let demos = "[retention]";
        ensure!(config.contains(demos), "{config}");
        let config = config.replacen(demos, RETENTION.trim(), 1);
        std::fs::write(&stage.world.config_file, config)?;
        let mut crash = Crash::new(stage);
        crash.begin().await?;
        Ok(Self {
            client: crash.client()?,
            crash,
            random: StdRng::seed_from_u64(seed),
            kills: 0,
            vetoes: 0,
        })
    }

    /// From a push to the release with it, which people may object to on the way.
    async fn round(&mut self, round: u32) -> Result<()> {
        let wishes = vec![
            push_again(&self.crash.stage, MASTODON, round)?,
            Wish::of(&self.crash.stage, NGINX)?,
        ];
        let approving = self.crash.approve(&wishes).await?;
        if self.random.random_bool(0.4) {
            approving.await??;
            self.kill_some(&wishes, KILLS_A_ROUND / 4).await?;
            self.veto(&wishes).await?;
        } else {
            self.kill_some(&wishes, KILLS_A_ROUND).await?;
            self.crash.go_on(&self.client, &wishes).await?;
            approving.await??;
        }
        self.crash.go_on(&self.client, &wishes).await?;
        look::is_in_order(&self.crash.stage, &wishes, Past::Vetoed).await
    }

    async fn kill_some(&mut self, wishes: &[Wish], most: u32) -> Result<()> {
        for _ in 0..self.random.random_range(1..=most) {
            let collecting = match self.random.random_bool(0.3) {
                true => Some(Collecting::start(&self.crash.stage)?),
                false => None,
            };
            let mut lines = self.random.random_range(1..=LINES);
            self.crash.hesitate = self.millis(HESITATE);
            let at = self.crash.kill_when(&self.client, wishes, |_| {
                lines -= 1;
                lines == 0
            });
            if at.await?.is_none() {
                break;
            }
            self.kills += 1;
            if let Some(collecting) = collecting {
                collecting.kill_after(self.millis(COLLECT)).await?;
            }
        }
        Ok(())
    }

    /// Somebody objects on the way to the release, the program is killed, and goes on without the
    /// pick until the objection is taken back.
    async fn veto(&mut self, wishes: &[Wish]) -> Result<()> {
        let wish = wishes.choose(&mut self.random).context("there is one")?;
        let person = self.person().await?;
        let mut lines = self.random.random_range(1..=LINES);
        let mut is_last = |_: &LogLine| {
            lines -= 1;
            lines == 0
        };
        let at = self.crash.run_until(&self.client, wishes, &mut is_last);
        let (picket, _) = at.await?;
        person.veto(wish.pr, "wait: it may break logins").await?;
        tokio::time::sleep(self.millis(HESITATE)).await;
        if let Some(picket) = picket.or_else(|| self.crash.stage.picket.take()) {
            picket.kill()?;
        }
        (self.kills, self.vetoes) = (self.kills + 1, self.vetoes + 1);
        self.crash.before.look(&self.crash.stage).await?;
        let from = look::first_unsealed(&self.crash.stage).await?;
        self.client.forbid(wish.pr, from);

        let without: Vec<_> = wishes.iter().filter(|it| *it != wish).cloned().collect();
        self.kill_some(&without, KILLS_A_ROUND / 4).await?;
        self.crash.go_on(&self.client, &without).await?;
        self.client.allow(wish.pr);
        person.withdraw(wish.pr, "it does not").await?;
        approve(&person, std::slice::from_ref(wish)).await
    }

    /// Somebody of the team, who signs in while the program runs.
    async fn person(&mut self) -> Result<Person> {
        if self.crash.stage.picket.is_none() {
            self.crash.stage.start()?;
            self.crash.stage.until("picket answers", |_| true).await?;
        }
        self.crash.stage.person(0).await
    }

    fn millis(&mut self, most: u64) -> Duration {
        Duration::from_millis(self.random.random_range(0..=most))
    }
}

/// `picket gc`, beside the service.
struct Collecting(Child);

impl Collecting {
    fn start(stage: &Stage) -> Result<Self> {
        let child = Command::new(program())
            .args(["gc", "--config"])
            .arg(&stage.world.config_file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self(child))
    }

    /// It may have ended by itself.
    async fn kill_after(mut self, time: Duration) -> Result<()> {
        tokio::time::sleep(time).await;
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Collecting {
    fn drop(&mut self) {
        // It may have been waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
