//! A channel's own addresses: they redirect to its current release, but for the statement of which
//! release that is.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, StatusCode, header};
use picket_domain::ChannelName;
use picket_publisher::{LatestFile, ReleaseFile, ReleaseHead, immutable_link};

use super::cache::about;
use super::serve::{Manner, Tag, failed, file as send_file, missing};
use crate::error::no_such_page;
use crate::state::{App, AppState};

/// `GET /{channel}`. People who mistype an address come here as well.
pub(crate) async fn channel(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    // No channel has this name, and nobody who asks for it wants one.
    if name == "cache" {
        return about(&app);
    }
    if app.channel(&name).is_none() && is_browser(&headers) {
        return no_such_page().await.into_response();
    }
    match current(&app, &name).await {
        Ok(release) => redirect(&app.absolute(&folder(&release)), None),
        Err(answer) => *answer,
    }
}

/// `GET /{channel}/{file}`
pub(crate) async fn channel_file(
    State(app): State<App>,
    Path((name, file)): Path<(String, String)>,
    request: Request,
) -> Response {
    if let Some(file) = LatestFile::parse(&file) {
        return latest(&app, &name, file, &request);
    }
    let release = match current(&app, &name).await {
        Ok(current) => current,
        Err(answer) => return *answer,
    };
    let Some(file) = ReleaseFile::parse(&file) else {
        return missing(format!("{} has no such file.\n", release.channel));
    };
    let path = format!("{}/{}", folder(&release), file.file_name());
    let link = file
        .is_tarball()
        .then(|| immutable_link(&app.base_url, &release, file));
    redirect(&app.absolute(&path), link)
}

/// The statement, or its signatures.
fn latest(app: &AppState, name: &str, file: LatestFile, request: &Request) -> Response {
    let Some(channel) = app.channel(name) else {
        return missing("There is no channel of this name.\n");
    };
    let path = app.public.latest_file(channel.name(), file);
    let manner = Manner {
        tag: Tag::OfBytes(&app.small_files),
        content_type: file.content_type(),
        cache_control: file.cache_control(),
    };
    send_file(request, &path, manner)
}

/// Whether whoever asks shows pages, which no client of a channel does.
fn is_browser(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT);
    accept.is_some_and(|it| it.as_bytes().starts_with(b"text/html"))
}

/// A configured channel and the release that its pointer leads to, or else the answer that says
/// what is missing.
async fn current(app: &AppState, name: &str) -> Result<Arc<ReleaseHead>, Box<Response>> {
    let Some(channel): Option<ChannelName> = app.channel(name).map(|info| info.name().clone())
    else {
        return Err(Box::new(missing("There is no channel of this name.\n")));
    };
    let (public, asked) = (app.public.clone(), channel.clone());
    match blocking(move || public.current_release(&asked)).await {
        Ok(Some(release)) => Ok(release),
        Ok(None) => Err(Box::new(missing(format!(
            "{channel} has no release yet. The first one comes with the first approved fix; \
             see {} for where things stand.\n",
            app.absolute(&format!("/channels/{channel}")),
        )))),
        Err(error) => Err(Box::new(failed(&error))),
    }
}

fn folder(release: &ReleaseHead) -> String {
    format!("/releases/{}/{}", release.channel, release.name)
}

/// Reads the disk without holding up other requests.
async fn blocking<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> T {
    let read = tokio::task::spawn_blocking(read);
    read.await
        .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

fn redirect(location: &str, link: Option<String>) -> Response {
    let always = [
        (header::LOCATION, location.to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let link: Option<[(HeaderName, String); 1]> = link.map(|link| [(header::LINK, link)]);
    match link {
        Some(link) => (StatusCode::FOUND, always, link).into_response(),
        None => (StatusCode::FOUND, always).into_response(),
    }
}
