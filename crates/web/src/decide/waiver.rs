//! Saying that releases go without jobs that no machine can build, and that they wait for them again.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use picket_domain::{Action, JobPattern, WAIVER_DAYS_MAX};
use serde::Deserialize;

use super::record;
use crate::error::PageError;
use crate::extract::Checked;
use crate::forms::{SignedForm, reason};
use crate::look::chosen;
use crate::state::App;

/// How many patterns one form may have.
const PATTERNS_MAX: usize = 20;

#[derive(Deserialize)]
pub(crate) struct Waive {
    /// Patterns of jobs, apart from each other by blanks or lines.
    jobs: String,
    /// For how many days.
    days: u32,
    reason: String,
}

/// `POST /channels/{channel}/waivers`
pub(crate) async fn waive(
    State(app): State<App>,
    Checked(Path(channel)): Checked<Path<String>>,
    SignedForm { person, form }: SignedForm<Waive>,
) -> Result<Response, PageError> {
    let info = chosen(&app, Some(&channel))?;
    let reason = reason(&form.reason)?;
    let until = app.now().plus_seconds(seconds(form.days)?);
    for jobs in patterns(&form.jobs)? {
        let action = Action::Waive {
            channel: info.name().clone(),
            jobs,
            until,
            reason: reason.clone(),
        };
        record(&app, person.clone(), action).await?;
    }
    Ok(back_to(&channel))
}

#[derive(Deserialize)]
pub(crate) struct End {
    /// The pattern, as the waiver has it.
    jobs: String,
    reason: String,
}

/// `POST /channels/{channel}/waivers/end`
pub(crate) async fn end(
    State(app): State<App>,
    Checked(Path(channel)): Checked<Path<String>>,
    SignedForm { person, form }: SignedForm<End>,
) -> Result<Response, PageError> {
    let info = chosen(&app, Some(&channel))?;
    let reason = reason(&form.reason)?;
    let action = Action::EndWaiver {
        channel: info.name().clone(),
        jobs: pattern(&form.jobs)?,
        reason,
    };
    record(&app, person, action).await?;
    Ok(back_to(&channel))
}

fn seconds(days: u32) -> Result<i64, PageError> {
    if (1..=WAIVER_DAYS_MAX).contains(&days) {
        return Ok(i64::from(days) * 24 * 3_600);
    }
    Err(PageError::BadInput(format!(
        "A waiver lasts from 1 to {WAIVER_DAYS_MAX} days. What is missing for longer is to be taken \
         out of the channel's required jobs."
    )))
}

fn patterns(text: &str) -> Result<Vec<JobPattern>, PageError> {
    let patterns: Vec<_> = text
        .split_whitespace()
        .map(pattern)
        .collect::<Result<_, _>>()?;
    match patterns.len() {
        1..=PATTERNS_MAX => Ok(patterns),
        _ => Err(PageError::BadInput(format!(
            "Name from 1 to {PATTERNS_MAX} jobs or patterns of jobs, as *.aarch64-linux."
        ))),
    }
}

fn pattern(text: &str) -> Result<JobPattern, PageError> {
    let pattern = JobPattern::parse(text.trim()).map_err(|error| {
        PageError::BadInput(format!("This is no pattern for names of jobs: {error}."))
    })?;
    if pattern.names_all() {
        let message =
            "A waiver of all jobs would let everything pass. Name those that are missing.";
        return Err(PageError::BadInput(message.to_owned()));
    }
    Ok(pattern)
}

fn back_to(channel: &str) -> Response {
    Redirect::to(&format!("/channels/{channel}")).into_response()
}
