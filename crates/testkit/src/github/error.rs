//! GitHub's error answers.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error answer: a status and a JSON message, as GitHub words it.
#[derive(Debug)]
pub(super) struct ApiError(pub(super) StatusCode, pub(super) String);

impl ApiError {
    pub(super) fn not_found() -> Self {
        Self(StatusCode::NOT_FOUND, "Not Found".into())
    }

    pub(super) fn bad_credentials() -> Self {
        Self(StatusCode::UNAUTHORIZED, "Bad credentials".into())
    }

    pub(super) fn requires_authentication() -> Self {
        Self(StatusCode::UNAUTHORIZED, "Requires authentication".into())
    }

    pub(super) fn invalid(message: &str) -> Self {
        Self(StatusCode::UNPROCESSABLE_ENTITY, message.to_owned())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self(status, message) = self;
        let body = json!({
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": status.as_str(),
        });
        (status, Json(body)).into_response()
    }
}
