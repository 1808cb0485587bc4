//! GitHub's answers about comments.

use picket_domain::{AccountId, CommentId, Sha256};
use serde::Deserialize;

use super::failure::CommentFailure;

/// A comment that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundComment {
    /// Its number.
    pub id: CommentId,
    /// The digest of what it says.
    pub text: Sha256,
}

/// A comment, as lists show it and writing one is answered.
#[derive(Deserialize)]
pub(super) struct Row {
    id: u64,
    /// `None`: the account is gone.
    user: Option<User>,
    body: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: u64,
}

impl Row {
    /// Reads an answer that is one comment.
    pub(super) fn read(body: &str) -> Result<Self, CommentFailure> {
        serde_json::from_str(body).map_err(|error| odd("a comment", &error))
    }

    pub(super) fn is_by(&self, account: AccountId) -> bool {
        self.user.as_ref().is_some_and(|user| user.id == account.0)
    }

    pub(super) fn body(&self) -> &str {
        self.body.as_deref().unwrap_or_default()
    }

    pub(super) fn found(&self) -> FoundComment {
        FoundComment {
            id: CommentId(self.id),
            text: Sha256::of(self.body().as_bytes()),
        }
    }
}

/// Reads a page of comments. One that cannot be read may be ours: then the page says nothing.
pub(super) fn rows(body: &str) -> Result<Vec<Row>, CommentFailure> {
    serde_json::from_str(body).map_err(|error| odd("a list of comments", &error))
}

/// Reads whose a token is.
pub(super) fn account(body: &str) -> Result<AccountId, CommentFailure> {
    let user: User = serde_json::from_str(body).map_err(|error| odd("an account", &error))?;
    Ok(AccountId(user.id))
}

fn odd(what: &str, error: &serde_json::Error) -> CommentFailure {
    CommentFailure::Unclear(format!("the answer is not {what}: {error}"))
}
