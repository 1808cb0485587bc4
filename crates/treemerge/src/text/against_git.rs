//! The diff's hunks against those of `git diff`, which shows them.

use std::process::Command;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::{diff, lines::Classes};

/// A text and an edited copy of it, of `kinds` different lines.
fn pair(kinds: u16, length: usize, edits: usize) -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let line = move || (0..kinds).prop_map(|kind| format!("line {kind}\n"));
    let edit = (
        any::<prop::sample::Index>(),
        0_usize..12,
        prop::collection::vec(line(), 0..9),
    );
    (
        prop::collection::vec(line(), length / 2..length),
        prop::collection::vec(edit, 1..edits),
    )
        .prop_map(|(old, edits)| {
            let mut new = old.clone();
            for (at, removed, added) in edits {
                let at = at.index(new.len() + 1);
                let end = (at + removed).min(new.len());
                new.splice(at..end, added);
            }
            (old.concat().into_bytes(), new.concat().into_bytes())
        })
}

/// Two texts of the same frequent lines, in runs, with lines between that only one of them has.
fn strangers(runs: usize) -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let text = move |side: &'static str| {
        let run = (0_usize..30, 1_usize..60, 0_usize..9);
        prop::collection::vec(run, runs / 2..runs).prop_map(move |runs| {
            let mut text = String::new();
            for (number, (start, length, own)) in runs.into_iter().enumerate() {
                for line in start..start + length {
                    text.push_str(&format!("line {}\n", line % 30));
                    if own > 5 && line % own == 0 {
                        text.push_str(&format!("{side} {number} {line}\n"));
                    }
                }
                text.push_str(&format!("{side} {number}\n").repeat(own));
            }
            text.into_bytes()
        })
    };
    (text("old"), text("new"))
}

/// Which lines are removed and added, by `git diff` with the options that its merges use. (Some
/// context keeps it from cutting the common end off, as merges do not.)
fn by_git(folder: &std::path::Path, old: &[u8], new: &[u8]) -> (Vec<usize>, Vec<usize>) {
    std::fs::write(folder.join("old"), old).expect("written");
    std::fs::write(folder.join("new"), new).expect("written");
    let output = Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args([
            "diff",
            "--no-index",
            "--histogram",
            "--no-indent-heuristic",
            "-U1",
            "old",
            "new",
        ])
        .output()
        .expect("git runs");
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    let (mut at_old, mut at_new) = (0, 0);
    for line in String::from_utf8_lossy(&output.stdout).lines().skip(4) {
        if let Some(head) = line.strip_prefix("@@ -") {
            let mut starts = head
                .split(['-', '+', ' ', ','])
                .filter_map(|number| number.parse::<usize>().ok());
            at_old = starts.next().expect("a line number");
            let plus = head.split('+').nth(1).expect("new lines");
            at_new = plus
                .split([',', ' '])
                .next()
                .and_then(|n| n.parse().ok())
                .expect("a number");
        } else if line.starts_with('-') {
            removed.push(at_old - 1);
            at_old += 1;
        } else if line.starts_with('+') {
            added.push(at_new - 1);
            at_new += 1;
        } else {
            at_old += 1;
            at_new += 1;
        }
    }
    (removed, added)
}

fn by_us(old: &[u8], new: &[u8]) -> (Vec<usize>, Vec<usize>) {
    let mut classes = Classes::default();
    let old = classes.lines(old);
    let new = classes.lines_like(new, Some(&old));
    let hunks = diff(old.classes(), new.classes(), classes.count()).expect("git can");
    let removed = hunks
        .iter()
        .flat_map(|hunk| hunk.old_start..hunk.old_start + hunk.old);
    let added = hunks
        .iter()
        .flat_map(|hunk| hunk.new_start..hunk.new_start + hunk.new);
    (removed.collect(), added.collect())
}

#[track_caller]
fn compare(strategy: &impl Strategy<Value = (Vec<u8>, Vec<u8>)>, count: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    for number in 0..count {
        let (old, new) = strategy.new_tree(&mut runner).expect("a pair").current();
        let (ours, gits) = (by_us(&old, &new), by_git(folder.path(), &old, &new));
        assert!(ours == gits, "pair {number}: {ours:?} is not {gits:?}");
    }
}

#[test]
fn hunks_of_short_texts_are_gits() {
    compare(&pair(12, 40, 8), 120);
}

#[test]
fn hunks_of_mixed_texts_are_gits() {
    compare(&pair(300, 1500, 60), 40);
}

/// Every line occurs too often for the histogram, and so often that searches are cut short.
#[test]
fn hunks_of_monotonous_texts_are_gits() {
    compare(&pair(9, 4000, 200), 25);
    compare(&pair(3, 3000, 400), 15);
}

/// Where the frequent lines stand among lines without a counterpart, those are set aside.
#[test]
fn hunks_among_strangers_are_gits() {
    compare(&strangers(40), 20);
    compare(&strangers(150), 20);
    compare(&strangers(400), 10);
}

/// Searches that end at a good diagonal take more than 32,000 lines on each side.
#[test]
#[ignore = "slow without optimisation: for changes of the diff"]
fn hunks_of_huge_texts_are_gits() {
    compare(&strangers(9000), 3);
    compare(&pair(9, 120_000, 9000), 3);
}
