//! What evaluation finds, refuses and says.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use picket_builder::{BuildError, Evaluation, JobSet, Limits, Revision};
use picket_domain::BuildReport;
use serde_json::json;

use crate::world::{World, jobs, said_of};

async fn names(world: &World, revision: &Revision, jobs: &JobSet) -> Vec<String> {
    match world.builder.evaluate(revision, jobs).await.unwrap() {
        Evaluation::Jobs(jobs) => jobs.keys().map(ToString::to_string).collect(),
        Evaluation::Failed { error } => panic!("{error}"),
    }
}

async fn error(world: &World, revision: &Revision) -> String {
    match world.builder.evaluate(revision, &jobs()).await.unwrap() {
        Evaluation::Failed { error } => error,
        Evaluation::Jobs(jobs) => panic!("{jobs:?}"),
    }
}

#[tokio::test]
async fn one_job_that_throws_does_not_take_the_others() {
    let world = World::new();
    let base = world.revision(
        'a',
        r#"{ a = mk "a" "echo > $out"; b = mk "b" "echo > $out"; }"#,
    );
    let head = world.revision(
        'b',
        r#"{
          a = builtins.trace "noise" (throw "a is broken:\nsee the changelog");
          b = mkWith { name = "b"; needs = assert false; 1; } "echo > $out";
          c = mk "c" "echo > $out";
          set = throw "not even a job";
        }"#,
    );
    let report = world.build(&base, &head).await.unwrap();
    assert_snapshot!(world.told(&report), @"
    4 jobs
    a: evaluation failed
    b: evaluation failed
    c: built c.drv -> c
    set: evaluation failed
    ");
    let said = said_of(&report, "a");
    assert!(
        said.starts_with("error:") && !said.contains("noise"),
        "{said}"
    );
    assert!(said.contains("a is broken:\n"), "{said}");
    let said = said_of(&report, "b");
    assert!(said.contains("at jobs.nix:4:44"), "{said}");
    assert!(
        !said.contains("«string»") && !said.contains("tryEval"),
        "{said}"
    );
}

#[tokio::test]
async fn what_cannot_be_caught_is_the_changes_fault_as_a_whole() {
    let world = World::new();
    let base = world.revision('0', r#"{ a = mk "a" "echo > $out"; }"#);
    for (name, nix, expected) in [
        ('1', "{ a = 1; b = }", "syntax error, unexpected '}'"),
        ('2', "{ a = mk \"a\" {}.missing; }", "at jobs.nix:2:14"),
        ('3', "{ a = let x = x; in x; }", "infinite recursion"),
        ('4', "{ a = abort \"enough\"; }", "enough"),
        (
            '5',
            "mk \"a\" \"echo > $out\"",
            "must give an attribute set of jobs",
        ),
        (
            '6',
            "\"no jobs at all\"",
            "must give an attribute set of jobs",
        ),
        ('7', "{ needed }: { }", "'needed'"),
        (
            '8',
            "let f = n: 1 + f (n + 1); in { a = f 1; }",
            "stack overflow",
        ),
    ] {
        let head = world.revision(name, nix);
        match world.build(&base, &head).await.unwrap() {
            BuildReport::EvaluationFailed { error } => {
                assert!(error.contains(expected), "{nix}: {error}");
                assert!(!error.contains("«string»"), "{nix}: {error}");
            }
            report @ BuildReport::Evaluated { .. } => panic!("{nix}: {report:?}"),
        }
    }
}

#[tokio::test]
async fn a_base_that_does_not_evaluate_is_no_changes_fault() {
    let world = World::new();
    let base = world.revision('a', "{ a = 1; b = }");
    let head = world.revision('b', "{ }");
    let error = world.build(&base, &head).await.unwrap_err();
    assert!(matches!(&error, BuildError::Base { error } if error.contains("syntax error")));
}

#[tokio::test]
async fn a_tree_that_is_not_there_is_no_changes_fault() {
    let world = World::new();
    let base = world.revision('a', r#"{ a = mk "a" "echo > $out"; }"#);
    let head = world.revision('b', r#"{ a = mk "a" "echo 2 > $out"; }"#);
    std::fs::remove_dir_all(&head.tree).unwrap();
    let error = world.build(&base, &head).await.unwrap_err();
    assert!(matches!(error, BuildError::File { .. }), "{error}");
}

#[tokio::test]
async fn nothing_outside_of_the_tree_can_be_read_fetched_or_built() {
    let world = World::new();
    let outside = world.path("outside.nix");
    std::fs::write(&outside, "\"secret\"").unwrap();
    let outside = outside.display();
    let use_it = |expression: &str| format!("{{ a = mk \"a\" ({expression}); }}");
    for (name, expression, refused) in [
        (
            '1',
            "builtins.readFile \"/etc/passwd\"".to_owned(),
            "restricted mode",
        ),
        ('2', format!("import {outside}"), "restricted mode"),
        (
            '3',
            "builtins.readFile ./link".to_owned(),
            "restricted mode",
        ),
        (
            '4',
            "builtins.readFile ../outside.nix".to_owned(),
            "restricted mode",
        ),
        (
            '5',
            "builtins.fetchurl \"http://127.0.0.1:9/x\"".to_owned(),
            "restricted mode",
        ),
        (
            '6',
            "builtins.fetchGit \"file:///etc\"".to_owned(),
            "restricted mode",
        ),
        ('7', "builtins.exec [ \"/bin/sh\" ]".to_owned(), "exec"),
        (
            '8',
            "import (mk \"ifd\" \"echo 1 > $out\")".to_owned(),
            "allow-import-from-derivation",
        ),
    ] {
        let helpers =
            std::fs::read_to_string(world.revision('0', "{ }").tree.join("helpers.nix")).unwrap();
        let jobs = format!("with import ./helpers.nix;\n{}", use_it(&expression));
        let files = [
            ("helpers.nix", helpers.as_str()),
            ("jobs.nix", &jobs),
            ("link", "-> /etc/passwd"),
        ];
        let head = world.tree(name, &files);
        let error = error(&world, &head).await;
        assert!(error.contains(refused), "{expression}: {error}");
    }
    assert!(!world.store.store_dir().join("ifd").exists());
}

#[tokio::test]
async fn the_environment_is_not_seen() {
    let world = World::new();
    let head = world.revision('a', r#"{ a = mk "a" <nixpkgs/lib>; }"#);
    let report = world
        .build(&world.revision('0', "{ }"), &head)
        .await
        .unwrap();
    assert!(said_of(&report, "a").contains("'nixpkgs/lib' was not found"));

    let head = world.revision(
        'b',
        r#"{ a = mk "home-is-${builtins.getEnv "HOME"}-" "x"; }"#,
    );
    let Evaluation::Jobs(found) = world.builder.evaluate(&head, &jobs()).await.unwrap() else {
        panic!("it evaluates");
    };
    let job = found.into_values().next().unwrap().unwrap();
    assert_eq!(job.drv.name(), "home-is--.drv");
}

#[tokio::test]
async fn trusted_trees_may_be_let_out() {
    let world = World::with_limits(Limits {
        restricted: false,
        ..Limits::default()
    });
    let outside = world.path("outside.nix");
    std::fs::write(&outside, "\"echo outside > $out\"").unwrap();
    let jobs_nix = format!(r#"{{ a = mk "a" (import {}); }}"#, outside.display());
    let head = world.revision('b', &jobs_nix);
    assert_eq!(names(&world, &head, &jobs()).await, ["a"]);
}

#[tokio::test]
async fn arguments_and_attributes_choose_the_jobs() {
    let world = World::new();
    let jobs_nix = r#"{ systems ? [ ], greeting ? "'\"\${x}", count ? 0 }:
        { nested = builtins.listToAttrs (map (name: {
            inherit name; value = mk "j" "echo ${greeting} ${toString count} > $out";
          }) systems);
          tests.a = mk "t" "echo > $out"; tests.b = mk "t" "echo > $out";
          other = mk "o" "echo > $out"; }"#;
    let head = world.tree(
        'b',
        &[(
            "sub/jobs.nix",
            &format!("with import ./helpers.nix;\n{jobs_nix}"),
        )],
    );
    let helpers = world.revision('0', "{ }").tree.join("helpers.nix");
    std::fs::copy(helpers, head.tree.join("sub/helpers.nix")).unwrap();
    let mut set = JobSet {
        file: "sub/jobs.nix".into(),
        arguments: BTreeMap::from([
            ("systems".into(), json!(["x", "a.b"])),
            (
                "greeting".into(),
                json!("${builtins.readFile \"/etc/passwd\"} '' \""),
            ),
            ("count".into(), json!(3)),
        ]),
        attributes: vec!["nested".into(), "tests.b".into()],
    };
    assert_eq!(
        names(&world, &head, &set).await,
        ["nested.\"a.b\"", "nested.x", "tests.b"]
    );

    set.attributes = vec!["tests.c".into()];
    let error = world.build_jobs(&head, &head, &set).await.unwrap_err();
    assert!(error.to_string().contains("tests.c"), "{error}");

    set.attributes = Vec::new();
    set.arguments.insert("sistems".into(), json!("typo"));
    match world.builder.evaluate(&head, &set).await.unwrap() {
        Evaluation::Failed { error } => assert!(error.contains("sistems"), "{error}"),
        Evaluation::Jobs(jobs) => panic!("{jobs:?}"),
    }
}

#[tokio::test]
async fn a_set_without_end_is_bounded() {
    let world = World::with_limits(Limits {
        depth: 3,
        jobs: 2,
        ..Limits::default()
    });
    let deep = world.revision(
        'a',
        r#"rec { a = mk "a" "echo > $out"; self = { inherit a self; }; }"#,
    );
    assert!(error(&world, &deep).await.contains("4 jobs; 2 are allowed"));

    let endless = World::with_limits(Limits {
        evaluation_seconds: 1,
        ..Limits::default()
    });
    let nix = "let f = n: if n == 0 then 0 else f (n - 1) + f (n - 1); in { a = mk \"a\" (f 60); }";
    let told = error(&endless, &endless.revision('b', nix)).await;
    assert!(told.contains("longer than 1 s"), "{told}");
}
