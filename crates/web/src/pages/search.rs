//! Search: is it fixed?

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query as UrlQuery, State};
use axum::response::Response;
use picket_domain::PrNumber;
use picket_evidence::{Record, SourceKind};
use picket_statements::{About, Statement, Statements};
use serde::Deserialize;

use crate::error::{PageError, page};
use crate::extract::Checked;
use crate::layout::{Section, Shell};
use crate::look::Look;
use crate::search::{Found, MAX_QUERY, PackageFound, Query, state_badge, state_words};
use crate::session::Viewer;
use crate::state::{App, AppState};
use crate::time::When;
use crate::view::{AdvisoryLink, Badge, rating_badge, status_badge, upstream_words};

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    pub(crate) q: String,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    shell: Shell,
    asked: String,
    query: Query,
    most: usize,
    /// What is known of a vulnerability that is asked about.
    advisory: Option<AdvisoryView>,
    channels: Vec<ChannelView>,
    /// Whether any source of advisories is read.
    has_sources: bool,
}

struct AdvisoryView {
    link: AdvisoryLink,
    also: Vec<AdvisoryLink>,
    severity: Option<Badge>,
    is_exploited: bool,
    summary: String,
    is_unknown: bool,
}

/// What a channel knows.
struct ChannelView {
    name: String,
    title: String,
    base_label: String,
    /// The base, in short.
    base: Option<String>,
    release: Option<String>,
    is_empty: bool,
    packages: Vec<PackageView>,
    changes: Vec<StatementView>,
    candidates: Vec<CandidateView>,
    more_candidates: usize,
    similar: Vec<String>,
    unwatched: Vec<String>,
}

struct PackageView {
    name: String,
    in_base: Option<String>,
    here: Option<String>,
    statements: Vec<StatementView>,
    more_statements: usize,
    unnamed: Vec<UnnamedView>,
    more_unnamed: usize,
}

/// A vulnerability, and how things stand with it.
struct StatementView {
    advisory: AdvisoryLink,
    badge: Badge,
    words: String,
    pr: PrNumber,
    since: When,
}

struct UnnamedView {
    id: String,
    url: Option<String>,
    summary: String,
}

struct CandidateView {
    pr: PrNumber,
    title: String,
    upstream: &'static str,
    badge: Badge,
    reason: String,
    opened: When,
}

/// `GET /search`
pub(crate) async fn search(
    State(app): State<App>,
    viewer: Viewer,
    Checked(UrlQuery(asked)): Checked<UrlQuery<Asked>>,
) -> Result<Response, PageError> {
    let query = Query::parse(&asked.q);
    let mut channels = Vec::new();
    let mut advisory = None;
    for (look, statements) in looks(&app).await? {
        if let Query::Advisory(id) = &query {
            advisory.get_or_insert_with(|| AdvisoryView::new(&look, id));
        }
        let found = Found::of(&look, &statements, &query);
        channels.push(ChannelView::new(&look, &found));
    }
    let standings = app.evidence.standings();
    page(&SearchPage {
        shell: Shell::new("Search", Section::Search, &viewer, "/search"),
        asked: match query {
            Query::TooLong => String::new(),
            _ => asked.q.trim().to_owned(),
        },
        has_sources: standings.iter().any(|it| it.kind == SourceKind::Osv),
        most: MAX_QUERY,
        query,
        advisory,
        channels,
    })
}

/// Every channel, and what is stated of it.
pub(crate) async fn looks(app: &AppState) -> Result<Vec<(Look<'_>, Arc<Statements>)>, PageError> {
    let mut looks = Vec::new();
    for channel in &app.channels {
        let look = Look::at(app, channel).await?;
        let statements = Arc::clone(app.feeds.of(&look.facts).statements());
        looks.push((look, statements));
    }
    Ok(looks)
}

impl SearchPage {
    /// Whether something is asked, and no channel knows anything of it.
    fn is_unknown(&self) -> bool {
        let is_asked = !matches!(self.query, Query::Empty | Query::TooLong);
        is_asked && self.channels.iter().all(|it| it.is_empty)
    }

    fn is_too_long(&self) -> bool {
        self.query == Query::TooLong
    }

    fn is_nothing(&self) -> bool {
        self.query == Query::Empty
    }
}

impl AdvisoryView {
    fn new(look: &Look<'_>, advisory: &picket_domain::Advisory) -> Self {
        let facts = look.known.of(advisory);
        let severity = facts.severity();
        Self {
            link: AdvisoryLink::new(advisory),
            also: facts.also.iter().map(AdvisoryLink::new).collect(),
            severity: severity.map(|it| rating_badge(it.rating())),
            is_exploited: facts.exploited.is_some(),
            summary: facts.summary().unwrap_or_default().to_owned(),
            is_unknown: facts.is_unknown(),
        }
    }
}

impl ChannelView {
    fn new(look: &Look<'_>, found: &Found<'_>) -> Self {
        let statement = |it: &&Statement| StatementView::new(look, it);
        let release = look.facts.current_release();
        Self {
            name: look.channel.name().to_string(),
            title: look.channel.title.clone(),
            base_label: look.channel.base_label.clone(),
            base: look.facts.base().map(|it| it.rev.short().to_owned()),
            release: release.map(|it| it.name.to_string()),
            is_empty: found.is_empty(),
            packages: found
                .packages
                .iter()
                .map(|it| PackageView::new(look, it))
                .collect(),
            changes: found.changes.iter().map(statement).collect(),
            candidates: found
                .candidates
                .iter()
                .map(|(candidate, status)| CandidateView {
                    pr: candidate.pr,
                    title: candidate.title.clone(),
                    upstream: upstream_words(candidate),
                    badge: status_badge(status),
                    reason: status.reason(),
                    opened: When::new(candidate.opened_at, look.now),
                })
                .collect(),
            more_candidates: found.more_candidates,
            similar: found.similar.clone(),
            unwatched: found.unwatched.clone(),
        }
    }
}

impl PackageView {
    fn new(look: &Look<'_>, found: &PackageFound<'_>) -> Self {
        let statements = found.statements.iter();
        Self {
            name: found.package.to_string(),
            in_base: found.in_base.map(str::to_owned),
            here: found.here.map(str::to_owned),
            statements: statements.map(|it| StatementView::new(look, it)).collect(),
            more_statements: found.more_statements,
            unnamed: found
                .unnamed
                .iter()
                .map(|it| UnnamedView::new(it))
                .collect(),
            more_unnamed: found.more_unnamed,
        }
    }
}

impl StatementView {
    fn new(look: &Look<'_>, statement: &Statement) -> Self {
        let event = statement.last();
        let since = statement.fixed_since().unwrap_or(event.at);
        let words = state_words(&look.facts, &look.channel.base_label, &event.what);
        let change = match &statement.about {
            About::Package(_) => "",
            About::Change(_) => " Which packages it changes is not known.",
        };
        Self {
            advisory: AdvisoryLink::new(&statement.advisory),
            badge: state_badge(&event.what),
            words: format!("{words}{change}"),
            pr: event.what.pr(),
            since: When::new(since, look.now),
        }
    }
}

impl UnnamedView {
    fn new(record: &Record) -> Self {
        Self {
            id: record.id().to_owned(),
            url: record.own().map(picket_domain::Advisory::url),
            summary: record.summary().to_owned(),
        }
    }
}
