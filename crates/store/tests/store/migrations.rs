//! Migrations: rows that were written before one are still read after it.
//!
//! `migrations/samples/<version>_*.sql` holds rows as they are after the migration of that version,
//! in SQL that both engines take. A test walks the migrations one by one, loads the samples of
//! each, goes on, and in the end reads everything through the store. (Bytes are the exception:
//! they are written as SQLite has them, `X'00ff'`.)

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use picket_domain::{PickInput, PrNumber, ReleaseState};
use sqlx::migrate::{Migrate, Migrator};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};

use crate::engines::{Database, Engine};
use crate::fixtures::*;

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

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
    let migrator = match database.engine {
        Engine::Sqlite => &SQLITE,
        Engine::Postgres => &POSTGRES,
    };
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

        let candidates = store.candidates().await.unwrap();
        assert_eq!(candidates, [candidate(3, "other"), candidate(7, "head")]);
        let (entries, head) = store.whole_log_verified().await.unwrap();
        assert_eq!(entries, 7);
        assert_eq!(store.log_page(None, 1).await.unwrap()[0].hash, head);
        assert_eq!(store.log_of_pr(PrNumber(7)).await.unwrap().len(), 4);
        assert_eq!(store.nominated().await.unwrap().len(), 1);
        assert_eq!(store.cursor("watcher").await.unwrap().unwrap(), "2026-09-21T14:13:20Z");

        let facts = store.facts(&policy()).await.unwrap();
        assert_eq!(facts.base.unwrap(), base("base", 715_880));
        let unresolved = input(3, "other");
        let resolved = PickInput { resolved: resolved_set().id(), ..unresolved.clone() };
        let assessments = [
            (input(7, "head"), picked("picked")),
            (unresolved.clone(), conflict()),
            (resolved, disputed()),
        ];
        assert_eq!(facts.assessments, BTreeMap::from(assessments));
        assert_eq!(facts.investigated, BTreeSet::from([unresolved.clone()]));
        let investigated = store.investigation(&sec(), &sha("base"), &unresolved).await.unwrap();
        assert_eq!(investigated, Some(investigation()));
        let chain = resolved_spec().id();
        assert_eq!(facts.assemblies, BTreeMap::from([(chain, assembly(7))]));
        let contents = resolved_set().contents().cloned().collect();
        let contents = store.contents(&contents).await.unwrap();
        assert_eq!(contents[&content_id(SAMPLE_CONTENT)], SAMPLE_CONTENT);
        let patches = store.patches(&BTreeSet::from([patch_id("patch")])).await.unwrap();
        assert_eq!(patches[&patch_id("patch")], SAMPLE_PATCH);
        assert_eq!(facts.builds[&sha("picked")].attempts, [attempt(5), attempt(6)]);
        assert_eq!(facts.log.len(), 6);
        let states: Vec<_> = facts.releases.into_iter().map(|release| release.state).collect();
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

#[test]
fn both_engines_have_the_same_migrations() {
    let names = |migrator: &Migrator| {
        let names = migrator
            .iter()
            .map(|it| (it.version, it.description.to_string()));
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&SQLITE), names(&POSTGRES));
}
