//! The team's decisions: each becomes one entry of the audit log, and wakes the reconciler.

pub(crate) mod build;
pub(crate) mod dismissal;
pub(crate) mod form;
pub(crate) mod moved;
pub(crate) mod waiver;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use picket_domain::{
    Action, Actor, Candidate, CommitSha, Login, Objection, PrNumber, Shown, approval,
    can_be_overruled, has_spoken, may_decide,
};
use picket_merger::Contents;
use serde::Deserialize;

use crate::error::PageError;
use crate::extract::Checked;
use crate::forms::{SignedForm, reason};
use crate::look::{Look, NOT_WATCHED};
use crate::pages::candidate::diff::not_shown;
use crate::session::Person;
use crate::state::{App, AppState, ChannelInfo};

#[derive(Deserialize)]
pub(crate) struct Approve {
    channel: String,
    /// The head that the page showed.
    head: CommitSha,
    /// Names what the page showed that the pick changes; see [`picket_domain::Seen::digest`].
    seen: String,
}

/// `POST /candidates/{pr}/approve`
pub(crate) async fn approve(
    State(app): State<App>,
    Checked(Path(pr)): Checked<Path<PrNumber>>,
    SignedForm { person, form }: SignedForm<Approve>,
) -> Result<Response, PageError> {
    let look = Look::at(&app, channel(&app, &form.channel)?).await?;
    let candidate = look.watched(pr)?;
    let shown = Shown {
        head: &form.head,
        seen: &form.seen,
        not_shown: &not_shown(&app.mirror, candidate).await,
    };
    let (facts, resolution) = (&look.facts, &look.resolution);
    match approval(facts, resolution, candidate, &person.login, shown) {
        Ok(None) => {}
        Ok(Some(action)) => record(&app, person, action).await?,
        Err(Objection::HeadMoved) => return moved::head(&look, candidate, &form.head, person),
        Err(Objection::PickMoved) => return moved::pick(&look, candidate, person),
        Err(Objection::Own) => return Err(PageError::Refused(NOT_YOUR_OWN)),
        Err(Objection::Settled) => return Err(PageError::Refused(SETTLED)),
    }
    Ok(back_to(look.channel, pr))
}

const NOT_YOUR_OWN: &str = "This change is your own, and nobody approves their own. Ask \
    somebody else of the team.";

pub(crate) const SETTLED: &str =
    "The stable channel has this change already, so there is nothing to decide.";

#[derive(Deserialize)]
pub(crate) struct WithReason {
    pub(crate) channel: String,
    pub(crate) reason: String,
}

/// `POST /candidates/{pr}/veto`
pub(crate) async fn veto(
    State(app): State<App>,
    Checked(Path(pr)): Checked<Path<PrNumber>>,
    SignedForm { person, form }: SignedForm<WithReason>,
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
    SignedForm { person, form }: SignedForm<WithReason>,
) -> Result<Response, PageError> {
    let look = Look::at(&app, channel(&app, &form.channel)?).await?;
    let reason = reason(&form.reason)?;
    if has_spoken(&look.facts, pr, &person.login) {
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

#[derive(Deserialize)]
pub(crate) struct Overrule {
    channel: String,
    /// Whose veto.
    of: Login,
    reason: String,
}

/// `POST /candidates/{pr}/overrule`
pub(crate) async fn overrule(
    State(app): State<App>,
    Checked(Path(pr)): Checked<Path<PrNumber>>,
    SignedForm { person, form }: SignedForm<Overrule>,
) -> Result<Response, PageError> {
    let look = Look::at(&app, channel(&app, &form.channel)?).await?;
    let candidate = look.watched(pr)?;
    let reason = reason(&form.reason)?;
    not_their_own(&look, candidate, &person)?;
    if !can_be_overruled(&look.facts, candidate, &form.of) {
        return Err(PageError::Refused(NOT_TO_OVERRULE));
    }
    let action = Action::Overrule {
        channel: look.channel.name().clone(),
        pr,
        of: form.of,
        reason,
    };
    record(&app, person, action).await?;
    Ok(back_to(look.channel, pr))
}

/// Nobody decides about their own pull request.
fn not_their_own(look: &Look<'_>, candidate: &Candidate, by: &Person) -> Result<(), PageError> {
    may_decide(&look.facts, candidate, &by.login).map_err(|_| PageError::Refused(NOT_YOUR_OWN))
}

const NOT_TO_OVERRULE: &str = "There is no such veto, or whoever it is of is on the team: then they \
    can withdraw it, and nobody else.";

pub(crate) fn channel<'a>(app: &'a AppState, name: &str) -> Result<&'a ChannelInfo, PageError> {
    let found = app.channel(name);
    found.ok_or(PageError::NotFound("There is no channel of this name."))
}

pub(crate) async fn record(
    app: &AppState,
    person: Person,
    action: Action,
) -> Result<(), PageError> {
    record_with(app, person, action, &Contents::new()).await
}

/// Records a decision together with the contents that it names.
pub(crate) async fn record_with(
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
        pr = entry.action.pr().map(tracing::field::display),
        "a person decided"
    );
    app.wake.notify_one();
    Ok(())
}

pub(crate) fn back_to(channel: &ChannelInfo, pr: PrNumber) -> Response {
    let url = format!("/candidates/{pr}?channel={}", channel.name());
    Redirect::to(&url).into_response()
}
