//! Release folders: what never changes.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use picket_domain::{ChannelName, ReleaseName};
use picket_publisher::ReleaseFile;

use super::serve::{Manner, Tag, failed, file, gone, missing};
use crate::state::{App, AppState};

/// A release's page stands alone: its style is in it, and it has nothing else that could act.
const INDEX_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; \
    base-uri 'none'; frame-ancestors 'none'";

/// `GET /releases/{channel}/{release}`: the folder's page. Clients of `nix-channel` fetch it before
/// they fetch the expressions beside it.
pub(crate) async fn release(
    State(app): State<App>,
    Path((channel, release)): Path<(String, String)>,
    request: Request,
) -> Response {
    send(
        &app,
        &channel,
        &release,
        ReleaseFile::Index.file_name(),
        &request,
    )
}

/// `GET /releases/{channel}/{release}/{file}`
pub(crate) async fn release_file(
    State(app): State<App>,
    Path((channel, release, name)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    send(&app, &channel, &release, &name, &request)
}

fn send(app: &AppState, channel: &str, release: &str, name: &str, request: &Request) -> Response {
    let names = (
        ChannelName::parse(channel),
        ReleaseName::parse(release),
        ReleaseFile::parse(name),
    );
    let (Ok(channel), Ok(release), Some(wanted)) = names else {
        return missing("There is no such file in any release.\n");
    };
    let path = app.public.release_file(&channel, &release, wanted);
    let manner = Manner {
        // Nothing in a release's folder ever changes.
        tag: Tag::Named(release.to_string()),
        content_type: wanted.content_type(),
        cache_control: wanted.cache_control(),
    };
    let mut response = file(request, &path, manner);
    if response.status() == StatusCode::NOT_FOUND {
        return absent(app, &channel, &release);
    }
    if wanted == ReleaseFile::Index {
        let policy = HeaderValue::from_static(INDEX_POLICY);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// There is no such release, or there was one: then the answer says why it is gone.
fn absent(app: &AppState, channel: &ChannelName, release: &ReleaseName) -> Response {
    match app.public.gone(channel, release) {
        Ok(Some(note)) => gone(format!("{note}\n")),
        Ok(None) => missing("There is no such file.\n"),
        Err(error) => failed(&error),
    }
}
