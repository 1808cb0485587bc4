//! What is taken over from an earlier evaluation, and what is not.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use picket_domain::CommitSha;
use picket_evaluator::{Evaluated, Evaluator, Limits, PathChange, Revision};

use crate::world::{World, jobs};

/// Two jobs of a file each, and one of all that is in a folder.
const JOBS: &str = r#"{
  a = mk "a" (import ./a.nix);
  b = mk "b" (import ./b.nix);
  listed = mk "listed" (toString (builtins.attrNames (builtins.readDir ./folder)));
}"#;

const FILES: [(&str, &str); 3] = [("a.nix", "\"a\""), ("b.nix", "\"b\""), ("folder/one", "1")];

/// A world with one worker; `None` where the kernel does not tell what is read: nothing is taken over
/// there, and there is nothing to see.
async fn world(limits: Limits) -> Option<World> {
    if !picket_reads::works() {
        eprintln!("skipped: this kernel does not tell what programs look at");
        return None;
    }
    let limits = Limits {
        workers: Some(1),
        ..limits
    };
    Some(World::new(limits).await)
}

async fn evaluated(world: &World, number: usize, files: &[(&str, &str)]) -> (Revision, Evaluated) {
    let revision = world.revision(number, JOBS, &FILES);
    picket_testkit::nix::write_files(&revision.tree, files).unwrap();
    let evaluated = world.evaluate(&revision).await;
    (revision, evaluated)
}

#[tokio::test]
async fn what_reads_the_same_is_taken_over() {
    let Some(world) = world(Limits::default()).await else {
        return;
    };
    let (_, first) = evaluated(&world, 1, &[]).await;
    assert_eq!(first.taken_over, 0);
    let (_, unread) = evaluated(&world, 2, &[("unread.nix", "1"), ("folder/one", "2")]).await;
    assert_eq!(
        (unread.taken_over, &unread.jobs),
        (4, &first.jobs),
        "with the set itself"
    );
    // `a` was looked at before `b` was read, `listed` after it.
    let (_, changed) = evaluated(&world, 3, &[("b.nix", "\"other\"")]).await;
    assert_eq!(changed.taken_over, 2);
    let differ = |name: &str| {
        let name = picket_domain::JobName::parse(name).unwrap();
        changed.jobs[&name] != first.jobs[&name]
    };
    assert_eq!(["a", "b", "listed"].map(differ), [false, true, false]);
    let (_, again) = evaluated(&world, 4, &[("b.nix", "\"other\""), ("unread.nix", "2")]).await;
    assert_eq!(
        (again.taken_over, again.jobs),
        (4, changed.jobs),
        "from two evaluations"
    );
}

#[tokio::test]
async fn who_reads_a_file_is_told_before_anything_is_evaluated() {
    let Some(world) = world(Limits::default()).await else {
        return;
    };
    let (revision, _) = evaluated(&world, 1, &[]).await;
    let state = world.path("state");
    let readers = Evaluator::readers(&state, &revision.rev, &jobs()).unwrap();
    let touched = |change| {
        let jobs = readers.of([change]).into_iter();
        jobs.map(ToString::to_string).collect::<Vec<_>>()
    };
    let modified = |path: &'static str| touched(PathChange::Modified(Path::new(path)));
    assert_eq!(modified("b.nix"), ["b", "listed"]);
    assert_eq!(modified("folder/one"), [""; 0]);
    assert_eq!(
        touched(PathChange::Named(Path::new("folder/two"))),
        ["listed"]
    );
    let other = CommitSha::parse(&"f".repeat(40)).unwrap();
    assert!(Evaluator::readers(&state, &other, &jobs()).is_none());
}

#[tokio::test]
async fn a_job_set_that_changes_is_evaluated_anew() {
    let Some(world) = world(Limits::default()).await else {
        return;
    };
    evaluated(&world, 1, &[]).await;
    let more = JOBS.replace("{\n", "{\n  c = mk \"c\" \"c\";\n");
    let revision = world.revision(2, &more, &FILES);
    let found = world.evaluate(&revision).await;
    assert_eq!((found.taken_over, found.jobs.len()), (0, 4));
}

#[tokio::test]
async fn a_job_that_fails_is_taken_over_and_one_that_was_stopped_is_not() {
    let limits = Limits {
        job_seconds: 2,
        ..Limits::default()
    };
    let Some(world) = world(limits).await else {
        return;
    };
    let jobs = r#"{ a-fails = throw "no"; b-endless = let f = x: f (x + 1); in f 0; }"#;
    for (number, taken_over) in [(1, 0), (2, 2)] {
        let revision = world.revision(number, jobs, &[("unread.nix", &number.to_string())]);
        let found = world.evaluate(&revision).await;
        assert_eq!(
            found.taken_over, taken_over,
            "the set, and the one that fails"
        );
        assert_eq!(found.jobs.len(), 2);
    }
}

/// What a job's text comes from, and a change of the tree that it must not miss.
struct Case {
    expression: &'static str,
    change: fn(&Path),
}

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

const CASES: &[Case] = &[
    Case {
        expression: "builtins.readFile ./folder/one",
        change: |tree| write(&tree.join("folder/one"), "2"),
    },
    Case {
        expression: "if builtins.pathExists ./absent then \"yes\" else \"no\"",
        change: |tree| write(&tree.join("absent"), ""),
    },
    Case {
        expression: "if builtins.pathExists ./absent/deeper then \"yes\" else \"no\"",
        change: |tree| write(&tree.join("absent/deeper"), ""),
    },
    Case {
        expression: "toString (builtins.attrNames (builtins.readDir ./folder))",
        change: |tree| write(&tree.join("folder/two"), ""),
    },
    Case {
        expression: "toString (builtins.attrValues (builtins.readDir ./folder))",
        change: |tree| {
            fs::remove_file(tree.join("folder/one")).unwrap();
            symlink("../a.nix", tree.join("folder/one")).unwrap();
        },
    },
    Case {
        expression: "\"${./folder}\"",
        change: |tree| write(&tree.join("folder/one"), "2"),
    },
    Case {
        expression: "\"${./folder}\"",
        change: |tree| {
            let executable = fs::Permissions::from_mode(0o755);
            fs::set_permissions(tree.join("folder/one"), executable).unwrap();
        },
    },
    Case {
        expression: "builtins.path { path = ./folder; filter = path: type: baseNameOf path == \"one\"; }",
        change: |tree| write(&tree.join("folder/one"), "2"),
    },
    Case {
        expression: "builtins.hashFile \"sha256\" ./folder/one",
        change: |tree| write(&tree.join("folder/one"), "2"),
    },
    Case {
        expression: "builtins.readFile ./link",
        change: |tree| write(&tree.join("folder/one"), "2"),
    },
    Case {
        expression: "builtins.readFile ./link",
        change: |tree| {
            fs::remove_file(tree.join("link")).unwrap();
            symlink("a.nix", tree.join("link")).unwrap();
        },
    },
    Case {
        expression: "import ./linked/inner.nix",
        change: |tree| {
            write(&tree.join("elsewhere/inner.nix"), "\"elsewhere\"");
            fs::remove_file(tree.join("linked")).unwrap();
            symlink("elsewhere", tree.join("linked")).unwrap();
        },
    },
    Case {
        expression: "import <picket/a.nix>",
        change: |tree| write(&tree.join("a.nix"), "\"other\""),
    },
    Case {
        expression: "if (builtins.tryEval <picket/absent.nix>).success then \"yes\" else \"no\"",
        change: |tree| write(&tree.join("absent.nix"), "1"),
    },
    Case {
        expression: "import ./folder-with-default",
        change: |tree| write(&tree.join("folder-with-default/default.nix"), "\"other\""),
    },
    Case {
        expression: "builtins.readFile (builtins.toPath (toString ./folder + \"/../a.nix\"))",
        change: |tree| write(&tree.join("a.nix"), "\"other\""),
    },
    Case {
        expression: "(import ./a.nix) + (import ./b.nix)",
        change: |tree| fs::remove_file(tree.join("b.nix")).unwrap(),
    },
];

/// A revision with a job of this text.
fn of_case(world: &World, number: usize, case: &Case) -> Revision {
    let jobs = format!("{{ job = mk \"job\" ({}); }}", case.expression);
    let files = [
        FILES.as_slice(),
        &[
            ("link", "-> folder/one"),
            ("inside/inner.nix", "\"inside\""),
            ("linked", "-> inside"),
            ("folder-with-default/default.nix", "\"default\""),
        ],
    ];
    world.revision(number, &jobs, &files.concat())
}

#[tokio::test]
async fn nothing_that_a_job_reads_is_missed() {
    let Some(world) = world(Limits::default()).await else {
        return;
    };
    for (at, case) in CASES.iter().enumerate() {
        let before = of_case(&world, 3 * at + 1, case);
        let first = world.evaluate(&before).await;
        let same = world.evaluate(&of_case(&world, 3 * at + 2, case)).await;
        assert_eq!(
            (same.taken_over, &same.jobs),
            (2, &first.jobs),
            "{}",
            case.expression
        );
        let after = of_case(&world, 3 * at + 3, case);
        (case.change)(&after.tree);
        let changed = world.evaluate(&after).await;
        assert_ne!(changed.jobs, first.jobs, "{}", case.expression);
    }
}
