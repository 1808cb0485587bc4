//! The same results as git's own, on random input.

use std::fs;

use git2::{Oid, Repository};
use picket_domain::{Assembly, PickOutcome};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::*;

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    })
}

/// One small change of a tree.
#[derive(Debug, Clone)]
enum Change {
    Line { file: usize, line: usize, text: u8 },
    Add { file: usize, text: u8 },
    Remove { file: usize },
    Rename { file: usize, to: usize },
    Executable { file: usize },
    Link { file: usize, to: u8 },
}

const PATHS: [&str; 9] = ["a", "b", "c", "d/a", "d/b", "e/f/a", "e/f/b", "g", "h/i"];

fn change() -> impl Strategy<Value = Change> {
    let file = || 0..PATHS.len();
    prop_oneof![
        6 => (file(), 0..12usize, 0..3u8)
            .prop_map(|(file, line, text)| Change::Line { file, line, text }),
        2 => (file(), 0..3u8).prop_map(|(file, text)| Change::Add { file, text }),
        1 => file().prop_map(|file| Change::Remove { file }),
        2 => (file(), file()).prop_map(|(file, to)| Change::Rename { file, to }),
        1 => file().prop_map(|file| Change::Executable { file }),
        1 => (file(), 0..2u8).prop_map(|(file, to)| Change::Link { file, to }),
    ]
}

/// Makes a change where it can be made; others are left out.
fn apply(repo: &Repository, files: &mut Files, change: &Change) {
    let path = |index: usize| PATHS[index].as_bytes().to_vec();
    match *change {
        Change::Line { file, line, text } => {
            let Some((mode, id)) = files.0.get(&path(file)).copied() else {
                return;
            };
            let content = repo.find_blob(id).unwrap().content().to_vec();
            let mut lines: Vec<_> = content.split_inclusive(|byte| *byte == b'\n').collect();
            let new = format!("changed to {text}\n");
            if mode != LINK && line < lines.len() {
                lines[line] = new.as_bytes();
                files
                    .0
                    .insert(path(file), (mode, repo.blob(&lines.concat()).unwrap()));
            }
        }
        Change::Add { file, text } => {
            let content = format!("{}added {text}\n", self::text(PATHS[file], 6));
            files
                .0
                .entry(path(file))
                .or_insert((FILE, repo.blob(content.as_bytes()).unwrap()));
        }
        Change::Remove { file } => drop(files.0.remove(&path(file))),
        Change::Rename { file, to } => {
            if !files.0.contains_key(&path(to))
                && let Some(entry) = files.0.remove(&path(file))
            {
                files.0.insert(path(to), entry);
            }
        }
        Change::Executable { file } => {
            if let Some(entry) = files.0.get_mut(&path(file)).filter(|entry| entry.0 == FILE) {
                entry.0 = EXECUTABLE;
            }
        }
        Change::Link { file, to } => {
            let target = repo.blob(format!("target{to}").as_bytes()).unwrap();
            files.0.insert(path(file), (LINK, target));
        }
    }
}

/// What came of a pick.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    Clean(Oid),
    Conflict,
    /// git crashes over some tangles of renames, and Picket leaves them alone.
    LeftAlone,
}

/// What git makes of the pick.
fn gits(upstream: &Upstream, parent: Oid, base: Oid, head: Oid) -> Came {
    let output = try_git(
        &upstream.path(),
        &[
            "merge-tree",
            "--write-tree",
            "--no-messages",
            &format!("--merge-base={parent}"),
            &base.to_string(),
            &head.to_string(),
        ],
    );
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => Came::Clean(Oid::from_str(stdout.trim()).unwrap()),
        Some(1) => Came::Conflict,
        None => Came::LeftAlone,
        _ => panic!(
            "git merge-tree: {}",
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

fn ours(upstream: &Upstream, assembly: &Assembly, base: Oid) -> Came {
    match &assembly.picks[0].outcome {
        PickOutcome::Conflict { .. } => Came::Conflict,
        PickOutcome::Unavailable { reason } if reason.contains("git aborts") => Came::LeftAlone,
        PickOutcome::Picked { .. } | PickOutcome::Contained { .. } => {
            let tip = oid(assembly.tip(&sha(base)));
            let repo = upstream.mirror_repo();
            Came::Clean(repo.find_commit(tip).unwrap().tree_id())
        }
        other => panic!("{other:?}"),
    }
}

/// Random changes onto random changes: the tree is git's, or both see a conflict.
#[test]
fn picks_are_gits_picks() {
    let case = (vec(change(), 1..7), vec(change(), 1..7));
    let (upstream, root) = Upstream::new();
    let mirror = upstream.mirror(&[]);
    let repo = &upstream.repo;
    let start: Files = Files(
        PATHS[..6]
            .iter()
            .map(|path| {
                let blob = repo.blob(text(path, 12).as_bytes()).unwrap();
                (path.as_bytes().to_vec(), (FILE, blob))
            })
            .collect(),
    );
    let start_tree = write_tree(repo, &start);
    let parent = upstream.raw_commit(start_tree, &[root], "A <a@b>", b"start");
    let side = |changes: &[Change], name: &str| {
        let mut files = start.clone();
        changes
            .iter()
            .for_each(|change| apply(repo, &mut files, change));
        upstream.raw_commit(
            write_tree(repo, &files),
            &[parent],
            "A <a@b>",
            name.as_bytes(),
        )
    };
    // The mirror reads upstream's objects in place: fetching each case would take most of the time.
    let alternates = upstream.mirror_dir().join("objects/info/alternates");
    fs::create_dir_all(alternates.parent().unwrap()).unwrap();
    fs::write(
        alternates,
        upstream
            .path()
            .join("objects")
            .as_os_str()
            .as_encoded_bytes(),
    )
    .unwrap();
    let (clean, conflicting) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    runner(600)
        .run(&case, |(changes, theirs)| {
            let (base, head) = (side(&changes, "ours"), side(&theirs, "theirs"));
            let pr = candidate(1, head);
            let known = [(pr.pr, pr.clone())].into();
            let assembly = assembled(&mirror, &spec(base, vec![pick(&pr)]), &known);
            let gits = gits(&upstream, parent, base, head);
            let counter = match gits {
                Came::Clean(_) => &clean,
                Came::Conflict | Came::LeftAlone => &conflicting,
            };
            counter.set(counter.get() + 1);
            prop_assert_eq!(ours(&upstream, &assembly, base), gits);
            Ok(())
        })
        .unwrap();
    assert!(
        clean.get() > 100 && conflicting.get() > 100,
        "{clean:?} {conflicting:?}"
    );
}

#[test]
fn messages_are_gits_messages() {
    let (upstream, root) = Upstream::new();
    let line = prop_oneof![
        3 => Just(""),
        1 => Just("   "),
        2 => Just("openssl: 3.0.14 -> 3.0.15"),
        1 => Just("Some words, and more"),
        2 => Just("Signed-off-by: Ada <a@b>"),
        1 => Just("Co-authored-by : Ada <a@b>"),
        1 => Just("See-also: the other one"),
        1 => Just("(cherry picked from commit 0123456789012345678901234567890123456789)"),
        1 => Just("  continued"),
        1 => Just("https://example.org"),
        1 => Just(": nothing"),
        1 => Just("# a comment"),
        1 => Just("two words: no token"),
        1 => Just("Conflicts:"),
        1 => Just("\tsome/path"),
    ];
    let tree = upstream.commit(&[root], "x", |edit| {
        edit.put("fix", "x");
    });
    let tree = upstream.repo.find_commit(tree).unwrap().tree_id();
    let alone = upstream.temp.path().join("worktree");
    let alone_path = alone.to_str().unwrap();
    git(
        &upstream.path(),
        &[
            "worktree",
            "add",
            "--quiet",
            "--detach",
            alone_path,
            &root.to_string(),
        ],
    );
    let mirror = upstream.mirror(&[]);
    let alternates = upstream.mirror_dir().join("objects/info/alternates");
    fs::create_dir_all(alternates.parent().unwrap()).unwrap();
    fs::write(
        alternates,
        upstream
            .path()
            .join("objects")
            .as_os_str()
            .as_encoded_bytes(),
    )
    .unwrap();
    runner(100)
        .run(&(vec(line, 1..9), any::<bool>()), |(lines, ends)| {
            let message = lines.join("\n") + if ends { "\n" } else { "" };
            prop_assume!(message.lines().any(|line| !line.trim().is_empty()));
            let head = upstream.raw_commit(tree, &[root], "A <a@b>", message.as_bytes());
            git(&alone, &["reset", "--quiet", "--hard", &root.to_string()]);
            git(
                &alone,
                &[
                    "cherry-pick",
                    "-x",
                    "--allow-empty-message",
                    &head.to_string(),
                ],
            );
            let gits = git(&alone, &["cat-file", "commit", "HEAD"]);
            let (_, gits) = gits.split_once("\n\n").unwrap();
            let pr = candidate(1, head);
            let known = [(pr.pr, pr.clone())].into();
            let assembly = assembled(&mirror, &spec(root, vec![pick(&pr)]), &known);
            let tip = oid(assembly.tip(&sha(root)));
            let repo = upstream.mirror_repo();
            let ours = repo
                .find_commit(tip)
                .unwrap()
                .message_raw()
                .unwrap()
                .to_owned();
            let added = "Picket-PR: 1\nApproved-by: grace\nApproved-by: edsger\n";
            prop_assert_eq!(ours.strip_suffix(added), Some(gits), "of {:?}", message);
            Ok(())
        })
        .unwrap();
}
