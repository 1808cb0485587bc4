//! The review queue.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use picket_domain::{Candidate, Login, PickStatus};
use serde::Deserialize;

use crate::checked::Checked;
use crate::error::PageError;
use crate::look::{Look, chosen};
use crate::seen::have;
use crate::shell::{Section, Shell, page};
use crate::sign_in::Viewer;
use crate::state::App;
use crate::time::When;
use crate::view::{AdvisoryLink, Badge, advisories, assessment_badge, files, status_badge};

#[derive(Deserialize)]
pub(crate) struct Filter {
    channel: Option<String>,
    q: Option<String>,
}

#[derive(Template)]
#[template(path = "queue.html")]
struct QueuePage {
    shell: Shell,
    channel: String,
    title: String,
    base_label: String,
    channels: Vec<String>,
    filter: String,
    groups: Vec<Group>,
    known: usize,
    shown: usize,
}

struct Group {
    heading: &'static str,
    note: &'static str,
    rows: Vec<Row>,
}

pub(super) struct Row {
    pub(super) pr: u64,
    pub(super) title: String,
    pub(super) author: String,
    pub(super) branch: String,
    pub(super) advisories: Vec<AdvisoryLink>,
    pub(super) files: String,
    pub(super) opened: When,
    pub(super) assessment: Badge,
    pub(super) approvals: Tally,
    pub(super) status: Badge,
    pub(super) reason: String,
}

/// Approvals of what is to be released, and how many are needed.
pub(super) struct Tally {
    pub(super) have: u32,
    pub(super) need: u32,
}

impl Tally {
    fn new(look: &Look<'_>, candidate: &Candidate) -> Self {
        let need = look.channel.policy.required_approvals.max(1);
        let have = have(look, candidate);
        Self { have, need }
    }

    /// One mark for each approval that is needed: given or not.
    pub(super) fn marks(&self) -> Vec<bool> {
        (0..self.need.min(10)).map(|n| n < self.have).collect()
    }
}

/// `GET /queue`
pub(crate) async fn queue(
    State(app): State<App>,
    viewer: Viewer,
    Checked(Query(filter)): Checked<Query<Filter>>,
) -> Result<Response, PageError> {
    let channel = chosen(&app, filter.channel.as_deref())?;
    let look = Look::at(&app, channel).await?;
    let text = filter.q.unwrap_or_default().trim().to_owned();
    let all: Vec<_> = look.candidates().collect();
    let (known, under_way) = (
        all.len(),
        all.iter().any(|(_, status)| !status.is_settled()),
    );
    let wanted = all
        .into_iter()
        .filter(|(candidate, _)| matches(candidate, &text));
    let groups = grouped(&look, viewer.member(), wanted);
    let here = format!("/queue?channel={}", channel.name());
    page(&QueuePage {
        shell: Shell::new("Review queue", Section::Queue, &viewer, here).refreshing(under_way),
        channel: channel.name().to_string(),
        title: channel.title.clone(),
        base_label: channel.base_label.clone(),
        channels: app
            .channels
            .iter()
            .map(|it| it.name().to_string())
            .collect(),
        filter: text,
        shown: groups.iter().map(|group| group.rows.len()).sum(),
        groups,
        known,
    })
}

/// Whether a candidate's title, number, author or advisories hold the text, without regard to case.
fn matches(candidate: &Candidate, text: &str) -> bool {
    let text = text.to_lowercase();
    let text = text.trim_start_matches('#');
    candidate.title.to_lowercase().contains(text)
        || candidate.pr.to_string().contains(text)
        || candidate.author.as_str().contains(text)
        || candidate
            .advisories
            .iter()
            .any(|advisory| advisory.as_str().to_lowercase().contains(text))
}

/// The headings of the queue, in their order on the page.
const HEADINGS: [(&str, &str); 6] = [
    (
        "Needs your decision",
        "you have not approved the current head",
    ),
    ("Waiting for others", "more approvals are needed"),
    (
        "Approved and under way",
        "on its way to the channel without anybody's doing",
    ),
    (
        "Set aside",
        "needs a person, or a change upstream; holds nothing else up",
    ),
    ("Released", "in the channel's current release"),
    ("In the stable channel", "nothing to do any more"),
];

fn group_of(status: &PickStatus, candidate: &Candidate, member: Option<&Login>) -> usize {
    match status {
        PickStatus::AwaitingApproval { approvals, .. } => {
            let may_decide = member.is_some_and(|member| {
                *member != candidate.author && approvals.iter().all(|one| one.by != *member)
            });
            usize::from(!may_decide)
        }
        PickStatus::Assembling
        | PickStatus::Building { .. }
        | PickStatus::Retrying { .. }
        | PickStatus::Releasing => 2,
        PickStatus::Vetoed { .. }
        | PickStatus::Conflict { .. }
        | PickStatus::Disputed { .. }
        | PickStatus::Stale { .. }
        | PickStatus::Unavailable { .. }
        | PickStatus::BuildFailed { .. } => 3,
        PickStatus::Released { .. } => 4,
        PickStatus::InBase | PickStatus::Superseded { .. } => 5,
    }
}

fn grouped<'a>(
    look: &Look<'_>,
    member: Option<&Login>,
    candidates: impl Iterator<Item = (&'a Candidate, PickStatus)>,
) -> Vec<Group> {
    let mut groups = HEADINGS.map(|(heading, note)| (heading, note, Vec::new()));
    for (candidate, status) in candidates {
        groups[group_of(&status, candidate, member)]
            .2
            .push((candidate, status));
    }
    if member.is_none() {
        groups[1].0 = "Waiting for approval";
    }
    let filled = groups.into_iter().filter(|(.., rows)| !rows.is_empty());
    filled
        .map(|(heading, note, mut rows)| {
            rows.sort_by_key(|(candidate, _)| (candidate.opened_at, candidate.pr));
            let rows = rows
                .iter()
                .map(|(candidate, status)| Row::new(look, candidate, status));
            Group {
                heading,
                note,
                rows: rows.collect(),
            }
        })
        .collect()
}

impl Row {
    fn new(look: &Look<'_>, candidate: &Candidate, status: &PickStatus) -> Self {
        Self {
            pr: candidate.pr.0,
            title: candidate.title.clone(),
            author: candidate.author.to_string(),
            branch: candidate.base_branch.to_string(),
            advisories: advisories(&candidate.advisories),
            files: files(candidate.files.len()),
            opened: When::new(candidate.opened_at, look.now),
            assessment: assessment_badge(
                look.assessment(candidate),
                &look.facts.resolved(candidate.pr),
            ),
            approvals: Tally::new(look, candidate),
            status: status_badge(status),
            reason: status.reason(),
        }
    }
}
