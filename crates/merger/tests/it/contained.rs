//! What a base has already is recognised, and picked again where it was reverted.

use git2::Oid;
use picket_domain::{ContainedBy, PickOutcome};

use crate::support::*;

const IN_BASE: PickOutcome = PickOutcome::Contained {
    by: ContainedBy::Base,
};

fn fix(edit: &mut Edit<'_>) {
    edit.line("pkgs/openssl.nix", "line 6", "line six");
}

fn is_contained(upstream: &Upstream, base: Oid, pr: &picket_domain::Candidate) -> bool {
    upstream.branch("release", base);
    upstream.outcome(base, pr) == IN_BASE
}

#[test]
fn by_history() {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", fix);
    let base = upstream.commit(&[head], "the fix was edited since", |edit| {
        edit.line("pkgs/openssl.nix", "line six", "line VI");
    });
    assert!(is_contained(&upstream, base, &candidate(1, head)));
    assert!(!is_contained(&upstream, root, &candidate(1, head)));
}

#[test]
fn by_the_trailer_of_an_edited_backport() {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", fix);
    let message = format!("fix\n\nwith changes\n\n(cherry picked from commit {head})\n");
    let backport = upstream.commit(&[root], &message, |edit| {
        edit.line("pkgs/openssl.nix", "line 6", "line 6, the old way");
    });
    let base = upstream.commit(&[backport], "on", |edit| {
        edit.put("on", "x");
    });
    assert!(is_contained(&upstream, base, &candidate(1, head)));
    let pr = candidate(1, head);
    let unrelated = upstream.commit(&[root], "fix\n\n(cherry picked from commit 0000)", |edit| {
        edit.put("on", "x");
    });
    assert!(!is_contained(&upstream, unrelated, &pr));
}

#[test]
fn by_the_trailer_of_the_squashed_commit() {
    let (upstream, root) = Upstream::new();
    let half = upstream.commit(&[root], "half", |edit| {
        edit.put("half", "x");
    });
    let head = upstream.commit(&[half], "fix", fix);
    let squash = upstream.commit(&[root], "fix (#1)", |edit| {
        fix(edit);
        edit.put("half", "x");
    });
    upstream.branch("master", squash);
    let message = format!("fix (#1)\n\n(cherry picked from commit {squash})");
    let base = upstream.commit(&[root], &message, |edit| {
        edit.put("elsewhere", "x");
    });
    let pr = merged(&candidate(1, head), Some(squash));
    assert!(is_contained(&upstream, base, &pr));
}

#[test]
fn by_the_trailers_of_rebased_commits_one_by_one() {
    let (upstream, root) = Upstream::new();
    // A rebase keeps authors and their dates; only the committer's differ.
    let twin = |parent: Oid, message: &str, date: i64, path: &str| {
        let with = upstream.commit(&[parent], message, |edit| {
            edit.put(path, "x");
        });
        let tree = upstream.repo.find_commit(with).unwrap().tree_id();
        let text = format!(
            "tree {tree}\nparent {parent}\nauthor A <a@b> {date} +0000\n\
             committer C <c@d> {} +0000\n\n{message}",
            upstream.repo.find_commit(with).unwrap().time().seconds()
        );
        upstream
            .repo
            .odb()
            .unwrap()
            .write(git2::ObjectType::Commit, text.as_bytes())
            .unwrap()
    };
    let (one, master) = (
        twin(root, "one", 1, "one"),
        twin(root, "master", 9, "master"),
    );
    let head = twin(one, "two", 2, "two");
    let landed_one = twin(master, "one", 1, "one");
    let landed_two = twin(landed_one, "two", 2, "two");
    upstream.branch("master", landed_two);
    let pr = merged(&candidate(1, head), Some(landed_two));
    let message = format!("one\n\n(cherry picked from commit {landed_one})");
    let half = upstream.commit(&[root], &message, |edit| {
        edit.put("elsewhere", "1");
    });
    upstream.branch("release", half);
    assert_eq!(
        upstream.picked(half, &pr).len(),
        1,
        "the other commit is still to be picked"
    );
    let message = format!("two\n\n(cherry picked from commit {landed_two})");
    let whole = upstream.commit(&[half], &message, |edit| {
        edit.put("elsewhere", "2");
    });
    assert!(is_contained(&upstream, whole, &pr));
}

#[test]
fn the_trailer_of_the_last_commit_is_not_that_of_all() {
    let (upstream, root) = Upstream::new();
    let first = upstream.commit(&[root], "first", |edit| {
        edit.put("first", "x");
    });
    let head = upstream.commit(&[first], "fix", fix);
    let message = format!("fix\n\n(cherry picked from commit {head})");
    let base = upstream.commit(&[root], &message, fix);
    upstream.branch("release", base);
    let pr = candidate(1, head);
    let commits = upstream.picked(base, &pr);
    assert_eq!(commits.len(), 1);
    assert_eq!(upstream.mirror_file(&commits[0], "first"), b"x");
}

#[test]
fn by_a_pick_that_changes_nothing() {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", fix);
    let base = upstream.commit(&[root], "the same, found by others", |edit| {
        fix(edit);
        edit.put("more", "x");
    });
    assert!(is_contained(&upstream, base, &candidate(1, head)));
}

#[test]
fn empty_commits_are_left_out() {
    let (upstream, root) = Upstream::new();
    let empty = upstream.commit(&[root], "trigger CI", |_| {});
    let outcome = upstream.outcome(root, &candidate(1, empty));
    assert!(
        matches!(outcome, PickOutcome::Unavailable { .. }),
        "{outcome:?}"
    );
    let head = upstream.commit(&[empty], "fix", fix);
    assert_eq!(upstream.picked(root, &candidate(2, head)).len(), 1);
}

#[test]
fn a_reverted_backport_does_not_count() {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", fix);
    let message = format!("fix\n\n(cherry picked from commit {head})");
    let backport = upstream.commit(&[root], &message, fix);
    let message = format!("Revert \"fix\"\n\nThis reverts commit {backport}.\n");
    let undo = |edit: &mut Edit<'_>| {
        edit.line("pkgs/openssl.nix", "line six", "line 6");
    };
    let reverted = upstream.commit(&[backport], &message, undo);
    let pr = candidate(1, head);
    assert!(is_contained(&upstream, backport, &pr));
    assert!(!is_contained(&upstream, reverted, &pr));
    let message = format!("Reapply \"fix\"\n\nThis reverts commit {reverted}.\n");
    let edited = |edit: &mut Edit<'_>| {
        edit.line("pkgs/openssl.nix", "line 6", "line 6, edited");
    };
    let again = upstream.commit(&[reverted], &message, edited);
    assert!(is_contained(&upstream, again, &pr));
}

#[test]
fn a_reverted_merge_does_not_count() {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", fix);
    let master = upstream.commit(&[root], "on", |edit| {
        edit.put("on", "x");
    });
    let merge = upstream.merge(master, head, "Merge #1");
    upstream.branch("master", merge);
    let pr = merged(&candidate(1, head), Some(merge));
    assert!(is_contained(&upstream, merge, &pr));
    let message = format!(
        "Revert \"fix\"\n\nThis reverts commit {merge}, reversing\nchanges made to {master}."
    );
    let base = upstream.commit(&[merge], &message, |edit| {
        edit.line("pkgs/openssl.nix", "line six", "line 6");
    });
    upstream.branch("release", base);
    assert_eq!(upstream.picked(base, &pr).len(), 1);
}

#[test]
fn a_pull_request_on_top_of_another_does_not_repeat_it() {
    let (upstream, root) = Upstream::new();
    let below = upstream.commit(&[root], "below", fix);
    let above = upstream.commit(&[below], "above", |edit| {
        edit.put("above", "x");
    });
    let (below, above) = (candidate(1, below), candidate(2, above));
    let lengths = |order: &[&picket_domain::Candidate]| -> Vec<usize> {
        let assembly = upstream.assemble(root, order);
        let picks = assembly.picks.iter().map(|pick| match &pick.outcome {
            PickOutcome::Picked { commits, .. } => commits.len(),
            PickOutcome::Contained {
                by: ContainedBy::OtherPick,
            } => 0,
            other => panic!("{other:?}"),
        });
        picks.collect()
    };
    assert_eq!(lengths(&[&below, &above]), [1, 1]);
    assert_eq!(lengths(&[&above, &below]), [2, 0]);
}

#[test]
fn a_pull_request_on_top_of_one_that_conflicts_is_set_aside_with_it() {
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "release", |edit| {
        edit.line("pkgs/openssl.nix", "line 6", "line VI");
    });
    upstream.branch("release", base);
    let below = upstream.commit(&[root], "below", fix);
    let above = upstream.commit(&[below], "above", |edit| {
        edit.put("above", "x");
    });
    let beside = upstream.commit(&[root], "beside", |edit| {
        edit.put("beside", "x");
    });
    let prs = [
        candidate(1, below),
        candidate(2, above),
        candidate(3, beside),
    ];
    let assembly = upstream.assemble(base, &prs.iter().collect::<Vec<_>>());
    for pr in &prs[..2] {
        let outcome = assembly.outcome(pr.pr);
        assert!(
            matches!(outcome, Some(PickOutcome::Conflict { commit, .. }) if *commit == sha(below)),
            "{outcome:?}"
        );
    }
    let applied: Vec<_> = assembly.applied().map(|(pick, _)| pick.pr).collect();
    assert_eq!(applied, [prs[2].pr]);
}

#[test]
fn the_next_base_carries_what_it_lacks() {
    let (upstream, root) = Upstream::new();
    let one = candidate(1, upstream.commit(&[root], "one", fix));
    let two = upstream.commit(&[root], "two", |edit| {
        edit.put("two", "x");
    });
    let two = candidate(2, two);
    let before = upstream.assemble(root, &[&one, &two]);
    assert_eq!(before.applied().count(), 2);
    let message = format!("[Backport] one\n\n(cherry picked from commit {})", one.head);
    let moved = upstream.commit(&[root], &message, fix);
    upstream.branch("release", moved);
    let after = upstream.assemble(moved, &[&one, &two]);
    assert_eq!(after.outcome(one.pr), Some(&IN_BASE));
    assert_eq!(
        after.applied().map(|(pick, _)| pick.pr).collect::<Vec<_>>(),
        [two.pr]
    );
}

const OPENSSL: &str = "pkgs/openssl.nix";

/// The base's own version of the fix's line, which the fix conflicts with.
fn edited_once_more(edit: &mut Edit<'_>) {
    edit.line(OPENSSL, "line six", "line VI");
}

fn is_conflict(upstream: &Upstream, base: Oid, pr: &picket_domain::Candidate) -> bool {
    upstream.branch("release", base);
    matches!(upstream.outcome(base, pr), PickOutcome::Conflict { .. })
}

#[test]
fn by_a_commit_that_changes_the_same_where_the_pick_conflicts() {
    let (upstream, root) = Upstream::new();
    let more = upstream.commit(&[root], "the base is another one", |edit| {
        edit.put("more", "x")
            .line(OPENSSL, "line 2\n", "line two\n");
    });
    let twin = upstream.commit(&[more], "found by somebody else", fix);
    let base = upstream.commit(&[twin], "and mended since", edited_once_more);
    let pr = candidate(1, upstream.commit(&[root], "fix", fix));
    assert!(is_contained(&upstream, base, &pr));
    let without = upstream.commit(&[more], "something else", |edit| {
        edit.line(OPENSSL, "line 6", "line VI");
    });
    assert!(is_conflict(&upstream, without, &pr));
    let alike = upstream.commit(&[more], "almost the same", |edit| {
        fix(edit);
        edit.put("and", "more");
    });
    let alike = upstream.commit(&[alike], "and mended since", edited_once_more);
    assert!(is_conflict(&upstream, alike, &pr));
}

#[test]
fn by_a_commit_that_changes_the_same_where_the_pick_would_apply_twice() {
    let (upstream, root) = Upstream::new();
    let patch = |after: &'static str| {
        move |edit: &mut Edit<'_>| {
            edit.line(OPENSSL, after, &format!("{after}./fix.patch\n"));
        }
    };
    let twin = upstream.commit(&[root], "at the end of the list", patch("line 12\n"));
    let pr = candidate(1, upstream.commit(&[root], "fix", patch("line 2\n")));
    assert!(is_contained(&upstream, twin, &pr));
    let undone = upstream.commit(&[twin], "not with us", |edit| {
        edit.line(OPENSSL, "./fix.patch\n", "").put("more", "x");
    });
    upstream.branch("release", undone);
    let tip = upstream.picked(undone, &pr);
    let content = upstream.mirror_file(tip.last().unwrap(), OPENSSL);
    let content = String::from_utf8(content).unwrap();
    assert_eq!(content.matches("./fix.patch").count(), 1);
}

#[test]
fn a_fix_that_was_undone_without_a_word_does_not_count() {
    let (upstream, root) = Upstream::new();
    let twin = upstream.commit(&[root], "found by somebody else", fix);
    let undone = upstream.commit(&[twin], "as it was, with more", |edit| {
        edit.line(
            OPENSSL,
            "line six\nopenssl line 7\n",
            "line 6\nopenssl line seven\n",
        );
    });
    let pr = candidate(1, upstream.commit(&[root], "fix", fix));
    assert!(is_conflict(&upstream, undone, &pr));
}

#[test]
fn a_reverted_commit_that_changes_the_same_does_not_count() {
    let (upstream, root) = Upstream::new();
    let twin = upstream.commit(&[root], "found by somebody else", fix);
    let message = format!("Revert \"found by somebody else\"\n\nThis reverts commit {twin}.\n");
    let reverted = upstream.commit(&[twin], &message, |edit| {
        edit.line(OPENSSL, "line six", "line 6");
    });
    let base = upstream.commit(&[reverted], "another way", |edit| {
        edit.line(OPENSSL, "line 6", "line VI");
    });
    let pr = candidate(1, upstream.commit(&[root], "fix", fix));
    assert!(is_conflict(&upstream, base, &pr));
}

#[test]
fn what_a_reverted_merge_of_the_base_brought_does_not_count() {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", fix);
    let message = format!("[Backport] fix\n\n(cherry picked from commit {head})");
    let backport = upstream.commit(&[root], &message, fix);
    let on = upstream.commit(&[root], "on", |edit| {
        edit.put("on", "x");
    });
    let merge = upstream.merge(on, backport, "Merge the backport");
    let pr = candidate(1, head);
    assert!(is_contained(&upstream, merge, &pr));
    let message =
        format!("Revert \"fix\"\n\nThis reverts commit {merge}, reversing\nchanges made to {on}.");
    let reverted = upstream.commit(&[merge], &message, |edit| {
        edit.line(OPENSSL, "line six", "line 6");
    });
    upstream.branch("release", reverted);
    assert_eq!(upstream.picked(reverted, &pr).len(), 1);
}
