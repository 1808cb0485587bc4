//! Version bumps that nothing makes candidates so far.

use picket_domain::{PassedBy, PrNumber, Timestamp};
use sqlx::any::AnyRow;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::{TableRow, stored};

impl Store {
    /// Keeps version bumps, each in place of what was known of it before.
    ///
    /// # Errors
    /// The database fails.
    pub async fn keep_passed_by(&self, all: &[PassedBy]) -> Result<(), StoreError> {
        if all.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin_write().await?;
        for it in all {
            sqlx::query(
                "INSERT INTO passed_by (pr, title, base_branch, updated_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (pr) DO UPDATE SET title = excluded.title, \
                 base_branch = excluded.base_branch, updated_at = excluded.updated_at",
            )
            .bind(stored(it.pr.0)?)
            .bind(&it.title)
            .bind(it.base_branch.as_str())
            .bind(it.updated_at.as_unix())
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await
    }

    /// All version bumps that are kept, by number.
    ///
    /// # Errors
    /// The database fails.
    pub async fn passed_by(&self) -> Result<Vec<PassedBy>, StoreError> {
        let rows =
            sqlx::query("SELECT pr, title, base_branch, updated_at FROM passed_by ORDER BY pr")
                .fetch_all(&mut *self.connection().await?)
                .await?;
        rows.iter().map(passed_by).collect()
    }

    /// Removes those that changed last before this time, and returns how many.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forget_passed_by(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut transaction = self.begin_write().await?;
        let old = sqlx::query("DELETE FROM passed_by WHERE updated_at < $1")
            .bind(before.as_unix())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(old.rows_affected())
    }
}

fn passed_by(row: &AnyRow) -> Result<PassedBy, StoreError> {
    let row = TableRow::new(row, "passed_by", &["pr"]);
    Ok(PassedBy {
        pr: PrNumber(row.number("pr")?),
        title: row.text("title")?,
        base_branch: row.parsed("base_branch")?,
        updated_at: row.time("updated_at")?,
    })
}
