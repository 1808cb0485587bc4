//! `/api/v1/search`

use axum::Json;
use axum::extract::{Query as UrlQuery, State};
use picket_domain::PrNumber;
use picket_statements::{Event, FixedBy, Statement, What};
use serde::Serialize;

use crate::error::{ApiError, PageError};
use crate::extract::Checked;
use crate::look::Look;
use crate::pages::search::{Asked, looks};
use crate::search::{Found, MAX_QUERY, PackageFound, Query};
use crate::state::App;

#[derive(Serialize)]
pub(crate) struct Answer {
    query: String,
    /// What every channel knows, those among them that know nothing.
    channels: Vec<ChannelJson>,
}

#[derive(Serialize)]
struct ChannelJson {
    name: String,
    base_label: String,
    /// The name of the current release; null before the first.
    release: Option<String>,
    packages: Vec<PackageJson>,
    /// Vulnerabilities that pull requests name of which it is not known what they change.
    of_unknown_packages: Vec<StatementJson>,
    /// The last opened of those about it.
    pull_requests: Vec<PullRequestJson>,
    /// How many more of them there are.
    more_pull_requests: usize,
    /// Attributes that nixpkgs' tracker says a vulnerability is about, and no pull request here is.
    unwatched: Vec<String>,
    /// Other packages with that in their names.
    similar: Vec<String>,
}

#[derive(Serialize)]
struct PackageJson {
    attribute: String,
    /// In the stable channel; null where that is not known.
    version_in_base: Option<String>,
    /// In the current release; null where that is not known.
    version: Option<String>,
    vulnerabilities: Vec<StatementJson>,
    more_vulnerabilities: usize,
    /// Advisories that no pull request here names: their ids.
    unnamed: Vec<String>,
}

#[derive(Serialize)]
struct StatementJson {
    advisory: String,
    /// `detected`, `affected`, `not_affected`, `mitigated`, `fixed` or `withdrawn`.
    state: &'static str,
    since: String,
    /// What came one after the other; the last is the state.
    events: Vec<EventJson>,
}

#[derive(Serialize)]
struct EventJson {
    at: String,
    event: &'static str,
    pull_request: PrNumber,
    /// The first release of which it is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

#[derive(Serialize)]
struct PullRequestJson {
    number: PrNumber,
    title: String,
    state: &'static str,
    reason: String,
}

/// `GET /api/v1/search?q=..`
pub(crate) async fn search(
    State(app): State<App>,
    Checked(UrlQuery(asked)): Checked<UrlQuery<Asked>>,
) -> Result<Json<Answer>, ApiError> {
    let query = Query::parse(&asked.q);
    match query {
        Query::Empty | Query::TooLong => {
            let wrong = format!("Ask for something, in q, of at most {MAX_QUERY} characters.");
            return Err(PageError::BadInput(wrong).into());
        }
        Query::Advisory(_) | Query::PullRequest(_) | Query::Name(_) => {}
    }
    let looks = looks(&app).await?;
    let channels = looks.iter().map(|(look, statements)| {
        let found = Found::of(look, statements, &query);
        ChannelJson::new(look, &found)
    });
    Ok(Json(Answer {
        query: asked.q.trim().to_owned(),
        channels: channels.collect(),
    }))
}

impl ChannelJson {
    fn new(look: &Look<'_>, found: &Found<'_>) -> Self {
        let release = look.facts.current_release();
        let (packages, changes) = (found.packages.iter(), found.changes.iter());
        let candidates = found.candidates.iter();
        Self {
            name: look.channel.name().to_string(),
            base_label: look.channel.base_label.clone(),
            release: release.map(|it| it.name.to_string()),
            packages: packages.map(|it| PackageJson::new(look, it)).collect(),
            of_unknown_packages: changes.map(|it| StatementJson::new(look, it)).collect(),
            pull_requests: candidates
                .map(|(candidate, status)| PullRequestJson {
                    number: candidate.pr,
                    title: candidate.title.clone(),
                    state: status.name(),
                    reason: status.reason(),
                })
                .collect(),
            more_pull_requests: found.more_candidates,
            unwatched: found.unwatched.clone(),
            similar: found.similar.clone(),
        }
    }
}

impl PackageJson {
    fn new(look: &Look<'_>, found: &PackageFound<'_>) -> Self {
        let statements = found.statements.iter();
        Self {
            attribute: found.package.to_string(),
            version_in_base: found.in_base.map(str::to_owned),
            version: found.here.map(str::to_owned),
            vulnerabilities: statements.map(|it| StatementJson::new(look, it)).collect(),
            more_vulnerabilities: found.more_statements,
            unnamed: found.unnamed.iter().map(|it| it.id().to_owned()).collect(),
        }
    }
}

impl StatementJson {
    fn new(look: &Look<'_>, statement: &Statement) -> Self {
        let last = statement.last();
        let events = statement.events.iter();
        Self {
            advisory: statement.advisory.to_string(),
            state: last.what.name(),
            since: statement.fixed_since().unwrap_or(last.at).to_string(),
            events: events.map(|it| EventJson::new(look, it)).collect(),
        }
    }
}

impl EventJson {
    fn new(look: &Look<'_>, event: &Event) -> Self {
        let seq = match &event.what {
            What::Mitigated { release, .. }
            | What::Withdrawn { release, .. }
            | What::Fixed {
                by: FixedBy::Release(release),
                ..
            } => Some(*release),
            What::Detected { .. }
            | What::Affected { .. }
            | What::NotAffected { .. }
            | What::Fixed {
                by: FixedBy::Base, ..
            } => None,
        };
        let release = seq.and_then(|seq| look.facts.releases.get(seq));
        let (reason, by) = match &event.what {
            What::NotAffected { reason, by, .. } => (Some(reason.clone()), Some(by.to_string())),
            What::Detected { .. }
            | What::Affected { .. }
            | What::Mitigated { .. }
            | What::Fixed { .. }
            | What::Withdrawn { .. } => (None, None),
        };
        Self {
            at: event.at.to_string(),
            event: event.what.name(),
            pull_request: event.what.pr(),
            release: release.map(|it| it.name.to_string()),
            reason,
            by,
        }
    }
}
