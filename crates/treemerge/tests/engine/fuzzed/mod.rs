//! What holds for any input: the bodies of the fuzz targets, which the tests run as well. They use
//! nothing but the crate's public parts.

mod choices;

use std::ops::Range;

use picket_treemerge::{
    AllText, ConflictKind, Kind, Mode, NewObjects, ObjectId, Objects, Outcome, Overlay, Version,
    merge,
    text::{Piece, Side, diff_lines, merge_pieces},
    update_tree,
};

use crate::repository::{Entry, Tree};

pub(crate) use choices::case;
use choices::three_texts;

/// The pieces of three texts are what their merge makes of them, and diffs are right.
pub(crate) fn texts(data: &[u8]) {
    let texts = three_texts(data);
    for (old, new) in [(0, 1), (0, 2), (1, 2)] {
        check_diff(&texts[old], &texts[new]);
    }
    let pieces = merge_pieces(&texts[0], &texts[1], &texts[2]);
    let whole = pieces.as_ref().and_then(|pieces| joined(&texts, pieces));
    let mut objects = NewObjects::default();
    let trees = texts.clone().map(|text| {
        let tree = Tree::from([(b"f".to_vec(), Entry::File(text))]);
        write(&mut objects, &tree)
    });
    let outcome = merge(&objects, &AllText, trees[0], trees[1], trees[2]).expect("all is there");
    let trivial = texts[0] == texts[1] || texts[0] == texts[2] || texts[1] == texts[2];
    match outcome {
        Outcome::Merged(_) if pieces.is_none() => assert!(trivial, "no text was merged"),
        Outcome::Merged(merged) => {
            let whole = Tree::from([(b"f".to_vec(), Entry::File(whole.expect("no conflict")))]);
            assert_eq!(merged.tree, write(&mut objects, &whole));
        }
        Outcome::Conflict(conflicts) => {
            assert!(conflicts.can_be_settled() && whole.is_none());
            assert_eq!(
                conflicts.paths[0].kind == ConflictKind::Binary,
                pieces.is_none()
            );
        }
        Outcome::Unsure(_) => assert_eq!(pieces, None),
    }
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// Between two texts, what is outside of the hunks is the same, and hunks do not touch.
fn check_diff(old: &[u8], new: &[u8]) {
    let (old, new) = (lines(old), lines(new));
    let (mut old_done, mut new_done) = (0, 0);
    let end = (old.len()..old.len(), new.len()..new.len());
    let hunks = diff_lines(&old.concat(), &new.concat());
    for (number, (old_lines, new_lines)) in hunks.iter().chain([&end]).enumerate() {
        assert_eq!(
            old[old_done..old_lines.start],
            new[new_done..new_lines.start]
        );
        let is_hunk = number < hunks.len();
        assert_eq!(is_hunk, !old_lines.is_empty() || !new_lines.is_empty());
        assert!(!is_hunk || number == 0 || old_lines.start > old_done);
        (old_done, new_done) = (old_lines.end, new_lines.end);
    }
}

/// The whole text, if there is no conflict. Pieces are in order, and none is empty.
fn joined(texts: &[Vec<u8>; 3], pieces: &[Piece]) -> Option<Vec<u8>> {
    let texts = [0, 1, 2].map(|text: usize| lines(&texts[text]));
    let mut done = [0; 3];
    let mut follow = |text: usize, lines: &Range<usize>| {
        assert!(done[text] <= lines.start && lines.start <= lines.end);
        assert!(lines.end <= texts[text].len());
        done[text] = lines.end;
    };
    let mut whole = Some(Vec::new());
    for piece in pieces {
        match piece {
            Piece::Merged { side, lines } => {
                let text = if *side == Side::Ours { 1 } else { 2 };
                assert!(!lines.is_empty());
                follow(text, lines);
                if let Some(whole) = &mut whole {
                    whole.extend(texts[text][lines.clone()].concat());
                }
            }
            Piece::Conflict { base, ours, theirs } => {
                follow(0, base);
                follow(1, ours);
                follow(2, theirs);
                assert!(texts[1][ours.clone()] != texts[2][theirs.clone()]);
                whole = None;
            }
        }
    }
    whole
}

/// Adds a tree to objects in memory.
fn write(objects: &mut NewObjects, tree: &Tree) -> ObjectId {
    let mut changes = Vec::new();
    for (path, entry) in tree {
        let (mode, id) = match entry {
            Entry::File(text) => (Mode::File, objects.add(Kind::Blob, text.clone())),
            Entry::Executable(text) => (Mode::Executable, objects.add(Kind::Blob, text.clone())),
            Entry::Symlink(target) => (Mode::Symlink, objects.add(Kind::Blob, target.clone())),
            Entry::Submodule(commit) => (Mode::Submodule, ObjectId::from_bytes([*commit; 20])),
        };
        changes.push((path.clone(), Some(Version { mode, id })));
    }
    let (tree, new) = update_tree(objects, ObjectId::EMPTY_TREE, &changes).expect("a tree");
    objects.extend(new);
    tree
}

/// What comes of merging random trees is well-formed, and conflicts can be settled if they say so.
pub(crate) fn trees(data: &[u8]) {
    let mut objects = NewObjects::default();
    let [base, ours, theirs] = case(data).map(|tree| write(&mut objects, &tree));
    for (ours, theirs) in [(ours, theirs), (theirs, ours)] {
        check_merge(&objects, [base, ours, theirs]);
    }
    // Where one side changed nothing, the other's tree is the result.
    for (ours, theirs) in [(base, theirs), (theirs, base), (theirs, theirs)] {
        match merge(&objects, &AllText, base, ours, theirs).expect("all is there") {
            Outcome::Merged(merged) => {
                assert_eq!(merged.tree, if ours == base { theirs } else { ours });
            }
            other => panic!("{other:?}"),
        }
    }
}

fn check_merge(objects: &NewObjects, [base, ours, theirs]: [ObjectId; 3]) {
    match merge(objects, &AllText, base, ours, theirs).expect("all is there") {
        Outcome::Merged(merged) => {
            check_tree(&Overlay::new(&merged.objects, objects), merged.tree, 0);
        }
        Outcome::Conflict(conflicts) => {
            assert!(!conflicts.paths.is_empty());
            if !conflicts.can_be_settled() {
                return;
            }
            let above = Overlay::new(&conflicts.objects, objects);
            check_tree(&above, conflicts.tree, 0);
            for side in [1, 2] {
                let settled =
                    |path: &picket_treemerge::ConflictPath| (path.path.clone(), path.stages[side]);
                let changes: Vec<_> = conflicts.paths.iter().map(settled).collect();
                let (tree, new) =
                    update_tree(&above, conflicts.tree, &changes).expect("paths of a tree");
                check_tree(&Overlay::new(&new, &above), tree, 0);
                assert!(
                    side == 2 || tree == conflicts.tree,
                    "our versions are there already"
                );
            }
        }
        Outcome::Unsure(_) => {}
    }
}

/// Checks that a tree is as git wants it: names in order, each once, no directory empty, and all
/// of it there.
fn check_tree(objects: &impl Objects, tree: ObjectId, depth: usize) {
    if tree == ObjectId::EMPTY_TREE && depth == 0 {
        return;
    }
    let bytes = objects.read(&tree, Kind::Tree).expect("a tree");
    assert!(!bytes.is_empty(), "an empty directory");
    let mut rest = bytes.as_slice();
    let mut last = Vec::new();
    let mut names = std::collections::BTreeSet::new();
    while !rest.is_empty() {
        let space = rest.iter().position(|byte| *byte == b' ').expect("a mode");
        let end = rest.iter().position(|byte| *byte == 0).expect("a name");
        let (mode, name) = (&rest[..space], &rest[space + 1..end]);
        let id = ObjectId::from_bytes(rest[end + 1..end + 21].try_into().expect("an id"));
        rest = &rest[end + 21..];
        // As git orders them, and so that no two are the same.
        let is_tree = mode == b"40000";
        let key = [name, if is_tree { b"/" } else { b"" }].concat();
        assert!(last < key && names.insert(name), "{}", name.escape_ascii());
        last = key;
        match mode {
            b"40000" => check_tree(objects, id, depth + 1),
            b"100644" | b"100755" | b"120000" => {
                objects.read(&id, Kind::Blob).expect("a blob");
            }
            other => assert_eq!(other, b"160000"),
        }
    }
}
