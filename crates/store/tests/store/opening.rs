//! Opening: new, old, newer and missing databases.

use std::error::Error;

use picket_store::{Store, StoreError};

use crate::engines::Engine;
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

    async fn connections_have_the_settings_that_decisions_need(database: Database) {
        let store = database.open().await;
        store.append(at(0), person("ada"), nominate(1)).await.unwrap();
        if database.engine == Engine::Sqlite {
            let wal = format!("{}-wal", database.url.trim_start_matches("sqlite://"));
            assert!(std::path::Path::new(&wal.replace("%20", " ")).exists());
        }
        // A base that is current must be known: foreign keys hold.
        let orphan = "INSERT INTO current_bases (channel, rev) VALUES ('c', 'unknown')";
        assert!(database.execute(orphan).await.is_err());
    }
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
    assert!(Store::open(&url).await.is_err());
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .starts_with("this is not")
    );
}
