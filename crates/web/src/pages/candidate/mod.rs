//! A candidate's page: everything that it takes to decide, on one page.

mod advisories;
mod build;
mod changed;
mod choice;
pub(crate) mod diff;
mod form;
mod impact;
mod jobs;
mod lost;
mod odd;
mod out;
mod package_tests;
mod pairs;
mod parts;
pub(crate) mod patch;
mod people;
mod ports;
mod since;
mod stages;
mod sweep;
mod trouble;
mod upstream;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use picket_domain::{Candidate, Entry, PickOutcome, PickStatus, PrNumber, may_decide};
use picket_recognise::{Subject, in_scope, recognise};
use serde::Deserialize;

use self::advisories::{AdvisoriesView, exploited};
use self::build::BuildView;
use self::changed::ChangedView;
use self::choice::{Choice, Dismissing};
use self::diff::DiffView;
use self::form::FormView;
use self::impact::{ImpactView, ListLook};
use self::jobs::JobsView;
use self::lost::LostView;
use self::odd::OddView;
use self::out::OutView;
use self::parts::{CommitView, FileView, commits};
use self::people::{PersonView, more_approvals, people};
use self::ports::PortsView;
use self::since::SinceView;
use self::stages::{Stage, TargetView, stages};
use self::trouble::Trouble;
use self::upstream::UpstreamView;
use super::notice::Notice;
use crate::conflict::{ConflictPart, ResolvedPart};
use crate::error::{PageError, page};
use crate::extract::Checked;
use crate::layout::{Section, Shell};
use crate::log_line::LogLine;
use crate::look::{Look, chosen};
use crate::odd::filters;
use crate::session::Viewer;
use crate::state::App;
use crate::time::When;
use crate::versions::{VersionView, versions};
use crate::view::{
    AdvisoryLink, Badge, advisories, assessment_badge, renames, status_badge, upstream_badge,
    web_address,
};

#[derive(Deserialize)]
pub(crate) struct In {
    channel: Option<String>,
}

#[derive(Template)]
#[template(path = "candidate.html")]
struct CandidatePage {
    shell: Shell,
    notice: Notice,
    /// What does not read as it is.
    odd: OddView,
    /// An earlier head of it that servers have.
    out: Option<OutView>,
    /// Where servers have it, and would lose it on the newest base.
    lost: Option<LostView>,
    channel: String,
    channels: Vec<String>,
    base_label: String,
    pr: PrNumber,
    /// Whether it is a patch of the team's own.
    is_own: bool,
    /// Where who handed it in puts another in its place.
    replace: Option<String>,
    title: String,
    versions: Vec<VersionView>,
    author: String,
    url: Option<String>,
    advisories: Vec<AdvisoryLink>,
    /// What is known of them elsewhere.
    evidence: AdvisoriesView,
    /// What is known of those that are exploited, a sentence each.
    exploited: Vec<String>,
    head: String,
    head_short: String,
    branch: String,
    upstream: Badge,
    /// What upstream makes of it.
    upstream_view: UpstreamView,
    labels: Vec<String>,
    ports: PortsView,
    opened: When,
    updated: When,
    body: String,
    /// Why it may be a security fix, or may not be one.
    reasons: Vec<String>,
    commits: Vec<CommitView>,
    /// Whether commits and files are known.
    is_read: bool,
    all_commits: usize,
    all_files: usize,
    files: Vec<FileView>,
    diff: DiffView,
    assessment: Badge,
    /// What else there is to say about that.
    assessment_note: String,
    /// Names what the page shows that the pick changes.
    seen: String,
    changed: Option<ChangedView>,
    /// What a push changed of what was approved.
    since: Option<SinceView>,
    /// What can be done about a conflict, where it can be looked at.
    conflict: Option<ConflictPart>,
    trouble: Option<Trouble>,
    resolved: Option<ResolvedPart>,
    /// In which form the channel is to carry it.
    form: FormView,
    status: Badge,
    reason: String,
    people: Vec<PersonView>,
    have: u32,
    need: u32,
    /// Why more people must approve than usual.
    more_approvals: Option<String>,
    /// Whether the viewer may say in which form the channel carries it.
    may_choose_form: bool,
    choice: Choice,
    impact: Option<ImpactView>,
    jobs: Option<JobsView>,
    build: Option<BuildView>,
    stages: Vec<Stage>,
    lead: Option<String>,
    target: Option<TargetView>,
    log: Vec<LogLine>,
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
    let candidate = look.watched(pr)?;
    let diff = DiffView::of(&app.mirror, candidate.clone()).await;
    let changed = ChangedView::of(&app, &look, candidate).await?;
    let since = SinceView::of(&app, &look, candidate, &viewer).await?;
    let conflict = ConflictPart::of(&app, &look, candidate, &viewer).await?;
    let impact = ImpactView::of(&app, &look, candidate).await?;
    let jobs = JobsView::of(&app, &look, candidate).await;
    let build = BuildView::of(&app, &look, candidate).await?;
    let form = FormView::of(&app, &look, candidate).await?;
    let body = app.store.candidate_body(pr).await?.unwrap_or_default();
    let log = app.store.log_of_pr(pr).await?;
    let upstream = UpstreamView::of(&app, &look, candidate, &viewer).await?;
    let channels = app.channels.iter().map(|it| it.name().to_string());
    let parts = Parts {
        notice: Notice::of_pull_request(&look, &app.board(), &viewer, pr),
        upstream,
        channels: channels.collect(),
        evidence: AdvisoriesView::of(&app, &look, candidate),
        diff,
        changed,
        since,
        conflict,
        impact,
        jobs,
        build,
        form,
        body,
        log,
    };
    page(&CandidatePage::new(&look, candidate, &viewer, parts))
}

/// What the page shows that takes waiting for.
struct Parts {
    notice: Notice,
    upstream: UpstreamView,
    channels: Vec<String>,
    evidence: AdvisoriesView,
    diff: DiffView,
    changed: Option<ChangedView>,
    since: Option<SinceView>,
    conflict: Option<ConflictPart>,
    impact: Option<ImpactView>,
    jobs: Option<JobsView>,
    build: Option<BuildView>,
    form: FormView,
    body: String,
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
        let is_looking = parts
            .conflict
            .as_ref()
            .is_some_and(ConflictPart::is_looking);
        let choice = Choice::of(look, candidate, &status, viewer);
        let may_choose = viewer
            .member()
            .map(|it| may_decide(&look.facts, candidate, it));
        Self {
            shell: Shell::new(title, Section::Queue, viewer, here)
                .refreshing(!status.is_settled() || is_looking),
            notice: parts.notice,
            odd: OddView::of(candidate, &parts.body, &parts.diff, parts.changed.as_ref()),
            out: OutView::of(look, candidate),
            lost: LostView::of(look, candidate),
            channel: look.channel.name().to_string(),
            channels: parts.channels,
            base_label: look.channel.base_label.clone(),
            pr: candidate.pr,
            is_own: candidate.pr.is_own(),
            replace: replace(look, candidate, viewer),
            title: candidate.title.clone(),
            versions: versions(look, candidate),
            author: candidate.author.to_string(),
            url: web_address(candidate).map(str::to_owned),
            advisories: advisories(&candidate.advisories()),
            exploited: look
                .exploited(candidate)
                .into_iter()
                .map(|it| exploited(it, look.now))
                .collect(),
            evidence: parts.evidence,
            head: candidate.head.to_string(),
            head_short: candidate.head.short().to_owned(),
            branch: candidate.base_branch.to_string(),
            upstream: upstream_badge(candidate),
            upstream_view: parts.upstream,
            labels: candidate.labels.clone(),
            ports: PortsView::of(look, candidate),
            opened: When::new(candidate.opened_at, look.now),
            updated: When::new(candidate.updated_at, look.now),
            reasons: reasons(look, candidate, &parts.body),
            body: parts.body,
            commits: commits(candidate),
            is_read: candidate.details.is_some(),
            all_commits: candidate.details.as_ref().map_or(0, |it| it.all_commits),
            all_files: candidate.details.as_ref().map_or(0, |it| it.all_files),
            files: candidate.files().iter().map(FileView::new).collect(),
            diff: parts.diff,
            assessment: assessment_badge(
                look.assessment(candidate),
                (look.facts.resolved(candidate.pr), look.form(candidate)),
            ),
            assessment_note: assessment_note(look.assessment(candidate), &status),
            seen: look.seen(candidate).digest(),
            changed: parts.changed,
            since: parts.since,
            conflict: parts.conflict,
            resolved: ResolvedPart::of(look, candidate, viewer, &parts.log),
            trouble: Trouble::of(look.assessment(candidate), &status),
            reason: status.reason(),
            people: people(look, candidate, viewer),
            have: look.have(candidate),
            need: look.need(candidate),
            more_approvals: more_approvals(look, candidate),
            may_choose_form: may_choose == Some(Ok(())),
            choice,
            impact: parts.impact,
            jobs: parts.jobs,
            build: parts.build,
            form: parts.form,
            status: status_badge(&status),
            stages,
            lead,
            target: TargetView::of(look, candidate, &status),
            log: parts
                .log
                .iter()
                .rev()
                .map(|entry| LogLine::new(entry, look.now))
                .collect(),
        }
    }
}

/// The description is kept apart from the rest.
fn reasons(look: &Look<'_>, candidate: &Candidate, body: &str) -> Vec<String> {
    let subject = Subject {
        body,
        ..Subject::from(candidate)
    };
    let found = recognise(&subject).reasons;
    let in_scope = in_scope(&subject, &look.channel.scope)
        .map(|package| format!("it is about {package}, which this channel watches"));
    let found = found.iter().map(ToString::to_string);
    let advised = look.advised(candidate).into_iter();
    let advised = advised.map(|it| it.to_string());
    in_scope.into_iter().chain(advised).chain(found).collect()
}

/// Where who handed an own patch in puts another in its place.
fn replace(look: &Look<'_>, candidate: &Candidate, viewer: &Viewer) -> Option<String> {
    let is_theirs = candidate.pr.is_own() && viewer.member() == Some(&candidate.author);
    let (channel, pr) = (look.channel.name(), candidate.pr);
    is_theirs.then(|| format!("/own-patches?channel={channel}&replaces={pr}"))
}

/// What a badge does not say about how the candidate picks alone.
fn assessment_note(assessment: Option<&PickOutcome>, status: &PickStatus) -> String {
    let is_in_chain = match status {
        PickStatus::Stale { .. }
        | PickStatus::BuildFailed { .. }
        | PickStatus::GivenUp { .. }
        | PickStatus::BuildCancelled { .. }
        | PickStatus::NoMachine { .. }
        | PickStatus::InOtherPick
        | PickStatus::ResolvedAway
        | PickStatus::Building { .. }
        | PickStatus::Retrying { .. }
        | PickStatus::Releasing
        | PickStatus::Released { .. } => true,
        PickStatus::Superseded { .. }
        | PickStatus::InBase
        | PickStatus::Dismissed { .. }
        | PickStatus::PutOff { .. }
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
