//! What can go wrong with the database, and what the operator can do about it.

use picket_domain::{AuditError, ChannelName, ContentId, ReleaseName, ReleaseSeq};
use sqlx::migrate::MigrateError;
use thiserror::Error;

/// Why the database did not do what it was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The URL names no database that Picket can use.
    #[error(
        "{url:?} is no database URL: use sqlite:///absolute/path/picket.db or \
         postgres://user@host/database"
    )]
    Url {
        /// The URL, without a password.
        url: String,
    },
    /// No connection could be had.
    #[error(
        "the database cannot be reached: check that its server runs, that its folder is writable, \
         and that database_url is right"
    )]
    Unreachable(#[source] sqlx::Error),
    /// The server is older than what Picket is tested with.
    #[error("PostgreSQL {found} is too old: Picket needs PostgreSQL 15 or later")]
    OldServer {
        /// The server's version.
        found: String,
    },
    /// A later Picket has migrated the database.
    #[error(
        "the database is newer than this picket (it has migration {migration}): start the version \
         of picket that ran here last, or restore a backup from before the upgrade"
    )]
    Newer {
        /// The migration that this binary does not know.
        migration: i64,
    },
    /// A migration did not go through; nothing of it is left behind.
    #[error(
        "the database could not be migrated and is as it was before: start the version of picket \
         that ran here last, and report the cause"
    )]
    Migration(#[source] MigrateError),
    /// Another process held the database for too long.
    #[error(
        "the database is busy: another process has been writing for half a minute; stop it, and \
         everything goes on by itself"
    )]
    Busy(#[source] sqlx::Error),
    /// There is no room to write.
    #[error("the database's disk is full: free some space, and everything goes on by itself")]
    Full(#[source] sqlx::Error),
    /// The file is no SQLite database, or the server found its own files broken.
    #[error("the database is damaged, or no database at all: restore it from a backup")]
    Damaged(#[source] sqlx::Error),
    /// A row holds what Picket never writes.
    #[error(
        "table {table}, row {row}, column {column}: {problem}; Picket did not write this, so \
         restore the row from a backup"
    )]
    Junk {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A content that the audit log names is not there.
    #[error(
        "the content {0} that a conflict was resolved with is missing: restore it from a backup"
    )]
    NoContent(ContentId),
    /// A content was to be stored under a hash that is not its own.
    #[error("a content was to be stored as {0}, which is not its hash")]
    WrongContent(ContentId),
    /// The audit log is not the one that was written.
    #[error("the audit log was tampered with: compare it with a backup")]
    Tampered(#[from] AuditError),
    /// There is no release with this number.
    #[error("channel {channel} has no release {seq}")]
    NoRelease {
        /// The channel.
        channel: ChannelName,
        /// The number.
        seq: ReleaseSeq,
    },
    /// A release's number or name is taken by another one. Plan again.
    #[error("release {wanted} cannot be reserved: its number or name is taken by {taken_by}")]
    ReleaseTaken {
        /// The release that was to be reserved.
        wanted: ReleaseName,
        /// The release that stands in its way.
        taken_by: ReleaseName,
    },
    /// A release is not in a state from which this can be done. Plan again.
    #[error("release {release} cannot be {wanted}: it is {state}")]
    ReleaseState {
        /// The release.
        release: ReleaseName,
        /// What was to be done, as a participle.
        wanted: &'static str,
        /// The state that it is in, as a participle.
        state: &'static str,
    },
    /// A number is beyond what the database can hold.
    #[error("{0} is too large for the database (the limit is 9223372036854775807)")]
    TooLarge(u64),
    /// A value cannot be written as JSON.
    #[error("a value cannot be stored")]
    Json(#[from] serde_json::Error),
    /// The system gave no random bytes for a secret.
    #[error("the system's random number generator failed")]
    NoRandomness(#[source] rand::rngs::SysError),
    /// Anything else that the engine reported.
    #[error("the database refused a query")]
    Query(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unreachable(error),
            sqlx::Error::Database(reported) => match reported.code().as_deref() {
                // SQLite: SQLITE_BUSY and its extended codes. PostgreSQL: lock_not_available.
                Some("5" | "261" | "517" | "773" | "55P03") => Self::Busy(error),
                // SQLite: SQLITE_FULL. PostgreSQL: disk_full.
                Some("13" | "53100") => Self::Full(error),
                // SQLite: SQLITE_CORRUPT, SQLITE_NOTADB. PostgreSQL: data_corrupted, index_corrupted.
                Some("11" | "26" | "XX001" | "XX002") => Self::Damaged(error),
                // SQLite: SQLITE_READONLY and two of its extended codes, SQLITE_CANTOPEN.
                // PostgreSQL: connection errors, shutdown, no connection left, a standby server.
                Some(
                    "8" | "1032" | "1544" | "14" | "08000" | "08003" | "08006" | "57P01" | "57P02"
                    | "57P03" | "53300" | "25006",
                ) => Self::Unreachable(error),
                _ => Self::Query(error),
            },
            _ => Self::Query(error),
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(migration) => Self::Newer { migration },
            MigrateError::Execute(error) => Self::from(error),
            other => Self::Migration(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_to_do() {
        let name = |text| ReleaseName::parse(text).unwrap();
        let errors = [
            StoreError::Url {
                url: "mysql://ada@db/picket".into(),
            },
            StoreError::Unreachable(sqlx::Error::PoolTimedOut),
            StoreError::OldServer {
                found: "13.9".into(),
            },
            StoreError::Newer { migration: 12 },
            StoreError::Migration(MigrateError::VersionMismatch(1)),
            StoreError::Busy(sqlx::Error::PoolTimedOut),
            StoreError::Full(sqlx::Error::PoolTimedOut),
            StoreError::Damaged(sqlx::Error::PoolTimedOut),
            StoreError::ReleaseTaken {
                wanted: name("b"),
                taken_by: name("a"),
            },
        ];
        let messages = errors.map(|error| error.to_string()).join("\n");
        insta::assert_snapshot!(messages, @r#"
        "mysql://ada@db/picket" is no database URL: use sqlite:///absolute/path/picket.db or postgres://user@host/database
        the database cannot be reached: check that its server runs, that its folder is writable, and that database_url is right
        PostgreSQL 13.9 is too old: Picket needs PostgreSQL 15 or later
        the database is newer than this picket (it has migration 12): start the version of picket that ran here last, or restore a backup from before the upgrade
        the database could not be migrated and is as it was before: start the version of picket that ran here last, and report the cause
        the database is busy: another process has been writing for half a minute; stop it, and everything goes on by itself
        the database's disk is full: free some space, and everything goes on by itself
        the database is damaged, or no database at all: restore it from a backup
        release b cannot be reserved: its number or name is taken by a
        "#);
    }
}
