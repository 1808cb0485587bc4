//! Facts that are kept by increments are those that are read anew.

use picket_domain::{PickOutcome, Policy, PrNumber, ReleaseSeq};
use picket_store::{AllFacts, Store, StoreError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::engines::Database;
use crate::fixtures::*;

/// What happens next.
#[derive(Debug, Clone)]
enum Event {
    /// Process `by` (of two) writes something about one of a few things.
    Write { by: usize, what: Write, n: u64 },
    /// Old rows are removed.
    Remove(&'static str),
    /// Process `by` (of two) reads what is new.
    Refresh(usize),
}

#[derive(Debug, Clone, Copy)]
enum Write {
    Candidate,
    Port,
    Decision,
    Account,
    Base,
    Assessment,
    Investigation,
    Impact,
    Reception,
    Assembly,
    Attempt,
    Reserve,
    Seal,
    Publish,
    Abandon,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let writes = prop::sample::select(vec![
        Write::Candidate,
        Write::Port,
        Write::Decision,
        Write::Account,
        Write::Base,
        Write::Assessment,
        Write::Investigation,
        Write::Impact,
        Write::Reception,
        Write::Assembly,
        Write::Attempt,
        Write::Reserve,
        Write::Seal,
        Write::Publish,
        Write::Abandon,
    ]);
    let removed = prop::sample::select(vec!["assessments", "assemblies", "attempts", "receptions"]);
    let event = prop_oneof![
        14 => (0..2_usize, writes, 0..4_u64).prop_map(|(by, what, n)| Event::Write { by, what, n }),
        1 => removed.prop_map(Event::Remove),
        4 => (0..2_usize).prop_map(Event::Refresh),
    ];
    prop::collection::vec(event, 0..60)
}

async fn write(store: &Store, what: Write, n: u64) -> Result<(), StoreError> {
    let channel = if n.is_multiple_of(2) {
        sec()
    } else {
        channel("other")
    };
    let (base, input) = (base(&format!("base {}", n / 2), 1), input(n, "head"));
    match what {
        Write::Candidate => store
            .upsert_candidate(&candidate(n, &n.to_string()))
            .await
            .map(drop),
        Write::Port => store
            .upsert_candidate(&port(n % 2, 100 + n))
            .await
            .map(drop),
        Write::Decision if n == 3 => {
            let content = [(content_id(b"x"), b"x".to_vec())].into();
            let action = resolve_conflict(&channel, 7, b"x");
            store
                .append_with_contents(at(0), person("ada"), action, &content)
                .await
                .map(drop)
        }
        Write::Decision => store
            .append(at(0), person("ada"), approve(&channel, 7, "head"))
            .await
            .map(drop),
        Write::Account if n == 3 => store.unbind(&login("ada"), at(0)).await.map(drop),
        Write::Account => {
            store.set_team(&named(&["ada"]), at(0)).await?;
            let ada = login("ada");
            store.sign_in(&ada, github(n), at(0), 60).await.map(drop)
        }
        Write::Base => store.record_base(&channel, &base).await.map(drop),
        Write::Assessment => {
            let outcome = if n < 2 {
                conflict()
            } else {
                PickOutcome::Contained {
                    by: picket_domain::ContainedBy::Base,
                }
            };
            store
                .record_assessment(&channel, &base.rev, &input, &outcome)
                .await
        }
        Write::Investigation => {
            store
                .record_investigation(&channel, &base.rev, &input, &investigation())
                .await
        }
        Write::Impact => {
            let impact = sample_impact();
            store
                .record_impact(&channel, &base.rev, &input, &impact)
                .await
        }
        Write::Reception => {
            let readings = [n, n + 1].map(|pr| (PrNumber(pr), reading(n as i64)));
            store.record_receptions(&readings).await
        }
        Write::Assembly => store.record_assembly(&spec(&base, n), &assembly(n)).await,
        Write::Attempt => {
            let (rev, attempt) = (sha("rev"), attempt(n as i64));
            store
                .record_attempt(&channel, &base.rev, &rev, &attempt)
                .await
        }
        Write::Reserve => store.reserve(&release(n)).await.map(drop),
        Write::Seal => seal(store, ReleaseSeq(n), at(1)).await.map(drop),
        Write::Publish => store.publish(&sec(), ReleaseSeq(n), at(2)).await.map(drop),
        Write::Abandon => store
            .abandon(&sec(), ReleaseSeq(n), at(3), "why")
            .await
            .map(drop),
    }
}

fn policies() -> [Policy; 2] {
    let other = Policy {
        channel: channel("other"),
        ..policy()
    };
    [policy(), other]
}

async fn play(database: &Database, events: &[Event]) {
    let stores = [database.open().await, database.open().await];
    let mut known: Vec<AllFacts> = Vec::new();
    for store in &stores {
        known.push(store.all_facts(policies()).await.unwrap());
    }
    let all = [Event::Refresh(0), Event::Refresh(1)];
    for event in events.iter().chain(&all) {
        match event {
            Event::Write { by, what, n } => match write(&stores[*by], *what, *n).await {
                // It is no time for that, and nothing was written.
                Err(StoreError::NoRelease { .. } | StoreError::ReleaseState { .. }) => {}
                written => written.unwrap(),
            },
            Event::Remove(table) => {
                database
                    .execute(&format!("DELETE FROM {table}"))
                    .await
                    .unwrap();
            }
            Event::Refresh(by) => {
                known[*by] = stores[*by].refreshed(&known[*by]).await.unwrap();
                let anew = stores[1 - *by].all_facts(policies()).await.unwrap();
                assert_eq!(known[*by].version, anew.version);
                assert_eq!(known[*by].channels, anew.channels);
            }
        }
    }
    for store in stores {
        store.close().await;
    }
}

fn check(database: fn() -> Database, cases: u32) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config {
        cases,
        ..Config::default()
    });
    let result = runner.run(&events(), |events| {
        runtime.block_on(play(&database(), &events));
        Ok(())
    });
    result.unwrap();
}

#[test]
fn what_was_read_by_increments_is_what_is_read_anew_on_sqlite() {
    check(Database::sqlite, 24);
}

#[test]
fn what_was_read_by_increments_is_what_is_read_anew_on_postgres() {
    check(Database::postgres, 12);
}

on_both_engines! {
    async fn only_what_facts_depend_on_makes_a_new_version(database: Database) {
        let store = database.open().await;
        let before = store.version().await.unwrap();
        store.set_cursor("watcher", "x").await.unwrap();
        assert_eq!(store.version().await.unwrap(), before);
        session(&store, "ada", at(0)).await;
        let before = store.version().await.unwrap();
        session(&store, "grace", at(0)).await;
        let bound = store.version().await.unwrap();
        assert_ne!(bound, before, "whose name hers is");
        for name in ["ada", "grace"] {
            session(&store, name, at(1)).await;
        }
        assert_eq!(store.version().await.unwrap(), bound, "nobody is new");
        store.unbind(&login("ada"), at(2)).await.unwrap();
        let unbound = store.version().await.unwrap();
        assert_ne!(unbound, bound);
        store.record_base(&sec(), &base("one", 1)).await.unwrap();
        let moved = store.version().await.unwrap();
        assert_ne!(moved, unbound);
        store.record_base(&sec(), &base("one", 1)).await.unwrap();
        assert_eq!(store.version().await.unwrap(), moved, "it stands where it stood");
    }
}
