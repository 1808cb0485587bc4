//! GitHub's JSON, as far as it is read, and what becomes of it.
//!
//! Each row of a list is read on its own, so that one that cannot be read costs only itself.

use picket_domain::{
    AccountId, BranchName, ChangeKind, CommitSha, FileChange, Login, PrNumber, SourceCommit,
    Timestamp, UpstreamState,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use crate::error::WatchError;
use crate::text::{self, MAX_LINE, MAX_PATH};

/// GitHub's own account for the pull requests of deleted ones.
const GHOST: &str = "ghost";
/// GitHub allows 100 labels.
const MAX_LABELS: usize = 100;

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
    pub(crate) number: PrNumber,
    updated_at: String,
    labels: Vec<LabelRow>,
    /// In lists of issues: whether it is a pull request.
    pull_request: Option<Empty>,
}

#[derive(Debug, Deserialize)]
struct Empty {}

#[derive(Debug, Deserialize)]
struct LabelRow {
    name: String,
}

impl Head {
    pub(crate) fn read(row: &RawValue) -> Result<Self, Unreadable> {
        serde_json::from_str(row.get()).map_err(|error| {
            let number = number(row).map_or_else(|| "?".to_owned(), |number| number.to_string());
            format!("pull request {number}: {error}")
        })
    }

    pub(crate) fn updated_at(&self) -> Option<Timestamp> {
        Timestamp::parse_rfc3339(&self.updated_at)
    }

    pub(crate) fn has_label(&self, label: &str) -> bool {
        let label = label.to_lowercase();
        self.labels.iter().any(|it| it.name.to_lowercase() == label)
    }

    pub(crate) fn is_pull_request(&self) -> bool {
        self.pull_request.is_some()
    }
}

/// The number alone, of a row of which nothing else may be readable.
fn number(row: &RawValue) -> Option<u64> {
    #[derive(Deserialize)]
    struct Number {
        number: u64,
    }
    let row: Number = serde_json::from_str(row.get()).ok()?;
    Some(row.number)
}

/// A pull request as a list shows it: all of a candidate but its commits and files.
#[derive(Debug, Clone)]
pub(crate) struct Pull {
    pub(crate) number: PrNumber,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) author: Login,
    pub(crate) author_id: Option<AccountId>,
    pub(crate) head: CommitSha,
    pub(crate) base_branch: BranchName,
    pub(crate) url: String,
    pub(crate) labels: Vec<String>,
    pub(crate) upstream: UpstreamState,
    pub(crate) opened_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

#[derive(Deserialize)]
struct PullRow {
    number: PrNumber,
    title: String,
    body: Option<String>,
    user: Option<UserRow>,
    head: RevisionRow,
    base: RevisionRow,
    html_url: String,
    labels: Vec<LabelRow>,
    state: String,
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

impl Pull {
    pub(crate) fn read(row: &str) -> Result<Self, Unreadable> {
        let row: PullRow = serde_json::from_str(row).map_err(|error| error.to_string())?;
        let login = row.user.as_ref().map_or(GHOST, |user| &user.login);
        let labels = row.labels.iter().take(MAX_LABELS);
        Ok(Self {
            number: row.number,
            title: text::line(&row.title, MAX_LINE),
            body: text::body(row.body.as_deref().unwrap_or_default()),
            author: author(login),
            author_id: row.user.as_ref().and_then(|user| user.id),
            head: CommitSha::parse(&row.head.sha).map_err(|error| error.to_string())?,
            base_branch: BranchName::parse(&row.base.r#ref).map_err(|error| error.to_string())?,
            url: web_address(&row.html_url)?,
            labels: labels.map(|it| text::line(&it.name, MAX_LINE)).collect(),
            upstream: upstream_state(&row)?,
            opened_at: time(&row.created_at)?,
            updated_at: time(&row.updated_at)?,
        })
    }
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
    match row.state.as_str() {
        "open" => Ok(UpstreamState::Open),
        "closed" => Ok(UpstreamState::Closed),
        other => Err(format!("its state is {:?}", text::line(other, 80))),
    }
}

fn time(text: &str) -> Result<Timestamp, Unreadable> {
    let shown = text::line(text, 80);
    Timestamp::parse_rfc3339(text).ok_or_else(|| format!("{shown:?} is not a time"))
}

#[derive(Deserialize)]
struct CommitRow {
    sha: String,
    commit: CommitText,
}

#[derive(Deserialize)]
struct CommitText {
    message: String,
    author: Option<Person>,
}

#[derive(Deserialize)]
struct Person {
    name: Option<String>,
}

/// A commit, and its whole message, bounded.
pub(crate) fn commit(row: &RawValue) -> Result<(SourceCommit, String), Unreadable> {
    let row: CommitRow = serde_json::from_str(row.get()).map_err(|error| error.to_string())?;
    let subject = row.commit.message.lines().next().unwrap_or_default();
    let author = row.commit.author.and_then(|author| author.name);
    let commit = SourceCommit {
        sha: CommitSha::parse(&row.sha).map_err(|error| error.to_string())?,
        subject: text::line(subject, MAX_LINE),
        author: text::line(author.as_deref().unwrap_or("(unknown)"), MAX_LINE),
    };
    Ok((commit, text::body(&row.commit.message)))
}

#[derive(Deserialize)]
struct FileRow {
    filename: String,
    status: String,
    previous_filename: Option<String>,
    additions: u64,
    deletions: u64,
}

/// A file of a pull request.
pub(crate) fn file(row: &RawValue) -> Result<FileChange, Unreadable> {
    let row: FileRow = serde_json::from_str(row.get()).map_err(|error| error.to_string())?;
    let change = match (row.status.as_str(), row.previous_filename) {
        // Of a copy the file that it was copied from stays as it is.
        ("added" | "copied", _) => ChangeKind::Added,
        ("removed", _) => ChangeKind::Removed,
        ("renamed", Some(from)) => ChangeKind::Renamed {
            from: text::line(&from, MAX_PATH),
        },
        // "modified", "changed" (its type or mode), "unchanged", and what may be new.
        _ => ChangeKind::Modified,
    };
    Ok(FileChange {
        path: text::line(&row.filename, MAX_PATH),
        change,
        additions: row.additions,
        deletions: row.deletions,
    })
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

    fn with(field: &str, value: Value) -> Result<Pull, Unreadable> {
        let mut row = row();
        row[field] = value;
        Pull::read(&row.to_string())
    }

    #[test]
    fn deleted_accounts_and_forks_are_no_obstacle() {
        let pull = Pull::read(&row().to_string()).unwrap();
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
        assert!(with("state", json!("odd")).is_err());
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
        assert_eq!(number(rows[0]), Some(1));
        assert!(
            Head::read(rows[1])
                .unwrap_err()
                .starts_with("pull request 2: ")
        );
        assert!(split(r#"{"message": "hello"}"#).is_err());
    }

    #[test]
    fn files_keep_where_they_came_from() {
        let read = |status: &str, previous: Value| {
            let row = json!({
                "filename": "b\n", "status": status, "previous_filename": previous,
                "additions": 1, "deletions": 2,
            });
            file(&serde_json::value::to_raw_value(&row).unwrap())
                .unwrap()
                .change
        };
        let from = "a".to_owned();
        assert_eq!(read("renamed", json!("a")), ChangeKind::Renamed { from });
        assert_eq!(read("copied", json!("a")), ChangeKind::Added);
        assert_eq!(read("something new", Value::Null), ChangeKind::Modified);
    }
}
