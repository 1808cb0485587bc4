//! Why a comment was not written, sorted by what is to be done about it.

use http::StatusCode;
use picket_domain::Timestamp;
use thiserror::Error;

use crate::error::WatchError;
use crate::failure::Failure;

/// Why a comment was not found, posted or changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CommentFailure {
    /// None can be written until somebody gives another token, or changes what the repository allows.
    #[error(
        "GitHub takes no comments with this token ({0}): github.comments.token_file needs a token of an account \
         that may comment in the watched repository; after a change there, put a new one in place or restart"
    )]
    Closed(String),
    /// No requests before this time. Nothing was written.
    #[error("GitHub's limit of writing is reached: nothing more before {until}")]
    Limited {
        /// When the next one may be made.
        until: Timestamp,
    },
    /// There was no answer, or none that says what became of it.
    #[error("it is not known what became of it; it is looked for and tried again ({0})")]
    Unclear(String),
    /// The conversation is locked.
    #[error("the conversation is locked")]
    Locked,
    /// What was asked for is not there.
    #[error("there is no such comment or pull request (any more)")]
    Gone,
    /// GitHub says no to this one.
    #[error("GitHub refuses it: {0}")]
    Refused(String),
}

impl From<Failure> for CommentFailure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Watch(error) => error.into(),
            Failure::Status { status, message } => match status {
                StatusCode::NOT_FOUND | StatusCode::GONE => Self::Gone,
                status if status.is_server_error() => Self::Unclear(message),
                status => Self::Refused(format!("{}: {message}", status.as_u16())),
            },
        }
    }
}

impl From<WatchError> for CommentFailure {
    fn from(error: WatchError) -> Self {
        match error {
            WatchError::RateLimited { until } => Self::Limited { until },
            WatchError::Configuration(reason) => Self::Closed(reason),
            WatchError::BadToken => Self::Closed("it is wrong, expired or revoked".to_owned()),
            WatchError::RepositoryNotFound { owner, repository } => {
                Self::Closed(format!("it does not see {owner}/{repository}"))
            }
            WatchError::Forbidden(message) => forbidden(message),
            WatchError::Unavailable(reason) | WatchError::NotGitHub(reason) => {
                Self::Unclear(reason)
            }
        }
    }
}

/// A refusal that is not about the number of requests: of one conversation, or of everything?
fn forbidden(message: String) -> CommentFailure {
    let lower = message.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|it| lower.contains(it));
    if has(&[" locked"]) {
        CommentFailure::Locked
    } else if has(&["archived", "not accessible", "saml", "access token"]) {
        CommentFailure::Closed(message)
    } else {
        CommentFailure::Refused(format!("403: {message}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        let sorted = |message: &str| CommentFailure::from(WatchError::Forbidden(message.into()));
        let locked = "Unable to create comment because issue is locked.";
        assert_eq!(sorted(locked), CommentFailure::Locked);
        for all in [
            "Repository was archived so is read-only.",
            "Resource not accessible by personal access token",
            "Resource protected by organization SAML enforcement.",
            "`NixOS` forbids access via a personal access token (classic).",
        ] {
            assert_eq!(sorted(all), CommentFailure::Closed(all.into()), "{all}");
        }
        for one in ["User is blocked", "Must have admin rights to Repository."] {
            let refused = CommentFailure::Refused(format!("403: {one}"));
            assert_eq!(
                sorted(one),
                refused,
                "somebody else's comment, or another's wish"
            );
        }
    }
}
