//! What a channel requires: aggregates stand for their constituents.

use insta::assert_snapshot;
use picket_builder::Revision;
use picket_domain::{BuildReport, ChannelName, JobPattern, Policy, Verdict};

use crate::world::{World, said_of};

/// A job set with two jobs and Hydra's aggregate of them, by name.
fn jobs(a: &str, c: &str, constituents: &str) -> String {
    format!(
        r#"{{
          a = mk "a" "{a}";
          b.c = mk "c" "{c}";
          other = mk "other" "echo {c} > $out";
          tested = mkWith {{
            name = "tested";
            _hydraAggregate = true;
            constituents = [ {constituents} ];
          }} "echo > $out";
        }}"#
    )
}

struct Gate {
    world: World,
    base: Revision,
    required: Vec<JobPattern>,
}

impl Gate {
    fn new(constituents: &str, required: &[&str]) -> Self {
        let world = World::new();
        let base = world.revision('a', &jobs("echo > $out", "echo > $out", constituents));
        Self {
            world,
            base,
            required: required
                .iter()
                .map(|pattern| JobPattern::parse(pattern).unwrap())
                .collect(),
        }
    }

    /// What comes of a revision, and what the policy says of it.
    async fn weigh(&self, jobs: &str) -> Result<(BuildReport, Verdict), String> {
        let head = self.world.revision('b', jobs);
        let report = self.world.build_required(&self.base, &head, &self.required);
        let report = report.await.map_err(|error| error.to_string())?;
        let mut policy = Policy::of(ChannelName::parse("channel").unwrap());
        policy.required_jobs.clone_from(&self.required);
        let verdict = report.verdict(&policy);
        Ok((report, verdict))
    }

    async fn broken(&self, jobs: &str) -> Vec<String> {
        match self.weigh(jobs).await.unwrap().1 {
            Verdict::Broken(jobs) => jobs.iter().map(ToString::to_string).collect(),
            Verdict::Passed => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    async fn refused(&self, jobs: &str) -> String {
        self.weigh(jobs).await.unwrap_err()
    }
}

const BY_NAME: &str = r#""a" "b.c""#;

#[tokio::test]
async fn a_constituent_that_breaks_breaks_its_aggregate() {
    let gate = || Gate::new(BY_NAME, &["tested"]);
    let breaks = jobs("echo 2 > $out", "exit 1", BY_NAME);
    assert_eq!(gate().broken(&breaks).await, ["b.c"]);
    let passes = jobs("echo 2 > $out", "echo 2 > $out", BY_NAME);
    assert_eq!(gate().broken(&passes).await, [""; 0]);
    let by_other = Gate::new(r#""a""#, &["tested"]);
    let breaks_other = jobs("echo 2 > $out", "exit 1", r#""a""#);
    assert_eq!(by_other.broken(&breaks_other).await, [""; 0]);
}

#[tokio::test]
async fn constituents_are_named_by_pattern_and_by_derivation_too() {
    let globs = r#""b.*" ]; _hydraGlobConstituents = true; more = ["#;
    let breaks = jobs("echo > $out", "exit 1", globs);
    assert_eq!(Gate::new(globs, &["tested"]).broken(&breaks).await, ["b.c"]);
}

#[tokio::test]
async fn aggregates_stand_for_what_other_aggregates_stand_for() {
    let around = |c: &str| {
        format!(
            r#"let agg = constituents: mkWith {{ name = "agg"; _hydraAggregate = true; inherit constituents; }} "echo > $out";
            in {{ c = mk "c" "{c}"; inner = agg [ "c" "outer" ]; outer = agg [ "inner" ]; }}"#
        )
    };
    let mut gate = Gate::new(BY_NAME, &["outer"]);
    gate.base = gate.world.revision('a', &around("echo > $out"));
    assert_eq!(gate.broken(&around("exit 1")).await, ["c"]);
}

#[tokio::test]
async fn a_constituent_that_is_not_there_is_a_failure_by_name() {
    let gate = Gate::new(BY_NAME, &["tested"]);
    let more = r#""a" "b.c" "b.gone""#;
    let (report, verdict) = gate
        .weigh(&jobs("echo > $out", "echo > $out", more))
        .await
        .unwrap();
    assert!(
        matches!(&verdict, Verdict::Broken(jobs) if jobs[0].as_str() == "b.gone"),
        "{verdict:?}"
    );
    assert_snapshot!(said_of(&report, "b.gone"), @"`tested` stands for it, and there is no such job");

    let gate = Gate::new(more, &["tested"]);
    assert_snapshot!(gate.refused(&jobs("echo 2 > $out", "echo > $out", more)).await, @"the configured job set is wrong: `tested` of jobs.nix stands for jobs that it does not have at the base: b.gone. Nobody can tell whether they pass: give the job set arguments with which it has them, or name in `required_jobs` those that it has");
    // All jobs are whatever there is.
    let all = Gate::new(more, &["*"]);
    let passes = jobs("echo 2 > $out", "echo > $out", more);
    assert_eq!(all.broken(&passes).await, [""; 0]);
}

#[tokio::test]
async fn a_pattern_that_names_nothing_is_refused() {
    let gate = Gate::new(BY_NAME, &["tested", "nixos.tests.*"]);
    assert_snapshot!(gate.refused(&jobs("echo > $out", "echo > $out", BY_NAME)).await, @"the configured job set is wrong: jobs.nix has no job that the required `nixos.tests.*` names, neither at the base nor at the revision, so that nothing would be required by it: remove it from `required_jobs`, or mend its name");
}
