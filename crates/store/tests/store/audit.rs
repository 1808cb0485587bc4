//! The audit log.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use picket_domain::{Action, Actor, AuditError, EntryHash, PrNumber};
use picket_store::{Store, StoreError};

use crate::engines::Database;
use crate::fixtures::*;

async fn three_entries(store: &Store) {
    store
        .append(at(0), person("ada"), nominate(7))
        .await
        .unwrap();
    store
        .append(at(1), person("ada"), approve(&sec(), 7, "head"))
        .await
        .unwrap();
    store
        .append(
            at(2),
            person("grace"),
            approve(&channel("other"), 7, "head"),
        )
        .await
        .unwrap();
}

on_both_engines! {
    async fn entries_are_read_as_they_were_written(database: Database) {
        let store = database.open().await;
        assert_eq!(store.whole_log_verified().await.unwrap(), (0, EntryHash::GENESIS));
        let first = store.append(at(0), person("ada"), nominate(7)).await.unwrap();
        let second = store.append(at(1), Actor::Picket, approve(&sec(), 3, "h")).await.unwrap();
        let third = store.append(at(2), person("grace"), approve(&channel("other"), 7, "h"));
        let third = third.await.unwrap();

        assert_eq!(store.whole_log_verified().await.unwrap(), (3, third.hash));
        let of_channel = store.log_of_channel(&sec()).await.unwrap();
        assert_eq!(of_channel, std::slice::from_ref(&second));
        assert_eq!(store.log_of_pr(PrNumber(7)).await.unwrap(), [first.clone(), third.clone()]);
        let newest = store.log_page(None, 2).await.unwrap();
        assert_eq!(newest, [third, second]);
        let older = store.log_page(Some(newest[1].seq), 2).await.unwrap();
        assert_eq!(older, [first]);
        assert!(store.log_holds(of_channel[0].hash).await.unwrap());
        assert!(!store.log_holds(EntryHash::GENESIS).await.unwrap());
        assert_eq!(store.nominated().await.unwrap(), BTreeSet::from([PrNumber(7)]));
    }

    async fn appends_at_the_same_time_take_turns(database: Database) {
        // Two stores have nothing in common but the database, as two processes do.
        let stores = [database.open().await, database.open().await];
        let appending = (0..60_u64).map(|n| {
            let store = stores[n as usize % 2].clone();
            tokio::spawn(async move { store.append(at(0), person("ada"), nominate(n)).await })
        });
        let mut places = BTreeSet::new();
        for entry in appending.collect::<Vec<_>>() {
            places.insert(entry.await.unwrap().unwrap().seq);
        }
        assert_eq!(places, (1..=60).collect());
        assert_eq!(stores[0].whole_log_verified().await.unwrap().0, 60);
        assert_eq!(stores[1].nominated().await.unwrap().len(), 60);
    }

    async fn the_database_itself_refuses_to_change_the_log(database: Database) {
        let store = database.open().await;
        three_entries(&store).await;
        for sql in [
            "UPDATE audit_log SET at = 0 WHERE seq = 2",
            "DELETE FROM audit_log WHERE seq = 3",
            "DELETE FROM audit_log",
            // A gap, and an entry that continues another one than the last.
            "INSERT INTO audit_log SELECT seq + 9, at, actor, kind, channel, pr, action, hash, \
             'new' FROM audit_log WHERE seq = 3",
            "INSERT INTO audit_log SELECT seq + 1, at, actor, kind, channel, pr, action, previous, \
             'new' FROM audit_log WHERE seq = 3",
        ] {
            let error = database.execute(sql).await.unwrap_err().to_string();
            assert!(error.contains("append-only") || error.contains("continue"), "{sql}: {error}");
        }
        assert_eq!(store.whole_log_verified().await.unwrap().0, 3);
    }

    async fn a_changed_entry_is_found(database: Database) {
        let store = database.open().await;
        three_entries(&store).await;
        database.tamper_with_the_log("UPDATE audit_log SET actor = 'eve' WHERE seq = 2").await;
        let error = store.whole_log_verified().await.unwrap_err();
        assert!(matches!(error, StoreError::Tampered(AuditError::Changed(2))), "{error:?}");
    }

    async fn a_removed_entry_is_found(database: Database) {
        let store = database.open().await;
        three_entries(&store).await;
        database.tamper_with_the_log("DELETE FROM audit_log WHERE seq = 2").await;
        let error = store.whole_log_verified().await.unwrap_err();
        let gap = AuditError::Gap { expected: 2, found: 3 };
        assert!(matches!(&error, StoreError::Tampered(found) if *found == gap), "{error:?}");
    }

    async fn an_entry_cannot_be_hidden_from_its_channel(database: Database) {
        let store = database.open().await;
        three_entries(&store).await;
        let hide = "UPDATE audit_log SET channel = 'elsewhere' WHERE seq = 2";
        database.tamper_with_the_log(hide).await;
        let error = store.whole_log_verified().await.unwrap_err().to_string();
        assert!(error.starts_with("table audit_log, row seq=2, column channel: "), "{error}");
    }

    async fn an_action_with_more_in_it_than_its_hash_covers_is_found(database: Database) {
        let store = database.open().await;
        three_entries(&store).await;
        let add = "UPDATE audit_log SET action = replace(action, '}', ',\"note\":\"x\"}') \
                   WHERE seq = 1";
        database.tamper_with_the_log(add).await;
        let error = store.whole_log_verified().await.unwrap_err();
        assert!(matches!(error, StoreError::Junk { column: "action", .. }), "{error:?}");
    }

    async fn a_pick_is_superseded_once_per_channel(database: Database) {
        let stores = [database.open().await, database.open().await];
        let recording = (0..8_usize).map(|n| {
            let store = stores[n % 2].clone();
            tokio::spawn(async move {
                let lag = 345_600 + n as i64;
                store.record_superseded(at(0), &sec(), PrNumber(7), &sha("b"), lag).await
            })
        });
        let mut recorded = Vec::new();
        for entry in recording.collect::<Vec<_>>() {
            recorded.extend(entry.await.unwrap().unwrap());
        }
        assert_eq!(recorded.len(), 1);
        assert_eq!(recorded[0].actor, Actor::Picket);
        assert_eq!(recorded[0].action.name(), "superseded");

        let other = channel("other");
        for (channel, pr) in [(&other, 7), (&sec(), 8)] {
            let base = sha("b");
            let entry = stores[0].record_superseded(at(1), channel, PrNumber(pr), &base, 1);
            assert!(entry.await.unwrap().is_some(), "{channel} {pr}");
        }
        assert_eq!(stores[0].whole_log_verified().await.unwrap().0, 3);
    }

    async fn a_veto_of_the_same_pull_request_does_not_hide_that_it_is_superseded(
        database: Database
    ) {
        let store = database.open().await;
        let veto = Action::Veto { channel: sec(), pr: PrNumber(7), reason: "no".into() };
        store.append(at(0), person("ada"), veto).await.unwrap();
        let entry = store.record_superseded(at(1), &sec(), PrNumber(7), &sha("b"), 1).await;
        assert_eq!(entry.unwrap().unwrap().seq, 2);
    }
}

/// Where to append, in the environment of the processes that the tests below start.
const APPEND_TO: &str = "PICKET_STORE_TEST_APPEND_TO";
const APPENDS: u64 = 40;

/// Runs a test again in processes of its own, in which it appends, and then looks at the log.
async fn two_processes_take_turns(test: &str, database: fn() -> Database) {
    if let Ok(url) = std::env::var(APPEND_TO) {
        let store = Store::open(&url).await.unwrap();
        for n in 0..APPENDS {
            store
                .append(at(0), person("ada"), nominate(n))
                .await
                .unwrap();
        }
        return;
    }
    let database = database();
    let mut this_test = Command::new(std::env::current_exe().unwrap());
    this_test
        .args(["--exact", test])
        .env(APPEND_TO, &database.url)
        .stdout(Stdio::null());
    let processes = [this_test.spawn().unwrap(), this_test.spawn().unwrap()];
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let (entries, _) = database.open().await.whole_log_verified().await.unwrap();
    assert_eq!(entries, 2 * APPENDS);
}

#[tokio::test]
async fn two_processes_take_turns_on_sqlite() {
    let test = "audit::two_processes_take_turns_on_sqlite";
    two_processes_take_turns(test, Database::sqlite).await;
}

#[tokio::test]
async fn two_processes_take_turns_on_postgres() {
    let test = "audit::two_processes_take_turns_on_postgres";
    two_processes_take_turns(test, Database::postgres).await;
}
