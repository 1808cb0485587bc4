//! GitHub's JSON, as far as it is read, and what becomes of it.
//!
//! Each row of a list is read on its own, so that one that cannot be read costs only itself.

use picket_domain::text::{self, MAX_LINE};
use picket_domain::{
    AccountId, Advisory, BranchName, Candidate, CommitSha, Login, PrNumber, Timestamp,
    UpstreamState,
};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use url::Url;

use crate::error::WatchError;

/// GitHub's own account for the pull requests of deleted ones.
const GHOST: &str = "ghost";
/// GitHub allows 100 labels.
const MAX_LABELS: usize = 100;
/// More advisories than this are a list, not a fix.
const MAX_ADVISORIES: usize = 100;

/// Why something that GitHub sent cannot be used, for a person.
pub(crate) type Unreadable = String;

/// The rows of a list, not read yet.
pub(crate) fn split(body: &str) -> Result<Vec<&RawValue>, WatchError> {
    serde_json::from_str(body)
        .map_err(|error| WatchError::NotGitHub(format!("a list was expected: {error}")))
}

/// What decides whether a row of a list is of interest.
#[derive(Debug, Deserialize)]
pub(crate) struct Head {
    #[serde(deserialize_with = "theirs")]
    pub(crate) number: PrNumber,
    updated_at: Option<String>,
    labels: Option<Vec<Option<LabelRow>>>,
    state: Option<String>,
    /// In lists of issues: whether it is a pull request.
    pull_request: Option<Empty>,
}

/// GitHub's numbers are far from those that the team's own patches have here.
fn theirs<'de, D: Deserializer<'de>>(row: D) -> Result<PrNumber, D::Error> {
    u32::deserialize(row).map(|number| PrNumber(number.into()))
}

#[derive(Debug, Deserialize)]
struct Empty {}

#[derive(Debug, Deserialize)]
struct LabelRow {
    name: Option<String>,
}

impl Head {
    pub(crate) fn read(row: &RawValue) -> Result<Self, Unreadable> {
        serde_json::from_str(row.get()).map_err(|error| {
            let number = number(row).map_or_else(|| "?".to_owned(), |number| number.to_string());
            format!("pull request {number}: {error}")
        })
    }

    pub(crate) fn updated_at(&self) -> Option<Timestamp> {
        Timestamp::parse_rfc3339(self.updated_at.as_deref()?)
    }

    pub(crate) fn has_label(&self, label: &str) -> bool {
        let label = label.to_lowercase();
        names(self.labels.as_deref()).any(|name| name.to_lowercase() == label)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state.as_deref() != Some("closed")
    }

    pub(crate) fn is_pull_request(&self) -> bool {
        self.pull_request.is_some()
    }
}

/// A label may have been taken away while the row was made.
fn names(labels: Option<&[Option<LabelRow>]>) -> impl Iterator<Item = &str> {
    let labels = labels.unwrap_or_default().iter().flatten();
    labels.filter_map(|it| it.name.as_deref())
}

/// The number alone, of a row of which nothing else may be readable.
pub(crate) fn number(row: &RawValue) -> Option<PrNumber> {
    #[derive(Deserialize)]
    struct Number {
        #[serde(deserialize_with = "theirs")]
        number: PrNumber,
    }
    let row: Number = serde_json::from_str(row.get()).ok()?;
    Some(row.number)
}

#[derive(Deserialize)]
struct PullRow {
    #[serde(deserialize_with = "theirs")]
    number: PrNumber,
    title: Option<String>,
    body: Option<String>,
    user: Option<UserRow>,
    head: RevisionRow,
    base: RevisionRow,
    html_url: String,
    labels: Option<Vec<Option<LabelRow>>>,
    state: Option<String>,
    draft: Option<bool>,
    merged_at: Option<String>,
    merge_commit_sha: Option<String>,
    created_at: String,
    updated_at: String,
}

#[derive(Deserialize)]
struct UserRow {
    login: String,
    id: Option<AccountId>,
}

/// The fork (`repo`) is not read: it is `null` once it was deleted, and its commits are in the
/// watched repository's `refs/pull/<number>/head` anyway.
#[derive(Deserialize)]
struct RevisionRow {
    sha: String,
    r#ref: String,
}

/// Reads a pull request, by itself or out of a list. What git has of it is not in there.
pub(crate) fn candidate(row: &str) -> Result<Candidate, Unreadable> {
    let row: PullRow = serde_json::from_str(row).map_err(|error| error.to_string())?;
    let login = row.user.as_ref().map_or(GHOST, |user| &user.login);
    let labels = names(row.labels.as_deref()).take(MAX_LABELS);
    let (title, body) = (row.title.as_deref(), row.body.as_deref());
    let (title, body) = (title.unwrap_or_default(), body.unwrap_or_default());
    // Before anything is cut off.
    let mut named = Advisory::find_all(&format!("{title}\n{body}"));
    named.truncate(MAX_ADVISORIES);
    Ok(Candidate {
        pr: row.number,
        title: text::line(title, MAX_LINE),
        body: text::body(body),
        author: author(login),
        author_id: row.user.as_ref().and_then(|user| user.id),
        head: CommitSha::parse(&row.head.sha).map_err(|error| error.to_string())?,
        base_branch: BranchName::parse(&row.base.r#ref).map_err(|error| error.to_string())?,
        url: web_address(&row.html_url)?,
        labels: labels.map(|name| text::line(name, MAX_LINE)).collect(),
        named,
        upstream: upstream_state(&row)?,
        is_draft: row.draft.unwrap_or_default(),
        details: None,
        opened_at: time(&row.created_at)?,
        updated_at: time(&row.updated_at)?,
    })
}

/// Whoever cannot be told counts as nobody in particular: the fix is what matters, and nobody of the
/// team has that name, so that no approval of an author's own can come of it.
fn author(login: &str) -> Login {
    Login::parse(login).unwrap_or_else(|error| {
        tracing::warn!("the author's name is not one of GitHub's: {error}");
        Login::parse(GHOST).expect("GitHub's own account has a login")
    })
}

/// It becomes a link on a page: nothing but a web address may.
fn web_address(text: &str) -> Result<String, Unreadable> {
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https");
    match Url::parse(text) {
        Ok(url) if is_web(&url) && text.len() <= 2000 => Ok(url.into()),
        Ok(_) | Err(_) => Err("its address is not one of the web".into()),
    }
}

fn upstream_state(row: &PullRow) -> Result<UpstreamState, Unreadable> {
    if let Some(merged_at) = &row.merged_at {
        let commit = row.merge_commit_sha.as_deref();
        return Ok(UpstreamState::Merged {
            at: time(merged_at)?,
            commit: commit.and_then(|sha| CommitSha::parse(sha).ok()),
        });
    }
    // Of any other state than these, present or to come, a fix may still be in it.
    Ok(match row.state.as_deref() {
        Some("closed") => UpstreamState::Closed,
        Some(_) | None => UpstreamState::Open,
    })
}

fn time(text: &str) -> Result<Timestamp, Unreadable> {
    let shown = text::line(text, 80);
    Timestamp::parse_rfc3339(text).ok_or_else(|| format!("{shown:?} is not a time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn row() -> Value {
        json!({
            "number": 7, "title": "mastodon: 4.3.1 -> 4.3.2", "body": null, "user": null,
            "head": { "sha": "ab".repeat(20), "ref": "fix", "repo": null },
            "base": { "sha": "cd".repeat(20), "ref": "master" },
            "html_url": "https://github.com/NixOS/nixpkgs/pull/7",
            "labels": [{ "name": "1.severity: security" }],
            "state": "open", "merged_at": null, "merge_commit_sha": null,
            "created_at": "2026-11-18T12:26:40Z", "updated_at": "2026-11-18T12:26:41Z",
        })
    }

    fn with(field: &str, value: Value) -> Result<Candidate, Unreadable> {
        let mut row = row();
        row[field] = value;
        candidate(&row.to_string())
    }

    #[test]
    fn deleted_accounts_and_forks_are_no_obstacle() {
        let pull = candidate(&row().to_string()).unwrap();
        assert_eq!((pull.author.as_str(), pull.author_id), ("ghost", None));
        assert_eq!(pull.body, "");
    }

    #[test]
    fn whatever_its_author_is_called_a_pull_request_is_read() {
        let author = |login: &str| with("user", json!({ "login": login })).unwrap().author;
        assert_eq!(author("-Someone-").as_str(), "-someone-");
        assert_eq!(author("a/../b").as_str(), "ghost");
        assert_eq!(author("").as_str(), "ghost");
        let odd = with("user", json!({ "login": "a b", "id": 41 })).unwrap();
        assert_eq!(odd.author_id, Some(AccountId(41)));
    }

    #[test]
    fn states_are_told_apart() {
        assert_eq!(
            with("state", json!("closed")).unwrap().upstream,
            UpstreamState::Closed
        );
        let merged = with("merged_at", json!("2026-11-18T12:26:41Z")).unwrap();
        assert!(matches!(
            merged.upstream,
            UpstreamState::Merged { commit: None, .. }
        ));
        for state in [json!("odd"), Value::Null] {
            assert_eq!(with("state", state).unwrap().upstream, UpstreamState::Open);
        }
        assert!(with("draft", json!(true)).unwrap().is_draft);
    }

    #[test]
    fn a_label_without_a_name_is_none() {
        let labels = json!([{ "name": null }, null, { "name": "1.severity: security" }]);
        assert_eq!(
            with("labels", labels).unwrap().labels,
            ["1.severity: security"]
        );
    }

    #[test]
    fn what_is_cut_off_was_read_before() {
        let body = format!("{}CVE-2026-1234", "x ".repeat(100_000));
        let found = with("body", json!(body)).unwrap();
        assert_eq!(found.advisories(), Advisory::find_all("CVE-2026-1234"));
        assert!(!found.body.contains("CVE"));
    }

    #[test]
    fn what_could_do_harm_is_unreadable() {
        assert!(with("html_url", json!("javascript:alert(1)")).is_err());
        assert!(with("base", json!({ "sha": "x", "ref": "--upload-pack=x" })).is_err());
        assert!(with("head", json!({ "sha": "--help", "ref": "x" })).is_err());
        assert!(with("updated_at", json!("soon")).is_err());
    }

    #[test]
    fn a_broken_row_costs_only_itself() {
        // A lone surrogate is not a text; JSON allows it, GitHub has sent some.
        let body = r#"[{"number": 1, "title": "\ud800"}, {"number": 2}]"#;
        let rows = split(body).unwrap();
        assert_eq!(number(rows[0]), Some(PrNumber(1)));
        let lacking = Head::read(rows[1]).unwrap();
        assert!(lacking.updated_at().is_none() && !lacking.has_label("x"));
        assert!(split(r#"{"message": "hello"}"#).is_err());
    }
}
