//! The two engines.

use picket_store::Store;
use picket_testkit::postgres::Postgres;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};
use tempfile::TempDir;

/// Makes two tests of one function: one on each engine, with a new database.
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($database:ident: Database) $body:block)+) => {$(
        $(#[$meta])*
        async fn $name($database: crate::engines::Database) $body

        mod $name {
            use crate::engines::Database;

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$name(Database::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                super::$name(Database::postgres()).await;
            }
        }
    )+};
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// An empty database.
pub(crate) struct Database {
    pub(crate) engine: Engine,
    pub(crate) url: String,
    /// Holds the file, where it is one.
    _dir: Option<TempDir>,
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("made on opening/picket.db");
        Self {
            engine: Engine::Sqlite,
            url: Store::sqlite_url(&file).unwrap(),
            _dir: Some(dir),
        }
    }

    pub(crate) fn postgres() -> Self {
        Self {
            engine: Engine::Postgres,
            url: Postgres::shared().unwrap().database_url().unwrap(),
            _dir: None,
        }
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }

    /// A connection past the store, for looking and tampering.
    pub(crate) async fn connect(&self) -> AnyConnection {
        sqlx::any::install_default_drivers();
        AnyConnection::connect(&self.url).await.unwrap()
    }

    pub(crate) async fn execute(&self, sql: &str) -> Result<u64, sqlx::Error> {
        let mut connection = self.connect().await;
        let done = connection.execute(AssertSqlSafe(sql)).await?;
        connection.close().await?;
        Ok(done.rows_affected())
    }

    /// Does what only somebody with the database's password can do.
    pub(crate) async fn tamper_with_the_log(&self, sql: &str) {
        let unlock = match self.engine {
            Engine::Sqlite => {
                "DROP TRIGGER audit_log_never_changes; DROP TRIGGER audit_log_never_shrinks"
            }
            Engine::Postgres => "ALTER TABLE audit_log DISABLE TRIGGER USER",
        };
        self.execute(unlock).await.unwrap();
        assert_eq!(self.execute(sql).await.unwrap(), 1, "{sql}");
    }
}
