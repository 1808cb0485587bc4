//! What is found of a job set.

use insta::assert_snapshot;
use picket_domain::JobName;
use picket_evaluator::{Evaluation, Limits, Request, Walk};
use serde_json::json;

use crate::world::World;

const SETS: &str = r#"{
  a = mk "a" "x";
  marked = { recurseForDerivations = true; b = mk "b" "x"; deeper.c = mk "c" "x"; };
  unmarked.d = mk "d" "x";
  text = "no job";
  bad = (x: x) (({ needed }: needed) { });
}"#;

async fn found(world: &World, walk: Walk) -> String {
    let revision = world.revision(1, SETS, &[]);
    let change = |request: &mut Request<'_>| request.walk = walk;
    match world.try_evaluate(&revision, change).await.unwrap() {
        Evaluation::Jobs(evaluated) => {
            let names = evaluated.jobs.keys().map(JobName::as_str);
            names.collect::<Vec<_>>().join(" ")
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn sets_are_looked_into_as_asked() {
    let world = World::new(Limits::default()).await;
    assert_eq!(
        found(&world, Walk::Jobs).await,
        "a bad marked.b marked.deeper.c unmarked.d"
    );
    assert_eq!(found(&world, Walk::Packages).await, "a bad marked.b");
    assert_eq!(found(&world, Walk::TopLevel).await, "a bad");
}

#[tokio::test]
async fn an_aggregate_says_what_it_stands_for() {
    let world = World::new(Limits::default()).await;
    let revision = world.revision(
        1,
        r#"rec {
          a = mk "a" "x";
          tested = mkWith { name = "tested"; _hydraAggregate = true; _hydraGlobConstituents = true;
            constituents = [ "a" "tests.*" ]; } "x";
          older = mkWith { name = "older"; _hydraAggregate = true; constituents = [ a ]; } "x"
            // { constituents = [ a (toString a.drvPath) ]; };
          broken = mkWith { name = "broken"; } "x" // { _hydraAggregate = true; constituents = [ 1 ]; };
        }"#,
        &[],
    );
    let evaluated = world.evaluate(&revision).await;
    let mut lines = Vec::new();
    for (name, job) in &evaluated.jobs {
        lines.push(match job {
            Ok(job) => format!("{name}: {}", json!(job.constituents)),
            Err(error) => format!("{name}: {error}"),
        });
    }
    assert_snapshot!(world.plain(&lines.join("\n")), @r#"
    a: null
    broken: error: a constituent is neither a derivation nor a job's name
    older: {"globs":false,"names":[],"derivations":["a.drv","a.drv"]}
    tested: {"globs":true,"names":["a","tests.*"],"derivations":[]}
    "#);
}

#[tokio::test]
async fn what_a_job_says_of_itself_is_told_and_breaks_nothing() {
    let world = World::new(Limits::default()).await;
    let revision = world.revision(
        1,
        r#"{
          a = mk "a-1.2" "x" // { pname = "a"; version = "1.2";
            meta = { position = "pkgs/a.nix:1"; timeout = 60; maxSilent = "no number"; };
            passthru.tests = { works = throw "not looked at"; }; };
          b = mk "b" "x" // { meta = { }.missing; };
        }"#,
        &[],
    );
    let change = |request: &mut Request<'_>| request.extras = true;
    let Evaluation::Jobs(evaluated) = world.try_evaluate(&revision, change).await.unwrap() else {
        panic!("it evaluates");
    };
    let jobs = evaluated
        .jobs
        .into_values()
        .map(|job| json!(job.unwrap().says).to_string());
    assert_snapshot!(jobs.collect::<Vec<_>>().join("\n"), @r#"
    {"name":"a-1.2","pname":"a","version":"1.2","extras":{"position":"pkgs/a.nix:1","timeout":60,"maxSilent":null,"tests":["works"]}}
    {"name":"b","pname":"","version":"","extras":{"position":"","timeout":null,"maxSilent":null,"tests":[]}}
    "#);
}

#[tokio::test]
async fn the_system_is_the_one_that_was_asked_for() {
    let world = World::new(Limits::default()).await;
    let revision = world.revision(1, r#"{ a = mk "a" "x"; }"#, &[]);
    let change = |request: &mut Request<'_>| request.system = Some("riscv64-linux");
    let Evaluation::Jobs(evaluated) = world.try_evaluate(&revision, change).await.unwrap() else {
        panic!("it evaluates");
    };
    let job = evaluated.jobs.into_values().next().unwrap().unwrap();
    assert_eq!(job.system, "riscv64-linux");
}
