//! The team's decisions: each becomes one entry of the audit log, and wakes the reconciler.

mod moved;
mod resolve;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use picket_domain::{Action, Actor, Candidate, CommitSha, PickStatus, PrNumber};
use picket_merger::Contents;
use serde::Deserialize;

pub(crate) use self::resolve::{drop_resolutions, resolve, resolve_by_branch};
use crate::checked::Checked;
use crate::error::PageError;
use crate::forms::{MemberForm, reason};
use crate::look::Look;
use crate::pages::candidate::{NOT_WATCHED, has_spoken};
use crate::seen::{Seen, approvals};
use crate::sign_in::Person;
use crate::state::{App, AppState, ChannelInfo};

#[derive(Deserialize)]
pub(crate) struct Approve {
    channel: String,
    /// The head that the page showed.
    head: CommitSha,
    /// Names what the page showed that the pick changes; see [`Seen::digest`].
    seen: String,
}

/// `POST /candidates/{pr}/approve`
pub(crate) async fn approve(
    State(app): State<App>,
    Checked(Path(pr)): Checked<Path<PrNumber>>,
    MemberForm { person, form }: MemberForm<Approve>,
) -> Result<Response, PageError> {
    let look = Look::at(&app, channel(&app, &form.channel)?).await?;
    let candidate = look.candidate(pr).ok_or(NOT_WATCHED)?;
    if person.login == candidate.author {
        return Err(PageError::Refused(
            "You opened this pull request, and nobody approves their own. Ask somebody else of \
             the team.",
        ));
    }
    if candidate.head != form.head {
        return moved::head(&look, candidate, &form.head, person);
    }
    refuse_if_settled(&look, candidate)?;
    let seen = Seen::of(&look, candidate);
    if seen.digest() != form.seen {
        return moved::pick(&look, candidate, person);
    }
    let mut given = approvals(&look, candidate).into_iter();
    if !given.any(|approval| approval.by == person.login && seen.is_covered_by(&approval)) {
        let action = Action::Approve {
            channel: look.channel.name().clone(),
            pr,
            head: form.head,
            patches: seen.patches(),
        };
        record(&app, person, action).await?;
    }
    Ok(back_to(look.channel, pr))
}

fn refuse_if_settled(look: &Look<'_>, candidate: &Candidate) -> Result<(), PageError> {
    match look.status(candidate) {
        PickStatus::InBase | PickStatus::Superseded { .. } => Err(PageError::Refused(
            "The stable channel has this change already, so there is nothing to decide.",
        )),
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
pub(crate) struct WithReason {
    channel: String,
    reason: String,
}

/// `POST /candidates/{pr}/veto`
pub(crate) async fn veto(
    State(app): State<App>,
    Checked(Path(pr)): Checked<Path<PrNumber>>,
    MemberForm { person, form }: MemberForm<WithReason>,
) -> Result<Response, PageError> {
    let info = channel(&app, &form.channel)?;
    let reason = reason(&form.reason)?;
    if app.store.candidate(pr).await?.is_none() {
        return Err(NOT_WATCHED);
    }
    let channel = info.name().clone();
    record(
        &app,
        person,
        Action::Veto {
            channel,
            pr,
            reason,
        },
    )
    .await?;
    Ok(back_to(info, pr))
}

/// `POST /candidates/{pr}/withdraw`
pub(crate) async fn withdraw(
    State(app): State<App>,
    Checked(Path(pr)): Checked<Path<PrNumber>>,
    MemberForm { person, form }: MemberForm<WithReason>,
) -> Result<Response, PageError> {
    let look = Look::at(&app, channel(&app, &form.channel)?).await?;
    let reason = reason(&form.reason)?;
    if has_spoken(&look, pr, &person.login) {
        let channel = look.channel.name().clone();
        record(
            &app,
            person,
            Action::Withdraw {
                channel,
                pr,
                reason,
            },
        )
        .await?;
    }
    Ok(back_to(look.channel, pr))
}

fn channel<'a>(app: &'a AppState, name: &str) -> Result<&'a ChannelInfo, PageError> {
    let found = app.channel(name);
    found.ok_or(PageError::NotFound("There is no channel of this name."))
}

async fn record(app: &AppState, person: Person, action: Action) -> Result<(), PageError> {
    record_with(app, person, action, &Contents::new()).await
}

/// Records a decision together with the contents that it names.
async fn record_with(
    app: &AppState,
    person: Person,
    action: Action,
    contents: &Contents,
) -> Result<(), PageError> {
    let actor = Actor::Person(person.login);
    let store = &app.store;
    let entry = store
        .append_with_contents(app.now(), actor, action, contents)
        .await?;
    tracing::info!(
        seq = entry.seq,
        actor = %entry.actor,
        action = entry.action.name(),
        pr = entry.action.pr().map(|pr| pr.0),
        "a person decided"
    );
    app.wake.notify_one();
    Ok(())
}

fn back_to(channel: &ChannelInfo, pr: PrNumber) -> Response {
    let url = format!("/candidates/{pr}?channel={}", channel.name());
    Redirect::to(&url).into_response()
}
