//! Stopping the build of a revision, and having it tried afresh.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use picket_domain::{Action, BuildState, CommitSha};
use serde::Deserialize;

use super::record;
use crate::builds::{self, NO_BUILD, can_cancel, can_retry, is_known};
use crate::error::PageError;
use crate::extract::Checked;
use crate::forms::{SignedForm, reason};
use crate::look::{Look, chosen};
use crate::state::App;

#[derive(Deserialize)]
pub(crate) struct Cancel {
    reason: String,
}

/// `POST /channels/{channel}/builds/{rev}/cancel`
pub(crate) async fn cancel(
    State(app): State<App>,
    Checked(Path((channel, rev))): Checked<Path<(String, String)>>,
    SignedForm { person, form }: SignedForm<Cancel>,
) -> Result<Response, PageError> {
    let reason = reason(&form.reason)?;
    let (info, rev) = (chosen(&app, Some(&channel))?, known_rev(&rev)?);
    let look = Look::at(&app, info).await?;
    if with_state(&look, &rev, can_cancel)? {
        let channel = info.name().clone();
        let action = Action::CancelBuild {
            channel,
            rev: rev.clone(),
            reason,
        };
        record(&app, person, action).await?;
    }
    Ok(back_to(&channel, &rev))
}

#[derive(Deserialize)]
pub(crate) struct Retry {}

/// `POST /channels/{channel}/builds/{rev}/retry`
pub(crate) async fn retry(
    State(app): State<App>,
    Checked(Path((channel, rev))): Checked<Path<(String, String)>>,
    SignedForm {
        person,
        form: Retry {},
    }: SignedForm<Retry>,
) -> Result<Response, PageError> {
    let (info, rev) = (chosen(&app, Some(&channel))?, known_rev(&rev)?);
    let look = Look::at(&app, info).await?;
    if with_state(&look, &rev, can_retry)? {
        let channel = info.name().clone();
        let action = Action::RetryBuild {
            channel,
            rev: rev.clone(),
        };
        record(&app, person, action).await?;
    }
    Ok(back_to(&channel, &rev))
}

fn known_rev(rev: &str) -> Result<CommitSha, PageError> {
    CommitSha::parse(rev).map_err(|_| NO_BUILD)
}

/// Whether a build's state is so; an error where the channel has nothing to do with it.
fn with_state(
    look: &Look<'_>,
    rev: &CommitSha,
    is_so: impl Fn(&BuildState<'_>) -> bool,
) -> Result<bool, PageError> {
    if !is_known(look, rev) {
        return Err(NO_BUILD);
    }
    let record = builds::record(look, rev);
    Ok(is_so(&look.facts.build_state(rev, &record, look.now)))
}

fn back_to(channel: &str, rev: &CommitSha) -> Response {
    Redirect::to(&format!("/channels/{channel}/builds/{rev}")).into_response()
}
