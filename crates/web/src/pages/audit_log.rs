//! The audit log: who did what when.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::error::{PageError, page};
use crate::extract::Checked;
use crate::layout::{Section, Shell};
use crate::log_line::LogLine;
use crate::session::Viewer;
use crate::state::App;

/// Entries on one page.
const PAGE: u32 = 50;

#[derive(Deserialize)]
pub(crate) struct From {
    /// Only entries before this one.
    before: Option<u64>,
}

#[derive(Template)]
#[template(path = "audit_log.html")]
struct AuditLogPage {
    shell: Shell,
    lines: Vec<LogLine>,
    is_newest: bool,
    older: Option<u64>,
}

/// `GET /audit-log`
pub(crate) async fn audit_log(
    State(app): State<App>,
    viewer: Viewer,
    Checked(Query(from)): Checked<Query<From>>,
) -> Result<Response, PageError> {
    let before = from.before.filter(|before| *before <= i64::MAX as u64);
    let entries = app.store.log_page(before, PAGE).await?;
    let last = entries.last().map(|entry| entry.seq);
    let now = app.now();
    page(&AuditLogPage {
        shell: Shell::new("Audit log", Section::AuditLog, &viewer, "/audit-log"),
        lines: entries
            .iter()
            .map(|entry| LogLine::new(entry, now))
            .collect(),
        is_newest: before.is_none(),
        older: last.filter(|seq| *seq > 1),
    })
}
