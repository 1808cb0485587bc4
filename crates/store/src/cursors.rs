//! Where each reader of an outside source stands.

use sqlx::Row;

use crate::database::Store;
use crate::error::StoreError;

impl Store {
    /// Where the reader of this name stands; `None` before its first run.
    ///
    /// # Errors
    /// The database fails.
    pub async fn cursor(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut connection = self.connection().await?;
        let row = sqlx::query("SELECT value FROM cursors WHERE name = $1")
            .bind(name)
            .fetch_optional(&mut *connection)
            .await?;
        Ok(row.map(|row| row.try_get("value")).transpose()?)
    }

    /// Notes where the reader of this name stands.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_cursor(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let mut connection = self.connection().await?;
        sqlx::query(
            "INSERT INTO cursors (name, value) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(&mut *connection)
        .await?;
        Ok(())
    }
}
