//! Which commits are picked does not depend on how a pull request was merged.

use git2::Oid;
use picket_domain::{Candidate, ConflictKind, PickOutcome};

use crate::support::*;

/// An upstream whose pull request has three commits and a merge of its base branch.
struct Story {
    upstream: Upstream,
    release: Oid,
    /// The base branch's tip when the pull request is merged.
    master: Oid,
    /// The pull request's own commits.
    own: Vec<Oid>,
    open: Candidate,
}

fn story() -> Story {
    let (upstream, root) = Upstream::new();
    let first = upstream.commit(&[root], "first", |edit| {
        edit.put("fix", text("fix", 4));
    });
    let second = upstream.commit(&[first], "second", |edit| {
        edit.line("fix", "line 2", "line two");
    });
    let master = upstream.commit(&[root], "elsewhere", |edit| {
        edit.put("master", "x");
    });
    let merge = upstream.merge(second, master, "Merge branch 'master' into fix");
    let head = upstream.commit(&[merge], "third", |edit| {
        edit.line("fix", "line 3", "three");
    });
    let master = upstream.commit(&[master], "later", |edit| {
        edit.put("later", "x");
    });
    upstream.branch("master", master);
    let own = vec![first, second, head];
    let open = listing(&candidate(7, head), &[first, second, merge, head]);
    Story {
        upstream,
        release: root,
        master,
        own,
        open,
    }
}

/// Picks the pull request while it is open, then again after it was merged.
fn same_picks(merge: impl FnOnce(&Story) -> (Oid, Candidate)) {
    let story = story();
    let open = story.upstream.picked(story.release, &story.open);
    assert_eq!(open.len(), 3);
    let (master, merged) = merge(&story);
    story.upstream.branch("master", master);
    assert_eq!(story.upstream.picked(story.release, &merged), open);
    // Nothing changes as the branch goes on, nor where GitHub does not tell how it was merged.
    let on = story.upstream.commit(&[master], "on", |edit| {
        edit.put("on", "x");
    });
    story.upstream.branch("master", on);
    assert_eq!(story.upstream.picked(story.release, &merged), open);
    let untold = Candidate {
        upstream: story.open.upstream.clone(),
        ..merged
    };
    assert_eq!(story.upstream.picked(story.release, &untold), open);
}

fn head(story: &Story) -> Oid {
    oid(&story.open.head)
}

#[test]
fn merged_by_a_merge_commit() {
    same_picks(|story| {
        let merge = story.upstream.merge(story.master, head(story), "Merge #7");
        (merge, merged(&story.open, Some(merge)))
    });
}

#[test]
fn merged_by_squashing() {
    same_picks(|story| {
        let squash = story.upstream.commit(&[story.master], "fix (#7)", |edit| {
            edit.put("fix", "fix line 1\nfix line two\nfix three\nfix line 4\n");
        });
        (squash, merged(&story.open, Some(squash)))
    });
}

#[test]
fn merged_by_rebasing() {
    same_picks(|story| {
        let mut tip = story.master;
        for (message, line, to) in [
            ("first", "", ""),
            ("second", "line 2", "line two"),
            ("third", "line 3", "three"),
        ] {
            tip = story.upstream.commit(&[tip], message, |edit| {
                match line {
                    "" => edit.put("fix", text("fix", 4)),
                    line => edit.line("fix", line, to),
                };
            });
        }
        (tip, merged(&story.open, Some(tip)))
    });
}

#[test]
fn fast_forwarded() {
    let story = story();
    let open = story.upstream.picked(story.release, &story.open);
    story.upstream.branch("master", head(&story));
    let merged = merged(&story.open, Some(head(&story)));
    assert_eq!(story.upstream.picked(story.release, &merged), open);
    let nothing_listed = listing(&merged, &[]);
    let outcome = story.upstream.outcome(story.release, &nothing_listed);
    assert!(
        matches!(outcome, PickOutcome::Unavailable { .. }),
        "{outcome:?}"
    );
}

#[test]
fn found_far_back_on_the_branch() {
    let story = story();
    let open = story.upstream.picked(story.release, &story.open);
    let mut master = story.upstream.merge(story.master, head(&story), "Merge #7");
    for n in 0..50 {
        master = story.upstream.commit(&[master], "on", |edit| {
            edit.put("n", n.to_string());
        });
        story.upstream.branch("master", master);
        if [0, 1, 2, 3, 4, 7, 8, 49].contains(&n) {
            let unlisted = listing(&merged(&story.open, None), &[]);
            assert_eq!(
                story.upstream.picked(story.release, &unlisted),
                open,
                "{n} later"
            );
        }
    }
}

#[test]
fn merged_with_another_branch_falls_back_on_the_listed_commits() {
    let story = story();
    let open = story.upstream.picked(story.release, &story.open);
    // Another branch takes the pull request in, and only that branch gets merged.
    let other = story.upstream.merge(head(&story), story.master, "staging");
    let other = story.upstream.commit(&[other], "other", |edit| {
        edit.put("other", "x");
    });
    let master = story.upstream.merge(story.master, other, "Merge staging");
    story.upstream.branch("master", master);
    let untold = merged(&story.open, None);
    assert_eq!(story.upstream.picked(story.release, &untold), open);
}

#[test]
fn the_picks_are_the_own_commits_in_gits_order() {
    let story = story();
    let commits = story.upstream.picked(story.release, &story.open);
    let repo = story.upstream.mirror_repo();
    let sources: Vec<_> = commits
        .iter()
        .map(|commit| {
            let commit = repo.find_commit(oid(commit)).unwrap();
            let message = commit.message().unwrap().to_owned();
            let (_, source) = message.split_once("(cherry picked from commit ").unwrap();
            Oid::from_str(&source[..40]).unwrap()
        })
        .collect();
    assert_eq!(sources, story.own);
}

/// A pull request that merges its base branch, which had merged it half-done: the two have two
/// merge bases. Returns the last merge's parents.
fn crossing() -> (Upstream, Oid, [Oid; 2]) {
    let (upstream, root) = Upstream::new();
    let first = upstream.commit(&[root], "first", |edit| {
        edit.put("fix", text("fix", 9));
    });
    let elsewhere = upstream.commit(&[root], "elsewhere", |edit| {
        edit.put("master", text("master", 9));
    });
    let ours = upstream.merge(first, elsewhere, "Merge branch 'master' into fix");
    let theirs = upstream.merge(elsewhere, first, "Merge half of it");
    let ours = upstream.commit(&[ours], "second", |edit| {
        edit.line("fix", "line 2\n", "line two\n");
    });
    let theirs = upstream.commit(&[theirs], "later", |edit| {
        edit.line("fix", "line 9\n", "line nine\n");
    });
    upstream.branch("master", theirs);
    (upstream, root, [ours, theirs])
}

#[test]
fn a_merge_of_branches_that_cross_adds_nothing() {
    let (upstream, root, [ours, theirs]) = crossing();
    let bases = upstream.repo.merge_bases(ours, theirs).unwrap();
    assert_eq!(bases.len(), 2);
    let merge = upstream.merge(ours, theirs, "Merge branch 'master' into fix");
    let base = upstream.commit(&[root], "release", |edit| {
        edit.put("fix", text("fix", 9));
    });
    upstream.branch("release", base);
    let commits = upstream.picked(base, &candidate(1, merge));
    assert_eq!(commits.len(), 1);
    assert!(
        upstream
            .mirror_file(&commits[0], "fix")
            .starts_with(b"fix line 1\nfix line two\n")
    );
}

#[test]
fn a_merge_of_branches_that_cross_is_set_aside_where_it_was_changed_by_hand() {
    let (upstream, root, [ours, theirs]) = crossing();
    let merge = upstream.merge(ours, theirs, "Merge branch 'master' into fix");
    let mut files = upstream.files(merge);
    let blob = upstream.repo.blob(b"slipped in\n").unwrap();
    files.0.insert(b"evil".to_vec(), (FILE, blob));
    let tree = write_tree(&upstream.repo, &files);
    let evil = upstream.raw_commit(tree, &[ours, theirs], "A <a@b>", b"Merge");
    let base = upstream.commit(&[root], "release", |edit| {
        edit.put("fix", text("fix", 9));
    });
    upstream.branch("release", base);
    let PickOutcome::Conflict {
        commit, conflicts, ..
    } = upstream.outcome(base, &candidate(1, evil))
    else {
        panic!("what slipped in is lost");
    };
    assert_eq!(commit, sha(evil));
    assert_eq!(conflicts[0].path, "evil");
}

#[test]
fn a_merge_whose_conflict_was_settled_by_hand_takes_no_content_for_an_answer() {
    let (upstream, root) = Upstream::new();
    let side = |name: &str, line: &str| {
        upstream.commit(&[root], name, |edit| {
            edit.put("fix", line);
        })
    };
    let (first, master) = (side("first", "1\n"), side("master", "2\n"));
    upstream.branch("master", master);
    let mut files = upstream.files(first);
    let blob = upstream.repo.blob(b"1 and 2\n").unwrap();
    files.0.insert(b"fix".to_vec(), (FILE, blob));
    let tree = write_tree(&upstream.repo, &files);
    let settled = upstream.raw_commit(tree, &[first, master], "A <a@b>", b"Merge branch 'master'");
    let PickOutcome::Conflict { conflicts, .. } = upstream.outcome(root, &candidate(1, settled))
    else {
        panic!("what was settled is lost");
    };
    assert_eq!(conflicts[0].path, "fix");
    assert_eq!(conflicts[0].kind, ConflictKind::MergedByHand);
    assert!(!conflicts[0].can_be_resolved());
}

#[test]
fn a_merge_of_a_branch_with_no_common_past_is_looked_at_as_well() {
    let (upstream, root) = Upstream::new();
    let other = upstream.commit(&[], "from elsewhere", |edit| {
        edit.put("other", "x");
    });
    let merge = upstream.merge(root, other, "Merge another project");
    let commits = upstream.picked(root, &candidate(1, merge));
    assert_eq!(upstream.mirror_file(&commits[0], "other"), b"x");
    assert_eq!(commits.len(), 1);
}

#[test]
fn a_merge_that_was_changed_by_hand_is_set_aside() {
    let (upstream, root) = Upstream::new();
    let first = upstream.commit(&[root], "first", |edit| {
        edit.put("fix", "1\n");
    });
    let master = upstream.commit(&[root], "master", |edit| {
        edit.put("master", "x");
    });
    upstream.branch("master", master);
    let clean = upstream.merge(first, master, "Merge branch 'master'");
    let mut files = upstream.files(clean);
    let blob = upstream.repo.blob(b"slipped in\n").unwrap();
    files.0.insert(b"evil".to_vec(), (FILE, blob));
    let tree = write_tree(&upstream.repo, &files);
    let evil = upstream.raw_commit(tree, &[first, master], "A <a@b>", b"Merge branch 'master'");
    match upstream.outcome(root, &candidate(1, evil)) {
        PickOutcome::Conflict {
            commit, conflicts, ..
        } => {
            assert_eq!(commit, sha(evil));
            assert_eq!(conflicts[0].path, "evil");
        }
        other => panic!("{other:?}"),
    }
    let harmless = upstream.outcome(root, &candidate(2, clean));
    assert!(matches!(harmless, PickOutcome::Picked { .. }));
}
