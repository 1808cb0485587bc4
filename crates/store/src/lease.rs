//! One `picket serve` on a data folder and on a database, and no second one beside it.
//!
//! Two that reconcile at once would supersede each other's releases without end. Each takes a
//! [`Lease`] before it opens anything, and holds it for as long as it lives: an advisory lock of
//! the operating system, or of a PostgreSQL session. Either ends with its holder, however that
//! died. Programs that only read take none.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, Row};
use thiserror::Error;
use url::Url;

use crate::database::sqlite_file;
use crate::error::StoreError;

/// The number of PostgreSQL's advisory lock that a serving Picket holds: "serve" in ASCII.
const SERVE_LOCK: i64 = 0x73_65_72_76_65;
/// Between two looks at whether the session, and the lock with it, is still there.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Why a lease could not be had or kept.
#[derive(Debug, Error)]
pub enum LeaseError {
    /// Somebody else has it.
    #[error("{what} is in use by another picket ({holder}): stop that one first")]
    Taken {
        /// The folder or the database, without its password.
        what: String,
        /// The process that holds it.
        holder: String,
    },
    /// The lock's file cannot be made or locked.
    #[error("cannot lock {path}: {error}; it must be writable to Picket's user")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The database cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The right to be the only one; given back when it is dropped.
#[derive(Debug)]
pub struct Lease(Held);

#[derive(Debug)]
enum Held {
    /// The locked file, which is open for as long as this lives.
    File(File),
    Session(Box<Session>),
}

/// A connection that holds the advisory lock.
#[derive(Debug)]
struct Session {
    options: PgConnectOptions,
    connection: PgConnection,
}

impl Lease {
    /// Takes a data folder, which must exist, by the file `lock` in it.
    ///
    /// # Errors
    /// [`LeaseError::Taken`] names the folder and the other process.
    pub fn of_folder(data_dir: &Path) -> Result<Self, LeaseError> {
        let what = format!("data_dir {}", data_dir.display());
        Ok(Self(Held::File(locked(&data_dir.join("lock"), what)?)))
    }

    /// Takes a database: SQLite's by a file beside it, PostgreSQL's by a session's lock.
    ///
    /// # Errors
    /// [`LeaseError::Taken`] where another one serves on it, and where it cannot be reached.
    pub async fn of_database(url: &str) -> Result<Self, LeaseError> {
        let held = match Self::database_file(url)? {
            Some(file) => {
                if let Some(folder) = file.parent() {
                    fs::create_dir_all(folder).map_err(at(folder))?;
                }
                let mut lock = file.clone().into_os_string();
                lock.push(".lock");
                let what = format!("the database {}", file.display());
                Held::File(locked(Path::new(&lock), what)?)
            }
            None => {
                let options = postgres(url)?;
                Held::Session(Box::new(Session::open(options).await?))
            }
        };
        Ok(Self(held))
    }

    /// The file of a SQLite database; `None` where the database is PostgreSQL's.
    ///
    /// # Errors
    /// [`StoreError::Url`] where Picket can use neither.
    pub fn database_file(url: &str) -> Result<Option<PathBuf>, StoreError> {
        match Url::parse(url).ok().as_ref().map(Url::scheme) {
            Some("sqlite") => sqlite_file(url).map(Some).ok_or_else(|| refused(url)),
            Some("postgres" | "postgresql") => postgres(url).map(|_| None),
            Some(_) | None => Err(refused(url)),
        }
    }

    /// Waits until the lease is lost to another process, which a file's never is. A session that
    /// broke (the server was restarted) is opened again, and takes the lock again.
    pub async fn lost(self) -> LeaseError {
        let mut session = match self.0 {
            Held::Session(session) => session,
            Held::File(file) => {
                let never = std::future::pending().await;
                drop(file);
                return never;
            }
        };
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if session.connection.ping().await.is_ok() {
                continue;
            }
            match Session::open(session.options.clone()).await {
                Ok(again) => *session = again,
                Err(taken @ LeaseError::Taken { .. }) => return taken,
                // The database is away for everybody.
                Err(LeaseError::File { .. } | LeaseError::Store(_)) => {}
            }
        }
    }
}

impl Session {
    async fn open(options: PgConnectOptions) -> Result<Self, LeaseError> {
        let reach = |error| LeaseError::Store(StoreError::Unreachable(error));
        let mut connection = PgConnection::connect_with(&options).await.map_err(reach)?;
        let row = sqlx::query("SELECT pg_try_advisory_lock($1) AS taken")
            .bind(SERVE_LOCK)
            .fetch_one(&mut connection)
            .await
            .map_err(StoreError::from)?;
        if row.try_get("taken").map_err(StoreError::from)? {
            return Ok(Self {
                options,
                connection,
            });
        }
        let database = options.get_database().unwrap_or("of its user").to_owned();
        Err(LeaseError::Taken {
            what: format!("the database {database} on {}", options.get_host()),
            holder: holder(&mut connection).await?,
        })
    }
}

/// The session that holds the lock, as the server's `pg_stat_activity` names it.
async fn holder(connection: &mut PgConnection) -> Result<String, StoreError> {
    // A 64-bit lock's upper half is its classid, the lower one its objid.
    const ASK: &str = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND CAST(classid AS BIGINT) = $1 AND CAST(objid AS BIGINT) = $2";
    let row = sqlx::query(ASK)
        .bind(SERVE_LOCK >> 32)
        .bind(SERVE_LOCK & 0xffff_ffff)
        .fetch_optional(connection)
        .await?;
    match row {
        Some(row) => Ok(format!(
            "PostgreSQL's session {}",
            row.try_get::<i32, _>("pid")?
        )),
        None => Ok("which has just ended".to_owned()),
    }
}

fn postgres(url: &str) -> Result<PgConnectOptions, StoreError> {
    url.parse().map_err(|_| refused(url))
}

fn refused(url: &str) -> StoreError {
    // It cannot be told where in it a password is.
    StoreError::Url {
        url: url.split(':').next().unwrap_or_default().to_owned(),
    }
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> LeaseError {
    let path = path.to_owned();
    move |error| LeaseError::File {
        path: path.clone(),
        error,
    }
}

/// Locks a file and writes this process's id into it.
fn locked(path: &Path, what: String) -> Result<File, LeaseError> {
    let mut options = File::options();
    let options = options.create(true).truncate(false).read(true).write(true);
    let mut file = options.open(path).map_err(at(path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // Whatever is in it, the lock is taken.
            let _ = file.take(20).read_to_string(&mut pid);
            let holder = format!("process {}", pid.trim().escape_debug());
            return Err(LeaseError::Taken { what, holder });
        }
        Err(TryLockError::Error(error)) => return Err(at(path)(error)),
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(at(path))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_taken(lease: Result<Lease, LeaseError>, holder: &str) {
        let error = lease.unwrap_err();
        assert!(matches!(error, LeaseError::Taken { .. }), "{error}");
        assert!(error.to_string().contains(holder), "{error}");
    }

    #[test]
    fn a_data_folder_has_one_holder() {
        let dir = tempfile::tempdir().unwrap();
        let lease = Lease::of_folder(dir.path()).unwrap();
        let me = format!("process {}", std::process::id());
        is_taken(Lease::of_folder(dir.path()), &me);
        drop(lease);
        Lease::of_folder(dir.path()).unwrap();
    }

    #[tokio::test]
    async fn a_database_has_one_holder_and_readers_do_not_mind() {
        let dir = tempfile::tempdir().unwrap();
        let sqlite = crate::Store::sqlite_url(&dir.path().join("picket.db")).unwrap();
        let postgres = picket_testkit::postgres::Postgres::shared().unwrap();
        let postgres = postgres.database_url().unwrap();
        for (url, holder) in [(sqlite, "process "), (postgres, "PostgreSQL's session ")] {
            let lease = Lease::of_database(&url).await.unwrap();
            is_taken(Lease::of_database(&url).await, holder);
            crate::Store::open(&url).await.unwrap();
            drop(lease);
            // PostgreSQL lets go when it notices that the connection is closed.
            let start = std::time::Instant::now();
            while let Err(error) = Lease::of_database(&url).await {
                assert!(start.elapsed() < Duration::from_secs(30), "{error}");
            }
        }
    }
}
