//! Saying that nothing is to be done about a head, or not now, and that it is to be looked at again.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use picket_domain::{
    Action, Candidate, CommitSha, DismissalKind, PUT_OFF_DAYS_MAX, PickStatus, PrNumber, Timestamp,
    may_decide,
};
use serde::Deserialize;

use super::{NOT_YOUR_OWN, WithReason, back_to, channel, moved, not_their_own, record};
use crate::error::{PageError, page};
use crate::extract::Checked;
use crate::forms::{SignedForm, reason};
use crate::layout::{Section, Shell};
use crate::look::Look;
use crate::session::{Person, Viewer};
use crate::state::App;

#[derive(Deserialize)]
pub(crate) struct Dismiss {
    channel: String,
    /// The head that the page showed.
    head: CommitSha,
    kind: String,
    /// For how long a decision is put off.
    #[serde(default)]
    days: String,
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
    let kind = kind(&form.kind, &form.days, look.now)?;
    match obstacle(&look, candidate, &form.head, &person) {
        Some(Obstacle::Moved) => return moved::head(&look, candidate, &form.head, person),
        Some(other) => return Err(PageError::Refused(other.words())),
        None => {}
    }
    record(&app, person, action(&look, candidate, kind, reason)).await?;
    Ok(back_to(look.channel, pr))
}

/// What a decision about many is refused for, of one of them.
struct LeftView {
    pr: PrNumber,
    title: String,
    why: &'static str,
}

#[derive(Template)]
#[template(path = "dismissed.html")]
struct DismissedPage {
    shell: Shell,
    channel: String,
    done: usize,
    left: Vec<LeftView>,
}

/// What the field of a pull request in a form for many begins with; its value is the head that the
/// page knew.
pub(crate) const PICK_FIELD: &str = "pick-";

/// `POST /queue/dismiss`
///
/// Each is a decision of its own: one that has moved on does not keep the others from being recorded.
pub(crate) async fn dismiss_many(
    State(app): State<App>,
    SignedForm { person, form }: SignedForm<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let look = Look::at(&app, channel(&app, field("channel"))?).await?;
    let reason = reason(field("reason"))?;
    let kind = kind(field("kind"), field("days"), look.now)?;
    let picks = picks(&form)?;
    let (all, mut left) = (picks.len(), Vec::new());
    for (pr, head) in picks {
        let candidate = look.watched(pr)?;
        if let Some(obstacle) = obstacle(&look, candidate, &head, &person) {
            left.push(LeftView {
                pr,
                title: candidate.title.clone(),
                why: obstacle.words(),
            });
            continue;
        }
        let action = action(&look, candidate, kind, reason.clone());
        record(&app, person.clone(), action).await?;
    }
    let queue = format!("/queue?channel={}", look.channel.name());
    if left.is_empty() {
        return Ok(Redirect::to(&queue).into_response());
    }
    let viewer = Viewer {
        person: Some(person),
    };
    let told = page(&DismissedPage {
        shell: Shell::new("Not all were dismissed", Section::Queue, &viewer, queue),
        channel: look.channel.name().to_string(),
        done: all - left.len(),
        left,
    })?;
    Ok((StatusCode::CONFLICT, told).into_response())
}

/// The pull requests that were ticked, each with the head that the page knew.
fn picks(form: &BTreeMap<String, String>) -> Result<Vec<(PrNumber, CommitSha)>, PageError> {
    let fields = form.iter().filter_map(|(name, head)| {
        let pr = name.strip_prefix(PICK_FIELD)?;
        Some(pr.parse().ok().zip(CommitSha::parse(head).ok()))
    });
    let picks: Option<Vec<_>> = fields.collect();
    let picks = picks.filter(|picks| !picks.is_empty());
    picks.ok_or_else(|| PageError::BadInput("Tick at least one pull request.".to_owned()))
}

fn action(look: &Look<'_>, candidate: &Candidate, kind: DismissalKind, reason: String) -> Action {
    Action::Dismiss {
        channel: look.channel.name().clone(),
        pr: candidate.pr,
        head: candidate.head.clone(),
        advisories: candidate.advisories(),
        kind,
        reason,
    }
}

fn kind(kind: &str, days: &str, now: Timestamp) -> Result<DismissalKind, PageError> {
    let bad = |message: String| Err(PageError::BadInput(message));
    match kind {
        "not_affected" => Ok(DismissalKind::NotAffected),
        "rejected" => Ok(DismissalKind::Rejected),
        "later" => match days.parse() {
            Ok(days @ 1..=PUT_OFF_DAYS_MAX) => Ok(DismissalKind::Later {
                until: now.plus_seconds(i64::from(days) * 24 * 3_600),
            }),
            _ => bad(format!(
                "A decision is put off by 1 to {PUT_OFF_DAYS_MAX} days."
            )),
        },
        _ => bad("Say why nothing is to be done about it now.".to_owned()),
    }
}

/// Why a person cannot dismiss a head.
enum Obstacle {
    Own,
    /// It has another head by now.
    Moved,
    /// It does not wait for approval.
    NotOpen,
}

impl Obstacle {
    fn words(&self) -> &'static str {
        match self {
            Self::Own => NOT_YOUR_OWN,
            Self::Moved => "Its author pushed after your page was loaded.",
            Self::NotOpen => {
                "Only what waits for approval is dismissed. What is approved is stopped by a veto, \
                 and what is dismissed is so already."
            }
        }
    }
}

fn obstacle(
    look: &Look<'_>,
    candidate: &Candidate,
    head: &CommitSha,
    person: &Person,
) -> Option<Obstacle> {
    if may_decide(&look.facts, candidate, &person.login).is_err() {
        return Some(Obstacle::Own);
    }
    if candidate.head != *head {
        return Some(Obstacle::Moved);
    }
    let is_open = matches!(look.status(candidate), PickStatus::AwaitingApproval { .. });
    (!is_open).then_some(Obstacle::NotOpen)
}

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
    let (PickStatus::Dismissed { .. } | PickStatus::PutOff { .. }) = look.status(candidate) else {
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
