//! Bases: the stable channel's revisions, and the one that each channel stands on now.

use picket_domain::{Base, ChannelName, CommitSha};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::{TableRow, stored};

impl Store {
    /// Makes this the channel's current base, and returns it as it was first seen: of a revision
    /// that is known already, nothing changes.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record_base(
        &self,
        channel: &ChannelName,
        base: &Base,
    ) -> Result<Base, StoreError> {
        let mut transaction = self.begin_write().await?;
        if let Some(now) = current(&mut transaction, channel).await?
            && now.rev == base.rev
        {
            return Ok(now);
        }
        insert(&mut transaction, channel, base).await?;
        sqlx::query(
            "INSERT INTO current_bases (channel, rev) VALUES ($1, $2) \
             ON CONFLICT (channel) DO UPDATE SET rev = excluded.rev",
        )
        .bind(channel.as_str())
        .bind(base.rev.as_str())
        .execute(&mut *transaction)
        .await?;
        let current = current(&mut transaction, channel).await?;
        transaction.commit().await?;
        current.ok_or(StoreError::Query(sqlx::Error::RowNotFound))
    }

    /// Where the stable channel stood when it was last looked at.
    ///
    /// # Errors
    /// The database fails.
    pub async fn current_base(&self, channel: &ChannelName) -> Result<Option<Base>, StoreError> {
        current(&mut *self.connection().await?, channel).await
    }
}

async fn insert(
    connection: &mut AnyConnection,
    channel: &ChannelName,
    base: &Base,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO bases (channel, rev, rev_count, version, committed_at, seen_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (channel, rev) DO NOTHING",
    )
    .bind(channel.as_str())
    .bind(base.rev.as_str())
    .bind(stored(base.rev_count)?)
    .bind(base.version.as_str())
    .bind(base.committed_at.as_unix())
    .bind(base.seen_at.as_unix())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn current(
    connection: &mut AnyConnection,
    channel: &ChannelName,
) -> Result<Option<Base>, StoreError> {
    let row = sqlx::query(
        "SELECT bases.channel, bases.rev, rev_count, version, committed_at, seen_at FROM bases \
         JOIN current_bases ON current_bases.channel = bases.channel \
         AND current_bases.rev = bases.rev WHERE bases.channel = $1",
    )
    .bind(channel.as_str())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(decode).transpose()
}

fn decode(row: &AnyRow) -> Result<Base, StoreError> {
    let row = TableRow::new(row, "bases", &["channel", "rev"]);
    Ok(Base {
        rev: row.parsed::<CommitSha>("rev")?,
        rev_count: row.number("rev_count")?,
        version: row.text("version")?,
        committed_at: row.time("committed_at")?,
        seen_at: row.time("seen_at")?,
    })
}
