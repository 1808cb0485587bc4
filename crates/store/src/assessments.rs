//! What comes of single picks onto a base, and what history says of those that conflict.

use std::collections::BTreeSet;

use picket_domain::{ChannelName, CommitSha, Investigation, PickInput, PickOutcome};
use sqlx::AnyConnection;

use crate::database::Store;
use crate::error::StoreError;
use crate::picks::{self, KEY, input, of_pick};
use crate::row::TableRow;

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
        let contained = outcome.is_in_base();
        let mut transaction = self.begin_write().await?;
        of_pick(
            "INSERT INTO assessments (channel, base, pr, head, resolved, outcome, contained) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (channel, base, pr, head, resolved) \
             DO UPDATE SET outcome = excluded.outcome, contained = excluded.contained",
            (channel, base),
            input,
        )?
        .bind(serde_json::to_string(outcome)?)
        .bind(i64::from(contained))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
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
        let mut transaction = self.begin_write().await?;
        of_pick(
            "INSERT INTO investigations (channel, base, pr, head, resolved, investigation) \
             VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (channel, base, pr, head, resolved) \
             DO UPDATE SET investigation = excluded.investigation",
            (channel, base),
            input,
        )?
        .bind(serde_json::to_string(investigation)?)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
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
        let row = of_pick(
            "SELECT channel, base, pr, head, resolved, investigation FROM investigations \
             WHERE channel = $1 AND base = $2 AND pr = $3 AND head = $4 AND resolved = $5",
            (channel, base),
            input,
        )?
        .fetch_optional(&mut *connection)
        .await?;
        row.map(|row| TableRow::new(&row, "investigations", KEY).json("investigation"))
            .transpose()
    }
}

/// What came of the picks onto a base that changed after a version.
pub(crate) async fn assessments(
    connection: &mut AnyConnection,
    (channel, base): (&ChannelName, &CommitSha),
    since: i64,
) -> Result<Vec<(PickInput, PickOutcome)>, StoreError> {
    let rows = picks::since(
        connection,
        "SELECT channel, base, pr, head, resolved, outcome FROM assessments \
         WHERE channel = $1 AND base = $2 AND version > $3",
        (channel, base),
        since,
    )
    .await?;
    rows.iter()
        .map(|row| {
            let row = TableRow::new(row, "assessments", KEY);
            Ok((input(&row)?, row.json("outcome")?))
        })
        .collect()
}

/// The picks that were found to be in a base, whichever, after a version.
pub(crate) async fn contained(
    connection: &mut AnyConnection,
    channel: &ChannelName,
    since: i64,
) -> Result<BTreeSet<PickInput>, StoreError> {
    let rows = sqlx::query(
        "SELECT channel, base, pr, head, resolved FROM assessments \
         WHERE channel = $1 AND version > $2 AND contained = 1",
    )
    .bind(channel.as_str())
    .bind(since)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| input(&TableRow::new(row, "assessments", KEY)))
        .collect()
}

/// The picks that conflict with a base and that history was looked at for, after a version.
pub(crate) async fn investigated(
    connection: &mut AnyConnection,
    (channel, base): (&ChannelName, &CommitSha),
    since: i64,
) -> Result<BTreeSet<PickInput>, StoreError> {
    let rows = picks::since(
        connection,
        "SELECT channel, base, pr, head, resolved FROM investigations \
         WHERE channel = $1 AND base = $2 AND version > $3",
        (channel, base),
        since,
    )
    .await?;
    rows.iter()
        .map(|row| input(&TableRow::new(row, "investigations", KEY)))
        .collect()
}
