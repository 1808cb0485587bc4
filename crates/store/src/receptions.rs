//! What upstream makes of candidates.

use picket_domain::{PrNumber, ReceptionReading};
use sqlx::AnyConnection;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::{TableRow, stored};

impl Store {
    /// Stores what came of asking what upstream makes of some pull requests, each in place of what
    /// was known before; all of them or none.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record_receptions(
        &self,
        readings: &[(PrNumber, ReceptionReading)],
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        for (pr, reading) in readings {
            sqlx::query(
                "INSERT INTO receptions (pr, reading) VALUES ($1, $2) \
                 ON CONFLICT (pr) DO UPDATE SET reading = excluded.reading",
            )
            .bind(stored(pr.0)?)
            .bind(serde_json::to_string(reading)?)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await
    }
}

/// What was read after a version.
pub(crate) async fn changed(
    connection: &mut AnyConnection,
    since: i64,
) -> Result<Vec<(PrNumber, ReceptionReading)>, StoreError> {
    let rows = sqlx::query("SELECT pr, reading FROM receptions WHERE version > $1")
        .bind(since)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let row = TableRow::new(row, "receptions", &["pr"]);
            Ok((PrNumber(row.number("pr")?), row.json("reading")?))
        })
        .collect()
}
