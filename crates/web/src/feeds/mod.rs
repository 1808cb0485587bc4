//! What is fixed and what is not, for feed readers and scanners.
//!
//! Everything here is public and made of a channel's snapshot. It is made again once that has changed
//! and somebody asks, and has a tag by which whoever has it is told so.

mod atom;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use picket_statements::{Osv, OsvForm, Site, VexManifest, osv_pr};

use crate::error::PageError;
use crate::files::{has_already, missing};
use crate::look::Look;
use crate::state::{App, AppState};
use crate::stated::Document;

/// Whoever keeps a document asks again after a minute.
const FOR_A_MINUTE: &str = "public, max-age=60";

/// Where the archive of the VEX repository is.
const ARCHIVE: &str = "/vex/repository.tar.gz";

/// `GET /{channel}/feed.atom`
pub(crate) async fn atom(
    State(app): State<App>,
    Path(channel): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let Some(look) = look(&app, &channel).await? else {
        return Ok(no_such_channel());
    };
    let kept = app.feeds.of(&look.facts);
    let document = kept.atom(|| atom::feed(&app, &look))?;
    Ok(answer(&headers, document))
}

/// `GET /{channel}/openvex.json`
pub(crate) async fn openvex(
    State(app): State<App>,
    Path(channel): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let Some(look) = look(&app, &channel).await? else {
        return Ok(no_such_channel());
    };
    let document = app
        .feeds
        .of(&look.facts)
        .openvex(&look.facts, &site(&app))?;
    Ok(answer(&headers, document))
}

/// `GET /{channel}/osv/{file}`
pub(crate) async fn osv(
    State(app): State<App>,
    Path((channel, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    records(&app, &channel, &file, OsvForm::Packages, &headers).await
}

/// `GET /{channel}/osv-git/{file}`
pub(crate) async fn osv_git(
    State(app): State<App>,
    Path((channel, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    records(&app, &channel, &file, OsvForm::Git, &headers).await
}

async fn records(
    app: &AppState,
    channel: &str,
    file: &str,
    form: OsvForm,
    headers: &HeaderMap,
) -> Result<Response, PageError> {
    let Some(look) = look(app, channel).await? else {
        return Ok(no_such_channel());
    };
    if file == "all.jsonl" {
        let kept = app.feeds.of(&look.facts);
        let document = kept.records(&look.facts, &site(app), form)?;
        return Ok(answer(headers, document));
    }
    let pr = file.strip_suffix(".json");
    let pr = pr.and_then(|id| osv_pr(&look.facts.policy.channel, id));
    let record = pr.and_then(|pr| Osv::of(&look.facts, &site(app), pr, form));
    match record {
        Some(record) => Ok(answer(headers, Document::json(&record)?)),
        None => Ok(missing(
            "There is no such record: all.jsonl has those that there are.\n",
        )),
    }
}

/// `GET /.well-known/vex-repository.json`
pub(crate) async fn vex_manifest(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let manifest = VexManifest::new(&site(&app), app.absolute(ARCHIVE));
    Ok(answer(&headers, Document::json(&manifest)?))
}

/// `GET /vex/repository.tar.gz`
pub(crate) async fn vex_repository(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let all = app.snapshots.refresh(app.now()).await?;
    let facts: Vec<_> = all.channels().iter().map(|it| it.facts().clone()).collect();
    let document = app.feeds.repository(&facts, &site(&app))?;
    Ok(answer(&headers, document))
}

/// The addresses that statements name.
pub(crate) fn site(app: &AppState) -> Site {
    Site {
        url: app.absolute(""),
    }
}

/// `None` where there is no such channel.
async fn look<'a>(app: &'a AppState, channel: &str) -> Result<Option<Look<'a>>, PageError> {
    match app.channel(channel) {
        Some(channel) => Look::at(app, channel).await.map(Some),
        None => Ok(None),
    }
}

/// Scanners and feed readers read no pages.
fn no_such_channel() -> Response {
    missing("There is no channel of this name.\n")
}

/// Sends a document, to whoever does not have it. The tag is a weak one, since it may be sent
/// compressed.
fn answer(headers: &HeaderMap, document: Document) -> Response {
    let always = [
        (header::ETAG, format!("W/{}", document.tag)),
        (header::CACHE_CONTROL, FOR_A_MINUTE.to_owned()),
    ];
    if has_already(headers, &document.tag) {
        return (StatusCode::NOT_MODIFIED, always).into_response();
    }
    let kind = [(header::CONTENT_TYPE, document.content_type)];
    (always, kind, document.bytes).into_response()
}
