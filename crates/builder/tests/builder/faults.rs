//! What is the machine's fault, and what happens when the caller gives up or is killed.

use std::fs;
use std::io::{BufRead, BufReader, Read};

use picket_builder::{BuildError, Builder, Limits, Nix, NixConfig};
use picket_domain::{BuildReport, FailureCause, JobOutcome};

use crate::world::{World, lines};

#[tokio::test]
async fn a_pick_that_asks_for_a_newer_nix_is_told_so_on_its_own_page() {
    let world = World::new();
    let base = world.revision('b', "{ }");
    let newer = world.tree(
        'a',
        &[
            ("lib/minver.nix", "# for flakes\n\"99.1\"\n"),
            ("jobs.nix", "{ }"),
        ],
    );
    let version = world.builder.nix().version().await.unwrap();
    let said =
        format!("its lib/minver.nix asks for Nix 99.1 or newer, and Nix {version} is installed");
    match world.build(&base, &newer).await.unwrap() {
        BuildReport::EvaluationFailed { error } => assert_eq!(error, said),
        report => panic!("{report:?}"),
    }
    let error = world.build(&newer, &base).await.unwrap_err();
    assert!(matches!(error, BuildError::BaseNeedsNewerNix(_)));
    assert_eq!(
        error.to_string(),
        format!("the base cannot be built: {said}. Install a newer Nix, or point Picket at one")
    );
}

#[tokio::test]
async fn whatever_the_version_file_is_it_is_no_error_of_the_machine() {
    let world = World::new();
    let base = world.revision('0', "{ }");
    for (name, file) in [
        ('1', ("lib/minver.nix", "-> /dev/zero")),
        ('2', ("lib/minver.nix", "-> minver.nix")),
        ('3', ("lib", "-> lib")),
        ('4', ("lib/minver.nix/file", "\"99\"")),
        ('5', ("lib", "a file")),
        ('6', ("lib/minver.nix", "\"2.3\"\n")),
    ] {
        let head = world.tree(name, &[file, ("jobs.nix", "{ }")]);
        let report = world.build(&base, &head).await.unwrap();
        assert!(matches!(report, BuildReport::Evaluated { .. }), "{file:?}");
    }
}

#[tokio::test]
async fn what_is_no_derivation_of_the_store_breaks_its_job_alone() {
    let world = World::new();
    let base = world.revision('a', "{ }");
    let store = world.store.store_dir();
    let head = world.revision(
        'b',
        &format!(
            r#"let victim = mk "victim" "echo > $out"; in {{
              nowhere = {{ type = "derivation";
                drvPath = "{0}/00000000000000000000000000000000-x.drv";
                outPath = "{0}/00000000000000000000000000000000-x"; }};
              lie = (mk "lie" "echo > $out")
                // {{ out.outPath = builtins.unsafeDiscardStringContext victim.outPath; }};
              ok = mk "ok" "echo > $out";
            }}"#,
            store.display()
        ),
    );
    let report = world.build(&base, &head).await.unwrap();
    insta::assert_snapshot!(world.told(&report), @"
    3 jobs
    lie: evaluation failed
    nowhere: evaluation failed
    ok: built ok.drv -> ok
    ");
}

#[tokio::test]
async fn a_build_that_is_killed_is_the_machines_fault() {
    let world = World::new();
    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        r#"{ itself = mk "itself" "kill -9 $$"; child = mk "child" "exit 137"; }"#,
    );
    let report = world.build(&base, &head).await.unwrap();
    insta::assert_snapshot!(world.told(&report), @"
    2 jobs
    child: child.drv failed by child.drv (Killed)
    itself: itself.drv failed by itself.drv (Killed)
    ");
}

#[tokio::test]
async fn a_daemon_that_hangs_is_given_up_and_what_was_printed_is_kept() {
    let world = World::with_limits(Limits {
        silent_seconds: 3,
        answer_seconds: 8,
        ..Limits::default()
    });
    let base = world.revision('a', "{ }");
    // The builder's parent is the daemon: stopped, it neither answers nor ends. The builder does so
    // once what it printed has arrived.
    let head = world.revision(
        'b',
        &format!(
            r#"{{ a = mk "a" ''
                 echo printed
                 line=
                 while [ -z "$line" ]; do
                   for log in {0}/*; do {{ read line < "$log"; }} 2> /dev/null; done
                 done
                 kill -STOP $PPID
                 while :; do :; done
               ''; }}"#,
            world.path("state/logs").join("b".repeat(40)).display()
        ),
    );
    let report = world.build(&base, &head).await.unwrap();
    match &report.changed()[0].outcome {
        JobOutcome::Failed {
            cause, log_tail, ..
        } => {
            assert_eq!(*cause, FailureCause::BuilderLost);
            assert!(log_tail.starts_with("printed\n"), "{log_tail}");
            assert!(log_tail.contains("was silent for 11 s"), "{log_tail}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_used_is_told() {
    let world = World::new();
    let file = world.path("file");
    fs::write(&file, "").unwrap();
    let mut environment = world.store.environment();
    environment.insert("NIX_STATE_DIR".into(), format!("{}/state", file.display()));
    let nix = Nix::new(NixConfig {
        environment,
        ..NixConfig::default()
    });
    let builder = Builder::new(nix, &world.path("other"), Limits::default()).unwrap();
    let error = builder.closure(&[]).await.unwrap_err();
    assert!(matches!(&error, BuildError::Store { .. }), "{error:?}");
    assert!(
        error.to_string().to_lowercase().contains("not a directory"),
        "{error}"
    );
}

#[tokio::test]
async fn a_nix_that_dies_is_the_machines_fault_and_the_next_try_goes_on() {
    let world = World::new();
    let tries = world.path("tries");
    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        &format!(
            r#"let once = mk "once" "echo once >> {0}.once; echo > $out"; in {{
                 a = mk "a" ''
                   read x < ${{once}}
                   echo try >> {0}
                   {{ read one; read two; }} < {0} && test -n "$two" || kill -9 $PPID
                   echo > $out
                 ''; }}"#,
            tries.display()
        ),
    );
    let report = world.build(&base, &head).await.unwrap();
    match &report.changed()[0].outcome {
        JobOutcome::Failed { cause, .. } => assert_eq!(*cause, FailureCause::BuilderLost),
        other => panic!("{other:?}"),
    }
    let report = world.build(&base, &head).await.unwrap();
    assert_eq!(report.built_outputs().len(), 1, "{report:?}");
    assert_eq!(lines(&tries), 2);
    assert_eq!(
        lines(&tries.with_extension("once")),
        1,
        "what was built stays built"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_nobody_waits_for_is_stopped() {
    let world = World::new();
    let pipe = world.path("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        &format!(
            r#"{{ a = mk "a" "exec 3> {}; echo started >&3; while :; do :; done"; }}"#,
            pipe.display()
        ),
    );
    let (started, has_started) = tokio::sync::oneshot::channel();
    // The pipe ends when the builder, which holds its other end, has ended.
    let watch = tokio::task::spawn_blocking(move || {
        let mut pipe = BufReader::new(fs::File::open(pipe).unwrap());
        let mut line = String::new();
        pipe.read_line(&mut line).unwrap();
        started.send(line).unwrap();
        pipe.read_to_end(&mut Vec::new()).unwrap()
    });
    tokio::select! {
        report = world.build(&base, &head) => panic!("it cannot end: {report:?}"),
        line = has_started => assert_eq!(line.unwrap(), "started\n"),
    }
    assert_eq!(watch.await.unwrap(), 0);
}
