//! Upkeep: smaller and quicker, and nothing is lost that is wanted.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use git2::ObjectType;
use picket_domain::PrNumber;
use picket_mirror::{Limits, Maintained, MirrorError};

use crate::support::*;

#[test]
fn loose_objects_are_packed_and_what_is_kept_stays() {
    let (upstream, root) = Upstream::new();
    let mirror = upstream.mirror(&[]);
    let repo = upstream.mirror_repo();
    let odb = repo.odb().unwrap();
    let tree = repo.find_commit(root).unwrap().tree_id();
    let commit = |message: &str| {
        let by = "P <p@q> 1790000000 +0000";
        let text =
            format!("tree {tree}\nparent {root}\nauthor {by}\ncommitter {by}\n\n{message}\n");
        odb.write(ObjectType::Commit, text.as_bytes()).unwrap()
    };
    let (kept, dropped) = (commit("kept"), commit("dropped"));
    let young = odb
        .write(ObjectType::Blob, b"somebody is about to use it")
        .unwrap();
    for old in [kept, dropped] {
        let hex = old.to_string();
        let path = upstream
            .mirror_dir()
            .join("objects")
            .join(&hex[..2])
            .join(&hex[2..]);
        let long_ago = SystemTime::now() - Duration::from_secs(40 * 86_400);
        File::open(path).unwrap().set_modified(long_ago).unwrap();
    }
    // What a killed one leaves.
    for lock in ["objects/pack/multi-pack-index.lock", "packed-refs.lock"] {
        fs::write(upstream.mirror_dir().join(lock), "").unwrap();
    }
    fs::write(
        upstream.mirror_dir().join("objects/pack/tmp_pack_x"),
        "half",
    )
    .unwrap();
    let before = mirror.size().unwrap();
    let keep = BTreeSet::from([sha(kept)]);
    assert_eq!(mirror.maintain(&keep).unwrap(), Maintained::Whole);
    assert_eq!(mirror.maintain(&keep).unwrap(), Maintained::Whole);
    let after = mirror.size().unwrap();
    assert!(
        after.loose_objects < before.loose_objects,
        "{before:?} {after:?}"
    );
    for (commit, is_there) in [(kept, true), (dropped, false), (root, true)] {
        assert_eq!(mirror.has_commit(&sha(commit)).unwrap(), is_there);
    }
    assert!(upstream.mirror_repo().find_blob(young).is_ok());
    let checked = git(&upstream.mirror_dir(), &["fsck", "--strict"]);
    assert!(!checked.contains("missing"), "{checked}");
}

#[test]
fn nothing_is_taken_from_under_a_reader() {
    let (upstream, _) = Upstream::new();
    let empty = upstream.empty_mirror().maintain(&BTreeSet::new());
    assert_eq!(empty.unwrap(), Maintained::Whole);
    let mirror = upstream.mirror(&[]);
    let reading = mirror.reading().unwrap();
    let loose = upstream.mirror_repo().blob(b"young").unwrap().to_string();
    let objects = upstream.mirror_dir().join("objects");
    // As a writer makes it just before it moves an object there.
    let about_to_be_filled = objects.join(match loose.starts_with("ab") {
        true => "cd",
        false => "ab",
    });
    fs::create_dir_all(&about_to_be_filled).unwrap();
    let found = mirror.maintain(&BTreeSet::new()).unwrap();
    assert_eq!(found, Maintained::WhileRead);
    assert!(about_to_be_filled.exists());
    assert!(objects.join(&loose[..2]).join(&loose[2..]).exists());
    drop(reading);
    let found = mirror.maintain(&BTreeSet::new()).unwrap();
    assert_eq!(found, Maintained::Whole);
}

#[test]
fn a_release_is_not_written_amid_upkeep() {
    let (upstream, root) = Upstream::new();
    let limits = Limits {
        lock: Duration::ZERO,
        ..Limits::default()
    };
    let mirror = upstream.mirror(&[]).with_limits(limits);
    let upkeep = File::open(upstream.mirror_dir().join("picket-readers.lock")).unwrap();
    upkeep.lock().unwrap();
    let refused = mirror
        .release_commit(None, &sha(root), "release")
        .unwrap_err();
    assert!(matches!(refused, MirrorError::Busy { .. }), "{refused}");
    drop(upkeep);
    mirror.release_commit(None, &sha(root), "release").unwrap();
}

#[test]
fn settled_pull_requests_are_forgotten() {
    let (upstream, root) = Upstream::new();
    let heads = [1, 11].map(|pr| {
        let head = upstream.commit(&[root], "fix", |edit| {
            edit.put(format!("fix{pr}"), "x");
        });
        candidate(pr, head)
    });
    let mirror = upstream.mirror(&[&heads[0], &heads[1]]);
    let forgotten = mirror.forget_pull_requests(&[PrNumber(1), PrNumber(5)]);
    assert_eq!(forgotten.unwrap(), 2);
    let left = git(&upstream.mirror_dir(), &["for-each-ref", "refs/pr"]);
    assert!(
        left.contains("refs/pr/11/") && !left.contains("refs/pr/1/"),
        "{left}"
    );
}
