//! The team's decisions: each becomes one entry of the audit log, and wakes the reconciler.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use picket_domain::{Action, Actor, Candidate, CommitSha, PickStatus, PrNumber};
use serde::Deserialize;

use crate::checked::Checked;
use crate::error::PageError;
use crate::forms::{MemberForm, reason};
use crate::look::Look;
use crate::pages::candidate::{NOT_WATCHED, approvals, has_spoken};
use crate::shell::{Section, Shell, page};
use crate::sign_in::{Person, Viewer};
use crate::state::{App, AppState, ChannelInfo};

#[derive(Deserialize)]
pub(crate) struct Approve {
    channel: String,
    /// The head that the page showed.
    head: CommitSha,
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
        return moved(&look, candidate, &form.head, person);
    }
    let status = look.status(candidate);
    if matches!(status, PickStatus::InBase | PickStatus::Superseded { .. }) {
        return Err(PageError::Refused(
            "The stable channel has this change already, so there is nothing to approve.",
        ));
    }
    let mut given = approvals(&look, candidate).into_iter();
    if !given.any(|approval| approval.by == person.login) {
        let channel = look.channel.name().clone();
        let head = form.head;
        record(
            &app,
            person,
            Action::Approve {
                channel,
                pr,
                head,
                patches: Vec::new(),
            },
        )
        .await?;
    }
    Ok(back_to(look.channel, pr))
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
    let actor = Actor::Person(person.login);
    let entry = app.store.append(app.now(), actor, action).await?;
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

#[derive(Template)]
#[template(path = "moved.html")]
struct MovedPage {
    shell: Shell,
    channel: String,
    pr: u64,
    title: String,
    seen: String,
    now: String,
}

/// The head moved while the person was reading: what they saw is not what they would approve.
fn moved(
    look: &Look<'_>,
    candidate: &Candidate,
    seen: &CommitSha,
    person: Person,
) -> Result<Response, PageError> {
    let viewer = Viewer {
        person: Some(person),
    };
    let channel = look.channel.name().to_string();
    let here = format!("/candidates/{}?channel={channel}", candidate.pr);
    let answer = page(&MovedPage {
        shell: Shell::new(
            "The pull request has moved on",
            Section::Queue,
            &viewer,
            here,
        ),
        channel,
        pr: candidate.pr.0,
        title: candidate.title.clone(),
        seen: seen.to_string(),
        now: candidate.head.to_string(),
    })?;
    Ok((StatusCode::CONFLICT, answer).into_response())
}
