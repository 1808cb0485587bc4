//! Candidates: what GitHub last said of each pull request.

use picket_domain::{Candidate, PrNumber};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::{TableRow, stored};

impl Store {
    /// Stores a candidate as it is now, in place of what was known of it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn upsert_candidate(&self, candidate: &Candidate) -> Result<(), StoreError> {
        let mut connection = self.connection().await?;
        sqlx::query(
            "INSERT INTO candidates (pr, candidate) VALUES ($1, $2) \
             ON CONFLICT (pr) DO UPDATE SET candidate = excluded.candidate",
        )
        .bind(stored(candidate.pr.0)?)
        .bind(serde_json::to_string(candidate)?)
        .execute(&mut *connection)
        .await?;
        Ok(())
    }

    /// A candidate.
    ///
    /// # Errors
    /// The database fails.
    pub async fn candidate(&self, pr: PrNumber) -> Result<Option<Candidate>, StoreError> {
        let mut connection = self.connection().await?;
        let row = sqlx::query("SELECT pr, candidate FROM candidates WHERE pr = $1")
            .bind(stored(pr.0)?)
            .fetch_optional(&mut *connection)
            .await?;
        row.as_ref().map(decode).transpose()
    }

    /// All candidates, by number.
    ///
    /// # Errors
    /// The database fails.
    pub async fn candidates(&self) -> Result<Vec<Candidate>, StoreError> {
        all(&mut *self.connection().await?).await
    }
}

pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<Candidate>, StoreError> {
    let rows = sqlx::query("SELECT pr, candidate FROM candidates ORDER BY pr")
        .fetch_all(connection)
        .await?;
    rows.iter().map(decode).collect()
}

fn decode(row: &AnyRow) -> Result<Candidate, StoreError> {
    let row = TableRow::new(row, "candidates", &["pr"]);
    let candidate: Candidate = row.json("candidate")?;
    if candidate.pr.0 == row.number("pr")? {
        Ok(candidate)
    } else {
        Err(row.junk(
            "candidate",
            &format!("it is of pull request {}", candidate.pr),
        ))
    }
}
