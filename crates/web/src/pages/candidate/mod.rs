//! A candidate's page: everything that it takes to decide, on one page.

mod build;
mod changed;
mod choice;
mod conflict;
mod diff;
mod lines;
mod people;
mod resolved;
mod stages;
mod trouble;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use picket_domain::{Candidate, ChangeKind, Entry, FileChange, PickOutcome, PickStatus, PrNumber};
use serde::Deserialize;

use self::build::BuildView;
use self::changed::ChangedView;
use self::choice::Choice;
use self::conflict::ConflictView;
use self::diff::DiffView;
pub(crate) use self::people::has_spoken;
use self::people::{PersonView, people};
use self::resolved::{ResolutionView, resolutions};
use self::stages::{Stage, stages};
use self::trouble::Trouble;
use crate::checked::Checked;
use crate::error::PageError;
use crate::look::{Look, chosen};
use crate::seen::{Seen, have};
use crate::shell::{Section, Shell, page};
use crate::sign_in::Viewer;
use crate::state::App;
use crate::time::When;
use crate::view::{
    AdvisoryLink, Badge, LogLine, advisories, assessment_badge, renames, status_badge,
    upstream_badge, web_address,
};

#[derive(Deserialize)]
pub(crate) struct In {
    channel: Option<String>,
}

#[derive(Template)]
#[template(path = "candidate.html")]
struct CandidatePage {
    shell: Shell,
    channel: String,
    channels: Vec<String>,
    base_label: String,
    pr: u64,
    title: String,
    author: String,
    url: Option<String>,
    advisories: Vec<AdvisoryLink>,
    head: String,
    head_short: String,
    branch: String,
    upstream: Badge,
    labels: Vec<String>,
    opened: When,
    updated: When,
    body: String,
    commits: Vec<CommitView>,
    files: Vec<FileView>,
    diff: DiffView,
    assessment: Badge,
    /// What else there is to say about that.
    assessment_note: String,
    /// Names what the page shows that the pick changes.
    seen: String,
    changed: Option<ChangedView>,
    /// What can be done about a conflict, where it can be looked at.
    conflict: Option<ConflictView>,
    trouble: Option<Trouble>,
    resolutions: Vec<ResolutionView>,
    /// Whether they leave nothing of the pull request to pick.
    is_resolved_away: bool,
    status: Badge,
    reason: String,
    people: Vec<PersonView>,
    have: u32,
    need: u32,
    choice: Choice,
    is_author: bool,
    /// Whether the viewer may say what conflicts are to become.
    can_resolve: bool,
    /// Whether the forms for that are on the page.
    choosing: bool,
    build: Option<BuildView>,
    stages: Vec<Stage>,
    lead: Option<String>,
    log: Vec<LogLine>,
}

struct CommitView {
    short: String,
    subject: String,
    author: String,
}

struct FileView {
    path: String,
    from: Option<String>,
    kind: &'static str,
    additions: u64,
    deletions: u64,
}

/// `GET /candidates/{pr}`
pub(crate) async fn candidate(
    State(app): State<App>,
    viewer: Viewer,
    Checked(Path(pr)): Checked<Path<PrNumber>>,
    Checked(Query(query)): Checked<Query<In>>,
) -> Result<Response, PageError> {
    let channel = chosen(&app, query.channel.as_deref())?;
    let look = Look::at(&app, channel).await?;
    let candidate = look.candidate(pr).ok_or(NOT_WATCHED)?;
    let diff = DiffView::of(&app.mirror, candidate.clone()).await;
    let changed = ChangedView::of(&app, &look, candidate).await?;
    let conflict = ConflictView::of(&app, &look, candidate).await?;
    let log = app.store.log_of_pr(pr).await?;
    let channels = app
        .channels
        .iter()
        .map(|it| it.name().to_string())
        .collect();
    let parts = Parts {
        channels,
        diff,
        changed,
        conflict,
        log,
    };
    page(&CandidatePage::new(&look, candidate, &viewer, parts))
}

pub(crate) const NOT_WATCHED: PageError = PageError::NotFound(
    "Picket does not watch this pull request. A team member can nominate it; it appears here once \
     it has been fetched.",
);

/// What the page shows that takes waiting for.
struct Parts {
    channels: Vec<String>,
    diff: DiffView,
    changed: Option<ChangedView>,
    conflict: Option<ConflictView>,
    /// The entries about the pull request, oldest first.
    log: Vec<Entry>,
}

impl CandidatePage {
    fn new(look: &Look<'_>, candidate: &Candidate, viewer: &Viewer, parts: Parts) -> Self {
        let status = look.status(candidate);
        let title = format!("#{} {}", candidate.pr, candidate.title);
        let here = format!(
            "/candidates/{}?channel={}",
            candidate.pr,
            look.channel.name()
        );
        let (stages, lead) = stages(look, candidate);
        let can_choose = parts.conflict.as_ref().is_some_and(|it| it.can_choose);
        let is_looking = parts.conflict.as_ref().is_some_and(|it| it.is_looking);
        let choice = Choice::of(look, candidate, &status, viewer);
        let is_author = viewer.member() == Some(&candidate.author);
        let can_resolve = viewer.member().is_some_and(|it| *it != candidate.author);
        Self {
            shell: Shell::new(title, Section::Queue, viewer, here)
                .refreshing(!status.is_settled() || is_looking),
            channel: look.channel.name().to_string(),
            channels: parts.channels,
            base_label: look.channel.base_label.clone(),
            pr: candidate.pr.0,
            title: candidate.title.clone(),
            author: candidate.author.to_string(),
            url: web_address(candidate).map(str::to_owned),
            advisories: advisories(&candidate.advisories),
            head: candidate.head.to_string(),
            head_short: candidate.head.short().to_owned(),
            branch: candidate.base_branch.to_string(),
            upstream: upstream_badge(&candidate.upstream),
            labels: candidate.labels.clone(),
            opened: When::new(candidate.opened_at, look.now),
            updated: When::new(candidate.updated_at, look.now),
            body: candidate.body.clone(),
            commits: commits(candidate),
            files: candidate.files.iter().map(FileView::new).collect(),
            diff: parts.diff,
            assessment: assessment_badge(
                look.assessment(candidate),
                &look.facts.resolved(candidate.pr),
            ),
            assessment_note: assessment_note(look.assessment(candidate), &status),
            seen: Seen::of(look, candidate).digest(),
            changed: parts.changed,
            conflict: parts.conflict,
            resolutions: resolutions(look, &parts.log),
            is_resolved_away: look.assessment(candidate) == Some(&PickOutcome::Contained),
            trouble: Trouble::of(look.assessment(candidate), &status),
            reason: status.reason(),
            people: people(look, candidate),
            have: have(look, candidate),
            need: look.channel.policy.required_approvals.max(1),
            choice,
            is_author,
            choosing: can_resolve && can_choose,
            can_resolve,
            build: BuildView::of(look, candidate, &status),
            status: status_badge(&status),
            stages,
            lead,
            log: parts
                .log
                .iter()
                .rev()
                .map(|entry| LogLine::new(entry, look.now))
                .collect(),
        }
    }
}

impl FileView {
    fn new(file: &FileChange) -> Self {
        let (kind, from) = match &file.change {
            ChangeKind::Added => ("added", None),
            ChangeKind::Removed => ("removed", None),
            ChangeKind::Modified => ("", None),
            ChangeKind::Renamed { from } => ("renamed", Some(from.clone())),
        };
        Self {
            path: file.path.clone(),
            from,
            kind,
            additions: file.additions,
            deletions: file.deletions,
        }
    }
}

fn commits(candidate: &Candidate) -> Vec<CommitView> {
    let commits = candidate.commits.iter().map(|commit| CommitView {
        short: commit.sha.short().to_owned(),
        subject: commit.subject.clone(),
        author: commit.author.clone(),
    });
    commits.collect()
}

/// What a badge does not say about how the candidate picks alone.
fn assessment_note(assessment: Option<&PickOutcome>, status: &PickStatus) -> String {
    let is_in_chain = match status {
        PickStatus::Stale { .. }
        | PickStatus::BuildFailed { .. }
        | PickStatus::Building { .. }
        | PickStatus::Retrying { .. }
        | PickStatus::Releasing
        | PickStatus::Released { .. } => true,
        PickStatus::Superseded { .. }
        | PickStatus::InBase
        | PickStatus::Vetoed { .. }
        | PickStatus::AwaitingApproval { .. }
        | PickStatus::Conflict { .. }
        | PickStatus::Disputed { .. }
        | PickStatus::Unavailable { .. }
        | PickStatus::Assembling => false,
    };
    match assessment {
        Some(PickOutcome::Conflict { .. }) if is_in_chain => {
            "alone; it applies on top of other picks".to_owned()
        }
        other => renames(other),
    }
}
