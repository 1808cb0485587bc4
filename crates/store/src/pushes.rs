//! How far each channel's releases were pushed to its git remote.

use picket_domain::{ChannelName, ReleaseSeq, Timestamp};

use crate::database::Store;
use crate::error::StoreError;
use crate::row::{TableRow, stored};

impl Store {
    /// Records that the remote has a release's tag and branch, and so those of all before it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record_push(
        &self,
        channel: &ChannelName,
        seq: ReleaseSeq,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        sqlx::query(
            "INSERT INTO pushes (channel, seq, pushed_at) VALUES ($1, $2, $3) \
             ON CONFLICT (channel) DO UPDATE SET seq = excluded.seq, pushed_at = excluded.pushed_at \
             WHERE pushes.seq < excluded.seq",
        )
        .bind(channel.as_str())
        .bind(stored(seq.0)?)
        .bind(at.as_unix())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// The newest release that the remote has.
    ///
    /// # Errors
    /// The database fails.
    pub async fn pushed(&self, channel: &ChannelName) -> Result<Option<ReleaseSeq>, StoreError> {
        let mut connection = self.connection().await?;
        let row = sqlx::query("SELECT channel, seq FROM pushes WHERE channel = $1")
            .bind(channel.as_str())
            .fetch_optional(&mut *connection)
            .await?;
        let seq = row.map(|row| TableRow::new(&row, "pushes", &["channel"]).number("seq"));
        Ok(seq.transpose()?.map(ReleaseSeq))
    }
}
