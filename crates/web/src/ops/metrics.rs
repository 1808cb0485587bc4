//! `/metrics`

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use picket_domain::{
    Action, Board, GitHubTraffic, PickStatus, StatusGroup, Timestamp, Trouble, Verdict,
};

use super::comments::CommentMetrics;
use super::mirrors::MirrorMetrics;
use super::prometheus::Metric;
use super::reviews::ReviewMetrics;
use super::sources::SourceMetrics;
use crate::aim::late;
use crate::chain::Chain;
use crate::error::PageError;
use crate::look::Look;
use crate::state::{App, AppState};

struct Metrics {
    github_requests: Metric,
    github_limit: Metric,
    github_remaining: Metric,
    github_unread: Metric,
    reconciler_age: Metric,
    lane_age: Metric,
    lane_alive: Metric,
    last_look: Metric,
    checked: Metric,
    restarts: Metric,
    troubles: Metric,
    holds: Metric,
    release: Metric,
    release_time: Metric,
    base_age: Metric,
    candidates: Metric,
    late: Metric,
    waiting: Metric,
    builds: Metric,
    flaky: Metric,
    failures: Metric,
    reads: Metric,
    latest: Metric,
    lag: Metric,
    lag_count: Metric,
    reviews: ReviewMetrics,
    comments: CommentMetrics,
    mirrors: MirrorMetrics,
    sources: SourceMetrics,
}

impl Metrics {
    fn new() -> Self {
        Self {
            github_requests: Metric::counter(
                "picket_github_requests_total",
                "Requests that were made of GitHub, by what came of them.",
            ),
            github_limit: Metric::gauge(
                "picket_github_rate_limit",
                "Requests that GitHub allows an hour.",
            ),
            github_remaining: Metric::gauge(
                "picket_github_rate_remaining",
                "Requests that GitHub still allows until its limit is reset.",
            ),
            github_unread: Metric::gauge(
                "picket_github_unread_pull_requests",
                "Pull requests of interest that were not read yet, or cannot be.",
            ),
            reconciler_age: Metric::gauge(
                "picket_reconciler_age_seconds",
                "Seconds since the sign of life of the reconciler's part that has been silent longest.",
            ),
            lane_age: Metric::gauge(
                "picket_lane_age_seconds",
                "Seconds since the last sign of life of a part of the reconciler.",
            ),
            lane_alive: Metric::gauge(
                "picket_lane_alive",
                "Whether a part of the reconciler counts as alive.",
            ),
            last_look: Metric::gauge(
                "picket_lane_last_look_seconds",
                "How long the last look of a part of the reconciler took, with the steps that it led to.",
            ),
            checked: Metric::gauge(
                "picket_checked_seconds_ago",
                "How long ago what is outside was last found to be as it is known: GitHub's pull requests, a channel's stable branch.",
            ),
            restarts: Metric::counter(
                "picket_lane_restarts_total",
                "How often a part of the reconciler broke down and was started again.",
            ),
            troubles: Metric::gauge(
                "picket_lane_troubles",
                "Steps of a part of the reconciler that fail at the moment.",
            ),
            holds: Metric::gauge(
                "picket_channel_holds",
                "Reasons why a channel does not move before a person has acted.",
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
            late: Metric::gauge(
                "picket_candidates_late",
                "Candidates that are later than the team's target and still not out.",
            ),
            waiting: Metric::gauge(
                "picket_approved_unreleased_age_seconds",
                "Seconds that the oldest approved fix which is under way has waited; 0 without one.",
            ),
            builds: Metric::gauge(
                "picket_build_attempts",
                "Builds against the current base, by what came of them.",
            ),
            flaky: Metric::gauge(
                "picket_flaky_jobs",
                "Jobs that failed and then passed, in builds against today's base.",
            ),
            failures: Metric::gauge(
                "picket_job_failures",
                "Failed jobs in builds against today's base, each try counted, by why they failed.",
            ),
            reads: Metric::gauge(
                "picket_evaluation_reads_heard",
                "Whether it is heard what evaluations read; without, everything is evaluated again.",
            ),
            latest: Metric::gauge(
                "picket_latest_expires_seconds",
                "Seconds until it expires what is stated of the current release; 0 where nothing is.",
            ),
            lag: Metric::counter(
                "picket_lag_won_seconds_total",
                "How much earlier than the stable channel this channel had its superseded fixes.",
            ),
            lag_count: Metric::counter(
                "picket_superseded_total",
                "Fixes that this channel had before the stable channel.",
            ),
            reviews: ReviewMetrics::new(),
            comments: CommentMetrics::new(),
            mirrors: MirrorMetrics::new(),
            sources: SourceMetrics::new(),
        }
    }

    fn add_github(&mut self, traffic: GitHubTraffic) {
        let answered = traffic.requests - traffic.unchanged - traffic.failures;
        for (outcome, count) in [
            ("answered", answered),
            ("unchanged", traffic.unchanged),
            ("failed", traffic.failures),
        ] {
            self.github_requests
                .sample(&[("outcome", outcome)], count as f64);
        }
        self.github_unread.sample(&[], traffic.unread as f64);
        if let (Some(limit), Some(remaining)) = (traffic.limit, traffic.remaining) {
            self.github_limit.sample(&[], limit as f64);
            self.github_remaining.sample(&[], remaining as f64);
        }
    }

    fn add_board(&mut self, board: &Board, now: Timestamp) {
        self.add_github(board.github());
        if let Some(traffic) = board.reviews() {
            self.reviews.add(traffic);
        }
        if let Some(traffic) = board.comments() {
            self.comments.add(traffic);
        }
        for (to, standing) in board.mirrors() {
            self.mirrors.add(to, standing, now);
        }
        if let Some(age) = board.age(now) {
            self.reconciler_age.sample(&[], age as f64);
        }
        for ((lane, channel), at) in board.all_checked() {
            let channel = channel.as_ref().map_or("", |channel| channel.as_str());
            let labels = [("lane", lane.name()), ("channel", channel)];
            let ago = now.seconds_since(*at);
            self.checked.sample(&labels, ago as f64);
        }
        let troubles = board.troubles();
        for (key, health) in board.lanes() {
            let (lane, channel) = key;
            let channel = channel.as_ref().map_or("", |channel| channel.as_str());
            let labels = [("lane", lane.name()), ("channel", channel)];
            let age = now.seconds_since(health.last_sign);
            self.lane_age.sample(&labels, age as f64);
            let alive = f64::from(u8::from(health.is_alive(now)));
            self.lane_alive.sample(&labels, alive);
            let last_look = health.last_look.as_secs_f64();
            self.last_look.sample(&labels, last_look);
            self.restarts.sample(&labels, f64::from(health.restarts));
            let of_lane = |it: &&&Trouble| (it.lane, &it.channel) == (*lane, &key.1);
            let count = troubles.iter().filter(of_lane).count();
            self.troubles.sample(&labels, count as f64);
        }
    }

    fn add(&mut self, app: &AppState, look: &Look<'_>) {
        let channel = [("channel", look.channel.name().as_str())];
        if let Some((release, at)) = look.published().first() {
            self.release.sample(&channel, release.seq.0 as f64);
            self.release_time.sample(&channel, at.as_unix() as f64);
            self.latest.sample(&channel, stated_for(app, look) as f64);
        }
        if let Some(base) = look.facts.base() {
            let age = look.now.seconds_since(base.seen_at);
            self.base_age.sample(&channel, age as f64);
        }
        let holds = &look.plan().holds;
        self.holds.sample(&channel, holds.len() as f64);
        self.waiting.sample(&channel, oldest_under_way(look) as f64);
        self.late.sample(&channel, late(app, look) as f64);
        for (state, count) in by_state(look) {
            self.candidates
                .sample(&[channel[0], ("state", state)], f64::from(count));
        }
        for (outcome, count) in by_verdict(look) {
            self.builds
                .sample(&[channel[0], ("outcome", outcome)], f64::from(count));
        }
        let odd = look.facts.odd_jobs(look.now);
        self.flaky.sample(&channel, odd.flaky.len() as f64);
        for (cause, count) in by_cause(look) {
            self.failures
                .sample(&[channel[0], ("cause", cause)], f64::from(count));
        }
        if let Some(heard) = look.facts.machine.tells_reads {
            self.reads.sample(&channel, f64::from(u8::from(heard)));
        }
        let lags: Vec<_> = look
            .facts
            .log
            .all_superseded()
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
            &self.github_requests,
            &self.github_limit,
            &self.github_remaining,
            &self.github_unread,
            &self.reconciler_age,
            &self.lane_age,
            &self.lane_alive,
            &self.last_look,
            &self.checked,
            &self.restarts,
            &self.troubles,
            &self.holds,
            &self.release,
            &self.release_time,
            &self.base_age,
            &self.candidates,
            &self.late,
            &self.waiting,
            &self.builds,
            &self.flaky,
            &self.failures,
            &self.reads,
            &self.latest,
            &self.lag,
            &self.lag_count,
        ];
        let of_github = self.reviews.all().into_iter().chain(self.comments.all());
        let more = of_github
            .chain(self.mirrors.all())
            .chain(self.sources.all());
        for metric in all.into_iter().chain(more) {
            metric.write(&mut page);
        }
        page
    }
}

/// `GET /metrics`
pub(crate) async fn metrics(State(app): State<App>) -> Result<Response, PageError> {
    let mut metrics = Metrics::new();
    metrics.add_board(&app.board(), app.now());
    for standing in app.evidence.standings() {
        metrics.sources.add(&standing, app.now());
    }
    for channel in &app.channels {
        metrics.add(&app, &Look::at(&app, channel).await?);
    }
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], metrics.page()).into_response())
}

/// For how many seconds it still holds what is stated of the current release.
fn stated_for(app: &AppState, look: &Look<'_>) -> i64 {
    match app.public.latest(look.channel.name()) {
        Ok(latest) => latest.map_or(0, |latest| latest.seconds_left(look.now)),
        Err(error) => {
            tracing::error!(error = %Chain(&error), "the statement of the current release cannot be read");
            0
        }
    }
}

fn by_state(look: &Look<'_>) -> BTreeMap<&'static str, u32> {
    let mut counts: BTreeMap<_, _> = PickStatus::NAMES.map(|state| (state, 0)).into();
    for (_, status) in look.candidates() {
        *counts.entry(status.name()).or_default() += 1;
    }
    counts
}

fn by_verdict(look: &Look<'_>) -> BTreeMap<&'static str, u32> {
    let mut counts: BTreeMap<_, _> = ["passed", "broken", "rejected", "no_machine", "inconclusive"]
        .map(|it| (it, 0))
        .into();
    let records = look.facts.today.iter().flat_map(|on| on.builds.values());
    let attempts = records.flat_map(|record| &record.attempts);
    for verdict in attempts.map(|attempt| attempt.verdict(look.facts.rules())) {
        let outcome = match verdict {
            Verdict::Passed => "passed",
            Verdict::Broken(_) => "broken",
            Verdict::Rejected(_) => "rejected",
            Verdict::NoMachine(_) => "no_machine",
            Verdict::Inconclusive(_) => "inconclusive",
        };
        *counts.entry(outcome).or_default() += 1;
    }
    counts
}

/// The failed jobs of all tries against today's base, by cause.
fn by_cause(look: &Look<'_>) -> BTreeMap<&'static str, u32> {
    let mut counts = BTreeMap::new();
    let records = look.facts.today.iter().flat_map(|on| on.builds.values());
    let attempts = records.flat_map(|record| &record.attempts);
    for failing in attempts.flat_map(|attempt| attempt.report.failing()) {
        if let Some(cause) = failing.cause {
            *counts.entry(cause.name()).or_default() += 1;
        }
    }
    counts
}

/// How long the approved fix has waited that has waited longest, as far as nothing keeps it but
/// this server.
fn oldest_under_way(look: &Look<'_>) -> i64 {
    let under_way = look
        .candidates()
        .filter(|(_, status): &(_, &PickStatus)| status.group() == StatusGroup::UnderWay);
    let waits = under_way.filter_map(|(candidate, _)| {
        let approved_at = look.stage_times(candidate).approved_at?;
        Some(look.now.seconds_since(approved_at))
    });
    waits.max().unwrap_or(0)
}
