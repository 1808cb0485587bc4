//! What is recorded of a base.

use git2::Oid;
use picket_domain::Timestamp;
use picket_mirror::{Mirror, MirrorError};

use crate::support::*;

const SEEN: Timestamp = Timestamp::from_unix(1_800_000_000);

fn fetched(upstream: &Upstream, commit: Oid) -> Mirror {
    upstream.branch("release", commit);
    upstream.mirror(&[])
}

#[test]
fn a_base_is_counted_and_its_version_read_through_the_link() {
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "version", |edit| {
        edit.put_as(LINK, ".version", "lib/.version")
            .put("lib/.version", "26.05\n");
    });
    let mirror = fetched(&upstream, base);
    let found = mirror.base(&sha(base), SEEN).unwrap();
    assert_eq!((found.rev_count, found.version.as_str()), (2, "26.05"));
    assert_eq!((found.rev, found.seen_at), (sha(base), SEEN));
    let time = upstream.repo.find_commit(base).unwrap().time().seconds();
    assert_eq!(found.committed_at, Timestamp::from_unix(time));
}

#[test]
fn counts_are_right_whatever_was_counted_before() {
    let (upstream, root) = Upstream::new();
    let versioned = upstream.commit(&[root], "version", |edit| {
        edit.put(".version", "26.05");
    });
    let side = upstream.commit(&[root], "side", |edit| {
        edit.put("side", "x");
    });
    let merge = upstream.merge(versioned, side, "merge");
    let on = upstream.commit(&[merge], "on", |edit| {
        edit.put("on", "x");
    });
    let apart = upstream.commit(&[versioned], "apart", |edit| {
        edit.put("apart", "x");
    });
    upstream.branch("apart", apart);
    let mirror = fetched(&upstream, on);
    mirror.fetch_branches(&[branch("apart")]).unwrap();
    let count = |commit| mirror.base(&sha(commit), SEEN).unwrap().rev_count;
    let counts = [versioned, on, apart, merge, versioned, on].map(count);
    assert_eq!(counts, [2, 5, 3, 4, 2, 5]);
    let file = upstream.mirror_dir().join("picket-rev-counts");
    std::fs::write(&file, "what is this\n").unwrap();
    assert_eq!(count(on), 5);
}

#[test]
fn a_tree_that_is_no_nixpkgs_is_refused() {
    for version in [
        "",
        "26.5",
        "26.05pre",
        "../../../etc",
        "26.05\n26.11",
        &"9".repeat(10_000),
    ] {
        let (upstream, root) = Upstream::new();
        let base = upstream.commit(&[root], "odd", |edit| {
            edit.put(".version", version);
        });
        let error = fetched(&upstream, base).base(&sha(base), SEEN).unwrap_err();
        assert!(
            matches!(error, MirrorError::Version { .. }),
            "{version:?}: {error}"
        );
        assert!(error.to_string().len() < 250);
    }
    for target in ["/etc/hostname", "../outside", ".version", "missing"] {
        let (upstream, root) = Upstream::new();
        let base = upstream.commit(&[root], "odd", |edit| {
            edit.put_as(LINK, ".version", target);
        });
        let error = fetched(&upstream, base).base(&sha(base), SEEN).unwrap_err();
        assert!(
            error.to_string().contains(".version is missing"),
            "{target}: {error}"
        );
    }
}

#[test]
fn a_base_that_was_not_fetched_is_an_error() {
    let (upstream, _) = Upstream::new();
    let absent = Oid::from_str(&"d".repeat(40)).unwrap();
    let error = upstream.mirror(&[]).base(&sha(absent), SEEN).unwrap_err();
    assert!(matches!(error, MirrorError::MissingCommit(_)), "{error}");
}
