//! What ends a worker, and what does not.

use std::sync::Mutex;

use picket_domain::EvaluationLimit;
use picket_evaluator::{
    Cache, EvaluateError, Evaluation, JobError, Limits, Request, Sandbox, Trust,
};

use crate::world::{World, jobs};

#[tokio::test]
async fn an_attribute_that_ends_a_worker_costs_the_others_nothing() {
    let world = World::new(Limits::default()).await;
    let overflow = "let f = n: 1 + f (n + 1); in f 1";
    let jobs: String = (0..60)
        .map(|n| match n % 20 {
            7 => format!("j{n} = {overflow};"),
            _ => format!("j{n} = mk \"j{n}\" \"x\";"),
        })
        .collect();
    let evaluated = world
        .evaluate(&world.revision(1, &format!("{{ {jobs} }}"), &[]))
        .await;
    assert_eq!(evaluated.jobs.len(), 60);
    let broken = evaluated.jobs.iter().filter(|(_, job)| job.is_err());
    let broken: Vec<_> = broken.map(|(name, _)| name.as_str()).collect();
    assert_eq!(broken, ["j27", "j47", "j7"]);
}

#[tokio::test]
async fn each_limit_is_told_apart() {
    let world = World::new(Limits {
        job_seconds: 15,
        memory_bytes: Some(1 << 30),
        ..Limits::default()
    })
    .await;
    let jobs = r#"{
      greedy = let d = n: if n == 0 then "0123456789abcdef" else let h = d (n - 1); in h + h; in d 28;
      slow = let f = n: if n == 0 then 0 else f (n - 1) + f (n - 1); in mk "slow" (f 60);
    }"#;
    let evaluated = world.evaluate(&world.revision(1, jobs, &[])).await;
    let causes = evaluated
        .stopped()
        .map(|(name, cause, _)| (name.as_str(), cause));
    let causes: Vec<_> = causes.collect();
    assert_eq!(
        causes,
        [
            ("greedy", EvaluationLimit::Memory),
            ("slow", EvaluationLimit::Time)
        ]
    );
}

#[tokio::test]
async fn what_other_jobs_left_in_a_worker_is_no_fault_of_the_next() {
    let world = World::new(Limits {
        memory_bytes: Some(1 << 30),
        workers: Some(1),
        ..Limits::default()
    })
    .await;
    // Each keeps a text of 256 MiB: one is well within the bounds, and all of them are not.
    let jobs = r#"let
      d = n: if n == 0 then "0123456789abcdef" else let h = d (n - 1); in h + h;
      large = name: let kept = d 24; in mk name (builtins.hashString "sha256" kept) // { inherit kept; };
    in { a = large "a"; b = large "b"; c = large "c"; d = large "d"; e = large "e"; }"#;
    let evaluated = world.evaluate(&world.revision(1, jobs, &[])).await;
    let broken = evaluated.jobs.iter().filter(|(_, job)| job.is_err());
    assert_eq!(broken.count(), 0, "{:?}", evaluated.jobs);
}

#[tokio::test]
async fn jobs_are_told_of_as_they_are_evaluated() {
    let world = World::new(Limits::default()).await;
    let revision = world.revision(1, r#"{ a = mk "a" "x"; b = throw "b"; }"#, &[]);
    let jobs = jobs();
    let request = Request::new(&world.installed, &revision, &jobs);
    let told = Mutex::new(Vec::new());
    let on_job = |name: &picket_domain::JobName, job: &Result<_, JobError>| {
        told.lock().unwrap().push((name.to_string(), job.is_ok()));
    };
    let evaluation = world
        .evaluator
        .stream(request, Cache::Use, &on_job)
        .await
        .unwrap();
    assert!(matches!(evaluation, Evaluation::Jobs(_)));
    let mut told = told.into_inner().unwrap();
    told.sort();
    assert_eq!(told, [("a".to_owned(), true), ("b".to_owned(), false)]);
}

#[tokio::test]
async fn without_a_sandbox_nothing_is_evaluated_that_nobody_vouches_for() {
    for unsandboxed in [false, true] {
        let mut world = World::new(Limits {
            unsandboxed,
            ..Limits::default()
        })
        .await;
        world.evaluator = world.evaluator.with_sandbox(Sandbox::None);
        let revision = world.revision(1, r#"{ a = mk "a" "x"; }"#, &[]);
        let by_nobody = |request: &mut Request<'_>| request.trust = Trust::Nobody;
        match world.try_evaluate(&revision, by_nobody).await {
            Ok(evaluation) => {
                assert!(unsandboxed && matches!(evaluation, Evaluation::Jobs(_)));
            }
            Err(error) => {
                assert!(
                    !unsandboxed && matches!(error, EvaluateError::NoSandbox),
                    "{error}"
                );
                let words = error.to_string();
                assert!(words.contains("install bubblewrap"), "{words}");
            }
        }
        assert!(
            world.try_evaluate(&revision, |_| {}).await.is_ok(),
            "it is approved"
        );
    }
}
