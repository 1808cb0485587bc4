//! `/metrics`

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use picket_domain::{Action, BuildReport, PickStatus, Verdict};

use super::prometheus::Metric;
use crate::error::PageError;
use crate::look::Look;
use crate::state::App;

/// The names of all states, so that a state that nothing is in shows as 0.
const STATES: [&str; 14] = [
    "superseded",
    "in_base",
    "vetoed",
    "awaiting_approval",
    "conflict",
    "disputed",
    "stale",
    "unavailable",
    "build_failed",
    "assembling",
    "building",
    "retrying",
    "releasing",
    "released",
];

struct Metrics {
    reconciler_age: Metric,
    release: Metric,
    release_time: Metric,
    base_age: Metric,
    candidates: Metric,
    waiting: Metric,
    builds: Metric,
    lag: Metric,
    lag_count: Metric,
}

impl Metrics {
    fn new() -> Self {
        Self {
            reconciler_age: Metric::gauge(
                "picket_reconciler_age_seconds",
                "Seconds since the reconciler's last sign of life.",
            ),
            release: Metric::gauge(
                "picket_release_seq",
                "The sequence number of the channel's current release.",
            ),
            release_time: Metric::gauge(
                "picket_release_published_timestamp_seconds",
                "When the channel's current release came out.",
            ),
            base_age: Metric::gauge(
                "picket_base_age_seconds",
                "Seconds since the stable channel was first seen at its present revision.",
            ),
            candidates: Metric::gauge(
                "picket_candidates",
                "Candidates by their state in the channel.",
            ),
            waiting: Metric::gauge(
                "picket_approved_unreleased_age_seconds",
                "Seconds that the oldest approved fix which is under way has waited; 0 without one.",
            ),
            builds: Metric::gauge(
                "picket_build_attempts",
                "Builds against the current base, by what came of them.",
            ),
            lag: Metric::counter(
                "picket_lag_won_seconds_total",
                "How much earlier than the stable channel this channel had its superseded fixes.",
            ),
            lag_count: Metric::counter(
                "picket_superseded_total",
                "Fixes that this channel had before the stable channel.",
            ),
        }
    }

    fn add(&mut self, look: &Look<'_>) {
        let channel = [("channel", look.channel.name().as_str())];
        if let Some((release, at)) = look.published().first() {
            self.release.sample(&channel, release.seq.0 as f64);
            self.release_time.sample(&channel, at.as_unix() as f64);
        }
        if let Some(base) = &look.facts.base {
            let age = look.now.seconds_since(base.seen_at);
            self.base_age.sample(&channel, age as f64);
        }
        self.waiting.sample(&channel, oldest_under_way(look) as f64);
        for (state, count) in by_state(look) {
            self.candidates
                .sample(&[channel[0], ("state", state)], f64::from(count));
        }
        for (outcome, count) in by_verdict(look) {
            self.builds
                .sample(&[channel[0], ("outcome", outcome)], f64::from(count));
        }
        let lags: Vec<_> = look
            .facts
            .log
            .iter()
            .filter_map(|entry| match entry.action {
                Action::Superseded { lag_seconds, .. } => Some(lag_seconds),
                _ => None,
            })
            .collect();
        self.lag.sample(&channel, lags.iter().sum::<i64>() as f64);
        self.lag_count.sample(&channel, lags.len() as f64);
    }

    fn page(&self) -> String {
        let mut page = String::new();
        let all = [
            &self.reconciler_age,
            &self.release,
            &self.release_time,
            &self.base_age,
            &self.candidates,
            &self.waiting,
            &self.builds,
            &self.lag,
            &self.lag_count,
        ];
        for metric in all {
            metric.write(&mut page);
        }
        page
    }
}

/// `GET /metrics`
pub(crate) async fn metrics(State(app): State<App>) -> Result<Response, PageError> {
    let mut metrics = Metrics::new();
    if let Some(age) = app.health.age(app.now()) {
        metrics.reconciler_age.sample(&[], age as f64);
    }
    for channel in &app.channels {
        metrics.add(&Look::at(&app, channel).await?);
    }
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], metrics.page()).into_response())
}

fn by_state(look: &Look<'_>) -> BTreeMap<&'static str, u32> {
    let mut counts: BTreeMap<_, _> = STATES.iter().map(|state| (*state, 0)).collect();
    for (_, status) in look.candidates() {
        *counts.entry(status.name()).or_default() += 1;
    }
    counts
}

fn by_verdict(look: &Look<'_>) -> BTreeMap<&'static str, u32> {
    let mut counts: BTreeMap<_, _> = ["passed", "broken", "inconclusive"]
        .map(|it| (it, 0))
        .into();
    let attempts = look
        .facts
        .builds
        .values()
        .flat_map(|record| &record.attempts);
    let reports = attempts.map(|attempt| &attempt.report);
    for verdict in reports.map(|report: &BuildReport| report.verdict(&look.facts.policy)) {
        let outcome = match verdict {
            Verdict::Passed => "passed",
            Verdict::Broken(_) => "broken",
            Verdict::Inconclusive(_) => "inconclusive",
        };
        *counts.entry(outcome).or_default() += 1;
    }
    counts
}

/// How long the approved fix has waited that has waited longest, as far as nothing keeps it but
/// this server.
fn oldest_under_way(look: &Look<'_>) -> i64 {
    let under_way = look
        .candidates()
        .filter(|(_, status): &(_, PickStatus)| !status.is_settled());
    let waits = under_way.filter_map(|(candidate, _)| {
        let approved_at = look.stage_times(candidate).approved_at?;
        Some(look.now.seconds_since(approved_at))
    });
    waits.max().unwrap_or(0)
}
