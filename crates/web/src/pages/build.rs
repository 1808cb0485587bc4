//! A revision's build: what each of its derivations is doing, the logs that grow, and the forms that
//! stop it or have it tried afresh.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use picket_builder::{BuildStep, BuildSteps, StepState};
use picket_domain::{BuildState, CommitSha, Timestamp};
use tokio::task::spawn_blocking;

use super::log;
use crate::builds::{NO_BUILD, can_cancel, can_retry, is_known, record};
use crate::error::{PageError, page};
use crate::extract::Checked;
use crate::layout::{Section, Shell};
use crate::look::{Look, chosen};
use crate::session::Viewer;
use crate::state::{App, AppState};
use crate::time::duration;
use crate::view::Badge;
use crate::waivers::suggested;

/// Derivations that a page lists.
const STEPS_SHOWN: usize = 500;
/// Growing logs that a page shows.
const LOGS_SHOWN: usize = 4;
/// How much of each, in bytes.
const LOG_BYTES: usize = 8 << 10;

#[derive(Template)]
#[template(path = "build.html")]
struct BuildPage {
    shell: Shell,
    channel: String,
    rev: String,
    short: String,
    state: Badge,
    note: String,
    tries: usize,
    is_member: bool,
    can_cancel: bool,
    can_retry: bool,
    /// Patterns for the jobs that no machine builds; empty where there are none.
    missing: String,
    counts: Vec<(usize, &'static str)>,
    steps: Vec<StepView>,
    hidden: usize,
    logs: Vec<LogView>,
}

struct StepView {
    name: String,
    badge: Badge,
    machine: String,
    took: String,
    log_url: Option<String>,
}

/// The end of a log that grows.
struct LogView {
    name: String,
    text: String,
    stream_url: String,
}

/// `GET /channels/{channel}/builds/{rev}`
pub(crate) async fn build(
    State(app): State<App>,
    viewer: Viewer,
    Checked(Path((channel, rev))): Checked<Path<(String, String)>>,
) -> Result<Response, PageError> {
    let rev = CommitSha::parse(&rev).map_err(|_| NO_BUILD)?;
    let look = Look::at(&app, chosen(&app, Some(&channel))?).await?;
    let live = app.live.clone();
    let of = rev.clone();
    let steps = spawn_blocking(move || live.of(&of)).await??;
    if steps.is_none() && !is_known(&look, &rev) {
        return Err(NO_BUILD);
    }
    let steps = steps.unwrap_or_default();
    let logs = growing(&app, &rev, &steps).await?;
    page(&BuildPage::new(&look, &viewer, &rev, steps, logs))
}

impl BuildPage {
    fn new(
        look: &Look<'_>,
        viewer: &Viewer,
        rev: &CommitSha,
        steps: BuildSteps,
        logs: Vec<LogView>,
    ) -> Self {
        let channel = look.channel.name();
        let record = record(look, rev);
        let state = look.facts.build_state(rev, &record, look.now);
        let is_running = steps.is_running || look.facts.machine.building.contains_key(rev);
        let (badge, note) = state_badge(&state, is_running);
        let here = format!("/channels/{channel}/builds/{rev}");
        let title = format!("Build of {}", rev.short());
        Self {
            // Where a log grows on the page, that tells; the page is not loaded again under it.
            shell: Shell::new(title, Section::Channel, viewer, here)
                .refreshing(is_running && logs.is_empty()),
            channel: channel.to_string(),
            rev: rev.to_string(),
            short: rev.short().to_owned(),
            state: badge,
            note,
            tries: record.attempts.len(),
            is_member: viewer.member().is_some(),
            can_cancel: can_cancel(&state),
            can_retry: can_retry(&state),
            missing: suggested(&state),
            counts: counts(&steps),
            hidden: steps.steps.len().saturating_sub(STEPS_SHOWN),
            steps: views(rev, steps, look.now),
            logs,
        }
    }
}

fn state_badge(state: &BuildState<'_>, is_running: bool) -> (Badge, String) {
    let nothing = String::new();
    match state {
        BuildState::Due if is_running => (Badge::new("info", "Running"), nothing),
        BuildState::Due => (Badge::new("info", "About to be built"), nothing),
        BuildState::RetryAt(at) => (
            Badge::new("warn", "To be tried again"),
            format!("the next try is at {at}"),
        ),
        BuildState::GivenUp { until, .. } => (
            Badge::new("warn", "Given up for now"),
            format!("the next try is at {until}"),
        ),
        BuildState::Cancelled { by } => (
            Badge::new("warn", "Stopped"),
            format!("{by} stopped it, and the audit log says why"),
        ),
        BuildState::Passed { waived, .. } => {
            let note = match waived.len() {
                0 => nothing,
                1 => "without one job, which the team waived".to_owned(),
                count => format!("without {count} jobs, which the team waived"),
            };
            (Badge::new("good", "Passed"), note)
        }
        BuildState::NoMachine { .. } => (
            Badge::new("bad", "No machine builds it"),
            "no machine has the system, or the features, that some of it asks for".to_owned(),
        ),
        BuildState::Failed { .. } => (Badge::new("bad", "Failed"), nothing),
    }
}

fn counts(steps: &BuildSteps) -> Vec<(usize, &'static str)> {
    let all = [
        (StepState::Building, "building"),
        (StepState::Substituting, "substituting"),
        (StepState::Waiting, "waiting"),
        (StepState::Done, "done"),
        (StepState::Failed, "failed"),
        (
            StepState::NeedsFailed,
            "not built, since what they need failed",
        ),
        (StepState::NoMachine, "without a machine"),
    ];
    let count = |state| {
        steps
            .steps
            .iter()
            .filter(|step| step.state == state)
            .count()
    };
    all.map(|(state, text)| (count(state), text))
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .collect()
}

/// What is at work first, then what failed, then what waits, then what is done.
fn views(rev: &CommitSha, steps: BuildSteps, now: Timestamp) -> Vec<StepView> {
    let rank = |step: &BuildStep| match step.state {
        StepState::Building => 0,
        StepState::Substituting => 1,
        StepState::Failed => 2,
        StepState::NoMachine => 3,
        StepState::NeedsFailed => 4,
        StepState::Waiting => 5,
        StepState::Done => 6,
    };
    let mut steps = steps.steps;
    steps.sort_by_key(|step| (rank(step), step.started));
    let shown = steps.iter().take(STEPS_SHOWN);
    shown.map(|step| StepView::new(rev, step, now)).collect()
}

impl StepView {
    fn new(rev: &CommitSha, step: &BuildStep, now: Timestamp) -> Self {
        let took = step.started.map(|started| {
            let ended = step.ended.unwrap_or(now);
            duration(ended.seconds_since(started))
        });
        Self {
            name: name(step),
            badge: step_badge(step.state),
            machine: match step.machine.as_str() {
                "" if step.started.is_some() => "here".to_owned(),
                machine => machine.to_owned(),
            },
            took: took.unwrap_or_default(),
            log_url: step.started.map(|_| log_url(rev, step)),
        }
    }
}

fn name(step: &BuildStep) -> String {
    let name = step.drv.name();
    name.strip_suffix(".drv").unwrap_or(name).to_owned()
}

fn log_url(rev: &CommitSha, step: &BuildStep) -> String {
    format!("/logs/{rev}/{}", step.drv.base_name())
}

fn step_badge(state: StepState) -> Badge {
    match state {
        StepState::Waiting => Badge::new("", "Waiting"),
        StepState::Substituting => Badge::new("info", "Substituting"),
        StepState::Building => Badge::new("info", "Building"),
        StepState::Done => Badge::new("good", "Done"),
        StepState::Failed => Badge::new("bad", "Failed"),
        StepState::NeedsFailed => Badge::new("bad", "Needs a failed one"),
        StepState::NoMachine => Badge::new("bad", "No machine"),
    }
}

/// The ends of the logs that grow now.
async fn growing(
    app: &AppState,
    rev: &CommitSha,
    steps: &BuildSteps,
) -> Result<Vec<LogView>, PageError> {
    let is_growing = |step: &&BuildStep| step.state == StepState::Building;
    let mut views = Vec::new();
    for step in steps.steps.iter().filter(is_growing).take(LOGS_SHOWN) {
        let part = log::end(app, rev, &step.drv, LOG_BYTES).await?;
        let (text, end) = part.map_or((String::new(), 0), |part| (part.text, part.end));
        views.push(LogView {
            name: name(step),
            text,
            stream_url: format!("{}/stream?from={end}", log_url(rev, step)),
        });
    }
    Ok(views)
}
