//! A build's log, as plain text.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header;
use picket_builder::Log;
use picket_domain::{CommitSha, StorePath};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use crate::checked::Checked;
use crate::error::PageError;
use crate::state::App;

/// `GET /logs/{rev}/{drv}`
///
/// The text is the builder's, and hostile: it goes out as plain text that browsers must not take
/// for anything else.
pub(crate) async fn log(
    State(app): State<App>,
    Checked(Path((rev, drv))): Checked<Path<(String, String)>>,
) -> Result<Response, PageError> {
    let no_log = PageError::NotFound("There is no such log. Logs of old builds are removed.");
    // Logs are kept by the derivation's base name; which store it is in does not matter.
    let names = (
        CommitSha::parse(&rev),
        StorePath::parse(&format!("/nix/store/{drv}")),
    );
    let (Ok(rev), Ok(drv)) = names else {
        return Err(no_log);
    };
    let logs = app.logs.clone();
    let log = tokio::task::spawn_blocking(move || logs.open(&rev, &drv)).await??;
    let Log { file, bytes, .. } = log.ok_or(no_log)?;
    let text = tokio::fs::File::from_std(file).take(bytes);
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "inline"),
    ];
    Ok((headers, Body::from_stream(ReaderStream::new(text))).into_response())
}
