//! A clone on the machine whose objects the mirror uses.

use std::fs;

use picket_mirror::MirrorError;

use crate::support::{Upstream, branch, git, sha, text};

#[test]
fn what_a_clone_on_the_machine_has_is_not_fetched() {
    let (upstream, base) = Upstream::new();
    upstream.branch("master", base);
    let clone = tempfile::tempdir().unwrap();
    let path = upstream.path();
    let path = path.to_str().unwrap();
    git(clone.path(), &["clone", "--quiet", "--mirror", path, "."]);
    let mirror = upstream.empty_mirror();
    mirror.use_objects_of(clone.path()).unwrap();
    mirror.use_objects_of(clone.path()).unwrap();
    let alternates = upstream.mirror_dir().join("objects/info/alternates");
    let listed = fs::read_to_string(alternates).unwrap();
    assert_eq!(listed.lines().count(), 1, "{listed}");

    mirror.fetch_branches(&[branch("master")]).unwrap();
    let own = git(&upstream.mirror_dir(), &["count-objects", "-v"]);
    assert!(
        own.contains("count: 0\n") && own.contains("in-pack: 0\n"),
        "{own}"
    );
    assert_eq!(
        mirror.branch_tip(&branch("master")).unwrap(),
        Some(sha(base))
    );

    let next = upstream.commit(&[base], "a change", |edit| {
        edit.put("new", text("new", 3));
    });
    upstream.branch("master", next);
    mirror.fetch_branches(&[branch("master")]).unwrap();
    assert_eq!(
        mirror.branch_tip(&branch("master")).unwrap(),
        Some(sha(next))
    );
}

#[test]
fn a_clone_without_history_is_refused() {
    let (upstream, base) = Upstream::new();
    upstream.branch("master", base);
    let next = upstream.commit(&[base], "a change", |edit| {
        edit.put("new", text("new", 3));
    });
    upstream.branch("master", next);
    let clone = tempfile::tempdir().unwrap();
    let url = format!("file://{}", upstream.path().display());
    git(
        clone.path(),
        &[
            "clone",
            "--quiet",
            "--bare",
            "--depth=1",
            "--branch=master",
            &url,
            ".",
        ],
    );
    let mirror = upstream.empty_mirror();
    for no_reference in [clone.path(), std::path::Path::new("/dev/null")] {
        let refused = mirror.use_objects_of(no_reference);
        assert!(
            matches!(refused, Err(MirrorError::NotAReference(_))),
            "{refused:?}"
        );
    }
}
