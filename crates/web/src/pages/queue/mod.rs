//! The review queue.

mod groups;
mod port;
mod portion;

use std::ops::Range;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use picket_domain::{Candidate, Lane, PickStatus, PrNumber, StatusGroup};
use picket_recognise::{Subject, in_scope};
use serde::Deserialize;
use url::form_urlencoded;

use self::groups::{Gathered, grouped};
use self::port::port_words;
use self::portion::{Portion, ROWS, shares};
use super::notice::Notice;
use crate::aim::Aim;
use crate::error::{PageError, page};
use crate::extract::Checked;
use crate::layout::{Section, Shell};
use crate::look::{Look, chosen};
use crate::reception::brief;
use crate::risks::RiskTable;
use crate::session::Viewer;
use crate::state::{App, AppState};
use crate::time::When;
use crate::view::{
    AdvisoryLink, Badge, advisories, assessment_badge, changed_files, impact_badge, rating_badge,
    status_badge, upstream_words,
};

#[derive(Deserialize)]
pub(crate) struct Filter {
    channel: Option<String>,
    q: Option<String>,
    /// The name of the one group that is to be shown.
    group: Option<String>,
    /// Which page of it.
    page: Option<usize>,
}

#[derive(Template)]
#[template(path = "queue.html")]
struct QueuePage {
    shell: Shell,
    notice: Notice,
    channel: String,
    title: String,
    base_label: String,
    channels: Vec<String>,
    filter: String,
    /// What the search field has in it.
    asked: &'static str,
    /// When GitHub was last asked for all that is new.
    checked: Option<When>,
    groups: Vec<Group>,
    is_member: bool,
    /// Whether the viewer can tick anything.
    has_ticks: bool,
    known: usize,
    /// What is not known, and why, for members: the texts have paths of the server's.
    unknown: Vec<(&'static str, String)>,
}

struct Group {
    heading: &'static str,
    note: &'static str,
    /// Whether what is in it waits for approval.
    is_open: bool,
    /// How many there are, shown or not.
    total: usize,
    rows: Vec<Row>,
    /// Where the others are: the text of each link, and its address.
    links: Vec<(String, String)>,
}

pub(super) struct Row {
    pub(super) pr: PrNumber,
    pub(super) head: String,
    pub(super) title: String,
    pub(super) author: String,
    pub(super) branch: String,
    /// Where it stands upstream; empty where it is open and waits there too.
    pub(super) upstream: &'static str,
    /// What else is the same fix; empty where nothing is.
    pub(super) port: String,
    /// What upstream makes of its head; empty where there is nothing to say.
    pub(super) reception: String,
    pub(super) advisories: Vec<AdvisoryLink>,
    /// Whether one of them is known to be exploited.
    pub(super) is_exploited: bool,
    /// How bad the worst of them is, where that is known.
    pub(super) severity: Option<Badge>,
    /// How it stands to the team's target, while it is not out.
    pub(super) clock: Option<Badge>,
    /// Whether servers have an earlier head of it.
    pub(super) is_earlier_out: bool,
    /// The package of the channel's scope that it is about.
    pub(super) in_scope: Option<String>,
    pub(super) files: String,
    pub(super) opened: When,
    pub(super) assessment: Badge,
    /// What it changes, where that is known.
    pub(super) impact: Option<Badge>,
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
        let need = look.need(candidate);
        let have = look.have(candidate);
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
    let text = filter.q.as_deref().unwrap_or_default().trim().to_owned();
    let wish = Wish {
        channel: channel.name().to_string(),
        text: text.clone(),
        group: filter.group,
        page: filter.page,
    };
    let all: Vec<_> = look.candidates().collect();
    let (known, under_way) = (
        all.len(),
        all.iter()
            .any(|(_, status)| status.group() == StatusGroup::UnderWay),
    );
    let wanted = all
        .into_iter()
        .filter(|(candidate, _)| matches(candidate, &text));
    let risks = app.risks.table(&look.facts, &look.known);
    let groups = grouped(&look.facts, viewer.member(), &risks, wanted);
    let groups = shown(
        &Shown {
            look: &look,
            risks: &risks,
        },
        groups,
        &wish,
    );
    let here = format!("/queue?channel={}", channel.name());
    page(&QueuePage {
        shell: Shell::new("Review queue", Section::Queue, &viewer, here).refreshing(under_way),
        notice: Notice::of_channel(&look, &app.board(), &viewer),
        channel: channel.name().to_string(),
        title: channel.title.clone(),
        base_label: channel.base_label.clone(),
        channels: app
            .channels
            .iter()
            .map(|it| it.name().to_string())
            .collect(),
        filter: text,
        asked: "",
        checked: app
            .board()
            .checked(Lane::Watch, None)
            .map(|at| When::new(at, look.now)),
        is_member: viewer.member().is_some(),
        has_ticks: viewer.member().is_some() && groups.iter().any(|it| it.is_open),
        groups,
        known,
        unknown: unknown(&app, &viewer),
    })
}

/// What cannot be read of what is known elsewhere.
fn unknown(app: &AppState, viewer: &Viewer) -> Vec<(&'static str, String)> {
    let standings = app.evidence.standings().into_iter();
    let failing = standings.filter_map(|it| Some((it.kind.subject(), it.problem?)));
    failing.filter(|_| viewer.member().is_some()).collect()
}

/// Whether a candidate's title, number, author or advisories hold the text, without regard to case.
fn matches(candidate: &Candidate, text: &str) -> bool {
    let text = text.to_lowercase();
    let text = text.trim_start_matches('#');
    text.is_empty()
        || candidate.title.to_lowercase().contains(text)
        || candidate.pr.to_string().contains(text)
        || candidate.author.as_str().contains(text)
        || candidate
            .advisories()
            .iter()
            .any(|advisory| advisory.as_str().to_lowercase().contains(text))
}

/// What is asked to be shown.
struct Wish {
    channel: String,
    text: String,
    group: Option<String>,
    page: Option<usize>,
}

impl Wish {
    /// The address of a page of a group, with the same filter.
    fn page_of(&self, group: &str, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("channel", &self.channel);
        if !self.text.is_empty() {
            query.append_pair("q", &self.text);
        }
        query.append_pair("group", group);
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        format!("/queue?{}", query.finish())
    }
}

/// What rows are made of.
struct Shown<'a> {
    look: &'a Look<'a>,
    risks: &'a RiskTable,
}

/// As much of the groups as fits on a page: the beginning of each, or one page of the one that is
/// asked for.
fn shown(shown: &Shown<'_>, mut groups: Vec<Gathered<'_>>, wish: &Wish) -> Vec<Group> {
    if let Some(name) = &wish.group {
        groups.retain(|group| group.name == name);
        return groups
            .iter()
            .map(|it| page_of_one(shown, it, wish))
            .collect();
    }
    let lengths: Vec<_> = groups.iter().map(|group| group.all.len()).collect();
    let beginnings = groups.iter().zip(shares(&lengths));
    let beginning = |(group, share): (&Gathered<'_>, usize)| {
        let total = group.all.len();
        let all = (share < total).then(|| (format!("All {total}"), wish.page_of(group.name, 1)));
        Group::new(shown, group, 0..share, all.into_iter().collect())
    };
    beginnings.map(beginning).collect()
}

fn page_of_one(shown: &Shown<'_>, group: &Gathered<'_>, wish: &Wish) -> Group {
    let total = group.all.len();
    let portion = Portion::new(total, wish.page);
    let link = |text: &str, page| (text.to_owned(), wish.page_of(group.name, page));
    let before = (portion.page > 1).then(|| link("Page before", portion.page - 1));
    let next = (portion.page < portion.pages).then(|| link("Next page", portion.page + 1));
    let rows = portion.begin()..total.min(portion.begin() + ROWS);
    Group::new(shown, group, rows, before.into_iter().chain(next).collect())
}

impl Group {
    fn new(
        shown: &Shown<'_>,
        group: &Gathered<'_>,
        rows: Range<usize>,
        links: Vec<(String, String)>,
    ) -> Self {
        let rows = group.all[rows].iter();
        Self {
            heading: group.heading,
            note: group.note,
            is_open: group.is_open(),
            total: group.all.len(),
            rows: rows
                .map(|(it, status)| Row::new(shown, it, status))
                .collect(),
            links,
        }
    }
}

impl Row {
    fn new(shown: &Shown<'_>, candidate: &Candidate, status: &PickStatus) -> Self {
        let (look, risk) = (shown.look, shown.risks.of(candidate));
        Self {
            pr: candidate.pr,
            head: candidate.head.to_string(),
            title: candidate.title.clone(),
            author: candidate.author.to_string(),
            branch: candidate.base_branch.to_string(),
            upstream: upstream_words(candidate),
            port: port_words(look, candidate),
            reception: brief(look, candidate),
            advisories: advisories(&candidate.advisories()),
            is_exploited: risk.is_exploited(),
            severity: risk.rating().map(rating_badge),
            clock: Aim::of(look, candidate, status, risk).and_then(|it| it.brief()),
            is_earlier_out: look.facts.earlier_head_out(candidate).is_some(),
            in_scope: in_scope(&Subject::from(candidate), &look.channel.scope),
            files: changed_files(candidate.details.as_ref()),
            opened: When::new(candidate.opened_at, look.now),
            assessment: assessment_badge(
                look.assessment(candidate),
                (look.facts.resolved(candidate.pr), look.form(candidate)),
            ),
            impact: look
                .facts
                .impact(candidate)
                .map(|it| impact_badge(it, look.channel.rebuild_limit)),
            approvals: Tally::new(look, candidate),
            status: status_badge(status),
            reason: status.reason(),
        }
    }
}
