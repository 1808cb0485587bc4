//! A candidate's page: everything that it takes to decide, on one page.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use picket_domain::{
    Action, Actor, Approval, Candidate, ChangeKind, CommitSha, Entry, FileChange, Login,
    PickOutcome, PickStatus, PrNumber, Standing, Veto,
};
use serde::Deserialize;

use super::candidate_build::BuildView;
use super::candidate_diff::DiffView;
use crate::checked::Checked;
use crate::error::PageError;
use crate::look::{Look, chosen};
use crate::shell::{Section, Shell, page};
use crate::sign_in::Viewer;
use crate::state::App;
use crate::time::{When, duration};
use crate::view::{
    AdvisoryLink, Badge, LogLine, advisories, assessment_badge, conflict_kind, status_badge,
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
    trouble: Option<Trouble>,
    status: Badge,
    reason: String,
    people: Vec<PersonView>,
    have: u32,
    need: u32,
    choice: Choice,
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

/// Why a candidate does not go on today's base.
struct Trouble {
    what: String,
    files: Vec<(String, &'static str)>,
}

/// Somebody's word on the candidate.
struct PersonView {
    login: String,
    badge: Badge,
    detail: String,
    when: Option<When>,
}

struct Stage {
    name: String,
    when: Option<When>,
}

/// What the viewer may do here.
enum Choice {
    SignIn,
    NotMember,
    Author,
    /// Nothing is left to decide: the stable channel has it.
    Settled,
    Member {
        has_approved: bool,
        has_spoken: bool,
    },
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
    let log = app.store.log_of_pr(pr).await?;
    let channels = app
        .channels
        .iter()
        .map(|it| it.name().to_string())
        .collect();
    page(&CandidatePage::new(
        &look, candidate, &viewer, channels, diff, &log,
    ))
}

pub(crate) const NOT_WATCHED: PageError = PageError::NotFound(
    "Picket does not watch this pull request. A team member can nominate it; it appears here once \
     it has been fetched.",
);

impl CandidatePage {
    fn new(
        look: &Look<'_>,
        candidate: &Candidate,
        viewer: &Viewer,
        channels: Vec<String>,
        diff: DiffView,
        log: &[Entry],
    ) -> Self {
        let status = look.status(candidate);
        let title = format!("#{} {}", candidate.pr, candidate.title);
        let here = format!(
            "/candidates/{}?channel={}",
            candidate.pr,
            look.channel.name()
        );
        let (stages, lead) = stages(look, candidate);
        Self {
            shell: Shell::new(title, Section::Queue, viewer, here).refreshing(!status.is_settled()),
            channel: look.channel.name().to_string(),
            channels,
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
            diff,
            assessment: assessment_badge(look.assessment(candidate)),
            trouble: trouble(look.assessment(candidate), &status),
            reason: status.reason(),
            people: people(look, candidate),
            have: approvals(look, candidate).len() as u32,
            need: look.channel.policy.required_approvals.max(1),
            choice: choice(look, candidate, &status, viewer),
            build: BuildView::of(look, candidate, &status),
            status: status_badge(&status),
            stages,
            lead,
            log: log
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

/// What keeps the candidate from the base: alone, or else in the chain.
fn trouble(assessment: Option<&PickOutcome>, status: &PickStatus) -> Option<Trouble> {
    let conflict = |commit: &CommitSha, conflicts: &[picket_domain::Conflict], where_to: &str| {
        let files = conflicts.iter();
        Trouble {
            what: format!("Commit {} does not apply {where_to}.", commit.short()),
            files: files
                .map(|it| (it.path.clone(), conflict_kind(it.kind)))
                .collect(),
        }
    };
    let unavailable = |reason: &str| Trouble {
        what: reason.to_owned(),
        files: Vec::new(),
    };
    match (assessment, status) {
        (
            Some(PickOutcome::Conflict {
                commit, conflicts, ..
            }),
            _,
        ) => Some(conflict(commit, conflicts, "to today's base")),
        (Some(PickOutcome::Unavailable { reason }), _) => Some(unavailable(reason)),
        (_, PickStatus::Conflict { commit, conflicts }) => {
            Some(conflict(commit, conflicts, "on top of the picks before it"))
        }
        (_, PickStatus::Unavailable { reason }) => Some(unavailable(reason)),
        _ => None,
    }
}

/// The approvals of the candidate's current head.
pub(crate) fn approvals(look: &Look<'_>, candidate: &Candidate) -> Vec<Approval> {
    match Standing::of(candidate, &look.facts.policy, &look.facts.log) {
        Standing::Pending { approvals, .. } | Standing::Approved { approvals, .. } => approvals,
        Standing::Vetoed { .. } => Vec::new(),
    }
}

/// Everybody who has a say in the candidate's standing.
fn people(look: &Look<'_>, candidate: &Candidate) -> Vec<PersonView> {
    let approved = |one: &Approval| PersonView {
        login: one.by.to_string(),
        badge: Badge::new("good", "Approved"),
        detail: format!("head {}", candidate.head.short()),
        when: Some(When::new(one.at, look.now)),
    };
    let vetoed = |veto: &Veto| PersonView {
        login: veto.by.to_string(),
        badge: Badge::new("bad", "Vetoed"),
        detail: veto.reason.clone(),
        when: Some(When::new(veto.at, look.now)),
    };
    match Standing::of(candidate, &look.facts.policy, &look.facts.log) {
        Standing::Vetoed { vetoes } => vetoes.iter().map(vetoed).collect(),
        Standing::Approved { approvals, .. } => approvals.iter().map(approved).collect(),
        Standing::Pending {
            approvals, stale, ..
        } => {
            let stale = stale.iter().map(|by| outdated(look, candidate.pr, by));
            approvals.iter().map(approved).chain(stale).collect()
        }
    }
}

/// An approval of a head that is not the current one any more, as the log has it.
fn outdated(look: &Look<'_>, pr: PrNumber, by: &Login) -> PersonView {
    let head = last_word(look, pr, by).and_then(|entry| match &entry.action {
        Action::Approve { head, .. } => Some((head, entry.at)),
        _ => None,
    });
    PersonView {
        login: by.to_string(),
        badge: Badge::new("warn", "Out of date"),
        detail: match head {
            Some((head, _)) => format!("approved the earlier head {}", head.short()),
            None => "approved an earlier head".to_owned(),
        },
        when: head.map(|(_, at)| When::new(at, look.now)),
    }
}

/// The last thing that somebody decided about a pull request of this channel.
pub(crate) fn last_word<'a>(look: &'a Look<'_>, pr: PrNumber, by: &Login) -> Option<&'a Entry> {
    look.facts.log.iter().rev().find(|entry| {
        let is_theirs = matches!(&entry.actor, Actor::Person(person) if person == by);
        is_theirs && entry.action.pick() == Some((look.channel.name(), pr))
    })
}

/// Whether somebody has an approval or a veto to take back.
pub(crate) fn has_spoken(look: &Look<'_>, pr: PrNumber, by: &Login) -> bool {
    last_word(look, pr, by)
        .is_some_and(|entry| matches!(entry.action, Action::Approve { .. } | Action::Veto { .. }))
}

fn choice(look: &Look<'_>, candidate: &Candidate, status: &PickStatus, viewer: &Viewer) -> Choice {
    if matches!(status, PickStatus::InBase | PickStatus::Superseded { .. }) {
        return Choice::Settled;
    }
    let Some(person) = &viewer.person else {
        return Choice::SignIn;
    };
    if !person.is_member {
        Choice::NotMember
    } else if person.login == candidate.author {
        Choice::Author
    } else {
        let approvals = approvals(look, candidate);
        Choice::Member {
            has_approved: approvals.iter().any(|one| one.by == person.login),
            has_spoken: has_spoken(look, candidate.pr, &person.login),
        }
    }
}

/// The stages of the candidate's way, and how much earlier this channel had it.
fn stages(look: &Look<'_>, candidate: &Candidate) -> (Vec<Stage>, Option<String>) {
    let times = look.stage_times(candidate);
    let stages = [
        ("Opened upstream".to_owned(), Some(times.opened_at)),
        ("Merged upstream".to_owned(), times.merged_at),
        ("Approved by the team".to_owned(), times.approved_at),
        (
            format!("Released in {}", look.channel.name()),
            times.released_at,
        ),
        (
            format!("In {}", look.channel.base_label),
            times.superseded_at,
        ),
    ];
    let lead = times.released_at.zip(times.superseded_at);
    let lead = lead.map(|(released, superseded)| duration(superseded.seconds_since(released)));
    let stage = |(name, at): (String, Option<picket_domain::Timestamp>)| Stage {
        name,
        when: at.map(|at| When::new(at, look.now)),
    };
    (stages.into_iter().map(stage).collect(), lead)
}
