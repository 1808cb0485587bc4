//! A candidate's whole diff as a file, for what its page does not show.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header;
use picket_domain::PrNumber;
use tokio::task::spawn_blocking;

use crate::error::PageError;
use crate::extract::Checked;
use crate::look::NOT_WATCHED;
use crate::state::App;

/// The longest one, in bytes.
const MOST: usize = 64 << 20;

/// `GET /candidates/{pr}/patch`: a file to be saved. What a browser shows of it could read otherwise
/// than it is.
pub(crate) async fn patch(
    State(app): State<App>,
    Checked(Path(pr)): Checked<Path<PrNumber>>,
) -> Result<Response, PageError> {
    let candidate = app.store.candidate(pr).await?.ok_or(NOT_WATCHED)?;
    let name = format!("{pr}-{}.patch", candidate.head.short());
    let mirror = app.mirror.clone();
    let text = spawn_blocking(move || mirror.whole_patch(&candidate, MOST)).await??;
    let text = text.ok_or(PageError::NotFound(
        "This diff is too long for a file, or its commits cannot be told: GitHub has it.",
    ))?;
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, text).into_response())
}
