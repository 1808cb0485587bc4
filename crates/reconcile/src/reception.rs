//! The lane that asks GitHub what upstream makes of candidates: reviews, who merged them, and CI.
//!
//! People look at it, and nothing else waits for it: its requests, limits and failures are its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context;
use picket_domain::{
    PickStatus, PrNumber, ReceptionReading, ReviewTraffic, StatusGroup, Timestamp, UpstreamState,
};
use picket_snapshot::ChannelSnapshot;
use picket_watcher::{Due, ReceptionPace, Subject, Told, WatchError, due};

use crate::engine::{Engine, now};
use crate::lane::Lane;
use crate::supervise::{Bell, Work};

/// The name under which the database keeps the pace.
const PACE: &str = "github receptions";
const READING: &str = "reading reviews and CI";
/// Requests in one pass: after so many, the lane shows that it lives and goes on at once.
const REQUESTS: usize = 20;

pub(crate) struct ReceptionLane {
    engine: Arc<Engine>,
}

impl Work for ReceptionLane {
    async fn pass(&mut self, lane: &Lane) -> anyhow::Result<Option<Timestamp>> {
        if !self.engine.watcher.receptions().has_token() {
            lane.mended(READING);
            lane.reviews(ReviewTraffic::default());
            return Ok(None);
        }
        if !lane.is_due(READING) {
            return Ok(None);
        }
        for _ in 0..REQUESTS {
            let mut pace = self.engine.pace().await?;
            let channels = self.engine.all_channels().await?;
            let due = due(subjects(&channels), &pace, now());
            lane.reviews(self.engine.review_traffic(&due));
            if due.now.is_empty() {
                return Ok(due.next);
            }
            let asking = self.engine.ask(&channels, &due.now, &mut pace);
            if let Err(error) = lane.working(READING, asking).await {
                let until = match error.downcast_ref::<WatchError>() {
                    Some(WatchError::RateLimited { until }) => Some(*until),
                    _ => None,
                };
                lane.reviews(self.engine.review_traffic(&due));
                lane.failed_aside(READING, &error, until);
                return Ok(None);
            }
            lane.mended(READING);
        }
        Ok(Some(now()))
    }
}

impl ReceptionLane {
    pub(crate) fn new(engine: Arc<Engine>, _: Bell) -> Self {
        Self { engine }
    }
}

/// The candidates in which something is left to do in some channel, each once. All channels have
/// the same.
fn subjects(channels: &[Arc<ChannelSnapshot>]) -> impl Iterator<Item = Subject<'_>> {
    let facts = channels.first().map(|channel| channel.facts());
    let candidates = facts.into_iter().flat_map(|facts| {
        let all = facts.candidates.iter().filter(|(pr, _)| !pr.is_own());
        all.map(|(pr, candidate)| (candidate, facts.receptions.get(pr)))
    });
    candidates.filter_map(|(candidate, reading)| {
        let groups = channels.iter().filter_map(|it| it.status(candidate.pr));
        let groups: BTreeSet<_> = groups.map(PickStatus::group).collect();
        let is_wanted = groups.iter().any(|it| *it != StatusGroup::Done);
        let waits = [StatusGroup::NeedsDecision, StatusGroup::SetAside];
        is_wanted.then(|| Subject {
            candidate,
            reading: reading.map(Arc::as_ref),
            is_waiting: candidate.upstream == UpstreamState::Open
                && waits.iter().any(|it| groups.contains(it)),
        })
    })
}

impl Engine {
    async fn all_channels(&self) -> anyhow::Result<Vec<Arc<ChannelSnapshot>>> {
        let snapshot = self.snapshots.refresh(now()).await?;
        Ok(snapshot.channels().to_vec())
    }

    async fn pace(&self) -> anyhow::Result<ReceptionPace> {
        match self.store.cursor(PACE).await? {
            Some(text) => text.parse().context("the database's pace"),
            None => Ok(ReceptionPace::default()),
        }
    }

    async fn keep_pace(&self, pace: &ReceptionPace) -> anyhow::Result<()> {
        Ok(self.store.set_cursor(PACE, &pace.to_string()).await?)
    }

    /// Makes one request, and stores what it brings.
    async fn ask(
        &self,
        channels: &[Arc<ChannelSnapshot>],
        prs: &[PrNumber],
        pace: &mut ReceptionPace,
    ) -> anyhow::Result<()> {
        pace.begin(now());
        self.keep_pace(pace).await?;
        let receptions = self.watcher.receptions();
        let told = match receptions.read(prs).await {
            Ok(told) => {
                pace.succeeded(receptions.rests_until());
                told
            }
            Err(error) => {
                let is_theirs = pace.failed(&error);
                if let ([only], true) = (prs, is_theirs) {
                    // Whatever ails it, the others are not to wait for it.
                    let told = [(*only, Err(error.to_string()))].into();
                    self.keep_told(channels, told).await?;
                }
                self.keep_pace(pace).await?;
                return Err(error.into());
            }
        };
        // What was read comes before the pace: a limit that is lost is told again.
        self.keep_told(channels, told).await?;
        self.keep_pace(pace).await
    }

    async fn keep_told(
        &self,
        channels: &[Arc<ChannelSnapshot>],
        told: BTreeMap<PrNumber, Told>,
    ) -> anyhow::Result<()> {
        let Some(channel) = channels.first() else {
            return Ok(());
        };
        let facts = channel.facts();
        let readings = told.into_iter().filter_map(|(pr, told)| {
            let of = facts.candidates.get(&pr)?;
            let before = facts.receptions.get(&pr).map(Arc::as_ref);
            let reading = match told {
                Ok(reception) => ReceptionReading::read(of, reception, now()),
                Err(reason) => ReceptionReading::refused(of, before, reason, now()),
            };
            Some((pr, reading))
        });
        let readings: Vec<_> = readings.collect();
        Ok(self.store.record_receptions(&readings).await?)
    }

    fn review_traffic(&self, due: &Due) -> ReviewTraffic {
        let traffic = self.watcher.receptions().traffic();
        ReviewTraffic {
            has_token: true,
            requests: traffic.requests,
            failures: traffic.failures,
            unread: due.unread,
            limit: traffic.budget.map(|it| it.limit),
            remaining: traffic.budget.map(|it| it.remaining),
        }
    }
}
