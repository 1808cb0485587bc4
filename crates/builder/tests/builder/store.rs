//! What stays in the store, and what the store says of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use picket_builder::{Keep, Kept, Kind, Reason};
use picket_domain::StorePath;

use crate::world::{World, lines};

#[tokio::test]
async fn what_was_built_stays_until_it_is_forgotten() {
    let world = World::new();
    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        r#"{ a = mk "a" "echo a > $out"; bad = mk "bad" "exit 1"; }"#,
    );
    let report = world.build(&base, &head).await.unwrap();
    let built = report.built_outputs();
    let drvs = || {
        let entries = std::fs::read_dir(world.store.store_dir()).unwrap();
        entries
            .filter(|entry| {
                let name = entry.as_ref().unwrap().file_name();
                name.to_string_lossy().ends_with(".drv")
            })
            .count()
    };

    world.collect_garbage();
    assert!(Path::new(built[0].as_str()).exists());
    assert_eq!(drvs(), 2);

    world.builder.keep(&base.rev, &built).await.unwrap();
    world.builder.forget(&head.rev).unwrap();
    world.builder.forget(&head.rev).unwrap();
    world.collect_garbage();
    assert!(
        Path::new(built[0].as_str()).exists(),
        "the other revision keeps it"
    );

    world.builder.forget(&base.rev).unwrap();
    world.collect_garbage();
    assert!(!Path::new(built[0].as_str()).exists());
    assert_eq!(drvs(), 0);
}

#[tokio::test]
async fn what_the_garbage_collector_took_is_made_again() {
    let world = World::new();
    let counter = world.path("counter");
    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        &format!(
            r#"{{ a = mk "a" "echo built >> {}; echo a > $out"; }}"#,
            counter.display()
        ),
    );
    let first = world.build(&base, &head).await.unwrap();
    std::fs::remove_dir_all(world.path("state/gcroots")).unwrap();
    world.collect_garbage();
    assert!(!Path::new(first.built_outputs()[0].as_str()).exists());

    let second = world.build(&base, &head).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(lines(&counter), 2);
}

#[tokio::test]
async fn the_closure_is_what_nix_says_it_is() {
    let world = World::new();
    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        r#"let
          lib = mk "lib" "echo lib > $out";
          tool = mk "tool" "echo only needed to build > $out";
        in {
          app = mk "app" "read x < ${tool}; echo ${lib} $out > $out";
          source = mk "source" "echo ${./helpers.nix} > $out";
        }"#,
    );
    let report = world.build(&base, &head).await.unwrap();
    let outputs = report.built_outputs();
    let closure = world.builder.closure(&outputs).await.unwrap();

    let paths = outputs.iter().map(StorePath::as_str);
    let expected = world.store.run(
        "nix-store",
        ["--query", "--requisites"].into_iter().chain(paths),
    );
    let expected = expected.unwrap();
    let expected: BTreeSet<_> = expected.lines().collect();
    let found: BTreeSet<_> = closure.iter().map(|info| info.path.as_str()).collect();
    assert_eq!(found, expected);
    assert_eq!(found.len(), 4);

    for info in &closure {
        let query = |what: &str| {
            world
                .store
                .run("nix-store", ["--query", what, info.path.as_str()])
                .unwrap()
        };
        assert_eq!(query("--size"), info.nar_size.to_string());
        let references: BTreeSet<_> = info.references.iter().map(ToString::to_string).collect();
        let expected = query("--references");
        assert_eq!(references, expected.lines().map(str::to_owned).collect());
        let nix32 = query("--hash");
        let in_hex = [
            "--type",
            "sha256",
            "--to-base16",
            nix32.trim_start_matches("sha256:"),
        ];
        assert_eq!(
            world.store.run("nix-hash", in_hex).unwrap(),
            info.nar_hash.to_string()
        );
    }
    let source = closure
        .iter()
        .find(|info| info.path.name() == "helpers.nix")
        .unwrap();
    assert!(source.content_address.is_some());
    assert!(source.deriver.is_none());
    let app = closure
        .iter()
        .find(|info| info.path.name() == "app")
        .unwrap();
    assert_eq!(app.deriver.as_ref().unwrap().name(), "app.drv");
    assert!(app.references.contains(&app.path));

    let missing = StorePath::parse(&format!(
        "{}/{}-missing",
        world.store.store_dir().display(),
        "0".repeat(32)
    ));
    let error = world
        .builder
        .closure(&[missing.unwrap()])
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("-missing is not in it"),
        "{error}"
    );
}

#[tokio::test]
async fn what_nothing_needs_is_collected_and_what_is_in_use_is_not() {
    let world = World::new();
    let base = world.revision('a', "{ }");
    let head = world.revision('b', r#"{ a = mk "a" "echo a; echo a > $out"; }"#);
    let report = world.build(&base, &head).await.unwrap();
    let built = report.built_outputs();
    let retention = world.builder.retention();
    let all = retention.list().unwrap();
    let told = |all: &[Kept]| {
        let told = all.iter().map(|kept| {
            let some = if kept.bytes > 0 { "some" } else { "no" };
            let files = match kept.kind {
                // What evaluations read is kept beside them where the kernel tells it.
                Kind::Evaluations => "some".to_owned(),
                Kind::Roots | Kind::Logs => kept.files.to_string(),
            };
            let (kind, rev) = (kept.kind, kept.rev.short());
            format!("{kind:?} of {rev}: {files} files, {some} bytes")
        });
        told.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(told(&all), @"
    Evaluations of aaaaaaaaaaaa: some files, some bytes
    Evaluations of bbbbbbbbbbbb: some files, some bytes
    Roots of bbbbbbbbbbbb: 2 files, some bytes
    Logs of bbbbbbbbbbbb: 2 files, some bytes
    ");

    let keep = Keep {
        evaluations: BTreeSet::from([base.rev.clone()]),
        logs: BTreeSet::from([head.rev.clone()]),
        logs_bytes: 1000,
        ..Keep::default()
    };
    let planned = retention.plan(&keep).unwrap();
    assert_eq!(planned.len(), 2);
    assert_eq!(retention.list().unwrap(), all, "planning removes nothing");
    let young = Keep {
        younger_than: Duration::from_secs(3600),
        ..Keep::default()
    };
    assert!(retention.collect(&young).unwrap().removed.is_empty());

    let lease = world.builder.lease(&head.rev).await.unwrap();
    let collected = retention.collect(&keep).unwrap();
    assert_eq!((collected.removed.len(), collected.in_use.len()), (0, 2));
    assert_eq!(retention.list().unwrap(), all, "somebody works with it");
    drop(lease);

    let collected = retention.collect(&keep).unwrap();
    assert_eq!(collected.removed, planned);
    assert!(collected.bytes() > 0 && collected.failed.is_empty());
    assert_snapshot!(told(&retention.list().unwrap()), @"
    Evaluations of aaaaaaaaaaaa: some files, some bytes
    Logs of bbbbbbbbbbbb: 2 files, some bytes
    ");
    world.collect_garbage();
    assert!(!Path::new(built[0].as_str()).exists());

    let too_large = Keep {
        logs_bytes: 1,
        ..keep
    };
    let collected = retention.collect(&too_large).unwrap();
    let (kept, reason) = &collected.removed[0];
    assert_eq!((kept.kind, *reason), (Kind::Logs, Reason::LogsTooLarge));
    assert_eq!(
        world.build(&base, &head).await.unwrap(),
        report,
        "it is all made again"
    );
}

#[tokio::test]
async fn roots_and_closures_are_asked_for_in_bulk() {
    let world = World::new();
    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        r#"{ a = mk "a" "echo ${builtins.concatStringsSep " " (builtins.genList
            (n: builtins.toFile "f${toString n}" "content") 2000)} > $out"; }"#,
    );
    let report = world.build(&base, &head).await.unwrap();
    let outputs = report.built_outputs();
    let begun = Instant::now();
    let closure = world.builder.closure(&outputs).await.unwrap();
    let asked = begun.elapsed();
    assert_eq!(closure.len(), 2001);
    let paths: Vec<_> = closure.into_iter().map(|info| info.path).collect();
    let begun = Instant::now();
    world.builder.keep(&base.rev, &paths).await.unwrap();
    println!(
        "2,001 paths: closure {asked:?}, roots {:?}",
        begun.elapsed()
    );
    world.builder.forget(&head.rev).unwrap();
    world.collect_garbage();
    assert!(paths.iter().all(|path| Path::new(path.as_str()).exists()));
}
