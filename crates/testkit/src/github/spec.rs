//! What a test says to the fake, and what the fake tells it afterwards.

use sha2::{Digest, Sha256};

/// A pull request to be opened. Start from `PullRequestSpec::default()`.
#[derive(Debug, Clone)]
pub struct PullRequestSpec {
    /// Its number; `None` takes the next one.
    pub number: Option<u64>,
    /// Its title.
    pub title: String,
    /// Its description; `None` is GitHub's `null` for an empty one.
    pub body: Option<String>,
    /// The login of who opens it; a user that is not there yet is added.
    pub author: String,
    /// The branch that it asks to be merged into.
    pub base: String,
    /// The branch that it comes from. With a git repository, any revision there.
    pub head_ref: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Whether its author calls it unfinished.
    pub is_draft: bool,
    /// Its commits, oldest first. With a git repository they come from there: leave this empty.
    pub commits: Vec<CommitSpec>,
    /// Its files. With a git repository they come from there: leave this empty.
    pub files: Vec<FileSpec>,
}

impl Default for PullRequestSpec {
    fn default() -> Self {
        Self {
            number: None,
            title: "A change".into(),
            body: None,
            author: "contributor".into(),
            base: "master".into(),
            head_ref: "change".into(),
            labels: Vec::new(),
            is_draft: false,
            commits: Vec::new(),
            files: Vec::new(),
        }
    }
}

/// A commit of a pull request in a world without a git repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitSpec {
    /// Its id, 40 hexadecimal digits.
    pub sha: String,
    /// Its whole message.
    pub message: String,
    /// The author's name, as git has it.
    pub author: String,
}

impl CommitSpec {
    /// A commit with this message. Its id is made from `seed` and the message.
    pub fn new(seed: &str, message: &str) -> Self {
        Self {
            sha: made_up_sha(&format!("{seed}\n{message}")),
            message: message.to_owned(),
            author: "A Contributor".into(),
        }
    }
}

/// A check of a pull request's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckSpec {
    /// Its name.
    pub name: String,
    /// What came of it, in GitHub's word; `None` while it is not done.
    pub conclusion: Option<String>,
}

impl CheckSpec {
    /// A check that is done.
    pub fn new(name: &str, conclusion: &str) -> Self {
        Self {
            name: name.to_owned(),
            conclusion: Some(conclusion.to_owned()),
        }
    }
}

/// A file that a pull request changes, in a world without a git repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpec {
    /// Its path after the change.
    pub path: String,
    /// What happens to it.
    pub status: FileStatus,
    /// Lines added.
    pub additions: u64,
    /// Lines removed.
    pub deletions: u64,
}

impl FileSpec {
    /// A file in which one line is replaced.
    pub fn modified(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            status: FileStatus::Modified,
            additions: 1,
            deletions: 1,
        }
    }
}

/// What happens to a file, in GitHub's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileStatus {
    /// It is new.
    Added,
    /// It goes.
    Removed,
    /// Its content changes.
    Modified,
    /// It moves here from another path.
    Renamed {
        /// The path before.
        from: String,
    },
    /// It is a copy of another file.
    Copied {
        /// The other file.
        from: String,
    },
    /// Its mode or type changes.
    Changed,
}

impl FileStatus {
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Modified => "modified",
            Self::Renamed { .. } => "renamed",
            Self::Copied { .. } => "copied",
            Self::Changed => "changed",
        }
    }

    pub(super) fn previous_filename(&self) -> Option<&str> {
        match self {
            Self::Renamed { from } | Self::Copied { from } => Some(from),
            Self::Added | Self::Removed | Self::Modified | Self::Changed => None,
        }
    }
}

/// An OAuth app, registered with the fake.
#[derive(Debug, Clone)]
pub struct OAuthApp {
    /// Its public id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Where people are sent back to: a `redirect_uri` must begin with this address.
    pub callback: String,
}

/// A comment, as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentSpec {
    /// Its id.
    pub id: u64,
    /// Whose it is.
    pub author: String,
    /// What it says.
    pub body: String,
}

/// Failures to come, on API requests.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Only requests whose path contains this text fail; an empty text matches all.
    pub path: String,
    /// Only requests of this method fail; `None`: of any.
    pub method: Option<&'static str>,
    /// How many requests to let through first.
    pub after: u32,
    /// How many requests fail.
    pub times: u32,
    /// How they fail.
    pub kind: FaultKind,
}

impl Fault {
    /// The next `times` API requests fail.
    pub fn next(times: u32, kind: FaultKind) -> Self {
        Self {
            path: String::new(),
            method: None,
            after: 0,
            times,
            kind,
        }
    }

    /// The next `times` requests whose path contains `path` fail.
    pub fn on(path: &str, times: u32, kind: FaultKind) -> Self {
        Self {
            path: path.to_owned(),
            ..Self::next(times, kind)
        }
    }

    /// Only requests of this method fail.
    #[must_use]
    pub fn of(self, method: &'static str) -> Self {
        let method = Some(method);
        Self { method, ..self }
    }

    /// Lets `after` requests through first.
    #[must_use]
    pub fn after(self, after: u32) -> Self {
        Self { after, ..self }
    }
}

/// How a request fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// `500` with a JSON message, or another status of the 4xx or 5xx.
    Status(u16, String),
    /// `403`, the primary rate limit: no requests remain until the reset.
    RateLimitExceeded,
    /// `403` with `retry-after`, the secondary rate limit.
    SecondaryRateLimit {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// `403` without any header that says how long to wait.
    SecondaryRateLimitWithoutHeaders,
    /// `429` with `retry-after`.
    TooManyRequests {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// `200` with this body, whatever was asked for.
    Body(Vec<u8>),
    /// A page of HTML with this status, as what is in front of an API answers.
    Page(u16, String),
    /// `200` with this much of a body that was to be longer: the connection ends there.
    CutOff(Vec<u8>),
    /// The connection is kept open and never answered.
    Stall,
    /// What was asked for is done, and never answered.
    Unanswered,
}

/// A request that was answered, or is being stalled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRequest {
    /// `GET`, `POST`, ..
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query, without the question mark; empty where there is none.
    pub query: String,
    /// The status that it was answered with; 0 while it is stalled.
    pub status: u16,
    /// Whom its token belongs to.
    pub login: Option<String>,
    /// The `X-GitHub-Api-Version` that it asked for.
    pub api_version: Option<String>,
}

/// Forty hexadecimal digits that depend on the seed alone.
pub(super) fn made_up_sha(seed: &str) -> String {
    let digest = Sha256::digest(seed.as_bytes());
    digest
        .iter()
        .take(20)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
