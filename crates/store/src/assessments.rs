//! What comes of single picks onto a base, and what history says of those that conflict.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{ChannelName, CommitSha, Investigation, PickInput, PickOutcome, PrNumber};
use serde::Serialize;
use sqlx::AnyConnection;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::{TableRow, stored};

/// The columns that name a row of either table.
const KEY: &[&str] = &["channel", "base", "pr", "head", "resolved"];

/// A statement that stores a value under a pick's key, in place of what was there.
macro_rules! upsert {
    ($table:literal, $column:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " (channel, base, pr, head, resolved, ",
            $column,
            ") VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (channel, base, pr, head, resolved) DO UPDATE SET ",
            $column,
            " = excluded.",
            $column
        )
    };
}

impl Store {
    /// Stores what comes of making a pick, alone, onto a base.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record_assessment(
        &self,
        channel: &ChannelName,
        base: &CommitSha,
        input: &PickInput,
        outcome: &PickOutcome,
    ) -> Result<(), StoreError> {
        let statement = upsert!("assessments", "outcome");
        self.record(statement, (channel, base, input), outcome)
            .await
    }

    /// Stores what history says of a pick that conflicts with a base.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record_investigation(
        &self,
        channel: &ChannelName,
        base: &CommitSha,
        input: &PickInput,
        investigation: &Investigation,
    ) -> Result<(), StoreError> {
        let statement = upsert!("investigations", "investigation");
        self.record(statement, (channel, base, input), investigation)
            .await
    }

    /// What history says of a pick that conflicts with a base, where that was looked at.
    ///
    /// # Errors
    /// The database fails.
    pub async fn investigation(
        &self,
        channel: &ChannelName,
        base: &CommitSha,
        input: &PickInput,
    ) -> Result<Option<Investigation>, StoreError> {
        let mut connection = self.connection().await?;
        let row = sqlx::query(
            "SELECT channel, base, pr, head, resolved, investigation FROM investigations \
             WHERE channel = $1 AND base = $2 AND pr = $3 AND head = $4 AND resolved = $5",
        )
        .bind(channel.as_str())
        .bind(base.as_str())
        .bind(stored(input.pr.0)?)
        .bind(input.head.as_str())
        .bind(input.resolved.as_str())
        .fetch_optional(&mut *connection)
        .await?;
        row.map(|row| TableRow::new(&row, "investigations", KEY).json("investigation"))
            .transpose()
    }

    async fn record(
        &self,
        statement: &'static str,
        (channel, base, input): (&ChannelName, &CommitSha, &PickInput),
        value: &impl Serialize,
    ) -> Result<(), StoreError> {
        let value = serde_json::to_string(value)?;
        let mut connection = self.connection().await?;
        sqlx::query(statement)
            .bind(channel.as_str())
            .bind(base.as_str())
            .bind(stored(input.pr.0)?)
            .bind(input.head.as_str())
            .bind(input.resolved.as_str())
            .bind(value)
            .execute(&mut *connection)
            .await?;
        Ok(())
    }
}

pub(crate) async fn assessments(
    connection: &mut AnyConnection,
    channel: &ChannelName,
    base: &CommitSha,
) -> Result<BTreeMap<PickInput, PickOutcome>, StoreError> {
    let rows = sqlx::query(
        "SELECT channel, base, pr, head, resolved, outcome FROM assessments \
         WHERE channel = $1 AND base = $2",
    )
    .bind(channel.as_str())
    .bind(base.as_str())
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let row = TableRow::new(row, "assessments", KEY);
            Ok((input(&row)?, row.json("outcome")?))
        })
        .collect()
}

/// The picks that conflict with a base and that history was looked at for.
pub(crate) async fn investigated(
    connection: &mut AnyConnection,
    channel: &ChannelName,
    base: &CommitSha,
) -> Result<BTreeSet<PickInput>, StoreError> {
    let rows = sqlx::query(
        "SELECT channel, base, pr, head, resolved FROM investigations \
         WHERE channel = $1 AND base = $2",
    )
    .bind(channel.as_str())
    .bind(base.as_str())
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| input(&TableRow::new(row, "investigations", KEY)))
        .collect()
}

fn input(row: &TableRow<'_>) -> Result<PickInput, StoreError> {
    Ok(PickInput {
        pr: PrNumber(row.number("pr")?),
        head: row.parsed("head")?,
        resolved: row.parsed("resolved")?,
    })
}
