//! Patches of the team's own: candidates that no pull request is behind.
//!
//! The mails and what they were applied to are on record, so that their commits can be made again.

use picket_domain::{Action, Actor, Candidate, CommitSha, ContentId, PrNumber, Sha256, Timestamp};

use crate::audit::append;
use crate::candidates::{put, put_body};
use crate::contents;
use crate::database::{Store, WriteTransaction};
use crate::error::StoreError;
use crate::row::TableRow;

/// What somebody hands in.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The own patch in whose place it comes; `None`: it gets a number of its own.
    pub replaces: Option<PrNumber>,
    /// What comes of it, but for its number.
    pub candidate: Candidate,
    /// The commit that it was applied to.
    pub onto: CommitSha,
    /// The mails.
    pub mails: Vec<u8>,
    /// Why it is needed.
    pub reason: String,
}

/// Where a head of an own patch comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The commit that it was applied to.
    pub onto: CommitSha,
    /// The mails.
    pub mails: ContentId,
}

impl Store {
    /// Records an own patch, its candidate and who handed it in; all of them or none. Returns its
    /// number.
    ///
    /// # Errors
    /// The database fails.
    pub async fn submit_patch(
        &self,
        at: Timestamp,
        by: Actor,
        submission: Submission,
    ) -> Result<PrNumber, StoreError> {
        let mut transaction = self.begin_write().await?;
        let pr = match submission.replaces {
            Some(pr) => pr,
            None => next_number(&mut transaction).await?,
        };
        let patch = Sha256::of(&submission.mails).into();
        contents::put(&mut transaction, &patch, &submission.mails).await?;
        let whole = Candidate {
            pr,
            ..submission.candidate
        };
        let action = Action::SubmitPatch {
            pr,
            onto: submission.onto,
            patch,
            head: whole.head.clone(),
            reason: submission.reason,
        };
        append(&mut transaction, at, by, action).await?;
        let light = Candidate {
            body: String::new(),
            ..whole.clone()
        };
        put(&mut transaction, &light).await?;
        put_body(&mut transaction, &whole).await?;
        transaction.commit().await?;
        Ok(pr)
    }

    /// Where a head of an own patch comes from; `None` where nobody handed in such a one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn origin_of(
        &self,
        pr: PrNumber,
        head: &CommitSha,
    ) -> Result<Option<Origin>, StoreError> {
        let log = self.log_of_pr(pr).await?;
        let found = log.into_iter().find_map(|entry| match entry.action {
            Action::SubmitPatch {
                onto,
                patch,
                head: made,
                ..
            } if made == *head => Some(Origin { onto, mails: patch }),
            _ => None,
        });
        Ok(found)
    }
}

async fn next_number(transaction: &mut WriteTransaction) -> Result<PrNumber, StoreError> {
    let last = sqlx::query("SELECT pr FROM candidates ORDER BY pr DESC LIMIT 1")
        .fetch_optional(&mut **transaction)
        .await?;
    let last = last.map(|row| TableRow::new(&row, "candidates", &["pr"]).number("pr"));
    let last = PrNumber(last.transpose()?.unwrap_or(0));
    Ok(PrNumber(last.0.max(PrNumber::OWN) + 1))
}
