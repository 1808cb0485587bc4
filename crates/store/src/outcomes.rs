//! What came of assembling and building against a base. Each is named by its inputs.

use std::collections::BTreeMap;

use picket_domain::{Assembly, Attempt, BuildRecord, ChainId, ChainSpec, ChannelName, CommitSha};
use sqlx::AnyConnection;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::TableRow;

impl Store {
    /// Stores what came of making a chain.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record_assembly(
        &self,
        spec: &ChainSpec,
        assembly: &Assembly,
    ) -> Result<(), StoreError> {
        let mut connection = self.connection().await?;
        sqlx::query(
            "INSERT INTO assemblies (chain, channel, base, spec, assembly) \
             VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (chain) DO UPDATE SET assembly = excluded.assembly",
        )
        .bind(spec.id().as_str())
        .bind(spec.channel.as_str())
        .bind(spec.base.as_str())
        .bind(serde_json::to_string(spec)?)
        .bind(serde_json::to_string(assembly)?)
        .execute(&mut *connection)
        .await?;
        Ok(())
    }

    /// Stores one more try at building a revision against a base, as the last of its tries.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record_attempt(
        &self,
        channel: &ChannelName,
        base: &CommitSha,
        rev: &CommitSha,
        attempt: &Attempt,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        sqlx::query(
            "INSERT INTO attempts (channel, base, rev, number, attempt) \
             SELECT $1, $2, $3, coalesce(max(number), 0) + 1, $4 FROM attempts \
             WHERE channel = $1 AND base = $2 AND rev = $3",
        )
        .bind(channel.as_str())
        .bind(base.as_str())
        .bind(rev.as_str())
        .bind(serde_json::to_string(attempt)?)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// All builds against a base, which need not be the current one, by the revision built.
    ///
    /// # Errors
    /// The database fails.
    pub async fn builds(
        &self,
        channel: &ChannelName,
        base: &CommitSha,
    ) -> Result<BTreeMap<CommitSha, BuildRecord>, StoreError> {
        builds(&mut *self.connection().await?, channel, base).await
    }
}

pub(crate) async fn assemblies(
    connection: &mut AnyConnection,
    channel: &ChannelName,
    base: &CommitSha,
) -> Result<BTreeMap<ChainId, Assembly>, StoreError> {
    let rows =
        sqlx::query("SELECT chain, assembly FROM assemblies WHERE channel = $1 AND base = $2")
            .bind(channel.as_str())
            .bind(base.as_str())
            .fetch_all(connection)
            .await?;
    rows.iter()
        .map(|row| {
            let row = TableRow::new(row, "assemblies", &["chain"]);
            Ok((row.parsed("chain")?, row.json("assembly")?))
        })
        .collect()
}

pub(crate) async fn builds(
    connection: &mut AnyConnection,
    channel: &ChannelName,
    base: &CommitSha,
) -> Result<BTreeMap<CommitSha, BuildRecord>, StoreError> {
    let rows = sqlx::query(
        "SELECT channel, base, rev, number, attempt FROM attempts \
         WHERE channel = $1 AND base = $2 ORDER BY rev, number",
    )
    .bind(channel.as_str())
    .bind(base.as_str())
    .fetch_all(connection)
    .await?;
    let mut builds = BTreeMap::<CommitSha, BuildRecord>::new();
    for row in &rows {
        let row = TableRow::new(row, "attempts", &["channel", "base", "rev", "number"]);
        let record = builds.entry(row.parsed("rev")?).or_default();
        record.attempts.push(row.json("attempt")?);
    }
    Ok(builds)
}
