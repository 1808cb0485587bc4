//! What the tables about a base have in common: those about single picks onto it have one key, and
//! all are read from a version on.

use picket_domain::{ChannelName, CommitSha, PickInput, PrNumber};
use sqlx::any::{Any, AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{AnyConnection, query};

use crate::error::StoreError;
use crate::row::{TableRow, stored};

/// The columns that name a row about a single pick onto a base.
pub(crate) const KEY: &[&str] = &["channel", "base", "pr", "head", "resolved"];

/// A query whose first five parameters are the columns of [`KEY`].
pub(crate) fn of_pick<'q>(
    sql: &'static str,
    (channel, base): (&'q ChannelName, &'q CommitSha),
    input: &'q PickInput,
) -> Result<Query<'q, Any, AnyArguments>, StoreError> {
    Ok(query(sql)
        .bind(channel.as_str())
        .bind(base.as_str())
        .bind(stored(input.pr.0)?)
        .bind(input.head.as_str())
        .bind(input.resolved.as_str()))
}

/// The rows of a query whose parameters are channel, base and the version that rows are newer than.
pub(crate) async fn since(
    connection: &mut AnyConnection,
    sql: &'static str,
    (channel, base): (&ChannelName, &CommitSha),
    version: i64,
) -> Result<Vec<AnyRow>, StoreError> {
    let rows = query(sql)
        .bind(channel.as_str())
        .bind(base.as_str())
        .bind(version)
        .fetch_all(connection)
        .await?;
    Ok(rows)
}

/// The pick that a row is about.
pub(crate) fn input(row: &TableRow<'_>) -> Result<PickInput, StoreError> {
    Ok(PickInput {
        pr: PrNumber(row.number("pr")?),
        head: row.parsed("head")?,
        resolved: row.parsed("resolved")?,
    })
}
