//! Rows that Picket did not write stop at the edge, by name.

use picket_store::{Store, StoreError};

use crate::engines::Database;
use crate::fixtures::*;

async fn filled(database: &Database) -> Store {
    let store = database.open().await;
    store.upsert_candidate(&candidate(7, "head")).await.unwrap();
    let base = store.record_base(&sec(), &base("base", 1)).await.unwrap();
    store
        .record_attempt(&sec(), &base.rev, &sha("rev"), &attempt(1))
        .await
        .unwrap();
    store.reserve(&release(1)).await.unwrap();
    store
}

async fn error_after(database: &Database, store: &Store, sql: &str) -> String {
    assert_eq!(database.execute(sql).await.unwrap(), 1, "{sql}");
    let error = store.facts(&policy()).await.unwrap_err();
    assert!(matches!(error, StoreError::Junk { .. }), "{sql}: {error:?}");
    error.to_string()
}

on_both_engines! {
    async fn unreadable_json_is_named(database: Database) {
        let store = filled(&database).await;
        let error = error_after(&database, &store, "UPDATE candidates SET candidate = '{'").await;
        assert!(error.starts_with("table candidates, row pr=7, column candidate: "), "{error}");
        assert!(error.contains("restore the row from a backup"), "{error}");
    }

    async fn a_candidate_under_anothers_number_is_named(database: Database) {
        let store = filled(&database).await;
        let error = error_after(&database, &store, "UPDATE candidates SET pr = 8").await;
        assert_eq!(
            error,
            "table candidates, row pr=8, column candidate: it is of pull request 7; Picket did \
             not write this, so restore the row from a backup"
        );
    }

    async fn an_invalid_commit_is_named(database: Database) {
        let store = filled(&database).await;
        let error = error_after(&database, &store, "UPDATE releases SET tip = 'HEAD'").await;
        assert!(
            error.starts_with("table releases, row channel=nixos-26.05-sec seq=1, column tip: "),
            "{error}"
        );
    }

    async fn a_negative_number_is_named(database: Database) {
        let store = filled(&database).await;
        let error = error_after(&database, &store, "UPDATE bases SET rev_count = -1").await;
        assert!(error.starts_with("table bases, row channel=nixos-26.05-sec rev="), "{error}");
    }

    async fn a_report_of_an_unknown_kind_is_named(database: Database) {
        let store = filled(&database).await;
        let sql = "UPDATE attempts SET summary = replace(summary, 'evaluated', 'guessed'), \
                   attempt = replace(attempt, 'evaluated', 'guessed')";
        let error = error_after(&database, &store, sql).await;
        assert!(error.contains("number=1, column summary: unknown variant `guessed`"), "{error}");
        let base = base("base", 1).rev;
        let error = store.report(&sec(), &base, &sha("rev"), 1).await.unwrap_err().to_string();
        assert!(error.contains("number=1, column attempt: unknown variant `guessed`"), "{error}");
    }

    async fn impossible_release_states_are_named(database: Database) {
        let store = filled(&database).await;
        for (times, problem) in [
            ("published_at = 1", "it was never sealed"),
            (
                "published_at = 1, abandoned_at = 1, abandon_reason = 'x'",
                "it is published and abandoned",
            ),
            ("abandoned_at = 1", "it is abandoned for no reason"),
            ("abandon_reason = 'x'", "it is not abandoned"),
            ("sealed_at = 1, abandon_reason = 'x'", "it is not abandoned"),
            ("sealed_at = 1, abandoned_at = 1", "it is abandoned for no reason"),
            (
                "sealed_at = 1, published_at = 1, abandoned_at = 1, abandon_reason = 'x'",
                "it is published and abandoned",
            ),
        ] {
            let reset = "UPDATE releases SET sealed_at = NULL, published_at = NULL, \
                         abandoned_at = NULL, abandon_reason = NULL";
            database.execute(reset).await.unwrap();
            let sql = format!("UPDATE releases SET {times}");
            let error = error_after(&database, &store, &sql).await;
            assert!(error.contains(problem), "{times}: {error}");
        }
    }
}
