//! What is built, and what is told of it.

use insta::assert_snapshot;
use picket_builder::Limits;
use picket_domain::{BuildReport, FailureCause, JobOutcome};

use crate::world::{World, lines, said_of};

#[tokio::test]
async fn exactly_what_differs_is_built() {
    let world = World::new();
    let base = world.revision(
        'a',
        r#"{
          same = mk "same" "echo same > $out";
          changed = mk "changed" "echo 1 > $out";
          gone = mk "gone" "echo gone > $out";
          nested.deep.x86 = mk "nested" "echo 1 > $out";
          recurseForDerivations = true;
          number = 7;
        }"#,
    );
    let head = world.revision(
        'b',
        r#"let lib = mk "lib" "echo lib > $out"; in {
          same = mk "same" "echo same > $out";
          changed = mk "changed" "read line < ${lib}; echo $line 2 > $out";
          nested.deep.x86 = mkWith { name = "nested"; outputs = [ "out" "dev" ]; }
            "echo 2 > $out; echo 2 > $dev";
          new = mk "new" "echo new > $out";
        }"#,
    );
    let report = world.build(&base, &head).await.unwrap();
    assert_snapshot!(world.told(&report), @"
    4 jobs
    changed: built changed.drv -> changed
    gone: evaluation failed
    nested.deep.x86: built nested.drv -> nested nested-dev
    new: built new.drv -> new
    ");
    assert_eq!(said_of(&report, "gone"), "the job is gone");
    let changed = report.built_outputs();
    assert_eq!(changed.len(), 4);
    for path in &changed {
        assert!(std::path::Path::new(path.as_str()).exists());
    }
    let all = std::fs::read_dir(world.store.store_dir()).unwrap();
    let same = all
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().ends_with("-same"));
    assert_eq!(same.count(), 0, "what did not change is not built");
}

#[tokio::test]
async fn a_failing_dependency_is_named_for_all_that_need_it() {
    let world = World::new();
    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        r#"let
          lib = mk "lib" "echo compiling; echo; printf '\\033[31mred\\033[0m\\n'; exit 3";
          middle = mk "middle" "echo ${lib} > $out";
        in {
          one = mk "one" "echo ${middle} > $out";
          two = mk "two" "echo ${lib} > $out";
          three = mk "three" "echo fine > $out";
          inherit lib;
          empty = mk "empty" "echo I forgot my output";
        }"#,
    );
    let report = world.build(&base, &head).await.unwrap();
    assert_snapshot!(world.told(&report), @"
    5 jobs
    empty: empty.drv failed by empty.drv (OutputRejected)
    lib: lib.drv failed by lib.drv (Builder)
    one: one.drv failed by lib.drv (Builder)
    three: built three.drv -> three
    two: two.drv failed by lib.drv (Builder)
    ");
    let said = said_of(&report, "one");
    assert!(said.starts_with("compiling\n\nred\n"), "{said}");
    assert!(said.contains("exit code 3"), "{said}");
    assert!(said_of(&report, "empty").contains("failed to produce output"));

    let logs = world.builder.logs();
    let failed = report.changed().iter().find_map(|job| match &job.outcome {
        JobOutcome::Failed { failed, .. } if failed.name() == "lib.drv" => Some(failed),
        _ => None,
    });
    let log = logs.open(&head.rev, failed.unwrap()).unwrap().unwrap();
    assert!(log.is_complete());
    let mut text = String::new();
    std::io::Read::read_to_string(&mut log.text().unwrap(), &mut text).unwrap();
    assert_eq!(text, "compiling\n\nred\n");
    assert!(logs.open(&base.rev, failed.unwrap()).unwrap().is_none());
}

#[tokio::test]
async fn doing_it_again_does_nothing() {
    let world = World::new();
    let counter = world.path("counter");
    let jobs = |text: &str| {
        format!(
            r#"{{ counted = mk "counted" "echo {text} >> {0}; echo {text} > $out";
                  broken = throw "by {text}"; }}"#,
            counter.display()
        )
    };
    let base = world.revision('a', &jobs("base"));
    let head = world.revision('b', &jobs("head"));
    let first = world.build(&base, &head).await.unwrap();
    assert_eq!(lines(&counter), 1);
    assert_eq!(first.built_outputs().len(), 1);

    // Without the trees, nothing can be evaluated again.
    std::fs::remove_dir_all(&base.tree).unwrap();
    std::fs::remove_dir_all(&head.tree).unwrap();
    let second = world.build(&base, &head).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(lines(&counter), 1);
}

#[tokio::test]
async fn what_runs_for_too_long_or_in_silence_is_stopped() {
    for (limits, script) in [
        (
            Limits {
                build_seconds: 1,
                ..Limits::default()
            },
            "while :; do echo busy; done",
        ),
        (
            Limits {
                silent_seconds: 1,
                ..Limits::default()
            },
            "echo last words; while :; do :; done",
        ),
    ] {
        let world = World::with_limits(limits);
        let base = world.revision('a', "{ }");
        let head = world.revision('b', &format!(r#"{{ slow = mk "slow" "{script}"; }}"#));
        let report = world.build(&base, &head).await.unwrap();
        match &report.changed()[0].outcome {
            JobOutcome::Failed {
                cause, log_tail, ..
            } => {
                assert_eq!(*cause, FailureCause::TimedOut);
                assert!(log_tail.starts_with(if script.contains("busy") {
                    "busy"
                } else {
                    "last words"
                }));
                assert!(log_tail.contains("after 1 seconds"), "{log_tail}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_log_without_end_ends_the_build() {
    let world = World::with_limits(Limits {
        log_bytes: 100_000,
        ..Limits::default()
    });
    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        r#"{ loud = mk "loud" "while :; do echo noise; done"; }"#,
    );
    let report = world.build(&base, &head).await.unwrap();
    match &report.changed()[0].outcome {
        JobOutcome::Failed {
            drv,
            cause,
            log_tail,
            ..
        } => {
            assert_eq!(*cause, FailureCause::LogTooLarge);
            assert!(log_tail.len() <= 4096);
            let log = world.builder.logs().open(&head.rev, drv).unwrap().unwrap();
            let mut text = String::new();
            std::io::Read::read_to_string(&mut log.text().unwrap(), &mut text).unwrap();
            assert!(text.len() < 100_100, "{}", text.len());
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn hostile_names_and_logs_do_no_harm() {
    let world = World::new();
    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        r#"{
          "--help" = mk "help" "echo x > $out";
          "../../etc" = mk "etc" "echo x > $out";
          "a b\n<script>" = mk "script" "echo x > $out";
          "" = mk "empty" "echo x > $out";
          log = mk "log" ''printf 'a\033]0;owned\007b\033[2Jc\342\200\256d\n\000e\rf\n\377\n'; exit 1'';
          fake = { type = "derivation"; drvPath = "/etc/passwd"; outPath = "/etc/passwd"; };
          elsewhere = { type = "derivation"; outPath = "/etc/passwd";
            drvPath = "/nix/store/00bgd045z0d4icpbc2yyz4gx48ak44la-x.drv"; };
        }"#,
    );
    let report = world.build(&base, &head).await.unwrap();
    assert!(
        matches!(report, BuildReport::Evaluated { jobs: 7, .. }),
        "{report:?}"
    );
    assert_snapshot!(world.told(&report), @r#"
    7 jobs
    "": built empty.drv -> empty
    "--help": built help.drv -> help
    "../../etc": built etc.drv -> etc
    "a\u{20}b\u{a}<script>": built script.drv -> script
    elsewhere: evaluation failed
    fake: evaluation failed
    log: log.drv failed by log.drv (Builder)
    "#);
    let said = said_of(&report, "log");
    assert!(said.starts_with("abcd\nf"), "{said:?}");
}
