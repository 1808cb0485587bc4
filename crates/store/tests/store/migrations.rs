//! Migrations: rows that were written before one are still read after it.
//!
//! `migrations/samples/<version>_*.sql` holds rows as they are after the migration of that version,
//! in SQL that both engines take. A test walks the migrations one by one, loads the samples of
//! each, goes on, and in the end reads everything through the store. (Bytes are the exception:
//! they are written as SQLite has them, `X'00ff'`.)

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use picket_domain::{
    AccountId, AttemptSummary, Candidate, CommentEnd, CommentRecord, ContainedBy, ImpactSummary,
    Member, PickInput, PickOutcome, PrNumber, Refusal, ReleaseSeq, ReleaseState, ReportSummary,
    Unbinding,
};
use sqlx::migrate::{Migrate, Migrator};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};

use crate::engines::{Database, Engine};
use crate::fixtures::*;

/// An engine's migrations as sqlx reads them from their folder: the store, which holds them in
/// itself, must agree with it on every name and checksum.
async fn migrator(engine: Engine) -> Migrator {
    let folder = match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    };
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    Migrator::new(dir.join(folder)).await.unwrap()
}

fn samples_of(version: i64) -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/samples");
    let prefix = format!("{version:04}_");
    let is_of_version = |file: &PathBuf| {
        file.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with(&prefix)
    };
    let files = std::fs::read_dir(&dir)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files = files.filter(is_of_version);
    let file = files
        .next()
        .unwrap_or_else(|| panic!("migration {version} has no samples"));
    assert_eq!(
        files.next(),
        None,
        "migration {version} has its samples in two files"
    );
    std::fs::read_to_string(file).unwrap()
}

async fn migrate_with_samples(database: &Database) {
    // The store makes the folder, but also migrates; here the steps are ours.
    if let Some(file) = database.url.strip_prefix("sqlite://") {
        let file = file.replace("%20", " ");
        std::fs::create_dir_all(Path::new(&file).parent().unwrap()).unwrap();
        std::fs::File::create(&file).unwrap();
    }
    let mut connection: AnyConnection = database.connect().await;
    let migrator = migrator(database.engine).await;
    let table = &migrator.table_name;
    connection.ensure_migrations_table(table).await.unwrap();
    for migration in migrator.iter() {
        connection.apply(table, migration).await.unwrap();
        let mut samples = samples_of(migration.version);
        if database.engine == Engine::Postgres {
            samples = samples.replace(", X'", ", '\\x");
        }
        connection.execute(AssertSqlSafe(samples)).await.unwrap();
    }
    connection.close().await.unwrap();
}

on_both_engines! {
    async fn samples_of_every_migration_are_still_read(database: Database) {
        migrate_with_samples(&database).await;
        let store = database.open().await;

        let owned = Candidate { author_id: Some(AccountId(41)), ..candidate(11, "owned") };
        let all = [candidate(3, "other"), candidate(7, "head"), candidate(9, "light"), owned];
        // Commits and files as GitHub listed them are read anew, from git.
        let all = all.map(|it| Candidate { details: None, ..it });
        assert_eq!(store.candidates().await.unwrap(), all.clone().map(light));
        for one in all {
            let body = store.candidate_body(one.pr).await.unwrap();
            assert_eq!(body.as_ref(), Some(&one.body));
            assert_eq!(store.candidate(one.pr).await.unwrap(), Some(one));
        }
        let (entries, head) = store.whole_log_verified().await.unwrap();
        assert_eq!(entries, 7);
        assert_eq!(store.log_page(None, 1).await.unwrap()[0].hash, head);
        assert_eq!(store.log_of_pr(PrNumber(7)).await.unwrap().len(), 4);
        assert_eq!(store.nominated().await.unwrap().len(), 1);
        assert_eq!(store.cursor("watcher").await.unwrap().unwrap(), "2026-09-21T14:13:20Z");

        let team = store.facts(&policy()).await.unwrap().team;
        let place = |name: &str| team.get(&login(name)).cloned().unwrap();
        assert_eq!(place("ada"), Member { account: Some(AccountId(41)), renamed_at: Some(at(50)), ..Member::default() });
        assert_eq!(place("grace").account, Some(AccountId(44)));
        assert_eq!(place("grace").unbound, Some(Unbinding { at: at(20), entry: 3 }));
        assert_eq!(place("grace").refused, Some(Refusal { identity: github(77), at: at(60) }));
        assert_eq!(place("edsger").left_at, Some(at(50)));
        assert_eq!(place("barbara").id, Some(AccountId(42)));
        let bound = store.accounts().await.unwrap().into_iter().map(|it| it.binding.is_some());
        assert_eq!(bound.collect::<Vec<_>>(), [true, false, true]);

        let facts = store.facts(&policy()).await.unwrap();
        let on = facts.today.unwrap();
        assert_eq!(on.base, base("base", 715_880));
        let unresolved = input(3, "other");
        let resolved = PickInput { resolved: resolved_set().id(), ..unresolved.clone() };
        let assessments = [
            (input(7, "head"), picked("picked")),
            (unresolved.clone(), conflict()),
            (resolved, disputed()),
            (input(9, "light"), PickOutcome::Contained { by: ContainedBy::Base }),
        ];
        let assessments = assessments.map(|(input, outcome)| (input, Arc::new(outcome)));
        assert_eq!(on.assessments, assessments.into_iter().collect());
        assert_eq!(*facts.contained, BTreeSet::from([input(9, "light")]));
        assert_eq!(*on.investigated, BTreeSet::from([unresolved.clone()]));
        let investigated = store.investigation(&sec(), &sha("base"), &unresolved).await.unwrap();
        assert_eq!(investigated, Some(investigation()));
        let impact = store.impact(&sec(), &sha("base"), &unresolved).await.unwrap();
        assert_eq!(impact, Some(sample_impact()));
        // It was written before summaries had versions.
        let mut summary = sample_impact().summary();
        if let ImpactSummary::Known { versions, .. } = &mut summary {
            versions.clear();
        }
        assert_eq!(on.impacts, [(unresolved.clone(), summary)].into_iter().collect());
        let readings = [(PrNumber(3), Arc::new(reading(4)))];
        assert_eq!(facts.receptions, readings.into_iter().collect());
        let mut failing = written(3_000_001);
        failing.refused("no", at(3));
        failing.failed(at(-57));
        let comments = [
            (PrNumber(3), failing),
            (PrNumber(7), posting()),
            (PrNumber(9), ended(written(3_000_002), CommentEnd::Refused("'quoted' \u{1f980}".into()), 5)),
            (PrNumber(11), ended(CommentRecord::default(), CommentEnd::Locked, 6)),
        ];
        assert_eq!(store.comments().await.unwrap(), comments.into());
        let passed_by = store.passed_by().await.unwrap();
        let titles: Vec<_> = passed_by.iter().map(|it| (it.pr.0, it.title.as_str())).collect();
        assert_eq!(titles, [(12, "a: 1.2 -> 1.3 'quoted' \u{1f980}"), (13, "")]);
        let chain = resolved_spec().id();
        assert_eq!(on.assemblies, [(chain, Arc::new(assembly(7)))].into_iter().collect());
        let contents = resolved_set().contents().cloned().collect();
        let contents = store.contents(&contents).await.unwrap();
        assert_eq!(contents[&content_id(SAMPLE_CONTENT)], SAMPLE_CONTENT);
        let patches = store.patches(&BTreeSet::from([patch_id("patch")])).await.unwrap();
        assert_eq!(patches[&patch_id("patch")], SAMPLE_PATCH);
        let attempts = [(1, 5), (2, 6), (3, 7)].map(|(number, at)| AttemptSummary::of(number, &attempt(at)));
        // The last sample's summary is from when summaries did not say why a job failed.
        let mut attempts = attempts;
        if let ReportSummary::Evaluated { failing, .. } = &mut attempts[2].report {
            failing[0].cause = None;
        }
        assert_eq!(on.builds[&sha("picked")].attempts, attempts);
        assert_eq!(store.pushed(&sec()).await.unwrap(), Some(ReleaseSeq(1)));
        assert_eq!(facts.log.len(), 6);
        let states: Vec<_> = facts.releases.iter().map(|release| release.state.clone()).collect();
        let reason = "the base moved".to_owned();
        assert_eq!(
            states,
            [
                ReleaseState::Published { at: at(30) },
                ReleaseState::Abandoned { at: at(40), reason },
                ReleaseState::Sealed { at: at(50) },
                ReleaseState::Reserved,
            ]
        );
    }
}

#[tokio::test]
async fn both_engines_have_the_same_migrations() {
    let names = |migrator: &Migrator| {
        let names = migrator
            .iter()
            .map(|it| (it.version, it.description.to_string()));
        names.collect::<Vec<_>>()
    };
    let (sqlite, postgres) = (
        migrator(Engine::Sqlite).await,
        migrator(Engine::Postgres).await,
    );
    assert_eq!(names(&sqlite), names(&postgres));
}
