//! Resolving a pull request's conflicts, and taking that back.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use picket_domain::{
    Action, BranchName, Candidate, CommitSha, ConflictPlace, PrNumber, ResolvedBy, ResolvedSet,
    is_open, may_decide,
};
use picket_merger::{GitAddress, MergeError, MirrorError, PushedResolution};
use serde::Deserialize;

use super::choices::{Fields, Made, own_choices, proposed};
use super::found::Found;
use super::sight;
use crate::decide::{SETTLED, WithReason, back_to, channel, moved, record, record_with};
use crate::error::PageError;
use crate::extract::Checked;
use crate::forms::{SignedForm, reason, sentence};
use crate::look::Look;
use crate::session::Person;
use crate::state::{App, AppState};

/// Which conflict a form is about.
#[derive(Deserialize)]
struct About {
    channel: String,
    /// The pull request's commit that conflicts.
    commit: CommitSha,
    /// Names the conflict that the page showed (see [`Found::digest`]), or the resolutions in force
    /// that another one is to take the place of.
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
    SignedForm { person, form }: SignedForm<Resolve>,
) -> Result<Response, PageError> {
    let look = Look::at(&app, channel(&app, &form.about.channel)?).await?;
    let candidate = allowed(&look, pr, &person)?;
    refuse_settled(&look, candidate)?;
    let Some((_, found)) = same_conflict(&app, &look, candidate, &form.about).await? else {
        return moved::conflict(&look, candidate, person);
    };
    let (how, fields) = (form.how, form.fields);
    // Files of many megabytes are compared and parsed for it.
    let making = tokio::task::spawn_blocking(move || match how {
        How::Proposal => proposed(&found),
        How::Hand => own_choices(&found, &fields),
    });
    let made = making.await?.map_err(PageError::BadInput)?;
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
    SignedForm { person, form }: SignedForm<ResolveByBranch>,
) -> Result<Response, PageError> {
    let look = Look::at(&app, channel(&app, &form.about.channel)?).await?;
    let candidate = allowed(&look, pr, &person)?;
    refuse_settled(&look, candidate)?;
    let Some(remote) = &look.channel.resolutions_remote else {
        return Err(PageError::Refused(
            "This server is not set up to take resolutions from a git repository.",
        ));
    };
    let branch = BranchName::parse(form.branch.trim())
        .map_err(|_| PageError::BadInput("That is no name of a branch.".to_owned()))?;
    let from = (remote, branch);
    let pushed = if let Some(place) = replaced(&look, candidate, &form.about) {
        pushed(&app, candidate, &place, &ResolvedSet::default(), from).await?
    } else if let Some((place, _)) = same_conflict(&app, &look, candidate, &form.about).await? {
        let resolved = look.facts.resolved(pr);
        pushed(&app, candidate, &place, resolved, from).await?
    } else {
        return moved::conflict(&look, candidate, person);
    };
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
    SignedForm { person, form }: SignedForm<WithReason>,
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
    let candidate = look.watched(pr)?;
    may_decide(&look.facts, candidate, &person.login)
        .map_err(|_| PageError::Refused(NOT_YOUR_OWN))?;
    Ok(candidate)
}

fn refuse_settled(look: &Look<'_>, candidate: &Candidate) -> Result<(), PageError> {
    is_open(&look.status(candidate)).map_err(|_| PageError::Refused(SETTLED))
}

const NOT_YOUR_OWN: &str = "This change is your own, and nobody resolves the conflicts of \
    their own. Ask somebody else of the team.";

/// The conflict as it is now, if it is the one that the person saw.
async fn same_conflict<'a>(
    app: &App,
    look: &'a Look<'_>,
    candidate: &'a Candidate,
    about: &About,
) -> Result<Option<(ConflictPlace<'a>, Arc<Found>)>, PageError> {
    let Some(place) = look.conflict(candidate) else {
        return Ok(None);
    };
    let found = sight::at_last(app, look, candidate, &place).await?;
    let is_same = |found: &Arc<Found>| {
        (&found.pick.commit, found.digest()) == (&about.commit, about.conflict.clone())
    };
    Ok(found.filter(is_same).map(|found| (place, found)))
}

/// Where a candidate conflicts without the resolutions in force, if those are what the form names.
fn replaced<'a>(
    look: &'a Look<'_>,
    candidate: &Candidate,
    about: &About,
) -> Option<ConflictPlace<'a>> {
    let resolved = look.facts.resolved(candidate.pr);
    let is_named = !resolved.is_empty() && resolved.id().as_str() == about.conflict;
    let base = look.facts.base().filter(|_| is_named)?;
    Some(ConflictPlace::on(&base.rev))
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
    record_with(app, person, action, &made.contents).await?;
    Ok(back_to(look.channel, pr))
}

async fn pushed(
    app: &AppState,
    candidate: &Candidate,
    place: &ConflictPlace<'_>,
    resolved: &ResolvedSet,
    (remote, branch): (&GitAddress, BranchName),
) -> Result<PushedResolution, PageError> {
    let resolved = resolved.clone();
    let contents = app
        .store
        .contents(&resolved.contents().cloned().collect())
        .await?;
    let (mirror, candidate, remote) = (app.mirror.clone(), candidate.clone(), remote.clone());
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
        MergeError::Mirror(MirrorError::NoBranch { .. } | MirrorError::Transport { .. })
        | MergeError::NothingToResolve { .. }
        | MergeError::NotAResolution { .. }
        | MergeError::MarkersLeft { .. }
        | MergeError::TooLarge { .. } => PageError::BadInput(sentence(&error.to_string())),
        other => other.into(),
    }
}
