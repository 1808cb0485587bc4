//! Building a graph of derivations, each by a request of its own.
//!
//! So each has a result, a log and a time of its own; one that Nix chokes on ends no other; and what
//! comes next is decided here, and not by Nix.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use picket_domain::{StorePath, Timestamp};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::daemon::{BuildResult, ClientError, Daemon, Status};
use crate::monitor::Monitor;
use crate::schedule::{Graph, Lane, Machines, Order, Rank};
use crate::site::Site;
use picket_nix::Settings;
use picket_nix::derivation::Recipe;
use picket_nix::text;

/// Longer than any wait: timers have an end.
const YEAR: u64 = 365 * 24 * 3600;

/// Those who build one graph.
#[derive(Debug)]
pub(crate) struct Crew<'a> {
    site: &'a Site,
    settings: &'a Settings,
    machines: Machines,
    order: Mutex<Order>,
    monitor: Mutex<Monitor>,
    results: Mutex<BTreeMap<StorePath, BuildResult>>,
    /// Connections that nobody uses now.
    idle: Mutex<Vec<(Lane, Connection)>>,
    connections: AtomicU64,
    began: u64,
}

#[derive(Debug)]
struct Connection {
    number: u64,
    daemon: Daemon,
}

impl<'a> Crew<'a> {
    pub(crate) fn new(
        site: &'a Site,
        settings: &'a Settings,
        (machines, graph): (Machines, Graph),
        monitor: Monitor,
    ) -> Self {
        Self {
            site,
            settings,
            machines,
            order: Mutex::new(Order::new(graph)),
            monitor: Mutex::new(monitor),
            results: Mutex::default(),
            idle: Mutex::default(),
            connections: AtomicU64::new(0),
            began: Timestamp::now().as_unix().try_into().unwrap_or_default(),
        }
    }

    /// Builds all that can be built, and says what came of each derivation.
    pub(crate) async fn build(self) -> BTreeMap<StorePath, BuildResult> {
        self.refuse_what_no_machine_builds();
        let mut hands = FuturesUnordered::new();
        let mut busy = [0_usize; 2];
        loop {
            for (lane, busy) in Lane::ALL.into_iter().zip(&mut busy) {
                for _ in 0..self.wanted(lane, *busy) {
                    hands.push(self.take_one(lane));
                    *busy += 1;
                }
            }
            match hands.next().await {
                Some(Lane::Here) => busy[0] -= 1,
                Some(Lane::Elsewhere) => busy[1] -= 1,
                None => break,
            }
        }
        drop(hands);
        self.results
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse_what_no_machine_builds(&self) {
        let refused = |recipe: &Recipe| !self.is_unknown(recipe) && !self.machines.build(recipe);
        let all = locked(&self.order).those(refused);
        for (drv, message) in all {
            let status = Status::NoMachine;
            self.end(&drv, BuildResult { status, message });
        }
    }

    /// A derivation that could not be read: Nix will say what is wrong with it.
    fn is_unknown(&self, recipe: &Recipe) -> bool {
        recipe.system.is_empty()
    }

    fn fits(&self, lane: Lane) -> impl Fn(&Recipe) -> bool {
        move |recipe| match lane {
            Lane::Here => self.is_unknown(recipe) || self.machines.build_on(lane, recipe),
            Lane::Elsewhere => self.machines.build_on(lane, recipe),
        }
    }

    /// How many more are to be at work in a lane.
    fn wanted(&self, lane: Lane, busy: usize) -> usize {
        let room = self.machines.jobs(lane).saturating_sub(busy);
        locked(&self.order).ready(self.fits(lane)).min(room)
    }

    /// Builds the derivation that is next once there is room for it.
    async fn take_one(&self, lane: Lane) -> Lane {
        let rank = self.rank();
        let _slot = self.site.slots(&self.machines, lane).take(rank).await;
        let next = locked(&self.order).next(self.fits(lane));
        if let Some(drv) = next {
            let result = self.build_one(lane, &drv).await;
            self.end(&drv, result);
            let log = locked(&self.monitor).log(&drv);
            if let Ok(Err(error)) = spawn_blocking(|| log.end()).await {
                tracing::error!(%error, %drv, "a log could not be finished");
            }
        }
        lane
    }

    fn rank(&self) -> Rank {
        self.began
            .saturating_add(locked(&self.order).left_seconds())
    }

    async fn build_one(&self, lane: Lane, drv: &StorePath) -> BuildResult {
        let lost = |message: String| BuildResult {
            status: Status::Lost,
            message,
        };
        let mut connection = match self.connection(lane).await {
            Ok(connection) => connection,
            Err(message) => return lost(message),
        };
        let number = connection.number;
        let daemon = &mut connection.daemon;
        let mut on_event = |event| locked(&self.monitor).event(number, drv, event);
        let asked = std::slice::from_ref(drv);
        let built = timeout(self.time(), daemon.build(asked, &mut on_event)).await;
        let too_long = |_| Err(ClientError::Io(io::ErrorKind::TimedOut.into()));
        match built.unwrap_or_else(too_long) {
            Ok(mut results) => {
                locked(&self.idle).push((lane, connection));
                let silent = || lost("Nix says nothing of it".to_owned());
                results.remove(drv).unwrap_or_else(silent)
            }
            // Nix failed while it built this one; it can be asked for others.
            Err(ClientError::Refused(message)) => {
                locked(&self.idle).push((lane, connection));
                BuildResult {
                    status: Status::Machine,
                    message: text::head(text::clean(&message).trim(), text::MESSAGE_MAX),
                }
            }
            Err(error @ ClientError::Io(_)) => lost(daemon.explain(error).await),
        }
    }

    async fn connection(&self, lane: Lane) -> Result<Connection, String> {
        let idle = {
            let mut idle = locked(&self.idle);
            let at = idle.iter().position(|(of, _)| *of == lane);
            at.map(|at| idle.swap_remove(at).1)
        };
        if let Some(connection) = idle {
            return Ok(connection);
        }
        let settings = Settings {
            max_jobs: self.machines.max_jobs(lane),
            ..self.settings.clone()
        };
        let Site { nix, limits, .. } = self.site;
        let started = Daemon::start(nix, &settings, limits).await;
        let mut daemon = started.map_err(|error| error.to_string())?;
        daemon.set_patience(limits.build_patience());
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        Ok(Connection { number, daemon })
    }

    fn end(&self, drv: &StorePath, result: BuildResult) {
        let took = locked(&self.monitor).end(drv, &result);
        if let (Some(seconds), Status::Success) = (took, result.status) {
            self.site.durations.took(drv, seconds);
        }
        if result.status == Status::Success {
            locked(&self.order).built(drv);
        } else {
            for without in locked(&self.order).failed(drv) {
                let result = BuildResult {
                    status: Status::DependencyFailed,
                    message: String::new(),
                };
                locked(&self.monitor).end(&without, &result);
                locked(&self.results).insert(without, result);
            }
        }
        locked(&self.results).insert(drv.clone(), result);
    }

    /// How long one request may take: a build, and what else Nix finds that it has to build for it.
    fn time(&self) -> Duration {
        let seconds = self.site.limits.build_seconds.saturating_mul(2);
        Duration::from_secs(seconds.min(YEAR)) + self.site.limits.build_patience()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
