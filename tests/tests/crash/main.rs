//! `picket serve` is killed with SIGKILL at each step boundary in turn and started again. In the end
//! one release with the approved fixes is out, and at no moment could a client see a partial one.
//!
//! There are no hooks for this in the program. An undisturbed run is recorded first: each kind of
//! progress line is a boundary. Then, in another world, each boundary's line is waited for and the
//! program killed at once. It may get a little further before it dies; a boundary that it passed
//! in doing so has its turn in the next pass. `random` kills at any moment, many times in a row.

mod boundary;
mod client;
mod look;
mod random;
mod team;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use picket_demo::Person;
use picket_domain::PrNumber;
use picket_tests::{LogLine, Picket, Stage, eventually};
use serde_json::Value;

use boundary::{Boundary, Script, distinct};
use client::Client;
use look::{Before, Past};
use team::{Wish, approve, approve_meanwhile, push_again};

const MASTODON: PrNumber = PrNumber(4242);
const NGINX: PrNumber = PrNumber(4247);

/// How long the program may take from a start to the next boundary, or to the end.
const PATIENCE: Duration = Duration::from_secs(360);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The warnings that a kill, or collecting what no release needs yet, may be the reason for.
const MENDED: [&str; 2] = [
    "removed a lock file of a writer that was killed",
    "made a damaged store path again",
];
/// Passes over the same boundaries, at most.
const PASSES: u32 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_each_step_boundary_in_turn() -> Result<()> {
    let script = undisturbed().await?;
    script.covers_every_kind_of_step()?;
    let mut crash = Crash::new(Stage::make().await?);
    crash.through_the_beginning(script.beginning).await?;
    crash.through_fixes(script.fix).await
}

/// Records what a run says that nothing kills.
async fn undisturbed() -> Result<Script> {
    let mut crash = Crash::new(Stage::make().await?);
    let mut script = Script {
        beginning: distinct(&crash.begin().await?),
        ..Script::default()
    };
    let wishes = crash.first_wishes()?;
    let approving = crash.approve(&wishes).await?;
    let client = crash.client()?;
    script.fix = distinct(&crash.go_on(&client, &wishes).await?);
    approving.await??;
    client.stop().await?;
    look::is_in_order(&crash.stage, &wishes, Past::Straight).await?;
    a_client_notices(&crash).await?;
    Ok(script)
}

/// What the client is there for: the NARs go, and it says so.
async fn a_client_notices(crash: &Crash) -> Result<()> {
    let client = crash.client()?;
    std::fs::remove_dir_all(crash.stage.dir().join("data/public/cache/nar"))?;
    let fault = eventually("the client notices", async || {
        client.fault().map(str::to_owned)
    });
    ensure!(fault.await?.contains("404"), "it is not there");
    Ok(())
}

/// A stage whose Picket is killed again and again.
struct Crash {
    stage: Stage,
    before: Before,
    /// How long to wait from a line to the kill.
    hesitate: Duration,
}

impl Crash {
    fn new(stage: Stage) -> Self {
        Self {
            stage,
            before: Before::default(),
            hesitate: Duration::ZERO,
        }
    }

    fn client(&self) -> Result<Client> {
        Client::watch(
            self.stage.channel_url()?,
            self.stage.world.public_key.clone(),
        )
    }

    fn first_wishes(&self) -> Result<Vec<Wish>> {
        [MASTODON, NGINX]
            .map(|pr| Wish::of(&self.stage, pr))
            .into_iter()
            .collect()
    }

    /// From an empty data folder to the first release, which has no fix yet, and all assessed.
    async fn through_the_beginning(&mut self, mut left: Vec<Boundary>) -> Result<()> {
        let mut before = left.len();
        for pass in 0..PASSES {
            let client = self.client()?;
            while self.kill_at_next(&client, &[], &mut left).await? {}
            self.go_on(&client, &[]).await?;
            look::is_in_order(&self.stage, &[], Past::Straight).await?;
            let seen = client.stop().await?;
            println!("pass {pass}: {} boundaries left; {seen:?}", left.len());
            if is_enough(&left, &mut before) {
                return Ok(());
            }
            self.stage.picket = None;
            look::start_over(&self.stage)?;
            self.before = Before::default();
        }
        bail!("never killed at {left:?}")
    }

    /// From approvals to the release with the fixes, with another push before each further pass.
    async fn through_fixes(&mut self, mut left: Vec<Boundary>) -> Result<()> {
        let client = self.client()?;
        let mut wishes = self.first_wishes()?;
        let mut before = left.len();
        for pass in 0..PASSES {
            let approving = self.approve(&wishes).await?;
            while self.kill_at_next(&client, &wishes, &mut left).await? {}
            self.go_on(&client, &wishes).await?;
            approving.await??;
            look::is_in_order(&self.stage, &wishes, Past::Straight).await?;
            println!("pass {pass}: {} boundaries left", left.len());
            if is_enough(&left, &mut before) {
                let seen = client.stop().await?;
                println!("{seen:?}");
                ensure!(seen.whole > 10 && seen.down > 0, "{seen:?}");
                ensure!(seen.releases.len() > 1, "{seen:?}");
                ensure!(seen.stated.len() > 1, "{seen:?}");
                return Ok(());
            }
            wishes[0] = push_again(&self.stage, MASTODON, pass)?;
        }
        bail!("never killed at {left:?}")
    }

    /// Starts Picket for the first time and waits for the first release.
    async fn begin(&mut self) -> Result<Vec<LogLine>> {
        let client = self.client()?;
        let lines = self.go_on(&client, &[]).await?;
        client.stop().await?;
        Ok(lines)
    }

    /// One person approves now; the other one does so beside what comes next, which is when it
    /// counts. What was logged before that is of no interest.
    async fn approve(
        &mut self,
        wishes: &[Wish],
    ) -> Result<tokio::task::JoinHandle<Result<Person>>> {
        approve(&self.stage.person(0).await?, wishes).await?;
        let second = self.stage.person(1).await?;
        let picket = self.stage.picket.as_ref().context("picket is running")?;
        while picket.next_line(Duration::ZERO)?.is_some() {}
        Ok(approve_meanwhile(second, wishes.to_vec()))
    }

    /// Kills Picket at the first of these boundaries that it reaches. False where all is done
    /// before it reaches one.
    async fn kill_at_next(
        &mut self,
        client: &Client,
        wishes: &[Wish],
        left: &mut Vec<Boundary>,
    ) -> Result<bool> {
        let at = |line: &LogLine| Boundary::of(line).is_some_and(|it| left.contains(&it));
        let Some(line) = self.kill_when(client, wishes, at).await? else {
            return Ok(false);
        };
        left.retain(|it| Boundary::of(&line).as_ref() != Some(it));
        Ok(true)
    }

    /// Runs Picket up to a line, kills it, and looks at what it left. `None` where all is done
    /// before the line comes; it is still running then.
    async fn kill_when(
        &mut self,
        client: &Client,
        wishes: &[Wish],
        mut at: impl FnMut(&LogLine) -> bool,
    ) -> Result<Option<LogLine>> {
        let (picket, mut lines) = self.run_until(client, wishes, &mut at).await?;
        let Some(line) = lines.pop().filter(|_| picket.is_some()) else {
            return Ok(None);
        };
        tokio::time::sleep(self.hesitate).await;
        let further = picket.context("it is running")?.kill_and_read()?;
        println!("killed at {:?}", line.message());
        if let Some(last) = further.last() {
            println!("  it died after {:?}", last.message());
        }
        self.before.look(&self.stage).await?;
        Ok(Some(line))
    }

    /// Runs Picket to the end.
    async fn go_on(&mut self, client: &Client, wishes: &[Wish]) -> Result<Vec<LogLine>> {
        let (_, lines) = self.run_until(client, wishes, &mut |_| false).await?;
        Ok(lines)
    }

    /// Runs Picket until a line comes, which is then the last one, and takes it off the stage; or
    /// until all is done.
    async fn run_until(
        &mut self,
        client: &Client,
        wishes: &[Wish],
        at: &mut impl FnMut(&LogLine) -> bool,
    ) -> Result<(Option<Picket>, Vec<LogLine>)> {
        if self.stage.picket.is_none() {
            self.stage.start()?;
        }
        let picket = self.stage.picket.take().context("it was started")?;
        let (start, mut lines) = (Instant::now(), Vec::new());
        let mut missing = Some(anyhow!("nothing was looked at yet"));
        loop {
            while let Some(line) = picket.next_line(LOOK_EVERY)? {
                let is_it = at(&line);
                let is_calm = ["INFO", "DEBUG"].contains(&line.level());
                ensure!(
                    is_calm || MENDED.contains(&line.message()),
                    "{}",
                    line.json()
                );
                lines.push(line);
                if is_it {
                    return Ok((Some(picket), lines));
                }
            }
            if let Some(fault) = client.fault() {
                bail!("a client saw what it must not: {fault}");
            }
            let Some(reason) = missing else {
                self.stage.picket = Some(picket);
                return Ok((None, lines));
            };
            let said = || lines.iter().map(LogLine::message).collect::<Vec<_>>();
            ensure!(
                start.elapsed() < PATIENCE,
                "{reason:#}; and nothing more came after {:#?}",
                said()
            );
            // What was logged until then is still to be read before this counts.
            missing = is_done(&self.stage, wishes).await.err();
        }
    }
}

/// Whether a pass was the last one: nothing is left, or nothing that every run must come by, and it
/// reached no boundary that the passes `before` it had missed.
fn is_enough(left: &[Boundary], before: &mut usize) -> bool {
    let is_further = std::mem::replace(before, left.len()) > left.len();
    left.is_empty() || (!is_further && !left.iter().any(Boundary::is_certain))
}

/// Every pull request is assessed, and clients get a release with exactly these heads that the
/// database has recorded, and that is pushed; else what is still missing.
async fn is_done(stage: &Stage, wishes: &[Wish]) -> Result<()> {
    let path = format!("api/v1/channels/{}/candidates", picket_demo::CHANNEL);
    let candidates: Value = serde_json::from_str(&stage.text(&path).await?)?;
    let candidates = candidates["candidates"].as_array().context("a list")?;
    let is_assessed = |candidate: &Value| !candidate["assessment"].is_null();
    ensure!(
        candidates.len() == stage.world.pull_requests().len() && candidates.iter().all(is_assessed),
        "not all are assessed: {candidates:#?}"
    );
    let path = format!("{}/release.json", picket_demo::CHANNEL);
    let manifest: Value = serde_json::from_str(&stage.text(&path).await?)?;
    let current = &stage.channel().await?["current"]["name"];
    ensure!(*current == manifest["name"], "the record says {current}");
    let picks = manifest["picks"].as_array().context("a list")?;
    let has = |wish: &Wish| {
        let mut picks = picks.iter();
        picks.any(|pick| pick["pr"] == wish.pr.0 && pick["head"] == wish.head.as_str())
    };
    ensure!(
        picks.len() == wishes.len() && wishes.iter().all(has),
        "{current} has {picks:?}, not {wishes:?}"
    );
    let name = current.as_str().context("a name")?;
    look::is_pushed(stage, name)
}
