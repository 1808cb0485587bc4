//! Attributes as `git check-attr` and `git merge-tree` read them.

use std::process::Stdio;

use picket_lab::replay::{GitAnswer, GitMerges, Triple};
use picket_treemerge::{AllText, Attributes, Driver, Drivers, Outcome, merge};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::repository::{Scratch, Tree, file, open, tree};

fn lists() -> [Tree; 3] {
    let with = |added: &str| {
        let attributes = file("list merge=union\n");
        tree(&[
            (".gitattributes", attributes),
            ("list", file(&format!("a\nb\n{added}z\n"))),
        ])
    };
    [with(""), with("ours\n"), with("theirs\n")]
}

/// In a bare repository, only `info/attributes` counts; with it, both merge alike.
#[test]
fn a_trees_attributes_do_not_count_and_the_repositorys_do() {
    let scratch = Scratch::new();
    let ids = scratch.add(&lists());
    let triple = Triple {
        base: ids[0],
        ours: ids[1],
        theirs: ids[2],
    };
    let compared = scratch.merge(&[triple]).remove(0);
    assert!(
        compared.agree() && compared.tree().is_none(),
        "{compared:?}"
    );

    let info = scratch.path().join("info");
    std::fs::create_dir_all(&info).expect("made");
    std::fs::write(info.join("attributes"), "list merge=union\n").expect("written");
    let attributes = Attributes::of_repository(&scratch.path());
    let repository = open(&scratch.path());
    let outcome = merge(
        &repository,
        &attributes,
        triple.base,
        triple.ours,
        triple.theirs,
    );
    let Ok(Outcome::Merged(merged)) = outcome else {
        panic!("{outcome:?}")
    };
    let objects = scratch.path().with_file_name("scratch");
    let git = GitMerges::run(&scratch.path(), &objects, &[triple], |_| ()).expect("git answers");
    assert_eq!(git.merges[0].answer, GitAnswer::Merged(merged.tree));
    let by_default = merge(
        &repository,
        &AllText,
        triple.base,
        triple.ours,
        triple.theirs,
    );
    assert!(matches!(by_default, Ok(Outcome::Conflict(_))));
}

const PARTS: [&str; 18] = [
    "a",
    "b",
    "ab",
    "*",
    "**",
    "?",
    "/",
    "/",
    "/",
    "[ab]",
    "[!a]",
    "[^b]",
    "[a-c]",
    "\\*",
    "[]a]",
    "[[:alpha:]]",
    "[[:punct:]x]",
    "c",
];
const SETTINGS: [&str; 9] = [
    "merge",
    "-merge",
    "!merge",
    "merge=union",
    "merge=binary",
    "merge=text",
    "binary",
    "-binary",
    "mine",
];

fn line() -> impl Strategy<Value = String> {
    let pattern = prop::collection::vec(prop::sample::select(&PARTS[..]), 1..6);
    let settings = prop::collection::vec(prop::sample::select(&SETTINGS[..]), 1..3);
    (pattern, settings)
        .prop_map(|(pattern, settings)| format!("{} {}\n", pattern.concat(), settings.join(" ")))
}

fn path() -> impl Strategy<Value = String> {
    let letter = prop::sample::select(&["a", "b", "c", "ab", "*", "a/b", "/", "]"][..]);
    prop::collection::vec(letter, 1..6)
        .prop_map(|parts| {
            let path = parts.concat();
            path.split('/')
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join("/")
        })
        .prop_filter("a path", |path| !path.is_empty())
}

/// What `git check-attr` says of each path.
fn by_git(scratch: &Scratch, paths: &[String]) -> Vec<Driver> {
    let mut check = scratch
        .git()
        .args(["check-attr", "-z", "--stdin", "merge"])
        .env("GIT_ATTR_NOSYSTEM", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("git runs");
    let mut input = check.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, paths.join("\0").as_bytes()).expect("git reads");
    drop(input);
    let output = check.wait_with_output().expect("git ends");
    let parts: Vec<&[u8]> = output.stdout.split(|byte| *byte == 0).collect();
    let driver = |parts: &[&[u8]]| match parts[2] {
        b"unset" | b"binary" => Driver::Binary,
        b"union" => Driver::Union,
        _ => Driver::Text,
    };
    parts.chunks_exact(3).map(driver).collect()
}

#[test]
fn patterns_match_as_gits() {
    let scratch = Scratch::new();
    let info = scratch.path().join("info");
    std::fs::create_dir_all(&info).expect("made");
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[5; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let files = (
        prop::collection::vec(line(), 1..7),
        prop::collection::vec(path(), 60),
    );
    let mut seen = std::collections::HashSet::new();
    for _ in 0..60 {
        let (lines, paths) = files.new_tree(&mut runner).expect("a file").current();
        let text = format!("[attr]mine merge=union\n{}", lines.concat());
        std::fs::write(info.join("attributes"), &text).expect("written");
        let attributes = Attributes::of_repository(&scratch.path());
        for (path, expected) in paths.iter().zip(by_git(&scratch, &paths)) {
            assert_eq!(
                attributes.driver(path.as_bytes()),
                expected,
                "{path} by\n{text}"
            );
            seen.insert(expected);
        }
    }
    assert_eq!(seen.len(), 3, "every driver is met");
}

/// With a work tree, its attributes count, whatever the merged trees hold.
#[test]
fn a_work_trees_attributes_count() {
    let scratch = Scratch::new();
    let ids = scratch.add(&lists());
    let triple = Triple {
        base: ids[0],
        ours: ids[1],
        theirs: ids[2],
    };
    let top = scratch.path().with_file_name("work");
    let mut clone = scratch.git();
    clone
        .args(["clone", "--quiet", "--no-checkout", "--shared", "."])
        .arg(&top);
    assert!(clone.status().expect("git runs").success());
    let merged = || {
        let outcome = merge(
            &open(&top),
            &Attributes::of_repository(&top),
            triple.base,
            triple.ours,
            triple.theirs,
        );
        let objects = scratch.path().with_file_name("scratch");
        std::fs::create_dir_all(&objects).expect("made");
        let git = GitMerges::run(&top, &objects, &[triple], |_| ()).expect("git answers");
        match (outcome, git.merges[0].answer) {
            (Ok(Outcome::Merged(merged)), GitAnswer::Merged(tree)) if merged.tree == tree => true,
            (Ok(Outcome::Conflict(_)), GitAnswer::Conflict) => false,
            other => panic!("{other:?}"),
        }
    };
    assert!(!merged());
    std::fs::write(top.join(".gitattributes"), "list merge=union\n").expect("written");
    assert!(merged());
}
