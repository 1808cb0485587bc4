use picket_treemerge::{NewObjects, ObjectId, update_tree};

use super::*;
use picket_mirror::changes;

type Files<'a> = &'a [(&'a [u8], Mode, &'a [u8])];

struct World(NewObjects);

impl World {
    /// A tree of these files; a submodule's content is its commit's id in twenty bytes.
    fn tree(&mut self, files: Files<'_>) -> ObjectId {
        let entries: Vec<_> = files
            .iter()
            .map(|(path, mode, content)| {
                let id = match mode {
                    Mode::Submodule => ObjectId::from_bytes((*content).try_into().unwrap()),
                    _ => self.0.add(Kind::Blob, content.to_vec()),
                };
                (path.to_vec(), Some(Version { mode: *mode, id }))
            })
            .collect();
        let (tree, new) = update_tree(&self.0, ObjectId::EMPTY_TREE, &entries).unwrap();
        self.0.extend(new);
        tree
    }
}

/// The hash and the text of what leads from the one to the other.
fn patch(from: Files<'_>, to: Files<'_>) -> (PatchId, String) {
    let mut world = World(NewObjects::default());
    let (from, to) = (world.tree(from), world.tree(to));
    let changes = changes(&world.0, from, to).unwrap().unwrap();
    let id = Patches::default().id(&world.0, &changes).unwrap();
    (id, text(&world.0, &changes).unwrap())
}

fn id(from: Files<'_>, to: Files<'_>) -> PatchId {
    patch(from, to).0
}

fn plain<'a>(path: &'a str, content: &'a str) -> (&'a [u8], Mode, &'a [u8]) {
    (path.as_bytes(), Mode::File, content.as_bytes())
}

const LINES: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

#[test]
fn context_and_place_do_not_count_and_lines_and_paths_do() {
    let change = |before: &str, path: &str, to: &str| {
        let (old, new) = (before.to_owned(), before.replace("5\n", to));
        id(&[plain(path, &old)], &[plain(path, &new)])
    };
    let one = change(LINES, "a", "five\n");
    assert_eq!(one, change(&LINES.replace("4\n", "four\n"), "a", "five\n"));
    assert_eq!(one, change(&format!("x\ny\n{LINES}z\n"), "a", "five\n"));
    for other in [
        change(LINES, "b", "five\n"),
        change(LINES, "a", "FIVE\n"),
        change(LINES, "a", "five\nfive\n"),
        change(LINES, "a", "five \n"),
        change(LINES, "a", "5\nfive\n"),
        change(&LINES.replace("5\n", "5 5\n"), "a", "five\n"),
    ] {
        assert_ne!(one, other);
    }
}

#[test]
fn the_format_is_the_documented_one() {
    let part = |bytes: &[u8]| [&(bytes.len() as u64).to_be_bytes(), bytes].concat();
    let file = [b"t-".to_vec(), part(b"5\n"), b"+".to_vec(), part(b"five")].concat();
    let expected = [
        b"picket patch 1\n".to_vec(),
        part(b"d/a"),
        b"100644100755".to_vec(),
        Sha256::of(&file).as_bytes().to_vec(),
    ];
    let found = id(
        &[plain("d/a", "4\n5\n")],
        &[(b"d/a", Mode::Executable, b"4\nfive")],
    );
    assert_eq!(found, Sha256::of(&expected.concat()).into());
}

#[test]
fn a_line_break_at_the_end_counts_and_is_told() {
    let (without, text) = patch(&[plain("a", "1\n")], &[plain("a", "1")]);
    assert_ne!(without, id(&[plain("a", "1\n")], &[plain("a", "1\n\n")]));
    assert!(
        text.ends_with("@@\n-1\n+1\n\\ No newline at end of file\n"),
        "{text}"
    );
}

#[test]
fn every_kind_of_file_is_told() {
    let (one, two) = ([1; 20], [2; 20]);
    let from: Files<'_> = &[
        (b"bin", Mode::File, b"\0one"),
        (b"caf\xe9", Mode::File, b"same\n"),
        (b"gone", Mode::File, b"1\n"),
        (b"link", Mode::Symlink, b"old"),
        (b"module", Mode::Submodule, &one),
        (b"same", Mode::File, b"same\n"),
        (b"to-link", Mode::File, b"target\n"),
    ];
    let to: Files<'_> = &[
        (b"bin", Mode::File, b"\0two"),
        (b"caf\xe9", Mode::Executable, b"same\n"),
        (b"empty", Mode::File, b""),
        (b"link", Mode::Symlink, b"new"),
        (b"module", Mode::Submodule, &two),
        (b"same", Mode::File, b"same\n"),
        (b"to-link", Mode::Symlink, b"target"),
    ];
    insta::assert_snapshot!(patch(from, to).1, @r#"
    diff --git a/bin b/bin
    index eb2e937a24737d7e5ade6dc8e0bb3bdd4af15686..886adc15f115902428928b59754b5e78e19b0b02
    Binary files a/bin and b/bin differ
    diff --git "a/caf\351" "b/caf\351"
    old mode 100644
    new mode 100755
    diff --git a/empty b/empty
    new file mode 100644
    diff --git a/gone b/gone
    deleted file mode 100644
    --- a/gone
    +++ /dev/null
    @@
    -1
    diff --git a/link b/link
    --- a/link
    +++ b/link
    @@
    -old
    \ No newline at end of file
    +new
    \ No newline at end of file
    diff --git a/module b/module
    --- a/module
    +++ b/module
    @@
    -Subproject commit 0101010101010101010101010101010101010101
    +Subproject commit 0202020202020202020202020202020202020202
    diff --git a/to-link b/to-link
    deleted file mode 100644
    --- a/to-link
    +++ /dev/null
    @@
    -target
    diff --git a/to-link b/to-link
    new file mode 120000
    --- /dev/null
    +++ b/to-link
    @@
    +target
    \ No newline at end of file
    "#);
}

#[test]
fn a_renamed_file_goes_and_comes() {
    let (_, text) = patch(&[plain("a", "1\n2\n")], &[plain("b", "1\n2\n")]);
    insta::assert_snapshot!(text, @r"
    diff --git a/a b/a
    deleted file mode 100644
    --- a/a
    +++ /dev/null
    @@
    -1
    -2
    diff --git a/b b/b
    new file mode 100644
    --- /dev/null
    +++ b/b
    @@
    +1
    +2
    ");
    let with = |more: &str| {
        let content = format!("{LINES}{more}");
        id(&[plain("a", &content)], &[plain("b", &content)])
    };
    assert_ne!(with(""), with("10\n"), "all of its lines count");
}

#[test]
fn binary_files_count_as_a_whole() {
    let change =
        |from: &[u8], to: &[u8]| id(&[(b"a", Mode::File, from)], &[(b"a", Mode::File, to)]);
    assert_ne!(
        change(b"\0one\n", b"\0two\n"),
        change(b"\0one\nx\n", b"\0two\nx\n")
    );
    assert_ne!(change(b"\0one\n", b"two\n"), change(b"one\n", b"two\n"));
}

#[test]
fn a_path_cannot_pass_for_another_file() {
    let two = id(&[], &[plain("a", ""), plain("b", "")]);
    for path in ["ab", "a\u{1}b", "a\n000000100644b"] {
        assert_ne!(two, id(&[], &[plain(path, "")]));
    }
}

#[test]
fn a_long_text_is_cut_and_says_so() {
    let content = "a line that takes its room\n".repeat(10_000);
    let (_, text) = patch(&[], &[plain("a", &content), plain("b", "x\n")]);
    assert!(text.len() <= (64 << 10) + 100);
    assert!(text.ends_with("room\n... the rest is not shown\n"));
    let (_, text) = patch(&[], &[plain("a", &"long".repeat(100_000))]);
    assert!(text.ends_with("@@\n... the rest is not shown\n"), "{text}");
}

#[test]
fn what_was_seen_is_hashed_alike() {
    let mut world = World(NewObjects::default());
    let from = world.tree(&[plain("a", LINES)]);
    let to = world.tree(&[plain("a", "1\n")]);
    let changes = changes(&world.0, from, to).unwrap().unwrap();
    let mut patches = Patches::default();
    let first = patches.id(&world.0, &changes).unwrap();
    assert_eq!(first, patches.id(&world.0, &changes).unwrap());
    assert_eq!(first, Patches::default().id(&world.0, &changes).unwrap());
}
