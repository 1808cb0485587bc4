//! The binary cache.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use picket_publisher::CacheFile;

use super::serve::{Manner, Tag, file, missing};
use crate::state::{App, AppState};

/// `GET /cache/{name}`: `nix-cache-info` and narinfos.
pub(crate) async fn cache_file(
    State(app): State<App>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    send(&app, &name, &request)
}

/// `GET /cache/nar/{name}`
pub(crate) async fn nar(
    State(app): State<App>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    send(&app, &format!("nar/{name}"), &request)
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

fn send(app: &AppState, path: &str, request: &Request) -> Response {
    let Some(wanted) = CacheFile::parse(path) else {
        return missing("The binary cache has no such file.\n");
    };
    let tag = match &wanted {
        CacheFile::Nar(hash) => Tag::Named(hash.to_string()),
        CacheFile::Info | CacheFile::NarInfo(_) => Tag::OfBytes(&app.small_files),
    };
    let manner = Manner {
        tag,
        content_type: wanted.content_type(),
        cache_control: wanted.cache_control(),
    };
    file(request, &app.public.cache_file(&wanted), manner)
}
