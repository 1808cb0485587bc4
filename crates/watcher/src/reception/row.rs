//! One pull request of an answer. What cannot be read of it is left out, and nothing with it.

use picket_domain::text::{self, MAX_LINE};
use picket_domain::{
    Ci, CiState, CommitSha, Login, Reception, Review, ReviewState, Reviews, Timestamp,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::maybe::Maybe;
use super::told::Told;

/// So many names of failing checks are kept.
const MAX_FAILING: usize = 20;
/// A name of a check has at most this many characters here.
const MAX_NAME: usize = 120;
/// A word of GitHub's that is not known has at most this many.
const MAX_WORD: usize = 40;
/// How many reviews are asked for.
const MAX_REVIEWS: usize = 50;
/// How many checks are.
const MAX_CHECKS: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullRow {
    #[serde(default)]
    head_ref_oid: Maybe<String>,
    #[serde(default)]
    merged_by: Maybe<ActorRow>,
    #[serde(default)]
    reviews: Maybe<ListRow<ReviewRow>>,
    #[serde(default)]
    commits: Maybe<ListRow<CommitRow>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: DeserializeOwned")]
struct ListRow<T> {
    #[serde(default)]
    total_count: Maybe<usize>,
    nodes: Vec<Maybe<T>>,
}

#[derive(Deserialize)]
struct ActorRow {
    login: String,
    #[serde(default, rename = "__typename")]
    kind: Maybe<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReviewRow {
    #[serde(default)]
    author: Maybe<ActorRow>,
    state: String,
    #[serde(default)]
    submitted_at: Maybe<String>,
    #[serde(default)]
    commit: Maybe<OidRow>,
}

#[derive(Deserialize)]
struct OidRow {
    oid: String,
}

#[derive(Deserialize)]
struct CommitRow {
    commit: LastCommitRow,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LastCommitRow {
    #[serde(default)]
    oid: Maybe<String>,
    #[serde(default)]
    status_check_rollup: Option<Maybe<RollupRow>>,
}

#[derive(Deserialize)]
struct RollupRow {
    state: String,
    #[serde(default)]
    contexts: Maybe<ListRow<CheckRow>>,
}

/// A check run, which has a name and a conclusion; or a status, which has a context and a state.
#[derive(Deserialize)]
struct CheckRow {
    name: Option<String>,
    conclusion: Option<String>,
    context: Option<String>,
    state: Option<String>,
}

/// Reads a pull request. `lacks` tells whether there was an error with a field: one that is not
/// there for no reason has nothing in it.
pub(super) fn reception(row: &RawValue, read_at: Timestamp, lacks: impl Fn(&str) -> bool) -> Told {
    let row: PullRow = serde_json::from_str(row.get()).map_err(|error| error.to_string())?;
    let head = sha(row.head_ref_oid.0.as_ref()).ok_or("the answer does not say its head")?;
    Ok(Reception {
        head,
        read_at,
        reviews: row.reviews.0.map(reviews),
        merged_by: row.merged_by.0.as_ref().and_then(login),
        ci: row
            .commits
            .0
            .and_then(|commits| ci(commits, lacks("commits"))),
    })
}

fn reviews(list: ListRow<ReviewRow>) -> Reviews {
    let is_whole = list.is_whole();
    let rows = list.nodes.into_iter().filter_map(|it| it.0);
    let reviews = rows.take(MAX_REVIEWS).map(|row| Review {
        by: row.author.0.as_ref().and_then(login),
        state: review_state(&row.state),
        of: sha(row.commit.0.as_ref().map(|it| &it.oid)),
        at: Timestamp::parse_rfc3339(row.submitted_at.0.as_deref().unwrap_or_default()),
    });
    Reviews::latest_of(reviews.collect(), is_whole)
}

/// What CI says of the last commit; `None` where it cannot be told.
fn ci(commits: ListRow<CommitRow>, is_lacking: bool) -> Option<Ci> {
    let last = commits
        .nodes
        .into_iter()
        .filter_map(|it| it.0)
        .next_back()?;
    let of = sha(last.commit.oid.0.as_ref());
    let rollup = match last.commit.status_check_rollup {
        None if is_lacking => return None,
        None => {
            return Some(Ci {
                of,
                state: CiState::None,
                failing: Vec::new(),
                is_whole: true,
            });
        }
        Some(rollup) => rollup.0?,
    };
    let checks = rollup.contexts.0;
    let is_read = checks.as_ref().is_some_and(ListRow::is_whole);
    let rows = checks.into_iter().flat_map(|it| it.nodes);
    let rows = rows.filter_map(|it| it.0).take(MAX_CHECKS);
    let mut failing: Vec<_> = rows.filter_map(CheckRow::failing).collect();
    let is_whole = is_read && failing.len() <= MAX_FAILING;
    failing.truncate(MAX_FAILING);
    Some(Ci {
        of,
        state: ci_state(&rollup.state),
        failing,
        is_whole,
    })
}

impl<T> ListRow<T> {
    fn is_whole(&self) -> bool {
        self.total_count.0.is_none_or(|all| all <= self.nodes.len())
    }
}

impl CheckRow {
    /// The name of one that fails.
    fn failing(self) -> Option<String> {
        let (name, word) = match self.name {
            Some(name) => (name, self.conclusion?),
            None => (self.context?, self.state?),
        };
        let fails = matches!(
            word.as_str(),
            "FAILURE" | "TIMED_OUT" | "CANCELLED" | "ACTION_REQUIRED" | "STARTUP_FAILURE" | "ERROR"
        );
        fails.then(|| text::line(&name, MAX_NAME))
    }
}

fn review_state(word: &str) -> ReviewState {
    match word {
        "APPROVED" => ReviewState::Approved,
        "CHANGES_REQUESTED" => ReviewState::ChangesRequested,
        "DISMISSED" => ReviewState::Dismissed,
        other => ReviewState::Other(text::line(other, MAX_WORD)),
    }
}

fn ci_state(word: &str) -> CiState {
    match word {
        "SUCCESS" => CiState::Success,
        "FAILURE" | "ERROR" => CiState::Failing,
        "PENDING" | "EXPECTED" => CiState::Pending,
        other => CiState::Other(text::line(other, MAX_WORD)),
    }
}

/// An app goes by `name[bot]`, as in the REST API: a person may have the name without it.
fn login(row: &ActorRow) -> Option<Login> {
    let suffix = match row.kind.0.as_deref() {
        Some("Bot") if !row.login.ends_with("[bot]") => "[bot]",
        _ => "",
    };
    Login::parse(&format!("{}{suffix}", text::line(&row.login, MAX_LINE))).ok()
}

fn sha(text: Option<&String>) -> Option<CommitSha> {
    CommitSha::parse(text?).ok()
}
