//! Upstream's branches: what moved is fetched, and what cannot be had stops nothing else.

use std::collections::BTreeMap;
use std::fs;

use git2::Oid;
use picket_domain::BranchName;
use picket_mirror::{FetchedBranch, Mirror};

use crate::support::*;

fn fetch(mirror: &Mirror, names: &[&str]) -> BTreeMap<BranchName, FetchedBranch> {
    let branches: Vec<_> = names.iter().map(|name| branch(name)).collect();
    mirror.fetch_branches(&branches).unwrap()
}

fn at(commit: Oid) -> FetchedBranch {
    FetchedBranch::Fetched(sha(commit))
}

#[test]
fn branches_follow_upstream_also_when_it_was_rewritten() {
    let (upstream, root) = Upstream::new();
    let mirror = upstream.empty_mirror();
    assert_eq!(mirror.branch_tip(&branch("master")).unwrap(), None);
    let found = fetch(&mirror, &["gone", "master", "also/gone"]);
    let expected = [
        (branch("also/gone"), FetchedBranch::Absent),
        (branch("gone"), FetchedBranch::Absent),
        (branch("master"), at(root)),
    ];
    assert_eq!(found, BTreeMap::from(expected));
    let other = upstream.commit(&[], "another root", |edit| {
        edit.put("x", "x");
    });
    upstream.branch("master", other);
    assert_eq!(fetch(&mirror, &["master"])[&branch("master")], at(other));
    let tip = mirror.branch_tip(&branch("master")).unwrap();
    assert_eq!(tip, Some(sha(other)));
}

#[test]
fn a_branch_below_a_removed_one_is_had_and_stops_nothing() {
    let (upstream, root) = Upstream::new();
    let mirror = upstream.empty_mirror();
    upstream.branch("python-updates", root);
    fetch(&mirror, &["master", "python-updates"]);
    let old = upstream.repo.find_reference("refs/heads/python-updates");
    old.unwrap().delete().unwrap();
    let next = upstream.commit(&[root], "next", |edit| {
        edit.put("next", "x");
    });
    upstream.branch("python-updates/3.13", next);
    upstream.branch("master", next);
    let found = fetch(
        &mirror,
        &["master", "python-updates", "python-updates/3.13"],
    );
    assert_eq!(found[&branch("master")], at(next));
    assert_eq!(found[&branch("python-updates/3.13")], at(next));
    assert_eq!(found[&branch("python-updates")], FetchedBranch::Absent);
}

#[test]
fn a_branch_whose_commit_upstream_has_lost_fails_alone() {
    let (upstream, root) = Upstream::new();
    let mirror = upstream.empty_mirror();
    let lost = upstream.commit(&[root], "lost", |edit| {
        edit.put("lost", "x");
    });
    let blob = upstream.repo.blob(b"x").unwrap().to_string();
    upstream.branch("lost", lost);
    let object = upstream
        .path()
        .join("objects")
        .join(&blob[..2])
        .join(&blob[2..]);
    fs::remove_file(object).unwrap();
    let found = fetch(&mirror, &["lost", "master"]);
    assert_eq!(found[&branch("master")], at(root));
    let FetchedBranch::Failed(reason) = &found[&branch("lost")] else {
        panic!("{found:?}");
    };
    assert!(!reason.is_empty());
}

#[test]
fn a_branch_with_a_name_too_long_for_a_file_is_fetched_with_the_others() {
    let (upstream, root) = Upstream::new();
    let mirror = upstream.empty_mirror();
    let names = ["x", "y"].map(|last| format!("{}/{last}", ["backports"; 23].join("/")));
    let next = upstream.commit(&[root], "next", |edit| {
        edit.put("next", "x");
    });
    for (name, tip) in names.iter().zip([root, next]) {
        upstream.branch(name, tip);
    }
    let found = fetch(&mirror, &["master", &names[0], &names[1]]);
    assert_eq!(found[&branch("master")], at(root));
    assert_eq!(found[&branch(&names[0])], at(root));
    assert_eq!(found[&branch(&names[1])], at(next));
    assert_eq!(
        mirror.branch_tip(&branch(&names[1])).unwrap(),
        Some(sha(next))
    );
}
