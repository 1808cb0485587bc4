//! Candidates: what GitHub last said of each pull request. Descriptions are kept apart from all
//! else, since they are long and only one page shows them.

use futures_util::TryStreamExt as _;
use picket_domain::{Candidate, Details, PortOf, PrNumber, port_of};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::{TableRow, stored};
use crate::version::NOTHING;

impl Store {
    /// Stores a candidate as it is now, in place of what was known of it. Where it comes without
    /// details, those of the same head are kept. Returns whether that changes anything.
    ///
    /// # Errors
    /// The database fails.
    pub async fn upsert_candidate(&self, candidate: &Candidate) -> Result<bool, StoreError> {
        let mut light = Candidate {
            body: String::new(),
            ..candidate.clone()
        };
        let mut transaction = self.begin_write().await?;
        if light.details.is_none() {
            let known = light_candidate(&mut transaction, candidate.pr).await?;
            let same = known.filter(|known| known.has_details_of(candidate));
            light.details = same.and_then(|known| known.details);
        }
        let is_new = put(&mut transaction, &light).await?;
        let is_other_body = put_body(&mut transaction, candidate).await?;
        if is_other_body && !is_new {
            touch(&mut transaction, candidate.pr).await?;
        }
        transaction.commit().await?;
        Ok(is_new || is_other_body)
    }

    /// Records what git has of a candidate, unless it has moved on since.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record_details(&self, of: &Candidate, details: Details) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        let known = light_candidate(&mut transaction, of.pr).await?;
        if let Some(known) = known.filter(|known| known.has_details_of(of)) {
            let details = Some(details);
            put(&mut transaction, &Candidate { details, ..known }).await?;
        }
        transaction.commit().await
    }

    /// A candidate, whole.
    ///
    /// # Errors
    /// The database fails.
    pub async fn candidate(&self, pr: PrNumber) -> Result<Option<Candidate>, StoreError> {
        let mut connection = self.connection().await?;
        let row = sqlx::query(
            "SELECT candidates.pr, candidate, body FROM candidates \
             JOIN candidate_bodies ON candidate_bodies.pr = candidates.pr \
             WHERE candidates.pr = $1",
        )
        .bind(stored(pr.0)?)
        .fetch_optional(&mut *connection)
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let body = body(&row)?;
        Ok(Some(Candidate {
            body,
            ..decode(&row)?
        }))
    }

    /// A candidate's description; `None` where there is no such candidate.
    ///
    /// # Errors
    /// The database fails.
    pub async fn candidate_body(&self, pr: PrNumber) -> Result<Option<String>, StoreError> {
        let mut connection = self.connection().await?;
        let row = sqlx::query("SELECT pr, body FROM candidate_bodies WHERE pr = $1")
            .bind(stored(pr.0)?)
            .fetch_optional(&mut *connection)
            .await?;
        row.as_ref().map(body).transpose()
    }

    /// All candidates, by number, without their descriptions.
    ///
    /// # Errors
    /// The database fails.
    pub async fn candidates(&self) -> Result<Vec<Candidate>, StoreError> {
        let all = changed(&mut *self.connection().await?, NOTHING).await?;
        Ok(all.into_iter().map(|(candidate, _)| candidate).collect())
    }
}

/// Writes a candidate that has no description; returns whether that changes anything.
pub(crate) async fn put(
    connection: &mut AnyConnection,
    light: &Candidate,
) -> Result<bool, StoreError> {
    let put = sqlx::query(
        "INSERT INTO candidates (pr, candidate) VALUES ($1, $2) \
         ON CONFLICT (pr) DO UPDATE SET candidate = excluded.candidate \
         WHERE candidates.candidate <> excluded.candidate",
    )
    .bind(stored(light.pr.0)?)
    .bind(serde_json::to_string(light)?)
    .execute(connection)
    .await?;
    Ok(put.rows_affected() > 0)
}

/// Writes a candidate's description; returns whether that changes anything.
pub(crate) async fn put_body(
    connection: &mut AnyConnection,
    candidate: &Candidate,
) -> Result<bool, StoreError> {
    let put = sqlx::query(
        "INSERT INTO candidate_bodies (pr, body) VALUES ($1, $2) \
         ON CONFLICT (pr) DO UPDATE SET body = excluded.body \
         WHERE candidate_bodies.body <> excluded.body",
    )
    .bind(stored(candidate.pr.0)?)
    .bind(serde_json::to_string(&candidate.body)?)
    .execute(connection)
    .await?;
    Ok(put.rows_affected() > 0)
}

/// Has a candidate read again by all who keep facts: they do not see that a description changed.
async fn touch(connection: &mut AnyConnection, pr: PrNumber) -> Result<(), StoreError> {
    sqlx::query("UPDATE candidates SET candidate = candidate WHERE pr = $1")
        .bind(stored(pr.0)?)
        .execute(connection)
        .await?;
    Ok(())
}

/// A candidate without its description.
async fn light_candidate(
    connection: &mut AnyConnection,
    pr: PrNumber,
) -> Result<Option<Candidate>, StoreError> {
    let row = sqlx::query("SELECT pr, candidate FROM candidates WHERE pr = $1")
        .bind(stored(pr.0)?)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(decode).transpose()
}

/// The candidates that changed after a version, without their descriptions, and what each says that
/// it is a port of. Descriptions are long: one at a time is in memory.
pub(crate) async fn changed(
    connection: &mut AnyConnection,
    since: i64,
) -> Result<Vec<(Candidate, Vec<PortOf>)>, StoreError> {
    let query = sqlx::query(
        "SELECT candidates.pr, candidate, body FROM candidates \
         LEFT JOIN candidate_bodies ON candidate_bodies.pr = candidates.pr \
         WHERE version > $1 ORDER BY candidates.pr",
    );
    let mut rows = query.bind(since).fetch(connection);
    let mut changed = Vec::new();
    while let Some(row) = rows.try_next().await? {
        changed.push(with_ports(&row)?);
    }
    Ok(changed)
}

/// Nothing but pages needs a description: one that cannot be read says nothing.
fn with_ports(row: &AnyRow) -> Result<(Candidate, Vec<PortOf>), StoreError> {
    let body = TableRow::new(row, "candidate_bodies", &["pr"]).optional_text("body")?;
    let body = body.and_then(|text| serde_json::from_str(&text).ok());
    let whole = Candidate {
        body: body.unwrap_or_default(),
        ..decode(row)?
    };
    let said = port_of(&whole);
    let body = String::new();
    Ok((Candidate { body, ..whole }, said))
}

fn body(row: &AnyRow) -> Result<String, StoreError> {
    TableRow::new(row, "candidate_bodies", &["pr"]).json("body")
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
