//! Trees as files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use git2::Oid;
use picket_mirror::{MirrorError, Unwritable};

use crate::support::*;

/// The error of a tree that is to blame itself.
macro_rules! unwritable {
    ($reason:ident) => {
        MirrorError::UnwritableTree {
            reason: Unwritable::$reason,
            ..
        }
    };
}

fn exported(upstream: &Upstream, commit: Oid, dest: &Path) -> Result<(), MirrorError> {
    upstream.branch("release", commit);
    upstream.mirror(&[]).export(&sha(commit), dest)
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn files_modes_links_and_submodules_are_as_in_the_tree() {
    let (upstream, root) = Upstream::new();
    let module = Oid::from_str(&"5".repeat(40)).unwrap();
    let commit = upstream.commit(&[root], "files", |edit| {
        edit.put_as(EXECUTABLE, "bin/run", "#!/bin/sh\n")
            .put("dos", "a\r\nb");
        edit.put_as(LINK, ".version", "lib/.version")
            .put("lib/.version", "26.05");
        edit.put_as(LINK, "dangling", "/nowhere/at/all")
            .entry(SUBMODULE, "module", module);
        edit.put(".gitattributes", "dos text eol=lf\n* export-subst\n")
            .put("sub", "$Format:%H$");
    });
    let dest = upstream.temp.path().join("trees/one");
    fs::create_dir(dest.parent().unwrap()).unwrap();
    exported(&upstream, commit, &dest).unwrap();
    assert_eq!(
        fs::read(dest.join("pkgs/nginx.nix")).unwrap(),
        text("nginx", 12).as_bytes()
    );
    assert_eq!(fs::read(dest.join("dos")).unwrap(), b"a\r\nb");
    assert_eq!(fs::read(dest.join("sub")).unwrap(), b"$Format:%H$");
    assert_eq!(
        (mode(&dest.join("bin/run")), mode(&dest.join("dos"))),
        (0o755, 0o644)
    );
    assert_eq!(
        fs::read_link(dest.join("dangling")).unwrap(),
        Path::new("/nowhere/at/all")
    );
    assert_eq!(fs::read(dest.join(".version")).unwrap(), b"26.05");
    assert!(fs::read_dir(dest.join("module")).unwrap().next().is_none());
    let beside = fs::read_dir(dest.parent().unwrap()).unwrap().count();
    assert_eq!(beside, 1, "nothing is left beside it");
}

#[test]
fn what_is_there_is_left_as_it_is() {
    let (upstream, root) = Upstream::new();
    let dest = upstream.temp.path().join("tree");
    exported(&upstream, root, &dest).unwrap();
    fs::remove_file(dest.join("pkgs/nginx.nix")).unwrap();
    exported(&upstream, root, &dest).unwrap();
    assert!(!dest.join("pkgs/nginx.nix").exists());
}

#[test]
fn a_half_written_tree_is_written_anew() {
    let (upstream, root) = Upstream::new();
    let half = upstream.temp.path().join(".tree.partial");
    fs::create_dir_all(half.join("pkgs/nginx.nix/is a folder here")).unwrap();
    fs::write(half.join("stray"), "").unwrap();
    let dest = upstream.temp.path().join("tree");
    exported(&upstream, root, &dest).unwrap();
    assert!(dest.join("pkgs/nginx.nix").is_file());
    assert!(!dest.join("stray").exists());
    assert!(!half.exists());
}

#[test]
fn many_at_once_make_one_tree() {
    let (upstream, root) = Upstream::new();
    let mirror = upstream.mirror(&[]);
    let dest = upstream.temp.path().join("tree");
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (mirror, dest) = (mirror.clone(), dest.clone());
            std::thread::spawn(move || mirror.export(&sha(root), &dest))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap().unwrap();
    }
    assert_eq!(fs::read_dir(dest.join("pkgs")).unwrap().count(), 3);
    assert!(!upstream.temp.path().join(".tree.partial").exists());
}

#[test]
fn hostile_paths_are_refused() {
    for path in [".git/config", "a/../../escaped", "x/.GIT/config"] {
        let (upstream, root) = Upstream::new();
        let commit = upstream.commit(&[root], "hostile", |edit| {
            edit.put(path, "evil");
        });
        let dest = upstream.temp.path().join("trees/tree");
        fs::create_dir(dest.parent().unwrap()).unwrap();
        let error = exported(&upstream, commit, &dest).unwrap_err();
        assert!(matches!(error, unwritable!(UnsafeName)), "{path}: {error}");
        assert!(!dest.exists());
        assert!(!upstream.temp.path().join("escaped").exists());
    }
}

#[test]
fn a_link_is_never_followed_where_a_tree_names_it_twice() {
    let (upstream, root) = Upstream::new();
    let outside = upstream.temp.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let repo = &upstream.repo;
    let link = repo.blob(outside.as_os_str().as_encoded_bytes()).unwrap();
    let evil = repo.blob(b"evil").unwrap();
    let entry = |mode: &str, name: &str, id: Oid| {
        [format!("{mode} {name}\0").as_bytes(), id.as_bytes()].concat()
    };
    let odb = repo.odb().unwrap();
    let folder = odb
        .write(git2::ObjectType::Tree, &entry("100644", "written", evil))
        .unwrap();
    for second in [entry("40000", "x", folder), entry("100644", "x", evil)] {
        let bytes = [entry("120000", "x", link), second].concat();
        let tree = odb.write(git2::ObjectType::Tree, &bytes).unwrap();
        let commit = upstream.raw_commit(tree, &[root], "A <a@b>", b"twice");
        let dest = upstream.temp.path().join("tree");
        let error = exported(&upstream, commit, &dest).unwrap_err();
        assert!(matches!(error, unwritable!(Twice)), "{error}");
        assert!(!dest.exists());
        assert!(fs::read_dir(&outside).unwrap().next().is_none());
    }
}

fn reason(mode: u32, path: &str, content: &[u8]) -> Unwritable {
    let (upstream, root) = Upstream::new();
    let commit = upstream.commit(&[root], "odd", |edit| {
        edit.put_as(mode, path, content);
    });
    let dest = upstream.temp.path().join("tree");
    let error = exported(&upstream, commit, &dest).unwrap_err();
    assert!(!dest.exists());
    match error {
        MirrorError::UnwritableTree { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

#[test]
fn a_tree_that_no_disk_takes_is_to_blame_itself() {
    for target in [&b"a text ".repeat(700)[..], b"a\0b", b""] {
        assert_eq!(reason(LINK, "pkgs/README", target), Unwritable::LinkTarget);
    }
    assert_eq!(reason(FILE, &"n".repeat(256), b"x"), Unwritable::LongName);
    for long in [
        "d/".repeat(300) + "f",
        format!("{}/", "n".repeat(250)).repeat(15) + "f",
    ] {
        assert_eq!(reason(FILE, &long, b"x"), Unwritable::LongPath);
    }
}

#[test]
fn a_machine_that_cannot_write_is_not_the_trees_fault() {
    let (upstream, root) = Upstream::new();
    let file = upstream.temp.path().join("file");
    fs::write(&file, "").unwrap();
    let error = exported(&upstream, root, &file.join("tree")).unwrap_err();
    assert!(matches!(error, MirrorError::File { .. }), "{error}");
}
