//! Pull requests of odd objects: each is set aside by its name, and the others are picked.

use std::fs;

use git2::{ObjectType, Oid};
use picket_domain::{Candidate, PickOutcome};
use picket_merger::{MergeError, MirrorError};

use crate::support::*;

/// The pull request `odd`, made by git's own rules or against them, and a good one after it.
fn reason_of(upstream: &Upstream, base: Oid, odd: Oid) -> String {
    let good = upstream.commit(&[base], "good", |edit| {
        edit.put("good", "x");
    });
    let (odd, good) = (candidate(1, odd), candidate(2, good));
    let mirror = upstream.empty_mirror();
    upstream.update(&mirror, &[&good]);
    upstream.smuggle(&odd);
    let prs = [&odd, &good].map(|it| (it.pr, it.clone()));
    let chain = spec(base, vec![pick(&odd), pick(&good)]);
    let assembly = assembled(&mirror, &chain, &prs.into());
    let applied: Vec<_> = assembly.applied().map(|(pick, _)| pick.pr).collect();
    assert_eq!(applied, [good.pr]);
    let assessed = assess(&mirror, base, &odd).outcome;
    assert_eq!(assembly.outcome(odd.pr), Some(&assessed));
    let (resolved, contents) = Default::default();
    let watched = [(odd.pr, odd.clone()), (good.pr, good)].into();
    let investigated = mirror.investigate(&sha(base), &odd, &resolved, &contents, &watched);
    assert!(investigated.unwrap().prerequisites.is_empty());
    let conflicts = mirror.conflicts(&sha(base), &sha(base), &odd, &resolved, &contents);
    assert_eq!(conflicts.unwrap(), None);
    match assessed {
        PickOutcome::Unavailable { reason } => reason,
        other => panic!("{other:?}"),
    }
}

impl Upstream {
    /// Copies all of upstream's loose objects into the mirror, as a fetch without checks would, and
    /// takes the pull request for fetched.
    fn smuggle(&self, odd: &Candidate) {
        let (from, to) = (
            self.path().join("objects"),
            self.mirror_dir().join("objects"),
        );
        for folder in fs::read_dir(from).unwrap() {
            let folder = folder.unwrap();
            if folder.file_name().len() != 2 {
                continue;
            }
            fs::create_dir_all(to.join(folder.file_name())).unwrap();
            for object in fs::read_dir(folder.path()).unwrap() {
                let object = object.unwrap();
                let there = to.join(folder.file_name()).join(object.file_name());
                if !there.exists() {
                    fs::copy(object.path(), there).unwrap();
                }
            }
        }
        let name = format!("refs/pr/{}/{}", odd.pr, odd.head);
        let path = self.mirror_dir().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{}\n", odd.head)).unwrap();
    }

    fn object(&self, kind: ObjectType, bytes: &[u8]) -> Oid {
        self.repo.odb().unwrap().write(kind, bytes).unwrap()
    }

    fn tree_with(&self, entries: &[(&str, &str, Oid)]) -> Oid {
        let mut bytes = Vec::new();
        for (mode, name, id) in entries {
            bytes.extend(format!("{mode} {name}\0").bytes());
            bytes.extend_from_slice(id.as_bytes());
        }
        self.object(ObjectType::Tree, &bytes)
    }
}

fn nothing() -> Oid {
    Oid::from_str(&"d".repeat(40)).unwrap()
}

#[test]
fn an_author_that_cannot_be_made_out() {
    let (upstream, root) = Upstream::new();
    let tree = upstream.repo.find_commit(root).unwrap().tree_id();
    for author in [
        &b"A <a@example.org\n> 1334833756 -0700"[..],
        b"nobody",
        b"",
        b"A <a@b> \xff\0",
    ] {
        let bytes = [
            format!("tree {tree}\nparent {root}\nauthor ").as_bytes(),
            author,
            b"\ncommitter C <c@d> 1790000000 +0000\n\nodd\n",
        ]
        .concat();
        let odd = upstream.object(ObjectType::Commit, &bytes);
        let (upstream, odd) = (&upstream, odd);
        let good = upstream.commit(&[root], "good", |edit| {
            edit.put("good", "x");
        });
        let good = candidate(2, good);
        let odd = candidate(1, odd);
        let mirror = upstream.empty_mirror();
        upstream.update(&mirror, &[&good]);
        upstream.smuggle(&odd);
        let prs = [&odd, &good].map(|it| (it.pr, it.clone()));
        let chain = spec(root, vec![pick(&odd), pick(&good)]);
        let assembly = assembled(&mirror, &chain, &prs.into());
        assert_eq!(assembly.applied().count(), 1, "{assembly:?}");
        let patch = mirror.whole_patch(&odd, 1 << 20);
        patch.expect("odd objects are no failure of the service");
    }
}

/// Master and release branch have each such a commit in their history.
#[test]
fn branches_with_a_commit_that_cannot_be_made_out() {
    for who in [
        "author nobody\ncommitter C <c@d> 1790000000 +0000",
        "author A <a@b> 1790000000 +0000\ncommitter nobody",
    ] {
        let (upstream, root) = Upstream::new();
        let files = |from: Oid, to: &str| {
            let commit = upstream.commit(&[root], "files", |edit| {
                edit.line("pkgs/openssl.nix", "openssl line 3", to);
            });
            (upstream.repo.find_commit(commit).unwrap().tree_id(), from)
        };
        let odd = |(tree, parent): (Oid, Oid)| {
            let bytes = format!("tree {tree}\nparent {parent}\n{who}\n\nodd\n");
            upstream.object(ObjectType::Commit, bytes.as_bytes())
        };
        let plain = |(tree, parent)| upstream.raw_commit(tree, &[parent], "A <a@b>", b"plain");

        let master = plain(files(odd(files(root, "odd")), "after"));
        upstream.branch("master", master);
        let (fixed, again) = ("fixed", "fixed and more");
        let twin = plain(files(root, fixed));
        let release = plain(files(odd(files(twin, fixed)), again));
        upstream.branch("release", release);

        let nginx = upstream.commit(&[master], "nginx", |edit| {
            edit.line("pkgs/nginx.nix", "nginx line 3", "nginx fixed");
        });
        let openssl = upstream.commit(&[root], "openssl", |edit| {
            edit.line("pkgs/openssl.nix", "openssl line 3", fixed);
        });
        let later = upstream.commit(&[master], "openssl", |edit| {
            edit.line("pkgs/openssl.nix", "after", "later");
        });
        let [nginx, openssl, later] =
            [(1, nginx), (2, openssl), (3, later)].map(|(pr, head)| candidate(pr, head));
        let all = [&nginx, &openssl, &later];
        let mirror = upstream.mirror(&all);
        let outcome = |candidate| assess(&mirror, release, candidate).outcome;
        assert!(outcome(&nginx).applies(), "{:?}", outcome(&nginx));
        assert!(outcome(&openssl).is_in_base(), "{:?}", outcome(&openssl));
        assert!(matches!(outcome(&later), PickOutcome::Conflict { .. }));
        let (resolved, contents) = Default::default();
        let watched = all.map(|it| (it.pr, it.clone())).into();
        let investigated =
            mirror.investigate(&sha(release), &later, &resolved, &contents, &watched);
        let told = investigated.unwrap();
        assert!(
            !told.base_side.is_empty() && !told.prerequisites.is_empty(),
            "{told:?}"
        );
        let conflicts =
            mirror.conflicts(&sha(release), &sha(release), &later, &resolved, &contents);
        assert!(conflicts.unwrap().is_some());
    }
}

#[test]
fn no_commit_at_all() {
    let (upstream, root) = Upstream::new();
    let junk = upstream.object(ObjectType::Commit, b"this is no commit");
    assert_ne!(reason_of(&upstream, root, junk), "");
}

#[test]
fn trees_and_files_that_are_not_there() {
    let (upstream, root) = Upstream::new();
    for (mode, name) in [("100644", "file"), ("40000", "folder"), ("120000", "link")] {
        let tree = upstream.tree_with(&[(mode, name, nothing())]);
        let odd = upstream.raw_commit(tree, &[root], "A <a@b>", b"odd");
        let reason = reason_of(&upstream, root, odd);
        assert!(reason.contains(&nothing().to_string()), "{mode}: {reason}");
    }
    let odd = upstream.raw_commit(nothing(), &[root], "A <a@b>", b"odd");
    assert_ne!(reason_of(&upstream, root, odd), "");
    let odd = upstream.raw_commit(nothing(), &[nothing()], "A <a@b>", b"odd");
    assert_ne!(reason_of(&upstream, root, odd), "");
}

#[test]
fn trees_that_are_none() {
    let (upstream, root) = Upstream::new();
    let blob = upstream.repo.blob(b"x").unwrap();
    let broken = upstream.object(ObjectType::Tree, b"100644 a\0short");
    let of_another_kind = upstream.tree_with(&[("40000", "folder", blob)]);
    for tree in [broken, of_another_kind] {
        let odd = upstream.raw_commit(tree, &[root], "A <a@b>", b"odd");
        assert_ne!(reason_of(&upstream, root, odd), "");
    }
}

#[test]
fn names_and_links_that_no_disk_takes() {
    let (upstream, root) = Upstream::new();
    let (long, nul) = ("a text ".repeat(700), "a\0b");
    for target in [long.as_str(), nul, ""] {
        let odd = upstream.commit(&[root], "odd", |edit| {
            edit.put_as(LINK, "pkgs/README", target);
        });
        let reason = reason_of(&upstream, root, odd);
        assert!(reason.contains("symbolic link"), "{reason}");
    }
    for (name, what) in [
        ("n".repeat(256), "too long for a file"),
        ("d/".repeat(300) + "f", "too long for a path"),
        ("x/.git/config".to_owned(), "not safe"),
    ] {
        let odd = upstream.commit(&[root], "odd", |edit| {
            edit.put(&name, "x");
        });
        let reason = reason_of(&upstream, root, odd);
        assert!(reason.contains(what), "{reason}");
    }
}

#[test]
fn commits_that_change_nothing_are_not_in_the_base() {
    let (upstream, root) = Upstream::new();
    let tree = upstream.repo.find_commit(root).unwrap().tree_id();
    let empty = upstream.raw_commit(tree, &[root], "A <a@b>", b"empty");
    assert_eq!(
        reason_of(&upstream, root, empty),
        "its commits change nothing"
    );
}

#[test]
fn a_base_that_is_damaged_is_no_pull_requests_fault() {
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "release", |edit| {
        edit.put("base", "x");
    });
    upstream.branch("release", base);
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.put("fix", "x");
    });
    let pr = candidate(1, head);
    let mirror = upstream.mirror(&[&pr]);
    let tree = upstream
        .repo
        .find_commit(base)
        .unwrap()
        .tree_id()
        .to_string();
    let object = upstream
        .mirror_dir()
        .join("objects")
        .join(&tree[..2])
        .join(&tree[2..]);
    fs::remove_file(&object).unwrap();
    let error = try_assess(&mirror, base, &pr).unwrap_err();
    assert!(
        matches!(error, MergeError::Mirror(MirrorError::Object(_))),
        "{error}"
    );
    assert!(error.to_string().contains(&tree), "{error}");
    assert!(!error.to_string().contains("move"), "{error}");
    // What a power cut leaves.
    fs::write(&object, [0; 40]).unwrap();
    let error = try_assess(&mirror, base, &pr).unwrap_err();
    assert!(
        matches!(error, MergeError::Mirror(MirrorError::Object(_))),
        "{error}"
    );
}

#[test]
fn clones_work_at_the_same_time() {
    let (upstream, root) = Upstream::new();
    let heads: Vec<_> = (1..=4)
        .map(|n: u64| {
            let head = upstream.commit(&[root], "fix", |edit| {
                edit.put(format!("fix{n}"), "x");
            });
            candidate(n, head)
        })
        .collect();
    let mirror = upstream.mirror(&heads.iter().collect::<Vec<_>>());
    let threads: Vec<_> = heads
        .into_iter()
        .map(|candidate| {
            let mirror = mirror.clone();
            std::thread::spawn(move || {
                let chain = spec(root, vec![pick(&candidate)]);
                let known = [(candidate.pr, candidate.clone())].into();
                let made = assembled(&mirror, &chain, &known);
                assert_eq!(assembled(&mirror, &chain, &known), made);
                made.applied().count()
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 1);
    }
}
