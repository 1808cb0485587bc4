//! What commits change, as text for people, by patch id.
//!
//! A patch id leaves out context and line numbers, so that one id can have several texts: the
//! first one that was stored stays, and no decision depends on which.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::PatchId;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::{TableRow, without_nul};

impl Store {
    /// Stores patches' texts, where they are not stored yet.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record_patches(
        &self,
        patches: &BTreeMap<PatchId, String>,
    ) -> Result<(), StoreError> {
        if patches.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin_write().await?;
        for (id, text) in patches {
            sqlx::query(
                "INSERT INTO patches (id, patch) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
            )
            .bind(id.as_str())
            .bind(without_nul(text))
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await
    }

    /// The texts of these patches, as far as they are stored.
    ///
    /// # Errors
    /// The database fails.
    pub async fn patches(
        &self,
        ids: &BTreeSet<PatchId>,
    ) -> Result<BTreeMap<PatchId, String>, StoreError> {
        let mut patches = BTreeMap::new();
        if ids.is_empty() {
            return Ok(patches);
        }
        let mut connection = self.connection().await?;
        for id in ids {
            let row = sqlx::query("SELECT id, patch FROM patches WHERE id = $1")
                .bind(id.as_str())
                .fetch_optional(&mut *connection)
                .await?;
            if let Some(row) = row {
                let text = TableRow::new(&row, "patches", &["id"]).text("patch")?;
                patches.insert(id.clone(), text);
            }
        }
        Ok(patches)
    }
}
