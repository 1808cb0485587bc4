//! Evaluations that take too much.

use picket_builder::{BuildError, Evaluation, Revision};
use picket_domain::{BuildReport, EvaluationLimit};

use crate::world::{World, evaluation, jobs};

async fn error(world: &World, revision: &Revision) -> String {
    match world.builder.evaluate(revision, &jobs()).await.unwrap() {
        Evaluation::Failed { error } => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn jobs_that_end_an_evaluation_are_looked_for_within_bounds() {
    let world = World::with_limits(evaluation(picket_evaluator::Limits {
        losses: 5,
        ..picket_evaluator::Limits::default()
    }));
    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        r#"builtins.listToAttrs (builtins.genList (n: {
            name = "j${toString n}"; value = let f = n: 1 + f (n + 1); in f 1; }) 100)"#,
    );
    match world.build(&base, &head).await.unwrap() {
        BuildReport::EvaluationFailed { error } => {
            assert!(error.contains("begun again 5 times"), "{error}");
        }
        report => panic!("{report:?}"),
    }
}

#[tokio::test]
async fn an_evaluation_without_end_is_nobodys_fault() {
    let world = World::with_limits(evaluation(picket_evaluator::Limits {
        seconds: 2,
        ..picket_evaluator::Limits::default()
    }));
    let endless =
        "let f = n: if n == 0 then 0 else f (n - 1) + f (n - 1); in { a = mk \"a\" (f 60); }";
    let base = world.revision('a', "{ }");
    let head = world.revision('b', endless);
    match world.build(&base, &head).await.unwrap() {
        BuildReport::EvaluationUnfinished {
            cause,
            spent,
            base,
            detail,
        } => {
            assert_eq!(cause, EvaluationLimit::Time);
            assert!(
                spent.seconds >= 1 && spent.peak_bytes > 1 << 20,
                "{spent:?}"
            );
            assert!(base.unwrap().seconds < 2);
            assert!(detail.contains("longer than 2 s"), "{detail}");
        }
        report => panic!("{report:?}"),
    }
    let error = world.build(&head, &base).await.unwrap_err();
    match &error {
        BuildError::BaseUnfinished { cause, .. } => assert_eq!(*cause, EvaluationLimit::Time),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_evaluation_that_needs_too_much_memory_is_told_as_such() {
    let world = World::with_limits(evaluation(picket_evaluator::Limits {
        memory_bytes: Some(1 << 30),
        ..picket_evaluator::Limits::default()
    }));
    let greedy = r#"{ a = mk "a" (toString (builtins.length (builtins.deepSeq
        (builtins.genList (n: builtins.genList (m: n + m) 1000) 60000) [ ]))); }"#;
    let base = world.revision('a', "{ }");
    let head = world.revision('b', greedy);
    match world.build(&base, &head).await.unwrap() {
        BuildReport::EvaluationUnfinished {
            cause,
            spent,
            detail,
            ..
        } => {
            assert_eq!(cause, EvaluationLimit::Memory, "{detail}");
            assert!(spent.peak_bytes > 100 << 20, "{spent:?}");
            assert!(detail.contains("1024 MiB"), "{detail}");
        }
        report => panic!("{report:?}"),
    }
    let double = "let d = n: if n == 0 then \"0123456789abcdef\" else let h = d (n - 1); in h + h;
        in { a = mk \"a\" (builtins.substring 0 3 (d 26)); }";
    let head = world.revision('c', double);
    let report = world.build(&base, &head).await.unwrap();
    assert!(
        matches!(
            report,
            BuildReport::EvaluationUnfinished {
                cause: EvaluationLimit::Memory,
                ..
            }
        ),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_set_without_end_is_bounded() {
    let world = World::with_limits(evaluation(picket_evaluator::Limits {
        depth: 3,
        jobs: 2,
        ..picket_evaluator::Limits::default()
    }));
    let deep = world.revision(
        'a',
        r#"rec { a = mk "a" "echo > $out"; b = a; self = { inherit a self; }; }"#,
    );
    assert!(
        error(&world, &deep)
            .await
            .contains("3 names; 2 are allowed")
    );
}
