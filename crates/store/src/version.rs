//! How many changes the database has seen.

use sqlx::AnyConnection;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::TableRow;

/// The version before all rows: whatever there is has changed since.
pub(crate) const NOTHING: i64 = -1;

/// A moment in the database's history: between two moments of one version, nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// How many changes there were.
    pub(crate) changes: i64,
    /// How often rows were removed.
    pub(crate) epoch: i64,
}

impl Version {
    /// The version from which on a copy of this version lacks rows; [`NOTHING`] where it cannot
    /// be told what it lacks: rows were removed, or the database is an older one than it was.
    pub(crate) fn read_from(self, now: Self) -> i64 {
        if self.epoch == now.epoch && self.changes <= now.changes {
            self.changes
        } else {
            NOTHING
        }
    }
}

impl Store {
    /// The version that the database is at. It costs one row.
    ///
    /// # Errors
    /// The database fails.
    pub async fn version(&self) -> Result<Version, StoreError> {
        now(&mut *self.connection().await?).await
    }
}

pub(crate) async fn now(connection: &mut AnyConnection) -> Result<Version, StoreError> {
    let row = sqlx::query("SELECT id, version, epoch FROM clock")
        .fetch_one(connection)
        .await?;
    let row = TableRow::new(&row, "clock", &["id"]);
    Ok(Version {
        changes: row.count("version")?,
        epoch: row.count("epoch")?,
    })
}
