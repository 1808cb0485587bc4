//! The binary cache.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use picket_publisher::CacheFile;

use super::serve::{FOR_A_DAY, file, missing};
use crate::assets::IMMUTABLE;
use crate::state::{App, AppState};

/// `GET /cache/{name}`: `nix-cache-info` and narinfos.
pub(crate) async fn cache_file(
    State(app): State<App>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    send(&app, &name, request).await
}

/// `GET /cache/nar/{name}`
pub(crate) async fn nar(
    State(app): State<App>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    send(&app, &format!("nar/{name}"), request).await
}

/// `GET /cache` and `GET /cache/`, which a person follows.
pub(super) fn about(app: &AppState) -> Response {
    missing(format!(
        "This is a binary cache: Nix asks it for files by their names, and there is no list of them.\n\
         What it is: {}\nHow to use it: {}\n",
        app.absolute("/cache/nix-cache-info"),
        app.absolute("/"),
    ))
}

async fn send(app: &AppState, path: &str, request: Request) -> Response {
    let Some(wanted) = CacheFile::parse(path) else {
        return missing("The binary cache has no such file.\n");
    };
    let cache_control = match wanted {
        CacheFile::Nar(_) => IMMUTABLE,
        CacheFile::Info | CacheFile::NarInfo(_) => FOR_A_DAY,
    };
    let path = app.public.cache_file(&wanted);
    file(request, &path, wanted.content_type(), cache_control).await
}
