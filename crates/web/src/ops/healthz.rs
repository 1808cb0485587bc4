//! `/healthz`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use picket_domain::{
    Board, ChannelName, Hold, LaneHealth, LaneKey, MirrorStanding, Timestamp, Trouble,
};
use serde::Serialize;

use crate::chain::Chain;
use crate::state::{App, AppState};

/// Holds, and troubles, that are told.
const TOLD: usize = 20;

#[derive(Serialize)]
struct HealthJson {
    ok: bool,
    database: bool,
    /// Whether every part of the reconciler is alive.
    reconciler: bool,
    /// Seconds since the sign of life of the part that has been silent longest; null before the
    /// first.
    reconciler_age_seconds: Option<i64>,
    lanes: Vec<LaneJson>,
    holds: Vec<HoldJson>,
    troubles: Vec<TroubleJson>,
    mirrors: Vec<MirrorJson>,
    evidence: Vec<EvidenceJson>,
}

/// A copy of the public folder. That one is behind is a trouble, and holds nothing up here.
#[derive(Serialize)]
struct MirrorJson {
    mirror: String,
    /// Seconds since it was last found or brought up to date; null before the first time.
    age_seconds: Option<i64>,
    failures: u64,
}

/// A source of what is known of vulnerabilities. One that cannot be read holds nothing up: what it
/// said before still counts.
#[derive(Serialize)]
struct EvidenceJson {
    source: String,
    readable: bool,
    entries: usize,
}

/// A part of the reconciler that works by itself.
#[derive(Serialize)]
struct LaneJson {
    lane: &'static str,
    channel: Option<String>,
    alive: bool,
    /// Seconds since its last sign of life.
    age_seconds: i64,
    restarts: u32,
    /// The step that it is at, and for how many seconds.
    step: Option<String>,
    step_seconds: Option<i64>,
}

/// Why a channel does not move.
#[derive(Serialize)]
struct HoldJson {
    channel: String,
    since: String,
    what: String,
    remedy: String,
}

/// A step that fails. Its error is in the server's log, and on the pages for members: this address
/// is open to everybody.
#[derive(Serialize)]
struct TroubleJson {
    lane: &'static str,
    channel: Option<String>,
    step: String,
    since: String,
    last: String,
    failures: u32,
    remedy: Option<String>,
    /// Null where nothing happens before a person has acted.
    next_try: Option<String>,
}

/// `GET /healthz`: 200 if the database answers, every part of the reconciler is alive, no channel
/// is held and nothing has failed for long; 503 otherwise.
pub(crate) async fn healthz(State(app): State<App>) -> Response {
    let health = HealthJson {
        evidence: evidence(&app),
        ..HealthJson::new(&app.board(), database_answers(&app).await, app.now())
    };
    let status = match health.ok {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(health)).into_response()
}

async fn database_answers(app: &AppState) -> bool {
    match app.store.log_page(None, 1).await {
        Ok(_) => true,
        Err(error) => {
            tracing::error!(error = %Chain(&error), "the database does not answer");
            false
        }
    }
}

fn evidence(app: &AppState) -> Vec<EvidenceJson> {
    let standings = app.evidence.standings().into_iter();
    let looked_at = standings.filter(|it| it.was_looked_at);
    looked_at
        .map(|it| EvidenceJson {
            readable: it.problem.is_none(),
            entries: it.entries,
            source: it.name,
        })
        .collect()
}

impl HealthJson {
    fn new(board: &Board, database: bool, now: Timestamp) -> Self {
        let lanes = board.lanes();
        let holds = board.holds().take(TOLD);
        let troubles = board.troubles().into_iter().take(TOLD);
        Self {
            ok: database && board.is_well(now),
            database,
            reconciler: board.is_alive(now),
            reconciler_age_seconds: board.age(now),
            lanes: lanes.map(|it| LaneJson::new(it, now)).collect(),
            holds: holds.map(HoldJson::new).collect(),
            troubles: troubles.map(TroubleJson::new).collect(),
            mirrors: board.mirrors().map(|it| MirrorJson::new(it, now)).collect(),
            evidence: Vec::new(),
        }
    }
}

impl LaneJson {
    fn new(((lane, channel), health): (&LaneKey, &LaneHealth), now: Timestamp) -> Self {
        let step = health.at_work.as_ref();
        Self {
            lane: lane.name(),
            channel: channel.as_ref().map(ToString::to_string),
            alive: health.is_alive(now),
            age_seconds: now.seconds_since(health.last_sign),
            restarts: health.restarts,
            step: step.map(|(step, _)| step.clone()),
            step_seconds: step.map(|(_, since)| now.seconds_since(*since)),
        }
    }
}

impl MirrorJson {
    fn new((to, standing): (&str, &MirrorStanding), now: Timestamp) -> Self {
        Self {
            mirror: to.to_owned(),
            age_seconds: standing.current_at.map(|at| now.seconds_since(at)),
            failures: standing.failures,
        }
    }
}

impl HoldJson {
    fn new((channel, hold): (&ChannelName, &Hold)) -> Self {
        Self {
            channel: channel.to_string(),
            since: hold.since().to_string(),
            what: hold.what(),
            remedy: hold.remedy(),
        }
    }
}

impl TroubleJson {
    fn new(trouble: &Trouble) -> Self {
        Self {
            lane: trouble.lane.name(),
            channel: trouble.channel.as_ref().map(ToString::to_string),
            step: trouble.step.clone(),
            since: trouble.since.to_string(),
            last: trouble.last.to_string(),
            failures: trouble.failures,
            remedy: trouble.remedy.clone(),
            next_try: trouble.next_try.map(|at| at.to_string()),
        }
    }
}
