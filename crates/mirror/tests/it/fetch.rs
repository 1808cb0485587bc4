//! Fetching: what is kept, what is gone, and what a killed fetch leaves.

use std::fs;

use picket_domain::PrNumber;
use picket_mirror::{Fetched, FetchedBranch, Mirror, MirrorError};

use crate::support::*;

#[test]
fn a_head_that_was_fetched_stays_and_needs_no_network() {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.put("fix", "1");
    });
    let pr = candidate(7, head);
    let mirror = upstream.mirror(&[&pr]);
    let pushed = upstream.commit(&[root], "fix, again", |edit| {
        edit.put("fix", "2");
    });
    upstream.update(&mirror, &[&candidate(7, pushed)]);
    fs::rename(upstream.path(), upstream.temp.path().join("away")).unwrap();
    let again = mirror.fetch_pull_request(pr.pr, &pr.head).unwrap();
    assert_eq!(again, Fetched::Present);
    let error = mirror.fetch_branches(&[branch("master")]).unwrap_err();
    assert!(
        matches!(
            error,
            MirrorError::Transport {
                command: "ls-remote",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn an_unreachable_upstream_is_not_a_head_that_is_gone() {
    let (upstream, _) = Upstream::new();
    let mirror = upstream.mirror(&[]);
    fs::rename(upstream.path(), upstream.temp.path().join("away")).unwrap();
    let wanted = sha(git2::Oid::from_str(&"d".repeat(40)).unwrap());
    let error = mirror.fetch_pull_request(PrNumber(1), &wanted).unwrap_err();
    assert!(matches!(error, MirrorError::Transport { .. }), "{error}");
}

#[test]
fn an_earlier_head_is_had_while_upstream_hands_it_out() {
    let (upstream, root) = Upstream::new();
    let mirror = upstream.mirror(&[]);
    let first = upstream.commit(&[root], "fix", |edit| {
        edit.put("fix", "1");
    });
    let on_top = upstream.commit(&[first], "more", |edit| {
        edit.put("fix", "2");
    });
    upstream.pull(1, on_top);
    let fetched = mirror.fetch_pull_request(PrNumber(1), &sha(first)).unwrap();
    assert_eq!(
        fetched,
        Fetched::Present,
        "it is in the history of the present head"
    );
    let pushed_over = upstream.commit(&[root], "again", |edit| {
        edit.put("fix", "3");
    });
    let now = upstream.commit(&[root], "and again", |edit| {
        edit.put("fix", "4");
    });
    upstream.pull(2, now);
    let fetched = mirror
        .fetch_pull_request(PrNumber(2), &sha(pushed_over))
        .unwrap();
    assert_eq!(fetched, Fetched::Present, "upstream still has the commit");
    let repo = upstream.mirror_repo();
    for (pr, head) in [(1, first), (2, pushed_over)] {
        assert_eq!(
            repo.refname_to_id(&format!("refs/pr/{pr}/{head}")).unwrap(),
            head
        );
    }
    // The pull request was closed and its reference removed: the commit alone is asked for.
    let fetched = mirror.fetch_pull_request(PrNumber(3), &sha(now)).unwrap();
    assert_eq!(fetched, Fetched::Present);
}

#[test]
fn a_head_that_upstream_lacks_is_gone() {
    let (upstream, root) = Upstream::new();
    let mirror = upstream.mirror(&[]);
    upstream.pull(1, root);
    let wanted = sha(git2::Oid::from_str(&"d".repeat(40)).unwrap());
    for pr in [1, 2] {
        let fetched = mirror.fetch_pull_request(PrNumber(pr), &wanted).unwrap();
        assert_eq!(fetched, Fetched::Gone);
    }
}

#[test]
fn locks_and_packs_of_a_killed_fetch_are_cleared() {
    let (upstream, root) = Upstream::new();
    let mirror = upstream.empty_mirror();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.put("fix", "1");
    });
    upstream.pull(1, head);
    let dir = upstream.mirror_dir();
    fs::create_dir_all(dir.join("refs/branches")).unwrap();
    fs::create_dir_all(dir.join("refs/pr/1")).unwrap();
    let half_pack = dir.join("objects/pack/tmp_pack_abcdef");
    for left in [
        dir.join("refs/branches/master.lock"),
        dir.join(format!("refs/pr/1/{head}.lock")),
        dir.join("refs/pr/1/head.lock"),
        dir.join("packed-refs.lock"),
        half_pack.clone(),
    ] {
        fs::write(left, "").unwrap();
    }
    let fetched = mirror.fetch_branches(&[branch("master")]).unwrap();
    assert_eq!(
        fetched[&branch("master")],
        FetchedBranch::Fetched(sha(root))
    );
    assert_eq!(
        mirror.branch_tip(&branch("master")).unwrap(),
        Some(sha(root))
    );
    assert!(!half_pack.exists());
    let fetched = mirror.fetch_pull_request(PrNumber(1), &sha(head)).unwrap();
    assert_eq!(fetched, Fetched::Present);
}

#[test]
fn a_head_whose_objects_were_lost_is_fetched_again() {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.put("fix", "1");
    });
    let pr = candidate(1, head);
    let mirror = upstream.mirror(&[&pr]);
    let hex = head.to_string();
    let object = upstream
        .mirror_dir()
        .join("objects")
        .join(&hex[..2])
        .join(&hex[2..]);
    fs::remove_file(object).unwrap();
    let fetched = mirror.fetch_pull_request(pr.pr, &pr.head);
    assert_eq!(fetched.unwrap(), Fetched::Present);
    assert!(mirror.has_commit(&pr.head).unwrap());
}

#[test]
fn another_process_that_writes_is_waited_for() {
    let (upstream, root) = Upstream::new();
    let mirror = upstream.empty_mirror();
    let lock = fs::File::create(upstream.mirror_dir().join("picket.lock")).unwrap();
    lock.lock().unwrap();
    let fetching = std::thread::spawn({
        let mirror: Mirror = mirror.clone();
        move || mirror.fetch_branches(&[branch("master")])
    });
    // Whatever the thread does meanwhile, it has nothing while the lock is held.
    assert_eq!(mirror.branch_tip(&branch("master")).unwrap(), None);
    drop(lock);
    assert_eq!(fetching.join().unwrap().unwrap().len(), 1);
    assert_eq!(
        mirror.branch_tip(&branch("master")).unwrap(),
        Some(sha(root))
    );
}
