//! Resolving a pull request's conflicts, and taking that back.

use axum::extract::{Path, State};
use axum::response::Response;
use picket_domain::{Action, BranchName, Candidate, CommitSha, PrNumber, ResolvedBy};
use picket_merger::{MergeError, PushedResolution};
use serde::Deserialize;

use super::{WithReason, back_to, channel, moved, record, refuse_if_settled};
use crate::checked::Checked;
use crate::conflict::{Fields, Found, MAX_CONTENT, Made, Place, own_choices, proposed};
use crate::error::PageError;
use crate::forms::{MemberForm, reason};
use crate::look::Look;
use crate::pages::candidate::NOT_WATCHED;
use crate::sign_in::Person;
use crate::state::{App, AppState};

/// Which conflict a form is about.
#[derive(Deserialize)]
struct About {
    channel: String,
    /// The pull request's commit that conflicts.
    commit: CommitSha,
    /// Names the conflict that the page showed; see [`Found::digest`].
    conflict: String,
}

/// How the conflict is to be settled.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum How {
    /// All files as proposed.
    Proposal,
    /// Place by place, as the other fields say.
    Hand,
}

#[derive(Deserialize)]
pub(crate) struct Resolve {
    #[serde(flatten)]
    about: About,
    how: How,
    #[serde(flatten)]
    fields: Fields,
}

/// `POST /candidates/{pr}/resolve`
pub(crate) async fn resolve(
    State(app): State<App>,
    Checked(Path(pr)): Checked<Path<PrNumber>>,
    MemberForm { person, form }: MemberForm<Resolve>,
) -> Result<Response, PageError> {
    let look = Look::at(&app, channel(&app, &form.about.channel)?).await?;
    let candidate = allowed(&look, pr, &person)?;
    refuse_if_settled(&look, candidate)?;
    let Some((_, found)) = same_conflict(&app, &look, candidate, &form.about).await? else {
        return moved::conflict(&look, candidate, person);
    };
    let made = match form.how {
        How::Proposal => proposed(&found),
        How::Hand => own_choices(&found, &form.fields),
    };
    let made = made.map_err(PageError::BadInput)?;
    keep(&app, &look, person, pr, form.about.commit, made).await
}

#[derive(Deserialize)]
pub(crate) struct ResolveByBranch {
    #[serde(flatten)]
    about: About,
    branch: String,
}

/// `POST /candidates/{pr}/resolve-branch`
pub(crate) async fn resolve_by_branch(
    State(app): State<App>,
    Checked(Path(pr)): Checked<Path<PrNumber>>,
    MemberForm { person, form }: MemberForm<ResolveByBranch>,
) -> Result<Response, PageError> {
    let look = Look::at(&app, channel(&app, &form.about.channel)?).await?;
    let candidate = allowed(&look, pr, &person)?;
    refuse_if_settled(&look, candidate)?;
    let Some(remote) = &look.channel.resolutions_remote else {
        return Err(PageError::Refused(
            "This server is not set up to take resolutions from a git repository.",
        ));
    };
    let branch = BranchName::parse(form.branch.trim())
        .map_err(|_| PageError::BadInput("That is no name of a branch.".to_owned()))?;
    let Some((place, _)) = same_conflict(&app, &look, candidate, &form.about).await? else {
        return moved::conflict(&look, candidate, person);
    };
    let pushed = pushed(&app, &look, candidate, &place, (remote, branch)).await?;
    if pushed.contents.values().any(|it| it.len() > MAX_CONTENT) {
        let message = "A file that it resolves is larger than 1 MiB, the most that is taken.";
        return Err(PageError::BadInput(message.to_owned()));
    }
    let made = Made {
        by: ResolvedBy::Branch { rev: pushed.rev },
        files: pushed.files,
        contents: pushed.contents,
    };
    keep(&app, &look, person, pr, pushed.commit, made).await
}

/// `POST /candidates/{pr}/drop-resolutions`
pub(crate) async fn drop_resolutions(
    State(app): State<App>,
    Checked(Path(pr)): Checked<Path<PrNumber>>,
    MemberForm { person, form }: MemberForm<WithReason>,
) -> Result<Response, PageError> {
    let look = Look::at(&app, channel(&app, &form.channel)?).await?;
    allowed(&look, pr, &person)?;
    let reason = reason(&form.reason)?;
    if !look.facts.resolved(pr).is_empty() {
        let action = Action::DropResolutions {
            channel: look.channel.name().clone(),
            pr,
            reason,
        };
        record(&app, person, action).await?;
    }
    Ok(back_to(look.channel, pr))
}

/// The candidate, if the person may say what its conflicts are to become.
fn allowed<'a>(
    look: &'a Look<'_>,
    pr: PrNumber,
    person: &Person,
) -> Result<&'a Candidate, PageError> {
    let candidate = look.candidate(pr).ok_or(NOT_WATCHED)?;
    if person.login == candidate.author {
        return Err(PageError::Refused(
            "You opened this pull request, and nobody resolves the conflicts of their own. Ask \
             somebody else of the team.",
        ));
    }
    Ok(candidate)
}

/// The conflict as it is now, if it is the one that the person saw.
async fn same_conflict<'a>(
    app: &AppState,
    look: &'a Look<'_>,
    candidate: &'a Candidate,
    about: &About,
) -> Result<Option<(Place<'a>, Found)>, PageError> {
    let Some(place) = Place::of(look, candidate) else {
        return Ok(None);
    };
    let found = Found::at(app, look, candidate, &place).await?;
    let is_same = |found: &Found| {
        (&found.pick.commit, found.digest()) == (&about.commit, about.conflict.clone())
    };
    Ok(found.filter(is_same).map(|found| (place, found)))
}

/// Writes down what was made of a conflict.
async fn keep(
    app: &AppState,
    look: &Look<'_>,
    person: Person,
    pr: PrNumber,
    commit: CommitSha,
    made: Made,
) -> Result<Response, PageError> {
    let action = Action::ResolveConflict {
        channel: look.channel.name().clone(),
        pr,
        commit,
        by: made.by,
        files: made.files,
    };
    super::record_with(app, person, action, &made.contents).await?;
    Ok(back_to(look.channel, pr))
}

async fn pushed(
    app: &AppState,
    look: &Look<'_>,
    candidate: &Candidate,
    place: &Place<'_>,
    (remote, branch): (&str, BranchName),
) -> Result<PushedResolution, PageError> {
    let resolved = look.facts.resolved(candidate.pr);
    let contents = app
        .store
        .contents(&resolved.contents().cloned().collect())
        .await?;
    let (mirror, candidate, remote) = (app.mirror.clone(), candidate.clone(), remote.to_owned());
    let (base, onto) = (place.base.clone(), place.onto.clone());
    let reading = tokio::task::spawn_blocking(move || {
        mirror.pushed_resolution(
            &remote, &branch, &base, &onto, &candidate, &resolved, &contents,
        )
    });
    reading.await?.map_err(refused)
}

/// What a person can mend is told; anything else is this server's trouble.
fn refused(error: MergeError) -> PageError {
    match error {
        MergeError::NoBranch { .. }
        | MergeError::NothingToResolve { .. }
        | MergeError::NotAResolution { .. }
        | MergeError::MarkersLeft { .. }
        | MergeError::Transport { .. } => PageError::BadInput(sentence(&error.to_string())),
        other => other.into(),
    }
}

/// An error as a sentence.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}
