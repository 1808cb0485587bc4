//! A person who looks at the pages, over HTTP, and eight more who reload the queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Client, StatusCode};

use crate::figures::{Page, UnderLoad, median};
use crate::world::{INTERVAL_SECONDS, PERSON, World};

/// Requests for each page that are timed, after some that are not.
const REQUESTS: usize = 31;
const WARM_UP: usize = 3;
/// Requests to the binary cache while pages are reloaded.
const CACHE_REQUESTS: usize = 200;
/// Who reloads the queue meanwhile.
const RELOADING: usize = 8;
/// No measurement takes longer.
const LONGEST: Duration = Duration::from_secs(20);
/// No request takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

const LAST_LOOK: &str = "picket_lane_last_look_seconds{";

/// Somebody who is signed in.
pub(crate) struct Visitor {
    client: Client,
    web: String,
}

impl Visitor {
    pub(crate) async fn sign_in(world: &World) -> Result<Self> {
        let redirects = reqwest::redirect::Policy::none();
        let client = Client::builder().cookie_store(true).redirect(redirects);
        let client = client.timeout(PATIENCE).build()?;
        let visitor = Self {
            client,
            web: world.web.clone(),
        };
        let (name, passphrase) = PERSON;
        let form = [("name", name), ("passphrase", passphrase)];
        let url = format!("{}login", visitor.web);
        let answer = visitor.client.post(url).form(&form).send().await?;
        ensure!(answer.status() == StatusCode::SEE_OTHER, "cannot sign in");
        Ok(visitor)
    }

    /// The page that is measured shows the real pull request, assessed.
    pub(crate) async fn is_read(&self, world: &World) -> Result<()> {
        let page = self.get(&world.candidate_path()).await?;
        let page = String::from_utf8_lossy(&page);
        ensure!(
            page.contains("mastodon"),
            "the real pull request was not read"
        );
        Ok(())
    }

    /// A page: how long it takes at the median, and how large it is.
    pub(crate) async fn median(&self, path: &str) -> Result<Page> {
        for _ in 0..WARM_UP {
            self.get(path).await?;
        }
        let (start, mut times, mut bytes) = (Instant::now(), Vec::new(), 0);
        while times.len() < REQUESTS && start.elapsed() < LONGEST {
            let start = Instant::now();
            bytes = self.get(path).await?.len();
            times.push(start.elapsed());
        }
        Ok(Page {
            median: median(times),
            bytes,
        })
    }

    /// The binary cache's answer while others reload the queue as fast as they can.
    pub(crate) async fn cache_under_load(&self, world: &World) -> Result<UnderLoad> {
        let (stop, reloads) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let mut others = Vec::new();
        for _ in 0..RELOADING {
            let (stop, reloads) = (Arc::clone(&stop), Arc::clone(&reloads));
            let other = Self::sign_in(world).await?;
            others.push(tokio::spawn(other.reload(stop, reloads)));
        }
        let (start, mut times) = (Instant::now(), Vec::new());
        while times.len() < CACHE_REQUESTS && start.elapsed() < LONGEST {
            let start = Instant::now();
            self.get("cache/nix-cache-info").await?;
            times.push(start.elapsed());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let took = start.elapsed();
        stop.store(true, Ordering::Relaxed);
        for other in others {
            other.await.context("a visitor broke down")??;
        }
        let reloads = reloads.load(Ordering::Relaxed);
        if reloads == 0 {
            bail!("nobody reloaded the queue meanwhile");
        }
        times.sort_unstable();
        Ok(UnderLoad {
            worst_of_100: times[times.len() * 99 / 100],
            median: median(times),
            reloads_a_second: reloads as f64 / took.as_secs_f64(),
        })
    }

    async fn reload(self, stop: Arc<AtomicBool>, reloads: Arc<AtomicU64>) -> Result<()> {
        while !stop.load(Ordering::Relaxed) {
            self.get("queue").await?;
            reloads.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// What the service itself says of its channel's lanes: the slowest one's last look, at the
    /// median over some looks. `None` where it does not say.
    pub(crate) async fn looks_of_lanes(&self) -> Result<Option<Duration>> {
        let mut looks = Vec::new();
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_secs(INTERVAL_SECONDS)).await;
            let metrics = self.get("metrics").await?;
            let slowest = slowest_look(&String::from_utf8_lossy(&metrics));
            let Some(slowest) = slowest else {
                return Ok(None);
            };
            looks.push(slowest);
        }
        Ok(Some(median(looks)))
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>> {
        let url = format!("{}{path}", self.web);
        let answer = self.client.get(url).send().await?.error_for_status()?;
        Ok(answer.bytes().await?.to_vec())
    }
}

/// Lanes of no channel look at GitHub or at files, and take as long as those do.
fn slowest_look(metrics: &str) -> Option<Duration> {
    let lines = metrics
        .lines()
        .filter(|line| line.starts_with(LAST_LOOK) && line.contains("channel=\"nixos"));
    let seconds = lines.filter_map(|line| line.rsplit(' ').next()?.parse().ok());
    seconds.map(Duration::from_secs_f64).max()
}
