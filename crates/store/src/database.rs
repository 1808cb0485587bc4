//! Connections, transactions and migrations: the only file that knows the two engines apart.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, Connection, Executor, Row, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};
use url::Url;

use crate::error::StoreError;
use crate::migrations;

/// Every connection's settings. A lost decision is worse than a slow one, hence FULL: in WAL mode
/// NORMAL may lose the last transactions when the power fails.
const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";

/// The number of PostgreSQL's advisory lock that all of Picket's writers take: "picket" in ASCII.
const WRITER_LOCK: i64 = 0x70_69_63_6b_65_74;

const OLDEST_POSTGRES: i64 = 150_000;
/// As long as SQLite waits by itself; see `SQLITE_SETTINGS`.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
const BUSY_PAUSE: Duration = Duration::from_millis(20);
const CONNECTIONS: u32 = 8;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(40);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    Sqlite,
    Postgres,
}

/// What to do where a SQLite database's file is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IfMissing {
    Make,
    Fail,
}

/// Picket's database. Cheap to clone; all clones share one pool of connections.
#[derive(Debug, Clone)]
pub struct Store {
    pool: AnyPool,
    engine: Engine,
    /// This process's writers queue up here, without a connection in their hands: SQLite's own
    /// waiting is by trying again, and unfair.
    writers: Arc<Mutex<()>>,
}

/// A transaction that holds the one writer's lock: only code that has one may read in order to
/// write. It is rolled back when it is dropped without a commit.
pub(crate) struct WriteTransaction {
    transaction: Transaction<'static, Any>,
    _turn: OwnedMutexGuard<()>,
}

impl WriteTransaction {
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }
}

impl Deref for WriteTransaction {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.transaction
    }
}

impl DerefMut for WriteTransaction {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }
}

impl Store {
    /// Connects to a database and migrates it: `sqlite:///absolute/path.db` (created where it is
    /// missing, with its folder), or `postgres://user:password@host/database`.
    ///
    /// # Errors
    /// The database cannot be reached, is too old, or is newer than this binary.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_as(url, IfMissing::Make).await
    }

    /// The same for looking at what is there: a SQLite database that is missing is an error.
    ///
    /// # Errors
    /// As [`Store::open`], and where there is no such file.
    pub async fn open_existing(url: &str) -> Result<Self, StoreError> {
        Self::open_as(url, IfMissing::Fail).await
    }

    async fn open_as(url: &str, if_missing: IfMissing) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let (engine, options) = connect_options(url, if_missing).await?;
        // Not from the pool: a pool tries again until its time is up, and hides the reason.
        let mut connection = AnyConnection::connect_with(&options)
            .await
            .map_err(StoreError::Unreachable)?;
        engine.prepare(&mut connection).await?;
        engine.migrate(&mut connection).await?;
        connection.close().await?;
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(move |connection, _| {
                Box::pin(async move { engine.set_up(connection).await })
            })
            .connect_lazy_with(options);
        let writers = Arc::default();
        Ok(Self {
            pool,
            engine,
            writers,
        })
    }

    /// The URL of the SQLite database in this file, for [`Store::open`].
    ///
    /// # Errors
    /// The path is not absolute.
    pub fn sqlite_url(file: &Path) -> Result<String, StoreError> {
        let url = Url::from_file_path(file).map_err(|()| StoreError::Url {
            url: file.display().to_string(),
        })?;
        Ok(url.as_str().replacen("file:", "sqlite:", 1))
    }

    /// Closes all connections, once those in use are given back.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// A connection for one query, or for several whose order does not matter.
    pub(crate) async fn connection(&self) -> Result<PoolConnection<Any>, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    /// A transaction for writing; waits until it is the only one.
    pub(crate) async fn begin_write(&self) -> Result<WriteTransaction, StoreError> {
        let turn = Arc::clone(&self.writers).lock_owned().await;
        let mut transaction = self.pool.begin_with(self.engine.begin_write()).await?;
        self.engine.lock_writers(&mut transaction).await?;
        Ok(WriteTransaction {
            transaction,
            _turn: turn,
        })
    }

    /// A transaction in which every query sees the same moment.
    pub(crate) async fn begin_read(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let begin = match self.engine {
            Engine::Sqlite => "BEGIN",
            Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        Ok(self.pool.begin_with(begin).await?)
    }
}

impl Engine {
    fn begin_write(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// On SQLite, beginning has taken the lock already. On PostgreSQL each statement after this
    /// one sees what the last holder of the lock committed (READ COMMITTED).
    async fn lock_writers(self, connection: &mut AnyConnection) -> sqlx::Result<()> {
        match self {
            Self::Sqlite => Ok(()),
            Self::Postgres => sqlx::query("SELECT pg_advisory_xact_lock($1)")
                .bind(WRITER_LOCK)
                .execute(connection)
                .await
                .map(drop),
        }
    }

    async fn set_up(self, connection: &mut AnyConnection) -> sqlx::Result<()> {
        match self {
            Self::Sqlite => connection.execute(SQLITE_SETTINGS).await.map(drop),
            Self::Postgres => Ok(()),
        }
    }

    /// Sets the first connection up. While another process turns the same new file to WAL, SQLite
    /// reports that it is busy at once, whatever the timeout, so the waiting is done here.
    async fn set_up_first(self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let deadline = Instant::now() + BUSY_TIMEOUT;
        loop {
            match self.set_up(connection).await.map_err(StoreError::from) {
                Err(StoreError::Busy(_)) if Instant::now() < deadline => {
                    tokio::time::sleep(BUSY_PAUSE).await;
                }
                done => return done,
            }
        }
    }

    /// Sets the first connection up and checks what it leads to.
    async fn prepare(self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        self.set_up_first(connection).await?;
        if self == Self::Sqlite {
            return Ok(());
        }
        let row = connection
            .fetch_one(
                "SELECT current_setting('server_version') AS version, \
                 CAST(current_setting('server_version_num') AS BIGINT) AS number",
            )
            .await?;
        if row.try_get::<i64, _>("number")? < OLDEST_POSTGRES {
            let found = row.try_get("version")?;
            return Err(StoreError::OldServer { found });
        }
        Ok(())
    }

    /// Migrates under the writers' lock, since sqlx takes none on SQLite: of two processes that
    /// start at once, the second one finds the work done. All migrations happen or none.
    async fn migrate(self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let mut transaction = connection.begin_with(self.begin_write()).await?;
        self.lock_writers(&mut transaction).await?;
        let migrations = migrations::migrator(match self {
            Self::Sqlite => &migrations::SQLITE,
            Self::Postgres => &migrations::POSTGRES,
        })?;
        // With `run`, the future would not be Send.
        migrations
            .run_direct(None, &mut *transaction, false)
            .await?;
        Ok(transaction.commit().await?)
    }
}

async fn connect_options(
    url: &str,
    if_missing: IfMissing,
) -> Result<(Engine, AnyConnectOptions), StoreError> {
    let parsed = Url::parse(url).map_err(|_| StoreError::Url {
        // It cannot be told where in it a password is.
        url: url.split(':').next().unwrap_or_default().to_owned(),
    })?;
    let (engine, target) = match parsed.scheme() {
        "sqlite" => {
            let file = sqlite_file(url).ok_or_else(|| no_database(&parsed))?;
            let url = Store::sqlite_url(&file)?;
            let mode = match if_missing {
                IfMissing::Fail => "rw",
                IfMissing::Make => {
                    make_folder_of(&file).await?;
                    "rwc"
                }
            };
            (Engine::Sqlite, format!("{url}?mode={mode}"))
        }
        "postgres" | "postgresql" => (Engine::Postgres, url.to_owned()),
        _ => return Err(no_database(&parsed)),
    };
    let options = target.parse().map_err(|_| no_database(&parsed))?;
    Ok((engine, options))
}

async fn make_folder_of(file: &Path) -> Result<(), StoreError> {
    let Some(folder) = file.parent() else {
        return Ok(());
    };
    let made = tokio::fs::create_dir_all(folder).await;
    made.map_err(|error| StoreError::Unreachable(sqlx::Error::Io(error)))
}

/// The absolute path in `sqlite:///path`. Without a file there is nothing that a restart could go
/// on from, so `:memory:` is no database for Picket.
pub(crate) fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite://")?;
    let as_file = Url::parse(&format!("file://{path}")).ok()?;
    as_file
        .to_file_path()
        .ok()
        .filter(|file| file.file_name().is_some())
}

fn no_database(url: &Url) -> StoreError {
    let mut url = url.clone();
    url.set_query(None);
    // Fails on URLs that have no place for a password; then there is none.
    let _ = url.set_password(None);
    StoreError::Url { url: url.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_makes_a_url_and_back() {
        for path in ["/tmp/picket.db", "/tmp/a b/50%?#.db", "/tmp/ü.db"] {
            let url = Store::sqlite_url(Path::new(path)).unwrap();
            assert_eq!(sqlite_file(&url).as_deref(), Some(Path::new(path)), "{url}");
        }
        assert!(Store::sqlite_url(Path::new("picket.db")).is_err());
    }

    #[tokio::test]
    async fn every_connection_has_the_settings_that_decisions_need() {
        let dir = tempfile::tempdir().unwrap();
        let url = Store::sqlite_url(&dir.path().join("picket.db")).unwrap();
        let store = Store::open(&url).await.unwrap();
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(store.connection().await.unwrap());
        }
        for connection in &mut connections {
            let row = sqlx::query(
                "SELECT timeout, synchronous, foreign_keys, journal_mode FROM pragma_busy_timeout, \
                 pragma_synchronous, pragma_foreign_keys, pragma_journal_mode",
            );
            let row = row.fetch_one(&mut **connection).await.unwrap();
            assert_eq!(row.get::<i64, _>("timeout"), 30_000);
            assert_eq!(row.get::<i64, _>("synchronous"), 2, "2 is FULL");
            assert_eq!(row.get::<i64, _>("foreign_keys"), 1);
            assert_eq!(row.get::<String, _>("journal_mode"), "wal");
        }
    }

    #[tokio::test]
    async fn a_snapshot_stays_as_it_is_while_others_write() {
        let dir = tempfile::tempdir().unwrap();
        let sqlite = Store::sqlite_url(&dir.path().join("picket.db")).unwrap();
        let postgres = picket_testkit::postgres::Postgres::shared().unwrap();
        for url in [sqlite, postgres.database_url().unwrap()] {
            let store = Store::open(&url).await.unwrap();
            let mut snapshot = store.begin_read().await.unwrap();
            let count = || sqlx::query("SELECT count(*) AS cursors FROM cursors");
            for _ in 0..2 {
                let row = count().fetch_one(&mut *snapshot).await.unwrap();
                assert_eq!(row.get::<i64, _>("cursors"), 0, "{url}");
                store.set_cursor("watcher", "moved").await.unwrap();
            }
            snapshot.commit().await.unwrap();
            let row = count()
                .fetch_one(&mut *store.connection().await.unwrap())
                .await;
            assert_eq!(row.unwrap().get::<i64, _>("cursors"), 1, "{url}");
        }
    }

    #[tokio::test]
    async fn what_is_no_database_is_refused_without_its_password() {
        for url in [
            "",
            "picket.db",
            "sqlite::memory:",
            "sqlite:picket.db",
            "sqlite://",
            "mysql://ada:secret@localhost/picket?password=secret",
        ] {
            let error = Store::open(url).await.unwrap_err();
            assert!(matches!(error, StoreError::Url { .. }), "{url}: {error:?}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
