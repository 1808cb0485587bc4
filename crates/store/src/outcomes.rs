//! What came of assembling and building against a base. Each is named by its inputs.

use picket_domain::{
    Assembly, Attempt, AttemptSummary, BuildReport, ChainId, ChainSpec, ChannelName, CommitSha,
};
use sqlx::AnyConnection;

use crate::database::{Store, WriteTransaction};
use crate::error::StoreError;
use crate::picks;
use crate::row::TableRow;

/// The columns that name a try.
const ATTEMPT_KEY: &[&str] = &["channel", "base", "rev", "number"];

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
        let mut transaction = self.begin_write().await?;
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
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// The chains that were made on a base, with what came of them.
    ///
    /// # Errors
    /// The database fails.
    pub async fn chains(
        &self,
        channel: &ChannelName,
        base: &CommitSha,
    ) -> Result<Vec<(ChainSpec, Assembly)>, StoreError> {
        let mut connection = self.connection().await?;
        let rows = sqlx::query(
            "SELECT chain, spec, assembly FROM assemblies WHERE channel = $1 AND base = $2",
        )
        .bind(channel.as_str())
        .bind(base.as_str())
        .fetch_all(&mut *connection)
        .await?;
        let decode = |row| {
            let row = TableRow::new(row, "assemblies", &["chain"]);
            Ok((row.json("spec")?, row.json("assembly")?))
        };
        rows.iter().map(decode).collect()
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
        let number = next_number(&mut transaction, (channel, base, rev)).await?;
        let summary = AttemptSummary::of(number, attempt);
        sqlx::query(
            "INSERT INTO attempts (channel, base, rev, number, attempt, summary) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(channel.as_str())
        .bind(base.as_str())
        .bind(rev.as_str())
        .bind(i64::from(number))
        .bind(serde_json::to_string(attempt)?)
        .bind(serde_json::to_string(&summary)?)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// The whole report of a try, by its number; `None` where there is no such try.
    ///
    /// # Errors
    /// The database fails.
    pub async fn report(
        &self,
        channel: &ChannelName,
        base: &CommitSha,
        rev: &CommitSha,
        number: u32,
    ) -> Result<Option<BuildReport>, StoreError> {
        let mut connection = self.connection().await?;
        let row = sqlx::query(
            "SELECT channel, base, rev, number, attempt FROM attempts \
             WHERE channel = $1 AND base = $2 AND rev = $3 AND number = $4",
        )
        .bind(channel.as_str())
        .bind(base.as_str())
        .bind(rev.as_str())
        .bind(i64::from(number))
        .fetch_optional(&mut *connection)
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let attempt: Attempt = TableRow::new(&row, "attempts", ATTEMPT_KEY).json("attempt")?;
        Ok(Some(attempt.report))
    }
}

async fn next_number(
    transaction: &mut WriteTransaction,
    (channel, base, rev): (&ChannelName, &CommitSha, &CommitSha),
) -> Result<u32, StoreError> {
    let row = sqlx::query(
        "SELECT coalesce(max(number), 0) + 1 AS number FROM attempts \
         WHERE channel = $1 AND base = $2 AND rev = $3",
    )
    .bind(channel.as_str())
    .bind(base.as_str())
    .bind(rev.as_str())
    .fetch_one(&mut **transaction)
    .await?;
    number(&TableRow::new(&row, "attempts", &["number"]))
}

fn number(row: &TableRow<'_>) -> Result<u32, StoreError> {
    let number = row.number("number")?;
    number
        .try_into()
        .map_err(|error| row.junk("number", &error))
}

/// The chains on a base that were made after a version.
pub(crate) async fn assemblies(
    connection: &mut AnyConnection,
    (channel, base): (&ChannelName, &CommitSha),
    since: i64,
) -> Result<Vec<(ChainId, Assembly)>, StoreError> {
    let rows = picks::since(
        connection,
        "SELECT chain, assembly FROM assemblies \
         WHERE channel = $1 AND base = $2 AND version > $3",
        (channel, base),
        since,
    )
    .await?;
    rows.iter()
        .map(|row| {
            let row = TableRow::new(row, "assemblies", &["chain"]);
            Ok((row.parsed("chain")?, row.json("assembly")?))
        })
        .collect()
}

/// The tries at building against a base that ended after a version, by revision and number. The
/// whole report is read only of those from before there were summaries.
pub(crate) async fn attempts(
    connection: &mut AnyConnection,
    (channel, base): (&ChannelName, &CommitSha),
    since: i64,
) -> Result<Vec<(CommitSha, AttemptSummary)>, StoreError> {
    let rows = picks::since(
        connection,
        "SELECT channel, base, rev, number, summary, \
         CASE WHEN summary IS NULL THEN attempt END AS attempt FROM attempts \
         WHERE channel = $1 AND base = $2 AND version > $3 ORDER BY rev, number",
        (channel, base),
        since,
    )
    .await?;
    rows.iter()
        .map(|row| {
            let row = TableRow::new(row, "attempts", ATTEMPT_KEY);
            Ok((row.parsed("rev")?, summary(&row)?))
        })
        .collect()
}

fn summary(row: &TableRow<'_>) -> Result<AttemptSummary, StoreError> {
    match row.optional_text("summary")? {
        Some(_) => row.json("summary"),
        None => Ok(AttemptSummary::of(number(row)?, &row.json("attempt")?)),
    }
}
