//! What is the machine's fault, and what happens when the caller gives up or is killed.

use std::fs;
use std::io::{BufRead, BufReader, Read};

use picket_builder::{BuildError, Builder, Limits, Nix, NixConfig};
use picket_domain::{FailureCause, JobOutcome};

use crate::world::{World, lines};

#[tokio::test]
async fn an_older_nix_than_the_tree_wants_is_refused() {
    let world = World::new();
    let old = world.tree('a', &[("lib/minver.nix", "# for flakes\n\"99.1\"\n")]);
    let error = world.builder.check_tree(&old.tree).await.unwrap_err();
    let version = world.builder.nix().version().await.unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "Nix {version} is too old: the tree's lib/minver.nix asks for 99.1 or newer. Install \
             a newer Nix, or point Picket at one"
        )
    );
    let head = world.revision('b', "{ }");
    assert!(matches!(
        world.build(&old, &head).await,
        Err(BuildError::NixTooOld { .. })
    ));
    world.builder.check_tree(&head.tree).await.unwrap();
    let fine = world.tree('c', &[("lib/minver.nix", "\"2.3\"\n")]);
    world.builder.check_tree(&fine.tree).await.unwrap();
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
        JobOutcome::Failed { cause, .. } => assert_eq!(*cause, FailureCause::Transient),
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
