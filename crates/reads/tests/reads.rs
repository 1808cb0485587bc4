//! Real programs, and what they are heard to look at.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use picket_reads::{Look, Reads, Tree, What, recorded, works};
use tempfile::TempDir;

/// A folder with a file, a folder and a link in it.
fn tree() -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    fs::create_dir(at(&tree, "folder")).unwrap();
    fs::write(at(&tree, "folder/file"), "text").unwrap();
    fs::write(at(&tree, "other"), "other").unwrap();
    symlink("folder/file", at(&tree, "link")).unwrap();
    tree
}

fn at(tree: &TempDir, path: &str) -> PathBuf {
    tree.path().canonicalize().unwrap().join(path)
}

/// What a shell looks at that runs this in the tree; `None` where the kernel does not tell.
fn looks_of(tree: &TempDir, script: &str) -> Option<(Output, Reads)> {
    if !works() {
        eprintln!("skipped: this kernel does not tell what programs look at");
        return None;
    }
    let root = at(tree, "");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", script]).current_dir(&root);
    Some(recorded(&root, move || shell.output().unwrap()).unwrap())
}

fn look(path: &str, what: What) -> Look {
    let path = path.into();
    Look { path, what }
}

/// What was opened to be read; a shell looks where it is, too.
fn read(reads: &Reads) -> Vec<String> {
    let looks = reads.take().into_iter();
    looks
        .filter(|look| look.what == What::Content)
        .map(|look| look.path.to_string_lossy().into_owned())
        .collect()
}

#[test]
fn what_is_read_is_heard_of_in_order() {
    let tree = tree();
    let Some((output, reads)) = looks_of(&tree, "cat folder/file other") else {
        return;
    };
    assert_eq!(output.stdout, b"textother");
    assert!(reads.count().is_some());
    assert_eq!(read(&reads), ["folder/file", "other"]);
}

#[test]
fn what_is_not_there_is_heard_of() {
    let tree = tree();
    let Some((_, reads)) = looks_of(&tree, "test -e absent || test -L link") else {
        return;
    };
    let looks = reads.take();
    assert!(
        looks.iter().any(|it| it.path == Path::new("absent")),
        "{looks:?}"
    );
    assert!(looks.contains(&look("link", What::Entry)), "{looks:?}");
}

#[test]
fn a_folder_that_is_listed_is_read() {
    let tree = tree();
    let Some((_, reads)) = looks_of(&tree, "ls folder") else {
        return;
    };
    let looks = reads.take();
    assert!(looks.contains(&look("folder", What::Content)), "{looks:?}");
}

#[test]
fn what_is_started_later_is_heard_of_too() {
    let tree = tree();
    let Some((_, reads)) = looks_of(&tree, "(sh -c 'cat folder/file'; cat other) | cat") else {
        return;
    };
    assert_eq!(read(&reads), ["folder/file", "other"]);
}

#[test]
fn a_path_that_nobody_can_tell_leaves_nothing_known() {
    for path in ["folder/../other", "/proc/self/cwd/other"] {
        let tree = tree();
        let Some((output, reads)) = looks_of(&tree, &format!("cat {path}")) else {
            return;
        };
        assert_eq!(output.stdout, b"other");
        assert_eq!(reads.count(), None, "{path}");
    }
}

/// Whether a look shows something else after a change.
fn shows(what: &Look, change: impl FnOnce(&TempDir)) -> Option<bool> {
    let dir = tree();
    let before = Tree::open(dir.path()).unwrap().digest(what)?;
    change(&dir);
    let after = Tree::open(dir.path()).unwrap().digest(what)?;
    Some(before != after)
}

#[test]
fn a_look_shows_what_it_looks_at_and_no_more() {
    let write = |path: &'static str, text: &'static str| {
        move |tree: &TempDir| fs::write(at(tree, path), text).unwrap()
    };
    let file = look("folder/file", What::Content);
    assert_eq!(shows(&file, write("folder/file", "other")), Some(true));
    assert_eq!(shows(&file, write("other", "")), Some(false));
    let through_link = look("link", What::Content);
    assert_eq!(
        shows(&through_link, write("folder/file", "new")),
        Some(true)
    );
    let link = look("link", What::Entry);
    assert_eq!(shows(&link, write("folder/file", "new")), Some(false));
    let entry = look("folder/file", What::Entry);
    assert_eq!(shows(&entry, write("folder/file", "new")), Some(false));
    let executable = |tree: &TempDir| {
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(at(tree, "folder/file"), mode).unwrap();
    };
    assert_eq!(shows(&entry, executable), Some(true));
    assert_eq!(shows(&file, executable), Some(true));
    let folder = look("folder", What::Content);
    assert_eq!(shows(&folder, write("folder/new", "")), Some(true));
    assert_eq!(shows(&folder, write("folder/file", "new")), Some(false));
    let is_folder = look("folder", What::Kind);
    assert_eq!(shows(&is_folder, write("folder/new", "")), Some(false));
    let absent = look("absent", What::Kind);
    assert_eq!(shows(&absent, write("absent", "")), Some(true));
    let below_a_file = look("other/absent", What::Kind);
    assert_eq!(shows(&below_a_file, write("absent", "")), Some(false));
}

#[test]
fn nobody_can_tell_what_lies_outside() {
    let tree = tree();
    symlink("/etc/passwd", at(&tree, "out")).unwrap();
    symlink("/dev/zero", at(&tree, "endless")).unwrap();
    let it = Tree::open(tree.path()).unwrap();
    assert_eq!(it.digest(&look("out", What::Content)), None);
    assert_eq!(it.digest(&look("endless", What::Content)), None);
    assert!(it.digest(&look("out", What::Entry)).is_some());
    assert_eq!(it.digest(&look("../outside", What::Kind)), None);
}
