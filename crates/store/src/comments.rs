//! The comments on pull requests.

use std::collections::BTreeMap;

use picket_domain::{CommentRecord, PrNumber};
use sqlx::any::AnyRow;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::{TableRow, stored};

impl Store {
    /// What is known of the comment on each pull request.
    ///
    /// # Errors
    /// The database fails.
    pub async fn comments(&self) -> Result<BTreeMap<PrNumber, CommentRecord>, StoreError> {
        let rows = sqlx::query("SELECT pr, record FROM comments")
            .fetch_all(&mut *self.connection().await?)
            .await?;
        rows.iter().map(comment).collect()
    }

    /// What is known of the comment on a pull request; `None` where there never was one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn comment(&self, pr: PrNumber) -> Result<Option<CommentRecord>, StoreError> {
        let row = sqlx::query("SELECT pr, record FROM comments WHERE pr = $1")
            .bind(stored(pr.0)?)
            .fetch_optional(&mut *self.connection().await?)
            .await?;
        let found = row.as_ref().map(comment).transpose()?;
        Ok(found.map(|(_, record)| record))
    }

    /// Stores what is known of the comment on a pull request, in place of what was known before.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record_comment(
        &self,
        pr: PrNumber,
        record: &CommentRecord,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        sqlx::query(
            "INSERT INTO comments (pr, record) VALUES ($1, $2) \
             ON CONFLICT (pr) DO UPDATE SET record = excluded.record",
        )
        .bind(stored(pr.0)?)
        .bind(serde_json::to_string(record)?)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }
}

fn comment(row: &AnyRow) -> Result<(PrNumber, CommentRecord), StoreError> {
    let row = TableRow::new(row, "comments", &["pr"]);
    Ok((PrNumber(row.number("pr")?), row.json("record")?))
}
