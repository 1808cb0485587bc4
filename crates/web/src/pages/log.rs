//! Builds' logs: as plain text, as they grow, and as Nix asks for them.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use http::{HeaderMap, header};
use picket_builder::{LogPart, Logs};
use picket_domain::{CommitSha, StorePath};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::error::PageError;
use crate::extract::Checked;
use crate::state::{App, AppState};
use crate::stream;
use crate::streams::Watching;

/// Without news, a log is looked at again after this time.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

const NO_LOG: PageError =
    PageError::NotFound("There is no such log. Logs of old builds are removed.");

/// `GET /logs/{rev}/{drv}`
///
/// The text is the builder's, and hostile: it goes out as plain text that browsers must not take
/// for anything else.
pub(crate) async fn log(
    State(app): State<App>,
    Checked(Path((rev, drv))): Checked<Path<(String, String)>>,
) -> Result<Response, PageError> {
    let (rev, drv) = (
        CommitSha::parse(&rev).map_err(|_| NO_LOG)?,
        derivation(&drv)?,
    );
    let logs = app.logs.clone();
    let log = spawn_blocking(move || logs.open(&rev, &drv)).await??;
    plain(log.ok_or(NO_LOG)?.text()?)
}

/// `GET /cache/log/{drv}`: where `nix log` looks for it.
pub(crate) async fn cached_log(
    State(app): State<App>,
    Checked(Path(drv)): Checked<Path<String>>,
) -> Result<Response, PageError> {
    let (logs, drv) = (app.logs.clone(), derivation(&drv)?);
    let log = spawn_blocking(move || logs.find(&drv)).await??;
    plain(log.ok_or(NO_LOG)?.text()?)
}

fn plain(text: Box<dyn std::io::Read + Send>) -> Result<Response, PageError> {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "inline"),
    ];
    Ok((headers, stream::body(text)).into_response())
}

/// Logs are kept by the derivation's base name; which store it is in does not matter.
pub(super) fn derivation(name: &str) -> Result<StorePath, PageError> {
    StorePath::parse(&format!("/nix/store/{name}")).map_err(|_| NO_LOG)
}

#[derive(Deserialize)]
pub(crate) struct From {
    /// The place in the log that the page has it up to.
    #[serde(default)]
    from: u64,
}

/// `GET /logs/{rev}/{drv}/stream`: the lines as they come, each event with the place that it ends at
/// for its id. The event `end` says that no more will come.
///
/// Each client reads at its own speed from the file; only so many may at a time.
pub(crate) async fn follow(
    State(app): State<App>,
    headers: HeaderMap,
    Checked(Path((rev, drv))): Checked<Path<(String, String)>>,
    Checked(Query(query)): Checked<Query<From>>,
) -> Result<Response, PageError> {
    let (rev, drv) = (
        CommitSha::parse(&rev).map_err(|_| NO_LOG)?,
        derivation(&drv)?,
    );
    let permit = app.streams.begin().ok_or(PageError::Busy)?;
    let again = headers.get("last-event-id");
    let again = again.and_then(|id| id.to_str().ok()?.parse().ok());
    let tail = Tail {
        changed: app.live.watch(&rev),
        logs: app.logs.clone(),
        at: again.unwrap_or(query.from),
        is_over: false,
        rev,
        drv,
        _permit: permit,
    };
    let events = unfold(tail, |tail| async {
        let (event, tail) = tail.next().await?;
        Some((Ok::<_, Infallible>(event), tail))
    });
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

/// A log that is watched.
struct Tail {
    logs: Logs,
    rev: CommitSha,
    drv: StorePath,
    /// Up to where it was sent.
    at: u64,
    /// Told of each line; `None`: the build does not run.
    changed: Option<watch::Receiver<()>>,
    is_over: bool,
    _permit: Watching,
}

impl Tail {
    /// The next event, as soon as there is one; `None` after the last.
    async fn next(mut self) -> Option<(Event, Self)> {
        while !self.is_over {
            let part = self.part().await?;
            self.is_over = part.is_last;
            if !part.text.is_empty() {
                self.at = part.end;
                return Some((lines(&part), self));
            }
            if self.is_over {
                break;
            }
            self.wait().await;
        }
        let is_told = self.at == u64::MAX;
        self.at = u64::MAX;
        // Browsers pass an event on only where it has data.
        (!is_told).then(|| (Event::default().event("end").data("over"), self))
    }

    /// What is new. Where the log is gone, or cannot be read, the stream ends.
    async fn part(&self) -> Option<LogPart> {
        let (logs, rev, drv, at) = (
            self.logs.clone(),
            self.rev.clone(),
            self.drv.clone(),
            self.at,
        );
        let part = spawn_blocking(move || logs.after(&rev, &drv, at)).await;
        part.ok()?.ok()?
    }

    async fn wait(&mut self) {
        let Some(changed) = &mut self.changed else {
            tokio::time::sleep(LOOK_AGAIN).await;
            return;
        };
        match timeout(LOOK_AGAIN, changed.changed()).await {
            Ok(Ok(())) | Err(_) => {}
            // The build is over; its log is about to be finished.
            Ok(Err(_)) => self.changed = None,
        }
    }
}

fn lines(part: &LogPart) -> Event {
    // The event's own lines end at line feeds alone.
    let text = part.text.trim_end_matches('\n').replace('\r', " ");
    Event::default().id(part.end.to_string()).data(text)
}

/// How a derivation's log ends now, for a page: at most so many bytes.
pub(super) async fn end(
    app: &AppState,
    rev: &CommitSha,
    drv: &StorePath,
    max: usize,
) -> Result<Option<LogPart>, PageError> {
    let (logs, rev, drv) = (app.logs.clone(), rev.clone(), drv.clone());
    Ok(spawn_blocking(move || logs.end(&rev, &drv, max)).await??)
}
