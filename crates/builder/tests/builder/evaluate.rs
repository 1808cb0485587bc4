//! What evaluation finds and says.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use picket_builder::{BuildError, Evaluation, JobSet};
use picket_domain::{BuildReport, JobPattern, Scope};
use picket_testkit::nix::{HELPERS, with_helpers};
use serde_json::json;

use crate::world::{World, evaluation, jobs, said_of};

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
async fn a_job_set_that_is_none_is_the_changes_fault_as_a_whole() {
    let world = World::new();
    let base = world.revision('0', r#"{ a = mk "a" "echo > $out"; }"#);
    for (name, nix, expected) in [
        ('1', "{ a = 1; b = }", "syntax error, unexpected '}'"),
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
    ] {
        let head = world.revision(name, nix);
        match world.build(&base, &head).await.unwrap() {
            BuildReport::EvaluationFailed { error } => {
                assert!(error.contains(expected), "{nix}: {error}");
                assert!(!error.contains("«string»"), "{nix}: {error}");
            }
            report => panic!("{nix}: {report:?}"),
        }
    }
}

#[tokio::test]
async fn what_cannot_be_caught_breaks_its_job_alone() {
    let world = World::new();
    let base = world.revision('0', r#"{ a = mk "a" "echo > $out"; }"#);
    let head = world.revision(
        '1',
        r#"let f = n: 1 + f (n + 1); in {
          a = mk "a" {}.missing;
          deep = { fine = mk "fine" "echo > $out"; set.bad = abort "enough"; };
          endless = let x = x; in x;
          more = (x: x) (({ needed }: needed) { });
          new = mk "new" "echo > $out";
          overflow = f 1;
        }"#,
    );
    let report = world.build(&base, &head).await.unwrap();
    assert_snapshot!(world.told(&report), @"
    7 jobs
    a: evaluation failed
    deep.fine: built fine.drv -> fine
    deep.set.bad: evaluation failed
    endless: evaluation failed
    more: evaluation failed
    new: built new.drv -> new
    overflow: evaluation failed
    ");
    for (job, expected) in [
        ("a", "at jobs.nix:3:22"),
        ("deep.set.bad", "enough"),
        ("endless", "infinite recursion"),
        ("more", "'needed'"),
        ("overflow", "stack overflow"),
    ] {
        let said = said_of(&report, job);
        assert!(said.contains(expected), "{job}: {said}");
        assert!(!said.contains("«string»"), "{job}: {said}");
    }
}

#[tokio::test]
async fn a_job_that_ends_the_bases_evaluation_too_is_not_broken_by_the_change() {
    let world = World::new();
    let jobs_nix = |text: &str| {
        format!(
            r#"{{ bad = {{ }}.nope; set.worse = abort "no"; a = mk "a" "echo {text} > $out"; }}"#
        )
    };
    let base = world.revision('a', &jobs_nix("1"));
    let head = world.revision('b', &jobs_nix("2"));
    let report = world.build(&base, &head).await.unwrap();
    assert_snapshot!(world.told(&report), @"
    3 jobs
    a: built a.drv -> a
    ");
    let mended = world.revision(
        'c',
        r#"{ bad = mk "bad" "echo > $out"; set.worse = abort "no"; a = mk "a" "echo 1 > $out"; }"#,
    );
    let report = world.build(&base, &mended).await.unwrap();
    assert_snapshot!(world.told(&report), @"
    3 jobs
    bad: built bad.drv -> bad
    ");
}

#[tokio::test]
async fn a_base_that_does_not_evaluate_is_no_changes_fault_and_is_remembered() {
    let world = World::new();
    let base = world.revision('a', "{ a = 1; b = }");
    let head = world.revision('b', "{ }");
    let syntax = |error: &BuildError| matches!(error, BuildError::BaseDoesNotEvaluate { error } if error.contains("syntax error"));
    let error = world.build(&base, &head).await.unwrap_err();
    assert!(syntax(&error), "{error}");

    // Mended behind its back: a commit's tree never changes, so that this shows whether it was
    // evaluated again.
    std::fs::write(base.tree.join("jobs.nix"), "{ }").unwrap();
    let error = world.build(&base, &head).await.unwrap_err();
    assert!(syntax(&error), "{error}");

    let later = world.again(evaluation(picket_evaluator::Limits {
        failed_seconds: 0,
        ..picket_evaluator::Limits::default()
    }));
    let request = picket_builder::BuildRequest {
        base: &base,
        head: &head,
        jobs: &jobs(),
        required: &[JobPattern::all()],
        rebuild_limit: 0,
        scope: &Scope::default(),
        package_tests: 0,
    };
    later.build(request).await.unwrap();
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
async fn arguments_and_attributes_choose_the_jobs() {
    let world = World::new();
    let jobs_nix = r#"{ systems ? [ ], greeting ? "'\"\${x}", count ? 0 }:
        { nested = builtins.listToAttrs (map (name: {
            inherit name; value = mk "j" "echo ${greeting} ${toString count} > $out";
          }) systems);
          tests.a = mk "t" "echo > $out"; tests.b = mk "t" "echo > $out";
          other = mk "o" "echo > $out"; }"#;
    let jobs_nix = with_helpers(jobs_nix);
    let files = [("sub/helpers.nix", HELPERS), ("sub/jobs.nix", &*jobs_nix)];
    let head = world.tree('b', &files);
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
        world.names(&head, &set).await,
        ["nested.\"a.b\"", "nested.x", "tests.b"]
    );

    set.attributes = vec!["tests.c".into()];
    let error = world.build_jobs(&head, &head, &set).await.unwrap_err();
    assert!(error.to_string().contains("tests.c"), "{error}");

    set.attributes = Vec::new();
    set.arguments.insert("sistems".into(), json!("typo"));
    match world.builder.evaluate(&head, &set).await.unwrap() {
        Evaluation::Failed { error } => assert!(error.contains("sistems"), "{error}"),
        other => panic!("{other:?}"),
    }
}
