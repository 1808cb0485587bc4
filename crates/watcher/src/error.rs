//! What can go wrong, as far as the caller does something about it.

use picket_domain::Timestamp;
use thiserror::Error;

/// How long to wait where GitHub does not say: its documentation asks for at least a minute.
pub(crate) const UNTOLD_WAIT: i64 = 60;
/// The longest wait that is believed. The primary limit ends within the hour.
pub(crate) const MAX_WAIT: i64 = 2 * 60 * 60;

/// Why a step did not come to its end. It changed nothing: the next one tries it again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WatchError {
    /// The configuration cannot work. Trying again does not help.
    #[error("the watcher's configuration cannot be used: {0}")]
    Configuration(String),
    /// GitHub does not know the token.
    #[error(
        "GitHub does not accept the token: it is wrong, expired or revoked. Make a new one \
         (read access to public repositories is enough) and put it into the configuration"
    )]
    BadToken,
    /// There is no such repository, as far as the token can see.
    #[error(
        "GitHub has no repository {owner}/{repository}, or the token may not see it: check the \
         name and the token's access"
    )]
    RepositoryNotFound {
        /// The owner that was asked for.
        owner: String,
        /// The repository that was asked for.
        repository: String,
    },
    /// GitHub refuses, and it is not about the number of requests.
    #[error(
        "GitHub refuses access ({0}): check the token's permissions and the organisation's rules"
    )]
    Forbidden(String),
    /// Too many requests: none must be made before this time.
    #[error("GitHub's rate limit is used up: no requests before {until}")]
    RateLimited {
        /// When the next request may be made.
        until: Timestamp,
    },
    /// GitHub does not answer, or answers that it cannot. Polling again later may help.
    #[error("GitHub cannot be reached or has a failure; it is tried again ({0})")]
    Unavailable(String),
    /// What answers is not GitHub's API.
    #[error("the answer is not one of GitHub's API: check the API address ({0})")]
    NotGitHub(String),
}

impl WatchError {
    /// No requests for so many seconds, as far as GitHub said.
    pub(crate) fn limited_for(seconds: Option<i64>) -> Self {
        let seconds = seconds.unwrap_or(UNTOLD_WAIT).clamp(1, MAX_WAIT);
        let until = Timestamp::now().plus_seconds(seconds);
        Self::RateLimited { until }
    }

    /// Whether no other request would fare better. A single one may be refused, or fail, by itself.
    pub(crate) fn concerns_all(&self) -> bool {
        match self {
            Self::Configuration(_)
            | Self::BadToken
            | Self::RepositoryNotFound { .. }
            | Self::RateLimited { .. } => true,
            Self::Forbidden(_) | Self::Unavailable(_) | Self::NotGitHub(_) => false,
        }
    }
}
