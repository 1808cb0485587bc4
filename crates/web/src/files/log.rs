//! The release log's files.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use picket_publisher::LogFile;

use super::serve::{Manner, Tag, file, missing};
use crate::state::{App, AppState};

/// `GET /release-log/checkpoint`
pub(crate) async fn log_checkpoint(State(app): State<App>, request: Request) -> Response {
    send(&app, "checkpoint", &request)
}

/// `GET /release-log/tile/{*path}`
pub(crate) async fn log_tile(
    State(app): State<App>,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    send(&app, &format!("tile/{path}"), &request)
}

fn send(app: &AppState, path: &str, request: &Request) -> Response {
    let Some(wanted) = LogFile::parse(path) else {
        return missing("There is no such file.\n");
    };
    let tag = match wanted {
        LogFile::Checkpoint => Tag::OfBytes(&app.small_files),
        LogFile::Tile(tile) => Tag::Named(tile.to_string()),
    };
    let manner = Manner {
        tag,
        content_type: wanted.content_type(),
        cache_control: wanted.cache_control(),
    };
    file(request, &app.public.log_file(wanted), manner)
}
