//! Saying that nothing is to be done about a head, and that it is to be looked at again.

use axum::extract::{Path, State};
use axum::response::Response;
use picket_domain::{Action, CommitSha, DismissalKind, PickStatus, PrNumber};
use serde::Deserialize;

use super::{WithReason, back_to, channel, moved, not_their_own, record};
use crate::error::PageError;
use crate::extract::Checked;
use crate::forms::{SignedForm, reason};
use crate::look::Look;
use crate::state::App;

#[derive(Deserialize)]
pub(crate) struct Dismiss {
    channel: String,
    /// The head that the page showed.
    head: CommitSha,
    kind: DismissalKind,
    reason: String,
}

/// `POST /candidates/{pr}/dismiss`
pub(crate) async fn dismiss(
    State(app): State<App>,
    Checked(Path(pr)): Checked<Path<PrNumber>>,
    SignedForm { person, form }: SignedForm<Dismiss>,
) -> Result<Response, PageError> {
    let look = Look::at(&app, channel(&app, &form.channel)?).await?;
    let candidate = look.watched(pr)?;
    let reason = reason(&form.reason)?;
    not_their_own(&look, candidate, &person)?;
    if candidate.head != form.head {
        return moved::head(&look, candidate, &form.head, person);
    }
    let PickStatus::AwaitingApproval { .. } = look.status(candidate) else {
        return Err(PageError::Refused(NOT_OPEN));
    };
    let action = Action::Dismiss {
        channel: look.channel.name().clone(),
        pr,
        head: candidate.head.clone(),
        advisories: candidate.advisories(),
        kind: form.kind,
        reason,
    };
    record(&app, person, action).await?;
    Ok(back_to(look.channel, pr))
}

const NOT_OPEN: &str = "Only what waits for approval is dismissed. What is approved is stopped by a \
    veto, and what is dismissed is so already.";

/// `POST /candidates/{pr}/reopen`
pub(crate) async fn reopen(
    State(app): State<App>,
    Checked(Path(pr)): Checked<Path<PrNumber>>,
    SignedForm { person, form }: SignedForm<WithReason>,
) -> Result<Response, PageError> {
    let look = Look::at(&app, channel(&app, &form.channel)?).await?;
    let candidate = look.watched(pr)?;
    let reason = reason(&form.reason)?;
    not_their_own(&look, candidate, &person)?;
    let PickStatus::Dismissed { .. } = look.status(candidate) else {
        return Err(PageError::Refused("It is not dismissed."));
    };
    let action = Action::Reopen {
        channel: look.channel.name().clone(),
        pr,
        reason,
    };
    record(&app, person, action).await?;
    Ok(back_to(look.channel, pr))
}
