//! What GitHub delivered to the webhook, kept as it came until it is old.

use picket_domain::Timestamp;
use sqlx::any::AnyRow;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::TableRow;

/// How long a delivery is kept, in seconds: GitHub delivers again for three days.
const KEPT_SECONDS: i64 = 7 * 24 * 60 * 60;
/// So many are handed out at a time.
const AT_ONCE: i64 = 100;

/// What GitHub sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// GitHub's name for it. One that is sent again has the same.
    pub id: String,
    /// What it is about: `pull_request`, `push`, ..
    pub event: String,
    /// Its text, which is JSON.
    pub body: String,
    /// When it came.
    pub received_at: Timestamp,
}

impl Store {
    /// Keeps a delivery, and lets old ones go; returns whether it is a new one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn keep_delivery(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let mut transaction = self.begin_write().await?;
        let old = delivery.received_at.plus_seconds(-KEPT_SECONDS);
        sqlx::query("DELETE FROM deliveries WHERE received_at < $1")
            .bind(old.as_unix())
            .execute(&mut *transaction)
            .await?;
        let kept = sqlx::query(
            "INSERT INTO deliveries (id, event, body, received_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(&delivery.id)
        .bind(&delivery.event)
        .bind(&delivery.body)
        .bind(delivery.received_at.as_unix())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(kept.rows_affected() > 0)
    }

    /// The deliveries that nobody has looked at, the oldest first; at most 100.
    ///
    /// # Errors
    /// The database fails.
    pub async fn new_deliveries(&self) -> Result<Vec<Delivery>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, event, body, received_at FROM deliveries WHERE handled = 0 \
             ORDER BY received_at, id LIMIT $1",
        )
        .bind(AT_ONCE)
        .fetch_all(&mut *self.connection().await?)
        .await?;
        rows.iter().map(delivery).collect()
    }

    /// A delivery was looked at. `problem` is why nothing could be made of it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn handled_delivery(
        &self,
        id: &str,
        problem: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        sqlx::query("UPDATE deliveries SET handled = 1, problem = $2 WHERE id = $1")
            .bind(id)
            .bind(problem)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// The deliveries since then of which nothing could be made, with the reason, the newest first;
    /// at most 100.
    ///
    /// # Errors
    /// The database fails.
    pub async fn odd_deliveries(
        &self,
        since: Timestamp,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, problem FROM deliveries WHERE problem IS NOT NULL AND received_at >= $1 \
             ORDER BY received_at DESC, id LIMIT $2",
        )
        .bind(since.as_unix())
        .bind(AT_ONCE)
        .fetch_all(&mut *self.connection().await?)
        .await?;
        let odd = rows.iter().map(|row| {
            let row = TableRow::new(row, "deliveries", &["id"]);
            Ok((row.text("id")?, row.text("problem")?))
        });
        odd.collect()
    }
}

fn delivery(row: &AnyRow) -> Result<Delivery, StoreError> {
    let row = TableRow::new(row, "deliveries", &["id"]);
    Ok(Delivery {
        id: row.text("id")?,
        event: row.text("event")?,
        body: row.text("body")?,
        received_at: row.time("received_at")?,
    })
}
