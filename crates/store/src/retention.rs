//! Removing what nobody looks at any more.
//!
//! What came of picking and building on a base is derived: it can be made again, and is asked for
//! of few bases. Decisions, releases and what people wrote are kept for ever; so are the chains of
//! bases that releases stand on, from which a release's commit can be made again.

use picket_domain::{ChannelName, CommitSha, Timestamp};

use crate::database::Store;
use crate::error::StoreError;

/// The tables of what is derived on a base.
const DERIVED: [&str; 5] = [
    "assessments",
    "investigations",
    "impacts",
    "attempts",
    "assemblies",
];

impl Store {
    /// How many rows [`Store::forget_bases`] would remove.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forgettable(
        &self,
        channel: &ChannelName,
        keep: &[CommitSha],
    ) -> Result<u64, StoreError> {
        let mut connection = self.connection().await?;
        let mut rows = 0;
        for table in DERIVED {
            let sql = format!("SELECT channel FROM {table} WHERE {}", others(table, keep));
            let query = bound(sqlx::query(sqlx::AssertSqlSafe(sql)), channel, keep);
            rows += query.fetch_all(&mut *connection).await?.len() as u64;
        }
        Ok(rows)
    }

    /// Removes what came of picking and building on all bases of a channel but these, and returns
    /// how many rows that were. Chains stay of bases that releases stand on.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forget_bases(
        &self,
        channel: &ChannelName,
        keep: &[CommitSha],
    ) -> Result<u64, StoreError> {
        let mut transaction = self.begin_write().await?;
        let mut rows = 0;
        for table in DERIVED {
            let sql = format!("DELETE FROM {table} WHERE {}", others(table, keep));
            let query = bound(sqlx::query(sqlx::AssertSqlSafe(sql)), channel, keep);
            rows += query.execute(&mut *transaction).await?.rows_affected();
        }
        transaction.commit().await?;
        Ok(rows)
    }

    /// Removes the sessions that have ended, and returns how many.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forget_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut transaction = self.begin_write().await?;
        let ended = sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
            .bind(now.as_unix())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(ended.rows_affected())
    }
}

/// The condition for rows of other bases; its parameters are bound by [`bound`].
fn others(table: &str, keep: &[CommitSha]) -> String {
    let places: Vec<_> = (0..keep.len()).map(|n| format!("${}", n + 2)).collect();
    let mut condition = "channel = $1".to_owned();
    if !places.is_empty() {
        condition += &format!(" AND base NOT IN ({})", places.join(", "));
    }
    if table == "assemblies" {
        condition += " AND NOT EXISTS (SELECT 1 FROM releases WHERE \
                      releases.channel = assemblies.channel AND releases.published_at IS NOT NULL \
                      AND releases.base LIKE '%' || assemblies.base || '%')";
    }
    condition
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

fn bound<'q>(query: Query<'q>, channel: &ChannelName, keep: &[CommitSha]) -> Query<'q> {
    let query = query.bind(channel.as_str().to_owned());
    keep.iter()
        .fold(query, |query, base| query.bind(base.as_str().to_owned()))
}
