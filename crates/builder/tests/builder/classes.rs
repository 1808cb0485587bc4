//! Failures by class, each as Nix really tells it.

use picket_builder::{Limits, StepState};
use picket_domain::{FailureCause, JobOutcome};
use picket_testkit::nix::NixConf;

use crate::world::{World, lines};

#[tokio::test]
async fn what_no_machine_builds_is_named_and_the_rest_is_built() {
    let world = World::new();
    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        r#"let
          arm = mkWith { name = "arm"; system = "aarch64-linux"; } "echo > $out";
          huge = mkWith { name = "huge"; requiredSystemFeatures = [ "huge" ]; } "echo > $out";
        in {
          inherit arm huge;
          needs = mk "needs" "echo ${arm} > $out";
          fine = mk "fine" "echo > $out";
        }"#,
    );
    let report = world.build(&base, &head).await.unwrap();
    insta::assert_snapshot!(world.told(&report), @"
    4 jobs
    arm: arm.drv failed by arm.drv (NoMachine)
    fine: built fine.drv -> fine
    huge: huge.drv failed by huge.drv (NoMachine)
    needs: needs.drv failed by arm.drv (NoMachine)
    ");
}

#[tokio::test]
async fn an_output_that_no_store_holds_is_the_changes_fault_and_ends_no_other_build() {
    let world = World::new();
    let base = world.revision('a', "{ }");
    let made = |name: &str, how: &str| {
        format!(r#"{name} = mkWith {{ name = "{name}"; PATH = "/usr/bin:/bin"; }} ''{how}'';"#)
    };
    let head = world.revision(
        'b',
        &format!(
            "{{ {} {} {} }}",
            made("pipe", "mkfifo $out"),
            made(
                "nested",
                r#"mkdir $out; mkfifo "$out/No space left on device""#
            ),
            made("fine", "echo > $out"),
        ),
    );
    let report = world.build(&base, &head).await.unwrap();
    insta::assert_snapshot!(world.told(&report), @"
    3 jobs
    fine: built fine.drv -> fine
    nested: nested.drv failed by nested.drv (UnsupportedOutput)
    pipe: pipe.drv failed by pipe.drv (UnsupportedOutput)
    ");
}

#[tokio::test]
async fn each_derivations_state_is_known_afterwards() {
    let world = World::new();
    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        r#"let lib = mk "lib-1" "exit 1"; in {
          app = mk "app-1" "echo ${lib} > $out";
          fine = mk "fine-1" "echo > $out";
          arm = mkWith { name = "arm-1"; system = "aarch64-linux"; } "echo > $out";
        }"#,
    );
    world.build(&base, &head).await.unwrap();
    let steps = world.builder.live().of(&head.rev).unwrap().unwrap();
    assert!(!steps.is_running);
    let mut states: Vec<_> = steps
        .steps
        .iter()
        .map(|step| (step.drv.name(), step.state, step.started.is_some()))
        .collect();
    states.sort_by_key(|(name, ..)| *name);
    assert_eq!(
        states,
        [
            ("app-1.drv", StepState::NeedsFailed, false),
            ("arm-1.drv", StepState::NoMachine, false),
            ("fine-1.drv", StepState::Done, true),
            ("lib-1.drv", StepState::Failed, true),
        ]
    );
}

#[tokio::test]
async fn the_longest_way_is_built_first() {
    let one_by_one = NixConf::default().with("max-jobs", "1");
    let world = World::with(Limits::default(), &one_by_one);
    let log = world.path("order");
    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        &format!(
            r#"let
              step = name: needs: mk name "echo ${{name}} >> {}; echo ${{toString needs}} > $out";
              deep = step "deep-1" [ (step "deep-2" [ (step "deep-3" []) ]) ];
            in {{ a = step "a" []; b = step "b" []; inherit deep; }}"#,
            log.display()
        ),
    );
    world.build(&base, &head).await.unwrap();
    let order = std::fs::read_to_string(log).unwrap();
    assert!(order.starts_with("deep-3\ndeep-2\n"), "{order}");
    assert_eq!(order.lines().count(), 5);
}

#[tokio::test]
async fn a_job_that_the_base_breaks_too_is_not_the_changes_fault() {
    let world = World::new();
    let tries = world.path("tries");
    let jobs = |version: &str, own: &str| {
        format!(
            r#"let
              lib = mk "lib-{version}" "echo >> {0}; exit 1";
            in {{
              inherit lib;
              needs = mk "needs-{version}" "echo ${{lib}} > $out";
              own = mk "own-{version}" "{own}";
              elsewhere = mkWith {{ name = "arm-{version}"; system = "aarch64-linux"; }} "exit 1";
            }}"#,
            tries.display()
        )
    };
    let base = world.revision('a', &jobs("1", "echo > $out"));
    let head = world.revision('b', &jobs("2", "exit 1"));
    let at_base = |report: &picket_domain::BuildReport| {
        let failed = |job: &picket_domain::JobReport| match &job.outcome {
            JobOutcome::Failed {
                cause,
                fails_at_base,
                ..
            } => (job.job.to_string(), *cause, *fails_at_base),
            other => panic!("{other:?}"),
        };
        report.changed().iter().map(failed).collect::<Vec<_>>()
    };
    let expected = [
        ("elsewhere".to_owned(), FailureCause::NoMachine, false),
        ("lib".to_owned(), FailureCause::Builder, true),
        ("needs".to_owned(), FailureCause::Builder, true),
        ("own".to_owned(), FailureCause::Builder, false),
    ];
    let report = world.build(&base, &head).await.unwrap();
    assert_eq!(at_base(&report), expected);
    assert_eq!(lines(&tries), 2, "once at the revision, once at the base");

    // The base's failure is known from then on.
    let report = world.build(&base, &head).await.unwrap();
    assert_eq!(at_base(&report), expected);
    assert_eq!(lines(&tries), 3);
}
