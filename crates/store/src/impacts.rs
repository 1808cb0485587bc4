//! What single picks onto a base change of the package set.

use picket_domain::{ChannelName, CommitSha, ImpactOutcome, ImpactSummary, PickInput};
use sqlx::AnyConnection;

use crate::database::Store;
use crate::error::StoreError;
use crate::picks::{self, KEY, input, of_pick};
use crate::row::TableRow;

impl Store {
    /// Stores what a pick, alone onto a base, changes of the package set, in place of what was known
    /// before.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record_impact(
        &self,
        channel: &ChannelName,
        base: &CommitSha,
        input: &PickInput,
        impact: &ImpactOutcome,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        of_pick(
            "INSERT INTO impacts (channel, base, pr, head, resolved, impact, summary) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (channel, base, pr, head, resolved) \
             DO UPDATE SET impact = excluded.impact, summary = excluded.summary",
            (channel, base),
            input,
        )?
        .bind(serde_json::to_string(impact)?)
        .bind(serde_json::to_string(&impact.summary())?)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// What a pick, alone onto a base, changes of the package set, where that was found out.
    ///
    /// # Errors
    /// The database fails.
    pub async fn impact(
        &self,
        channel: &ChannelName,
        base: &CommitSha,
        input: &PickInput,
    ) -> Result<Option<ImpactOutcome>, StoreError> {
        let mut connection = self.connection().await?;
        let row = of_pick(
            "SELECT channel, base, pr, head, resolved, impact FROM impacts \
             WHERE channel = $1 AND base = $2 AND pr = $3 AND head = $4 AND resolved = $5",
            (channel, base),
            input,
        )?
        .fetch_optional(&mut *connection)
        .await?;
        row.map(|row| TableRow::new(&row, "impacts", KEY).json("impact"))
            .transpose()
    }
}

/// What the picks onto a base change, of those that were looked at after a version.
pub(crate) async fn impacts(
    connection: &mut AnyConnection,
    (channel, base): (&ChannelName, &CommitSha),
    since: i64,
) -> Result<Vec<(PickInput, ImpactSummary)>, StoreError> {
    let rows = picks::since(
        connection,
        "SELECT channel, base, pr, head, resolved, summary FROM impacts \
         WHERE channel = $1 AND base = $2 AND version > $3",
        (channel, base),
        since,
    )
    .await?;
    rows.iter()
        .map(|row| {
            let row = TableRow::new(row, "impacts", KEY);
            Ok((input(&row)?, row.json("summary")?))
        })
        .collect()
}
