//! `/healthz`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::error::Chain;
use crate::state::App;

#[derive(Serialize)]
struct HealthJson {
    ok: bool,
    database: bool,
    reconciler: bool,
    /// Seconds since the reconciler's last sign of life; null before the first.
    reconciler_age_seconds: Option<i64>,
}

/// `GET /healthz`: 200 if the database answers and the reconciler is alive, 503 otherwise.
pub(crate) async fn healthz(State(app): State<App>) -> Response {
    let database = match app.store.log_page(None, 1).await {
        Ok(_) => true,
        Err(error) => {
            tracing::error!(error = %Chain(&error), "the database does not answer");
            false
        }
    };
    let now = app.now();
    let reconciler = app.health.is_alive(now);
    let ok = database && reconciler;
    let status = if ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let health = HealthJson {
        ok,
        database,
        reconciler,
        reconciler_age_seconds: app.health.age(now),
    };
    (status, Json(health)).into_response()
}
