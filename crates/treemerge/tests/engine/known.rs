//! Known cases, each with the outcome that is right, and git's.

use picket_lab::replay::GitAnswer;

use crate::repository::{Entry, Scratch, Tree, agreed, file, is_tree, numbered, tree};

/// Both engines make this tree.
#[track_caller]
fn merges_to(base: &Tree, ours: &Tree, theirs: &Tree, expected: &Tree) {
    let merged = agreed(base, ours, theirs);
    assert!(merged.is_some(), "a conflict");
    assert!(is_tree(expected, merged), "another tree");
}

#[track_caller]
fn conflicts(base: &Tree, ours: &Tree, theirs: &Tree) {
    assert_eq!(agreed(base, ours, theirs), None);
}

fn executable(entry: Entry) -> Entry {
    match entry {
        Entry::File(content) => Entry::Executable(content),
        other => other,
    }
}

fn link(target: &str) -> Entry {
    Entry::Symlink(target.as_bytes().to_vec())
}

#[test]
fn changes_to_different_files() {
    let base = tree(&[("a", file("a\n")), ("d/b", file("b\n"))]);
    let ours = tree(&[("a", file("A\n")), ("d/b", file("b\n"))]);
    let theirs = tree(&[
        ("a", file("a\n")),
        ("d/b", file("B\n")),
        ("d/new", file("n\n")),
    ]);
    let expected = tree(&[
        ("a", file("A\n")),
        ("d/b", file("B\n")),
        ("d/new", file("n\n")),
    ]);
    merges_to(&base, &ours, &theirs, &expected);
}

#[test]
fn changes_to_different_lines() {
    let base = tree(&[("f", numbered(20, None))]);
    let ours = tree(&[("f", numbered(20, Some((3, "ours"))))]);
    let theirs = tree(&[("f", numbered(20, Some((15, "theirs"))))]);
    conflicts(
        &base,
        &ours,
        &tree(&[("f", numbered(20, Some((3, "theirs"))))]),
    );
    let Some(Entry::File(text)) = ours.get(&b"f"[..]) else {
        panic!("a file")
    };
    let text = String::from_utf8_lossy(text).replace("line 15\n", "theirs\n");
    merges_to(&base, &ours, &theirs, &tree(&[("f", file(&text))]));
}

#[test]
fn line_endings_are_part_of_lines() {
    let base = tree(&[("f", file("a\r\nb\r\nc\r\nd\r\n"))]);
    let ours = tree(&[("f", file("A\r\nb\r\nc\r\nd\r\n"))]);
    let theirs = tree(&[("f", file("a\r\nb\r\nc\r\nD\r\n"))]);
    merges_to(
        &base,
        &ours,
        &theirs,
        &tree(&[("f", file("A\r\nb\r\nc\r\nD\r\n"))]),
    );
    conflicts(&base, &ours, &tree(&[("f", file("a\nb\nc\nd\n"))]));
}

#[test]
fn a_missing_last_newline_is_a_change() {
    let base = tree(&[("f", file("a\nb\nc\nd\n"))]);
    let ours = tree(&[("f", file("a\nb\nc\nd"))]);
    let theirs = tree(&[("f", file("A\nb\nc\nd\n"))]);
    merges_to(&base, &ours, &theirs, &tree(&[("f", file("A\nb\nc\nd"))]));
    conflicts(&base, &ours, &tree(&[("f", file("a\nb\nc\nd\ne\n"))]));
}

#[test]
fn modes_are_merged_apart_from_content() {
    let base = tree(&[("f", numbered(5, None))]);
    let ours = tree(&[("f", executable(numbered(5, None)))]);
    let theirs = tree(&[("f", numbered(5, Some((2, "x"))))]);
    let expected = tree(&[("f", executable(numbered(5, Some((2, "x")))))]);
    merges_to(&base, &ours, &theirs, &expected);
    merges_to(&base, &theirs, &ours, &expected);
    // Added on both sides, with the same content and different modes.
    conflicts(&Tree::new(), &ours, &base);
}

#[test]
fn links_are_taken_whole() {
    let base = tree(&[("l", link("a")), ("f", file("f\n"))]);
    let ours = tree(&[("l", link("a")), ("f", file("F\n"))]);
    let theirs = tree(&[("l", link("b")), ("f", file("f\n"))]);
    merges_to(
        &base,
        &ours,
        &theirs,
        &tree(&[("l", link("b")), ("f", file("F\n"))]),
    );
    conflicts(
        &base,
        &theirs,
        &tree(&[("l", link("c")), ("f", file("f\n"))]),
    );
    conflicts(
        &base,
        &theirs,
        &tree(&[("l", file("text\n")), ("f", file("f\n"))]),
    );
}

#[test]
fn submodules_are_taken_whole() {
    let with = |commit| tree(&[("f", file("f\n")), ("s", Entry::Submodule(commit))]);
    merges_to(&with(1), &with(1), &with(2), &with(2));
    merges_to(&with(1), &with(2), &with(2), &with(2));
    conflicts(&with(1), &with(2), &with(3));
    conflicts(
        &with(1),
        &with(2),
        &tree(&[("f", file("f\n")), ("s", file("text\n"))]),
    );
}

#[test]
fn binaries_are_taken_whole() {
    let with = |text: &str| tree(&[("b", file(text)), ("f", file("f\n"))]);
    merges_to(
        &with("\0one\n"),
        &with("\0one\n"),
        &with("\0two\n"),
        &with("\0two\n"),
    );
    conflicts(
        &with("a\nb\nc\nd\n\0"),
        &with("A\nb\nc\nd\n\0"),
        &with("a\nb\nc\nD\n\0"),
    );
}

#[test]
fn a_file_removed_on_one_side() {
    let with = |text: &str| tree(&[("f", file(text)), ("g", file("g\n"))]);
    let without = tree(&[("g", file("g\n"))]);
    merges_to(&with("f\n"), &with("f\n"), &without, &without);
    merges_to(&with("f\n"), &without, &without, &without);
    conflicts(&with("f\n"), &with("changed\n"), &without);
    merges_to(&without, &without, &Tree::new(), &Tree::new());
}

#[test]
fn names_need_not_be_utf_8() {
    let path = |name: &[u8], text: &str| Tree::from([([b"d/", name].concat(), file(text))]);
    let odd = b"caf\xe9 \x01\"\\\n";
    merges_to(
        &path(odd, "a\n"),
        &path(odd, "a\n"),
        &path(odd, "b\n"),
        &path(odd, "b\n"),
    );
}

#[test]
fn a_change_follows_a_renamed_file() {
    let base = tree(&[("old/f", numbered(20, None)), ("g", file("g\n"))]);
    let ours = tree(&[
        ("new/h", numbered(20, Some((2, "ours")))),
        ("g", file("g\n")),
    ]);
    let theirs = tree(&[
        ("old/f", numbered(20, Some((15, "theirs")))),
        ("g", file("g\n")),
    ]);
    let Entry::File(text) = numbered(20, Some((2, "ours"))) else {
        panic!("a file")
    };
    let text = String::from_utf8_lossy(&text).replace("line 15\n", "theirs\n");
    let expected = tree(&[("new/h", file(&text)), ("g", file("g\n"))]);
    merges_to(&base, &ours, &theirs, &expected);
    merges_to(&base, &theirs, &ours, &expected);
}

#[test]
fn a_file_too_unlike_is_no_rename() {
    let base = tree(&[("f", numbered(10, None))]);
    let ours = tree(&[("h", file(&"another\n".repeat(10)))]);
    conflicts(&base, &ours, &tree(&[("f", numbered(10, Some((5, "x"))))]));
}

#[test]
fn both_sides_rename() {
    let with = |path: &str, changed| tree(&[(path, numbered(20, changed)), ("g", file("g\n"))]);
    let base = with("f", None);
    let ours = with("h", Some((2, "two")));
    merges_to(&base, &ours, &with("h", Some((2, "two"))), &ours);
    conflicts(&base, &with("h", None), &with("i", None));
}

#[test]
fn a_renamed_file_is_removed_on_the_other_side() {
    let base = tree(&[("f", numbered(20, None)), ("g", file("g\n"))]);
    let ours = tree(&[("h", numbered(20, Some((2, "x")))), ("g", file("g\n"))]);
    conflicts(&base, &ours, &tree(&[("g", file("g\n"))]));
}

#[test]
fn the_new_name_is_taken_on_the_other_side() {
    let base = tree(&[("f", numbered(20, None)), ("g", file("g\n"))]);
    let ours = tree(&[("h", numbered(20, None)), ("g", file("g\n"))]);
    let theirs = tree(&[
        ("f", numbered(20, Some((2, "x")))),
        ("g", file("g\n")),
        ("h", file("other\n")),
    ]);
    conflicts(&base, &ours, &theirs);
}

#[test]
fn a_file_added_to_a_directory_that_was_renamed_is_a_conflict() {
    let base = tree(&[
        ("d/a", numbered(9, None)),
        ("d/b", file("b\nb\n")),
        ("x", file("x\n")),
    ]);
    let ours = tree(&[
        ("e/a", numbered(9, None)),
        ("e/b", file("b\nb\n")),
        ("x", file("x\n")),
    ]);
    let mut theirs = base.clone();
    theirs.insert(b"d/c".to_vec(), file("c\nc\n"));
    conflicts(&base, &ours, &theirs);
    conflicts(&base, &theirs, &ours);
}

#[test]
fn files_and_directories_of_one_name() {
    let base = tree(&[("f", file("f\n")), ("g", file("g\n"))]);
    let directory = tree(&[
        ("f/x", file("x\n")),
        ("f-2", file("2\n")),
        ("g", file("g\n")),
    ]);
    merges_to(&base, &base, &directory, &directory);
    let changed = tree(&[("f", file("changed\n")), ("g", file("g\n"))]);
    conflicts(&base, &changed, &directory);
    let removed = tree(&[("g", file("G\n"))]);
    let expected = tree(&[
        ("f/x", file("x\n")),
        ("f-2", file("2\n")),
        ("g", file("G\n")),
    ]);
    merges_to(&base, &removed, &directory, &expected);
}

/// Lines chosen so that git's diff finds one bucket of its hash table too full, and fails: then
/// this must not make a tree either.
#[test]
fn where_git_fails_nothing_is_merged() {
    let line = |number: usize| format!("line {number}\n");
    let block: Vec<String> = (0..70).map(|q| line(128 * q + (128 - q) % 128)).collect();
    let whole = |changed: usize, before: &str, block: &[String]| {
        let lines = (0..9000).map(|n| {
            if n == changed {
                "changed\n".to_owned()
            } else {
                line(n)
            }
        });
        tree(&[(
            "f",
            file(&(lines.collect::<String>() + before + &block.concat())),
        )])
    };
    let base = whole(usize::MAX, "", &block);
    let ours = whole(4500, "", &block);
    let theirs = whole(usize::MAX, "before\n", &block[..69]);
    let compared = Scratch::compare(&[[base, ours, theirs]]).remove(0);
    assert_eq!(compared.git, GitAnswer::GaveUp);
    let unsure = "unsure: git fails over a file's lines".to_owned();
    assert_eq!(compared.picket, Err(vec![unsure]));
}
