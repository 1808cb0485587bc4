//! What does not apply, and how it is named.

use picket_domain::{ConflictKind, PickOutcome};

use crate::support::*;

fn conflicts(outcome: PickOutcome) -> Vec<(String, ConflictKind)> {
    match outcome {
        PickOutcome::Conflict { conflicts, .. } => {
            conflicts.into_iter().map(|it| (it.path, it.kind)).collect()
        }
        other => panic!("no conflict: {other:?}"),
    }
}

#[test]
fn a_conflict_is_set_aside_and_blocks_nothing() {
    let (upstream, root) = Upstream::new();
    let change = |to: &'static str| {
        move |edit: &mut Edit<'_>| {
            edit.line("pkgs/openssl.nix", "line 6", to);
        }
    };
    let one = candidate(1, upstream.commit(&[root], "one", change("line six")));
    let half = upstream.commit(&[root], "half", |edit| {
        edit.put("half", "of it");
    });
    let two = candidate(2, upstream.commit(&[half], "two", change("line VI")));
    let three = upstream.commit(&[root], "three", |edit| {
        edit.line("pkgs/nginx.nix", "line 6", "line six");
    });
    let three = candidate(3, three);
    let assembly = upstream.assemble(root, &[&one, &two, &three]);
    assert_eq!(
        assembly
            .applied()
            .map(|(pick, _)| pick.pr.0)
            .collect::<Vec<_>>(),
        [1, 3]
    );
    let two_is = assembly.outcome(two.pr).unwrap().clone();
    assert!(matches!(&two_is, PickOutcome::Conflict { commit, .. } if *commit == two.head));
    assert_eq!(
        conflicts(two_is),
        [("pkgs/openssl.nix".to_owned(), ConflictKind::BothModified)]
    );
    let tip = assembly.tip(&two.head);
    assert!(
        !upstream
            .picked_files(tip)
            .0
            .contains_key(b"half".as_slice()),
        "half of it is in"
    );
    assert!(
        upstream
            .mirror_file(tip, "pkgs/nginx.nix")
            .windows(8)
            .any(|it| it == b"line six")
    );
    let parents = upstream
        .mirror_repo()
        .find_commit(oid(tip))
        .unwrap()
        .parent_id(0)
        .unwrap();
    assert_eq!(sha(parents), *assembly.applied().next().unwrap().1);
}

#[test]
fn every_kind_of_conflict_is_named() {
    let (upstream, base, pr) = two_sides(
        |edit| {
            edit.put("gone-there", text("a", 9))
                .put("gone-here", text("b", 9));
        },
        |edit| {
            edit.line("gone-there", "a line 3", "ours")
                .remove("gone-here")
                .put("new", "ours\n");
            edit.line("pkgs/nginx.nix", "line 3", "ours");
        },
        |edit| {
            edit.remove("gone-there")
                .line("gone-here", "b line 3", "theirs")
                .put("new", "theirs\n");
            edit.line("pkgs/nginx.nix", "line 3", "theirs");
        },
    );
    let expected = [
        ("gone-here", ConflictKind::DeletedByUs),
        ("gone-there", ConflictKind::DeletedByThem),
        ("new", ConflictKind::BothAdded),
        ("pkgs/nginx.nix", ConflictKind::BothModified),
    ];
    let expected = expected.map(|(path, kind)| (path.to_owned(), kind));
    assert_eq!(conflicts(upstream.outcome(base, &pr)), expected);
}

#[test]
fn a_file_against_a_folder_is_a_conflict() {
    let (upstream, base, pr) = two_sides(
        |_| {},
        |edit| {
            edit.put("thing/inside", "ours\n");
        },
        |edit| {
            edit.put("thing", "theirs\n");
        },
    );
    let found = conflicts(upstream.outcome(base, &pr));
    assert!(
        found.iter().all(|(path, _)| path.starts_with("thing")),
        "{found:?}"
    );
}

#[test]
fn a_file_added_to_a_folder_that_moved_is_a_conflict() {
    let names = ["default.nix", "fix.patch", "other.nix"];
    let before = |edit: &mut Edit<'_>| {
        for name in names {
            edit.put(format!("by-name/{name}"), text(name, 9));
        }
    };
    let moved = |edit: &mut Edit<'_>| {
        for name in names {
            edit.rename(&format!("by-name/{name}"), &format!("misc/{name}"));
        }
    };
    let added = |edit: &mut Edit<'_>| {
        edit.put("by-name/new.patch", "new\n")
            .line("by-name/default.nix", "line 5", "line five");
    };
    let expected = [("by-name/new.patch".to_owned(), ConflictKind::Other)];
    let (upstream, base, pr) = two_sides(before, moved, added);
    assert_eq!(conflicts(upstream.outcome(base, &pr)), expected);
    let (upstream, base, pr) = two_sides(before, added, moved);
    assert_eq!(conflicts(upstream.outcome(base, &pr)), expected);
}

#[test]
fn a_link_against_a_rename_and_two_modes_are_conflicts() {
    let link = |edit: &mut Edit<'_>| {
        edit.put_as(LINK, "pkgs/nginx.nix", "elsewhere")
            .put("new", "same\n");
    };
    let rename = |edit: &mut Edit<'_>| {
        edit.rename("pkgs/nginx.nix", "nginx.nix")
            .put_as(EXECUTABLE, "new", "same\n");
    };
    let both = |path: &str, kind| {
        [
            ("new".to_owned(), ConflictKind::BothAdded),
            (path.to_owned(), kind),
        ]
    };
    let (upstream, base, pr) = two_sides(|_| {}, link, rename);
    let expected = both("nginx.nix", ConflictKind::DeletedByUs);
    assert_eq!(conflicts(upstream.outcome(base, &pr)), expected);
    let (upstream, base, pr) = two_sides(|_| {}, rename, link);
    let expected = both("nginx.nix", ConflictKind::DeletedByThem);
    assert_eq!(conflicts(upstream.outcome(base, &pr)), expected);
}

#[test]
fn binaries_symlinks_and_submodules_conflict_as_a_whole() {
    let commit = |digit: &str| git2::Oid::from_str(&digit.repeat(40)).unwrap();
    let side = |name: &'static str, digit: &'static str| {
        move |edit: &mut Edit<'_>| {
            edit.put("image.png", [b"\x89PNG\0\0", name.as_bytes()].concat());
            edit.put_as(LINK, "link", name);
            edit.entry(SUBMODULE, "module", commit(digit));
        }
    };
    let (upstream, base, pr) =
        two_sides(side("before", "1"), side("ours", "2"), side("theirs", "3"));
    let paths: Vec<_> = conflicts(upstream.outcome(base, &pr))
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    assert_eq!(paths, ["image.png", "link", "module"]);
}

#[test]
fn odd_names_in_conflicts_are_shown_as_far_as_they_can_be() {
    let odd = b"caf\xe9.nix".as_slice();
    let (upstream, base, pr) = two_sides(
        |edit| {
            edit.put(odd, "before\n");
        },
        |edit| {
            edit.put(odd, "ours\n");
        },
        |edit| {
            edit.put(odd, "theirs\n");
        },
    );
    assert_eq!(
        conflicts(upstream.outcome(base, &pr))[0].0,
        "caf\u{fffd}.nix"
    );
}

#[test]
fn a_union_attribute_hides_no_conflict() {
    let (upstream, base, pr) = two_sides(
        |edit| {
            edit.put(".gitattributes", "modules merge=union\n")
                .put("modules", text("m", 3));
        },
        |edit| {
            edit.line("modules", "line 2", "ours");
        },
        |edit| {
            edit.line("modules", "line 2", "theirs");
        },
    );
    let expected = [("modules".to_owned(), ConflictKind::BothModified)];
    assert_eq!(conflicts(upstream.outcome(base, &pr)), expected);
}

#[test]
fn conflict_markers_that_a_commit_itself_adds_are_its_own() {
    let markers = "<<<<<<< example\nours\n=======\ntheirs\n>>>>>>> example\n";
    let (upstream, base, pr) = two_sides(
        |_| {},
        |edit| {
            edit.put("other", "x");
        },
        |edit| {
            edit.put("docs.md", markers);
        },
    );
    assert_eq!(
        upstream.file_after(base, &pr, "docs.md"),
        markers.as_bytes()
    );
}
