//! Opening: new, old, newer and missing databases.

use std::error::Error;
use std::time::Duration;

use picket_store::{Store, StoreError};

use crate::engines::Database;
use crate::fixtures::*;

on_both_engines! {
    async fn a_new_database_is_made_once_by_many(database: Database) {
        let opening = (0..6).map(|_| {
            let url = database.url.clone();
            tokio::spawn(async move { Store::open(&url).await.map(drop) })
        });
        for opened in opening.collect::<Vec<_>>() {
            opened.await.unwrap().unwrap();
        }
    }

    async fn what_was_stored_is_there_after_opening_again(database: Database) {
        let store = database.open().await;
        store.upsert_candidate(&candidate(7, "head")).await.unwrap();
        store.close().await;
        assert_eq!(database.open().await.candidates().await.unwrap().len(), 1);
    }

    async fn a_database_of_a_later_picket_is_refused(database: Database) {
        database.open().await.close().await;
        let migration = "INSERT INTO _sqlx_migrations \
            (version, description, success, checksum, execution_time) \
            SELECT 9999, 'from the future', success, checksum, 0 FROM _sqlx_migrations LIMIT 1";
        assert_eq!(database.execute(migration).await.unwrap(), 1);
        let error = Store::open(&database.url).await.unwrap_err();
        assert!(matches!(error, StoreError::Newer { migration: 9999 }), "{error:?}");
        assert!(error.to_string().contains("newer than this picket"), "{error}");
    }

    /// A web server drops a handler when its client hangs up, at whatever point that is.
    async fn a_write_that_is_given_up_half_way_blocks_nobody(database: Database) {
        let store = database.open().await;
        let mut written = 0;
        for n in 0..60 {
            let appending = store.append(at(0), person("ada"), nominate(n));
            let patience = Duration::from_micros(n * 50);
            written += u64::from(tokio::time::timeout(patience, appending).await.is_ok());
        }
        let last = store.append(at(0), person("ada"), nominate(99)).await.unwrap();
        // One that was given up may have been written, too: its commit was under way.
        assert!((written + 1..=61).contains(&last.seq), "{written} {last:?}");
        assert_eq!(store.whole_log_verified().await.unwrap(), (last.seq, last.hash));
    }
}

#[tokio::test]
async fn looking_at_what_is_there_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("data/picket.db");
    let url = Store::sqlite_url(&file).unwrap();
    let error = Store::open_existing(&url).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable(_)), "{error:?}");
    assert!(!dir.path().join("data").exists());

    Store::open(&url).await.unwrap().close().await;
    let store = Store::open_existing(&url).await.unwrap();
    assert_eq!(store.whole_log_verified().await.unwrap().0, 0);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_to_be_unreachable() {
    // Port 1 of loopback: nothing listens there.
    let error = Store::open("postgres://ada:secret@127.0.0.1:1/picket")
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Unreachable(_)), "{error:?}");
    assert!(error.source().is_some());
    assert!(!format!("{error:?} {error}").contains("secret"));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("picket.db");
    std::fs::write(
        &file,
        "this is not a database, but it is long enough to be one".repeat(99),
    )
    .unwrap();
    let url = Store::sqlite_url(&file).unwrap();
    let error = Store::open(&url).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .starts_with("this is not")
    );
}

#[tokio::test]
async fn a_server_that_cuts_connections_off_is_connected_to_again() {
    let database = Database::postgres();
    let store = database.open().await;
    store
        .append(at(0), person("ada"), nominate(1))
        .await
        .unwrap();
    let cut = "SELECT CAST(pg_terminate_backend(pid) AS TEXT) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(database.execute(cut).await.unwrap() > 0);
    store
        .append(at(1), person("ada"), nominate(2))
        .await
        .unwrap();
    assert_eq!(store.whole_log_verified().await.unwrap().0, 2);
}
