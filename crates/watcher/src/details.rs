//! A pull request's commits and files.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use picket_domain::{
    Advisory, BranchName, Candidate, CommitSha, FileChange, PrNumber, SourceCommit,
};

use crate::client::{Client, Failure};
use crate::error::WatchError;
use crate::listing::Repository;
use crate::rows::{Pull, Unreadable, commit, file, split};

/// GitHub lists no more than this.
const MAX_COMMITS: usize = 250;
/// GitHub lists no more than this.
const MAX_FILES: usize = 3000;
/// More advisories than this are a list, not a fix.
const MAX_ADVISORIES: usize = 100;
/// The details of so many pull requests are remembered.
const MAX_REMEMBERED: usize = 300;

/// What the list does not show.
#[derive(Debug)]
pub(crate) struct Details {
    commits: Vec<SourceCommit>,
    files: Vec<FileChange>,
    /// The advisories that commit messages and file names name.
    advisories: Vec<Advisory>,
}

impl Details {
    /// Whether these are the details of this head, as far as can be seen: a push may have come
    /// between. A pull request without commits stands where its base does.
    pub(crate) fn are_of(&self, head: &CommitSha) -> bool {
        self.commits.is_empty()
            || self.commits.len() >= MAX_COMMITS
            || self.commits.iter().any(|commit| commit.sha == *head)
    }

    pub(crate) fn complete(&self, pull: Pull) -> Candidate {
        let mut advisories = Advisory::find_all(&pull.title);
        advisories.extend(Advisory::find_all(&pull.body));
        advisories.extend(self.advisories.iter().cloned());
        advisories.sort();
        advisories.dedup();
        advisories.truncate(MAX_ADVISORIES);
        Candidate {
            pr: pull.number,
            title: pull.title,
            body: pull.body,
            author: pull.author,
            author_id: pull.author_id,
            head: pull.head,
            base_branch: pull.base_branch,
            url: pull.url,
            labels: pull.labels,
            advisories,
            upstream: pull.upstream,
            commits: self.commits.clone(),
            files: self.files.clone(),
            opened_at: pull.opened_at,
            updated_at: pull.updated_at,
        }
    }
}

/// Fetches commits and files; `None` where GitHub has them no more, or they cannot be read.
///
/// Files come first: if a push comes between, the commits show it.
pub(crate) async fn fetch(
    client: &Client,
    repository: &Repository,
    pull: &Pull,
) -> Result<Option<Details>, WatchError> {
    let number = pull.number;
    let files = match fetch_files(client, repository, number).await {
        Ok(files) => files,
        Err(failure) => return skip(number, failure),
    };
    let commits = match fetch_commits(client, repository, number).await {
        Ok(commits) => commits,
        Err(failure) => return skip(number, failure),
    };
    let paths = files.iter().map(|file| file.path.as_str());
    let messages = commits.iter().map(|(_, message)| message.as_str());
    let mut advisories: Vec<_> = paths.chain(messages).flat_map(Advisory::find_all).collect();
    advisories.sort();
    advisories.dedup();
    advisories.truncate(MAX_ADVISORIES);
    Ok(Some(Details {
        commits: commits.into_iter().map(|(commit, _)| commit).collect(),
        files,
        advisories,
    }))
}

/// Why the details of one pull request cannot be had.
enum Problem {
    Failure(Failure),
    Unreadable(Unreadable),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

fn skip(number: PrNumber, problem: Problem) -> Result<Option<Details>, WatchError> {
    let reason = match problem {
        Problem::Failure(Failure::Watch(error)) => return Err(error),
        Problem::Failure(Failure::Status { status, message }) => {
            format!("GitHub answers {}: {message}", status.as_u16())
        }
        Problem::Unreadable(reason) => reason,
    };
    tracing::warn!(pr = number.0, "skipped pull request {number}: {reason}");
    Ok(None)
}

async fn fetch_commits(
    client: &Client,
    repository: &Repository,
    number: PrNumber,
) -> Result<Vec<(SourceCommit, String)>, Problem> {
    let route = repository.route(&format!("pulls/{number}/commits"));
    let commits = fetch_rows(client, &route, MAX_COMMITS, commit).await?;
    if commits.len() >= MAX_COMMITS {
        let reason = format!("GitHub shows only its first {MAX_COMMITS} commits");
        tracing::warn!(pr = number.0, "pull request {number}: {reason}");
    }
    Ok(commits)
}

/// A diff that GitHub cannot make (422, or a 500 that says so) is no reason not to show the pull
/// request: git has the files.
async fn fetch_files(
    client: &Client,
    repository: &Repository,
    number: PrNumber,
) -> Result<Vec<FileChange>, Problem> {
    let route = repository.route(&format!("pulls/{number}/files"));
    let files = match fetch_rows(client, &route, MAX_FILES, file).await {
        Err(Problem::Failure(Failure::Status { status, message }))
            if status.is_server_error() || status == http::StatusCode::UNPROCESSABLE_ENTITY =>
        {
            let reason = format!("GitHub cannot show its files: {message}");
            tracing::warn!(pr = number.0, "pull request {number}: {reason}");
            return Ok(Vec::new());
        }
        other => other?,
    };
    if files.len() >= MAX_FILES {
        let reason = format!("GitHub shows only its first {MAX_FILES} files");
        tracing::warn!(pr = number.0, "pull request {number}: {reason}");
    }
    Ok(files)
}

async fn fetch_rows<T>(
    client: &Client,
    route: &str,
    max: usize,
    read: impl Fn(&serde_json::value::RawValue) -> Result<T, Unreadable>,
) -> Result<Vec<T>, Problem> {
    let mut rows = Vec::new();
    let mut page = 1;
    loop {
        let answer = client
            .get(&format!("{route}?per_page=100&page={page}"))
            .await?;
        for row in split(&answer.body).map_err(Failure::Watch)? {
            rows.push(read(row).map_err(Problem::Unreadable)?);
        }
        page += 1;
        if !answer.has_next || rows.len() >= max {
            rows.truncate(max);
            return Ok(rows);
        }
    }
}

/// What was fetched lately. It saves requests and decides nothing: without it, all is fetched again.
#[derive(Default)]
pub(crate) struct Remembered(Mutex<BTreeMap<PrNumber, (Key, Arc<Details>)>>);

/// What commits and files depend on.
type Key = (CommitSha, BranchName);

fn key(pull: &Pull) -> Key {
    (pull.head.clone(), pull.base_branch.clone())
}

impl Remembered {
    pub(crate) fn of(&self, pull: &Pull) -> Option<Arc<Details>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, details) = all.get(&pull.number)?;
        (*known == key(pull)).then(|| details.clone())
    }

    pub(crate) fn keep(&self, pull: &Pull, details: &Arc<Details>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(pull.number, (key(pull), details.clone()));
        if all.len() > MAX_REMEMBERED {
            // The lowest number is the oldest, and the least likely to change again.
            all.pop_first();
        }
    }
}
