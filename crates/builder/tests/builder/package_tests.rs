//! The tests that packages name themselves: built where the package changes.

use std::fs;

use insta::assert_snapshot;
use picket_builder::{Limits, Revision};
use picket_domain::{
    BuildReport, ChannelName, JobName, JobOutcome, PackageTestSet, PackageTests, Policy, Verdict,
};
use picket_testkit::nix::{HELPERS, with_helpers};

use crate::world::{World, evaluation, jobs, lines, said_of};

/// Trees whose `default.nix` gives packages, and whose job set is about none of them.
struct Packages {
    world: World,
    rebuild_limit: u32,
    most: u32,
}

impl Packages {
    fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    fn with_limits(limits: Limits) -> Self {
        Self {
            world: World::with_limits(limits),
            rebuild_limit: 100,
            most: 100,
        }
    }

    /// A revision with these packages; `package NAME SCRIPT TESTS` is one with tests.
    fn revision(&self, name: char, packages: &str) -> Revision {
        self.revision_with_jobs(name, packages, "{ vim = mk \"vim\" \"echo > $out\"; }")
    }

    fn revision_with_jobs(&self, name: char, packages: &str, jobs: &str) -> Revision {
        let packages = format!(
            "let package = name: script: tests: mk name script // {{ passthru = {{ inherit tests; \
             }}; }}; in {packages}"
        );
        let (packages, jobs) = (with_helpers(&packages), with_helpers(jobs));
        let files = [
            ("helpers.nix", HELPERS),
            ("default.nix", &*packages),
            ("jobs.nix", &*jobs),
        ];
        self.world.tree(name, &files)
    }

    async fn build(&self, base: &Revision, head: &Revision) -> BuildReport {
        let (jobs, limits) = (jobs(), [self.rebuild_limit, self.most]);
        let report = self.world.build_packages(base, head, &jobs, limits);
        report.await.unwrap()
    }
}

fn verdict(report: &BuildReport, tests: PackageTests) -> Verdict {
    let mut policy = Policy::of(ChannelName::parse("channel").unwrap());
    policy.package_tests = tests;
    report.verdict(&policy)
}

/// The jobs that a release must not break and this revision does.
fn broken(report: &BuildReport) -> Vec<String> {
    let names = |jobs: Vec<JobName>| jobs.iter().map(ToString::to_string).collect();
    match verdict(report, PackageTests::Require) {
        Verdict::Passed => Vec::new(),
        Verdict::Broken(jobs) | Verdict::Rejected(jobs) => names(jobs),
        other => panic!("{other:?}"),
    }
}

fn tests(report: &BuildReport) -> Vec<&str> {
    let names = report.changed().iter().map(|it| &it.job);
    let tests = names.filter(|job| job.is_package_test());
    tests.map(JobName::as_str).collect()
}

fn told(report: &BuildReport) -> &PackageTestSet {
    &report.packages().unwrap().tests
}

fn fails_at_base(report: &BuildReport, job: &str) -> bool {
    let mut jobs = report.changed().iter();
    match &jobs.find(|it| it.job.as_str() == job).unwrap().outcome {
        JobOutcome::Failed { fails_at_base, .. } => *fails_at_base,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_package_that_changes_has_its_tests_built() {
    let packages = Packages::new();
    let tree = |version: u32| {
        format!(
            r#"rec {{
              redis = package "redis-{version}" "echo > $out" {{
                basic = mk "basic" "echo ${{redis}} > $out";
                nested.set."odd .\"name" = mk "odd" "echo ${{redis}} > $out";
                aside = mk "aside" "echo > $out";
                function = x: x;
              }};
              alias = redis;
              "a.b" = package "dotted-{version}" "echo > $out" {{ own = mk "own-{version}" "echo > $out"; }};
              curl = package "curl" "echo > $out" {{ needs = mk "needs-{version}" "echo > $out"; }};
              plain = mk "plain-{version}" "echo > $out";
            }}"#
        )
    };
    let (base, head) = (
        packages.revision('a', &tree(1)),
        packages.revision('b', &tree(2)),
    );
    let report = packages.build(&base, &head).await;
    assert_snapshot!(packages.world.told(&report), @r#"
    1 jobs
    pkgs."a.b": built dotted-2.drv -> dotted-2
    pkgs.alias: built redis-2.drv -> redis-2
    pkgs.plain: built plain-2.drv -> plain-2
    pkgs.redis: built redis-2.drv -> redis-2
    test:"a.b".passthru.tests.own: built own-2.drv -> own-2
    test:alias.passthru.tests.basic: built basic.drv -> basic
    test:alias.passthru.tests.nested.set."odd\u{20}.\u{22}name": built odd.drv -> odd
    "#);
    assert_eq!(*told(&report), PackageTestSet::default());
    let published = report.built_outputs();
    assert!(published.iter().all(|it| it.name() != "basic"));
    assert_eq!(published.len(), 3, "{published:?}");
}

#[tokio::test]
async fn where_they_are_not_looked_at_no_test_is_built() {
    let packages = Packages {
        most: 0,
        ..Packages::new()
    };
    let tree = |text| format!(r#"{{ a = package "{text}" "echo > $out" {{ t = throw "no"; }}; }}"#);
    let (base, head) = (
        packages.revision('a', &tree("1")),
        packages.revision('b', &tree("2")),
    );
    let report = packages.build(&base, &head).await;
    assert_eq!(tests(&report), [""; 0]);
    assert_eq!(*told(&report), PackageTestSet::default());
}

#[tokio::test]
async fn a_test_that_breaks_holds_the_change_back_where_tests_are_required() {
    let packages = Packages::new();
    let tree = |version: &str, script: &str| {
        format!(
            r#"rec {{
              redis = package "redis-{version}" "echo > $out" {{
                basic = mk "basic" "echo ${{redis}} > $out; {script}";
                other = mk "other" "echo ${{redis}} > $out";
              }};
            }}"#
        )
    };
    let base = packages.revision('a', &tree("1", "true"));
    let head = packages.revision('b', &tree("2", "exit 1"));
    let report = packages.build(&base, &head).await;
    assert_eq!(broken(&report), ["test:redis.passthru.tests.basic"]);
    assert!(!fails_at_base(&report, "test:redis.passthru.tests.basic"));
    assert_eq!(verdict(&report, PackageTests::Build), Verdict::Passed);
}

#[tokio::test]
async fn a_test_that_the_base_breaks_too_is_excused_though_its_derivations_were_collected() {
    let packages = Packages::new();
    let tries = packages.world.path("tries");
    let tree = |version: &str| {
        format!(
            r#"rec {{
              redis = package "redis-{version}" "echo > $out" {{
                basic = mk "basic" "echo >> {}; echo ${{redis}}; exit 1";
              }};
            }}"#,
            tries.display()
        )
    };
    let (base, head) = (
        packages.revision('a', &tree("1")),
        packages.revision('b', &tree("2")),
    );
    let report = packages.build(&base, &head).await;
    assert!(fails_at_base(&report, "test:redis.passthru.tests.basic"));
    assert_eq!(broken(&report), [""; 0]);
    assert_eq!(lines(&tries), 2, "once at the revision, once at the base");

    packages.world.collect_garbage();
    fs::remove_dir_all(packages.world.path("state/base-failures")).unwrap();
    let report = packages.build(&base, &head).await;
    assert!(fails_at_base(&report, "test:redis.passthru.tests.basic"));
    assert_eq!(lines(&tries), 4);
}

#[tokio::test]
async fn a_test_that_does_not_evaluate_is_named_with_its_message() {
    let packages = Packages::new();
    let tree = |version: &str, tests: &str| {
        format!(
            r#"{{
              redis = package "redis-{version}" "echo > $out" {{
                broken = throw "never worked";
                {tests}
                fine = mk "fine-{version}" "echo > $out";
              }};
            }}"#
        )
    };
    let base = tree("1", r#"basic = mk "basic" "echo > $out";"#);
    let base = packages.revision('a', &base);
    let head = tree("2", r#"basic = throw "no such module";"#);
    let head = packages.revision('b', &head);
    let report = packages.build(&base, &head).await;
    let basic = "test:redis.passthru.tests.basic";
    assert_eq!(tests(&report), [basic, "test:redis.passthru.tests.fine"]);
    assert!(said_of(&report, basic).contains("no such module"));
    assert_eq!(broken(&report), [basic]);
    assert_eq!(told(&report).broken_at_base, 1);

    let whole = r#"{ redis = package "redis-3" "echo > $out" (throw "no tests at all"); }"#;
    let report = packages.build(&base, &packages.revision('c', whole)).await;
    let all = "test:redis.passthru.tests";
    assert!(said_of(&report, all).contains("no tests at all"));
    assert_eq!(broken(&report), [all]);
}

#[tokio::test]
async fn a_test_that_is_gone_is_told_and_holds_nothing_up() {
    let packages = Packages::new();
    let tree = |version: &str, test: &str| {
        format!(
            r#"{{ redis = package "redis-{version}" "echo > $out" {{ {test} = mk "t" "echo > $out"; }}; }}"#
        )
    };
    let base = packages.revision('a', &tree("1", "basic_1"));
    let head = packages.revision('b', &tree("2", "basic_2"));
    let report = packages.build(&base, &head).await;
    assert_eq!(tests(&report), ["test:redis.passthru.tests.basic_2"]);
    let gone: Vec<_> = told(&report).gone.iter().map(JobName::as_str).collect();
    assert_eq!(gone, ["test:redis.passthru.tests.basic_1"]);
    assert_eq!(broken(&report), [""; 0]);
}

#[tokio::test]
async fn those_nearest_to_the_change_come_first_and_the_rest_is_counted() {
    let packages = Packages {
        most: 4,
        ..Packages::new()
    };
    let tree = |version: &str| {
        format!(
            r#"let
              zlib = package "zlib-{version}" "echo > $out" {{
                a = mk "za-{version}" "echo > $out";
                b = mk "zb-{version}" "echo > $out";
              }};
              needs = n: {{
                name = "p${{toString n}}";
                value = package "p${{toString n}}" "echo ${{zlib}} > $out" {{
                  own = mk "own-${{toString n}}-{version}" "echo > $out";
                }};
              }};
            in builtins.listToAttrs (builtins.genList needs 29) // {{ inherit zlib; }}"#
        )
    };
    let (base, head) = (
        packages.revision('a', &tree("1")),
        packages.revision('b', &tree("2")),
    );
    let report = packages.build(&base, &head).await;
    assert_eq!(
        tests(&report),
        [
            "test:p0.passthru.tests.own",
            "test:p1.passthru.tests.own",
            "test:zlib.passthru.tests.a",
            "test:zlib.passthru.tests.b",
        ]
    );
    // 25 packages are looked at, with 26 tests.
    let told = told(&report);
    assert_eq!((told.left_out, told.packages_left_out), (22, 5));
}

#[tokio::test]
async fn packages_beyond_the_rebuild_limit_have_no_tests_looked_at() {
    let packages = Packages {
        rebuild_limit: 1,
        ..Packages::new()
    };
    let tree = |version: &str| {
        format!(
            r#"rec {{
              zlib = package "zlib-{version}" "echo > $out" {{ t = mk "z-{version}" "echo > $out"; }};
              curl = package "curl" "echo ${{zlib}} > $out" {{ t = mk "c-{version}" "exit 1"; }};
            }}"#
        )
    };
    let (base, head) = (
        packages.revision('a', &tree("1")),
        packages.revision('b', &tree("2")),
    );
    let report = packages.build(&base, &head).await;
    assert_eq!(tests(&report), ["test:zlib.passthru.tests.t"]);
    assert_eq!(report.packages().unwrap().left_out, 1);
}

#[tokio::test]
async fn a_package_that_is_built_as_a_job_has_its_tests_built_too() {
    let packages = Packages::new();
    let tree = |version: &str| {
        format!(
            r#"{{ redis = package "redis-{version}" "echo > $out" {{ t = mk "t-{version}" "exit 1"; }}; }}"#
        )
    };
    let jobs = "let redis = (import ./default.nix).redis; in \
                { inherit redis; tests.redis = redis.passthru.tests.t; }";
    let base = packages.revision_with_jobs('a', &tree("1").replace("exit 1", "echo > $out"), jobs);
    let head = packages.revision_with_jobs('b', &tree("2"), jobs);
    let report = packages.build(&base, &head).await;
    // What the job set's own rules say of a test is one thing, what packages' tests are for another.
    assert_eq!(
        broken(&report),
        ["test:redis.passthru.tests.t", "tests.redis"]
    );
}

#[tokio::test]
async fn a_test_that_no_machine_runs_is_told_as_such() {
    let packages = Packages::new();
    let tree = |version: &str| {
        format!(
            r#"{{
              redis = package "redis-{version}" "echo > $out" {{
                vm = mkWith {{ name = "vm-{version}"; requiredSystemFeatures = [ "huge" ]; }} "echo > $out";
              }};
            }}"#
        )
    };
    let (base, head) = (
        packages.revision('a', &tree("1")),
        packages.revision('b', &tree("2")),
    );
    let report = packages.build(&base, &head).await;
    let vm = JobName::parse("test:redis.passthru.tests.vm").unwrap();
    assert_eq!(
        verdict(&report, PackageTests::Require),
        Verdict::NoMachine(vec![vm])
    );
    assert_eq!(verdict(&report, PackageTests::Build), Verdict::Passed);
}

#[tokio::test]
async fn a_test_whose_evaluation_is_stopped_is_counted_and_holds_nothing_up() {
    let packages = Packages::with_limits(evaluation(picket_evaluator::Limits {
        job_seconds: 3,
        ..picket_evaluator::Limits::default()
    }));
    let tree = |version: &str, n: u32| {
        format!(
            r#"let f = n: if n == 0 then 0 else f (n - 1) + f (n - 1); in {{
              redis = package "redis-{version}" "echo > $out" {{
                endless = mk "t-{version}" (toString (f {n}));
                fine = mk "fine-{version}" "echo > $out";
              }};
            }}"#
        )
    };
    let (base, head) = (
        packages.revision('a', &tree("1", 1)),
        packages.revision('b', &tree("2", 60)),
    );
    let report = packages.build(&base, &head).await;
    assert_eq!(tests(&report), ["test:redis.passthru.tests.fine"]);
    assert_eq!(broken(&report), [""; 0]);
    let told = told(&report);
    assert_eq!((told.stopped, told.packages_left_out), (1, 0));
    let why = told.why_unknown.as_deref().unwrap();
    assert!(
        why.starts_with("test:redis.passthru.tests.endless: "),
        "{why}"
    );
}
