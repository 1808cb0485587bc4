//! The rules that each channel is released by, as a digest.
//!
//! A process that starts says by which rules it releases. One that was started earlier with other
//! rules, and still runs, is refused its seals from then on.

use picket_domain::{ChannelName, Sha256};
use sqlx::AnyConnection;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::TableRow;

impl Store {
    /// Says by which rules a channel is released from now on.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_rules(&self, channel: &ChannelName, rules: Sha256) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        sqlx::query(
            "INSERT INTO rules (channel, digest) VALUES ($1, $2) \
             ON CONFLICT (channel) DO UPDATE SET digest = excluded.digest",
        )
        .bind(channel.as_str())
        .bind(rules.to_string())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }
}

pub(crate) async fn current(
    connection: &mut AnyConnection,
    channel: &ChannelName,
) -> Result<Option<Sha256>, StoreError> {
    let row = sqlx::query("SELECT channel, digest FROM rules WHERE channel = $1")
        .bind(channel.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(|row| TableRow::new(&row, "rules", &["channel"]).parsed("digest"))
        .transpose()
}
