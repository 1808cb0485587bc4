//! Comments on pull requests: the one thing that is written to GitHub.
//!
//! A client of its own, with a token that may be another one than that for reading. It sends each
//! request once. Whoever uses it looks for a comment before posting one, since a post that was not
//! answered may have gone through.

mod due;
mod failure;
mod pace;
mod row;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};
use picket_domain::{AccountId, CommentId, CommentSite, PrNumber, Sha256, Timestamp};
use serde_json::json;
use url::Url;

use self::row::{Row, account, rows};
use crate::client::Client;
use crate::config::{Token, is_name};
use crate::error::WatchError;
use crate::repository::Repository;
use crate::traffic::Traffic;

pub use due::{CommentDue, Settling, comment_due};
pub use failure::CommentFailure;
pub use pace::CommentPace;
pub use row::FoundComment;

/// Pages that are looked through for a comment: GitHub has no more than 2,500 of them on one pull
/// request.
const PAGES: usize = 25;

/// Where to write.
pub struct CommentConfig {
    /// The API's address.
    pub api: Url,
    /// A token of a person or of a bot's own account that may comment.
    pub token: Token,
    /// The repository's owner.
    pub owner: String,
    /// The repository.
    pub repository: String,
}

/// Writes comments.
pub struct Comments {
    client: Client,
    token: Token,
    repository: Repository,
    /// Whose the token is, by the digest of the token.
    account: Mutex<Option<(Sha256, AccountId)>>,
}

impl Comments {
    /// Must be called within a Tokio runtime; makes no request yet.
    ///
    /// # Errors
    /// [`WatchError::Configuration`] where the configuration cannot work.
    pub fn new(config: CommentConfig) -> Result<Self, WatchError> {
        if !is_name(&config.owner) || !is_name(&config.repository) {
            let text = "the repository is none".to_owned();
            return Err(WatchError::Configuration(text));
        }
        Ok(Self {
            client: Client::new(&config.api, Some(config.token.clone()))?,
            token: config.token,
            repository: Repository {
                owner: config.owner,
                name: config.repository,
            },
            account: Mutex::default(),
        })
    }

    /// Gives up on a request after this time, instead of 60 seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.client.timeout = timeout;
        self
    }

    /// What was asked and written since the start.
    pub fn traffic(&self) -> Traffic {
        self.client.traffic()
    }

    /// Names the token as it is now; `None` where it cannot be read.
    pub fn token(&self) -> Option<Sha256> {
        let header = self.token.header().ok()?;
        Some(Sha256::of(header.as_bytes()))
    }

    /// Until when nothing more is to be asked or written: less than half of the hourly limit is left,
    /// and the token may be the one that is used for reading.
    pub fn rests_until(&self) -> Option<Timestamp> {
        let budget = self.client.traffic().budget?;
        let left = budget.resets_at.seconds_since(self.client.now());
        let is_low = budget.remaining < budget.limit / 2;
        // A second more, for the clocks.
        (is_low && left > 0).then(|| Timestamp::now().plus_seconds(left + 1))
    }

    /// Looks for this Picket's comment on a pull request: one that begins with its mark, and is by the
    /// token's own account. Anybody can write the mark.
    ///
    /// # Errors
    /// Nobody knows whether there is one.
    pub async fn find(
        &self,
        pr: PrNumber,
        site: &CommentSite,
    ) -> Result<Option<FoundComment>, CommentFailure> {
        let account = self.account().await?;
        for page in 1..=PAGES {
            let rest = format!("issues/{pr}/comments?per_page=100&page={page}");
            let route = self.repository.route(&rest);
            let answer = self.client.get_once(&route).await?;
            let rows = rows(&answer.body)?;
            let is_ours = |it: &&Row| it.is_by(account) && site.is_marked(it.body());
            if let Some(ours) = rows.iter().find(is_ours) {
                return Ok(Some(ours.found()));
            }
            if !answer.has_next {
                return Ok(None);
            }
        }
        let reason = format!(
            "it has more than {} comments: too many to look for one",
            PAGES * 100
        );
        Err(CommentFailure::Refused(reason))
    }

    /// Posts a comment. It was looked for before, and was not there.
    ///
    /// # Errors
    /// After [`CommentFailure::Unclear`] it may be there all the same.
    pub async fn post(&self, pr: PrNumber, text: &str) -> Result<CommentId, CommentFailure> {
        let route = self.repository.route(&format!("issues/{pr}/comments"));
        let body = json!({ "body": text });
        let sent = self.client.write_once(Method::POST, &route, &body).await;
        let answer = sent?;
        // What was led elsewhere is answered as a question would be.
        if answer.status != StatusCode::CREATED {
            let reason = format!("a post was answered with {}", answer.status.as_u16());
            return Err(CommentFailure::Unclear(reason));
        }
        Ok(Row::read(&answer.body)?.found().id)
    }

    /// Changes a comment.
    ///
    /// # Errors
    /// [`CommentFailure::Gone`] where there is none any more.
    pub async fn edit(&self, id: CommentId, text: &str) -> Result<(), CommentFailure> {
        let route = self.repository.route(&format!("issues/comments/{id}"));
        let body = json!({ "body": text });
        let sent = self.client.write_once(Method::PATCH, &route, &body).await;
        let found = Row::read(&sent?.body)?.found();
        if found.id != id {
            let reason = format!("a change of comment {id} was answered with {}", found.id);
            return Err(CommentFailure::Unclear(reason));
        }
        Ok(())
    }

    /// Whose the token is: asked once for each token.
    async fn account(&self) -> Result<AccountId, CommentFailure> {
        let token = self.token();
        let known = *self.account.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some((of, account)), Some(token)) = (known, token)
            && of == token
        {
            return Ok(account);
        }
        let answer = self.client.get_once("/user").await?;
        let account = account(&answer.body)?;
        let mut known = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        *known = token.map(|token| (token, account));
        Ok(account)
    }
}
