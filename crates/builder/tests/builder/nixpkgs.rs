//! The builder on the small nixpkgs, with its job set as it is.

use std::path::Path;

use picket_builder::{JobSet, Revision};
use picket_domain::{BuildReport, CommitSha, FailureCause, JobOutcome, JobReport};
use picket_testkit::nixpkgs::{Fix, MASTER, Nixpkgs};

use crate::world::{World, jobs};

struct Upstream {
    world: World,
    nixpkgs: Nixpkgs,
    base: Revision,
}

impl Upstream {
    fn new() -> Self {
        let world = World::new();
        let nixpkgs = Nixpkgs::create(&world.path("nixpkgs.git")).unwrap();
        let master = nixpkgs.tip(MASTER).unwrap();
        let base = revision(&world, &nixpkgs, &master);
        Self {
            world,
            nixpkgs,
            base,
        }
    }

    async fn changed(&self, fix: &Fix) -> Vec<JobReport> {
        self.changed_within(fix, [0, 0]).await
    }

    /// The same with so many packages and tests of packages at most.
    async fn changed_within(&self, fix: &Fix, limits: [u32; 2]) -> Vec<JobReport> {
        let head = revision(&self.world, &self.nixpkgs, &fix.head);
        let jobs = JobSet {
            file: "nixos/release.nix".into(),
            ..jobs()
        };
        let report = self
            .world
            .build_packages(&self.base, &head, &jobs, limits)
            .await;
        match report.unwrap() {
            BuildReport::Evaluated { changed, jobs, .. } => {
                assert!(jobs > 40, "{jobs} jobs");
                changed
            }
            report => panic!("{report:?}"),
        }
    }
}

fn revision(world: &World, nixpkgs: &Nixpkgs, rev: &str) -> Revision {
    let tree = world.path(rev);
    nixpkgs.export(rev, &tree).unwrap();
    Revision {
        rev: CommitSha::parse(rev).unwrap(),
        tree,
    }
}

fn names(changed: &[JobReport]) -> Vec<&str> {
    changed.iter().map(|report| report.job.as_str()).collect()
}

fn all_built(changed: &[JobReport]) -> bool {
    let is_built = |report: &JobReport| matches!(report.outcome, JobOutcome::Built { .. });
    changed.iter().all(is_built)
}

#[tokio::test]
async fn a_fix_builds_its_package_and_what_needs_it() {
    let upstream = Upstream::new();
    let fix = upstream.nixpkgs.fix_mastodon().unwrap();
    let changed = upstream.changed(&fix).await;
    assert!(all_built(&changed), "{changed:#?}");
    assert_eq!(
        names(&changed),
        ["nixpkgs.mastodon", "tested", "tests.mastodon"]
    );

    let fix = upstream.nixpkgs.fix_openssl().unwrap();
    let changed = upstream.changed(&fix).await;
    assert!(all_built(&changed), "{changed:#?}");
    assert!(changed.len() > 20, "{:?}", names(&changed));
    let outputs = changed.iter().flat_map(|report| match &report.outcome {
        JobOutcome::Built { outputs, .. } => outputs.as_slice(),
        JobOutcome::Failed { .. }
        | JobOutcome::Refused { .. }
        | JobOutcome::EvaluationFailed { .. } => &[],
    });
    let outputs: Vec<_> = outputs.cloned().collect();
    let closure = upstream.world.builder.closure(&outputs).await.unwrap();
    assert!(closure.len() > changed.len());
    for info in closure {
        assert!(Path::new(info.path.as_str()).exists());
    }
}

#[tokio::test]
async fn the_tests_that_a_package_names_are_built_with_it() {
    let upstream = Upstream::new();
    let fix = upstream.nixpkgs.fix_mastodon().unwrap();
    let changed = upstream.changed_within(&fix, [10, 10]).await;
    assert!(all_built(&changed), "{changed:#?}");
    assert_eq!(
        names(&changed),
        [
            "nixpkgs.mastodon",
            "test:mastodon.passthru.tests.mastodon",
            "tested",
            "tests.mastodon"
        ]
    );
    let fix = upstream.nixpkgs.fix_openssl().unwrap();
    let changed = upstream.changed_within(&fix, [10, 2]).await;
    assert!(all_built(&changed), "{changed:#?}");
    let tests = changed.iter().filter(|it| it.job.is_package_test());
    assert_eq!(tests.count(), 2, "{:?}", names(&changed));
}

#[tokio::test]
async fn a_broken_package_is_named_for_everything_that_needs_it() {
    let upstream = Upstream::new();
    let (openssh, unbound) = (
        upstream.nixpkgs.fix_openssh().unwrap(),
        upstream.nixpkgs.fix_unbound().unwrap(),
    );
    for (fix, failed_by, by) in [
        (openssh, "openssh-", FailureCause::Builder),
        (unbound, "unbound-", FailureCause::OutputRejected),
    ] {
        let changed = upstream.changed(&fix).await;
        assert!(!changed.is_empty());
        for report in changed {
            match report.outcome {
                JobOutcome::Failed {
                    failed,
                    cause,
                    log_tail,
                    ..
                } => {
                    assert!(failed.name().starts_with(failed_by), "{failed}");
                    assert_eq!(cause, by, "{log_tail}");
                    assert!(!log_tail.is_empty());
                }
                other => panic!("{}: {other:?}", report.job),
            }
        }
    }
}
