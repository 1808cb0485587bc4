//! Pieces by hand, and random ones against the merge and `git merge-file`.

use std::{path::Path, process::Command};

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::*;
use crate::text::{Driver, TextMerge, diff_lines, merge};

type Texts = [Vec<u8>; 3];

fn text(lines: &str) -> Vec<u8> {
    lines
        .split_whitespace()
        .map(|line| format!("{line}\n"))
        .collect::<String>()
        .into_bytes()
}

/// The base's, our and their lines of each conflict.
fn conflicts(base: &str, ours: &str, theirs: &str) -> Vec<[String; 3]> {
    let texts = [base, ours, theirs].map(text);
    let of = |side: usize, range: Range<usize>| {
        let lines = bytes(&texts[side], range);
        String::from_utf8_lossy(&lines)
            .replace('\n', " ")
            .trim()
            .to_owned()
    };
    let pieces = merge_pieces(&texts[0], &texts[1], &texts[2]).expect("texts");
    let conflict = |piece| match piece {
        Piece::Merged { .. } => None,
        Piece::Conflict { base, ours, theirs } => Some([of(0, base), of(1, ours), of(2, theirs)]),
    };
    pieces.into_iter().filter_map(conflict).collect()
}

fn bytes(text: &[u8], lines: Range<usize>) -> Vec<u8> {
    let all = text.split_inclusive(|byte| *byte == b'\n');
    all.skip(lines.start)
        .take(lines.len())
        .collect::<Vec<_>>()
        .concat()
}

#[test]
fn a_conflict_has_the_lines_that_both_sides_replaced() {
    let found = conflicts("a b c d e", "a X c d e", "a Y c d e");
    assert_eq!(found, [["b", "X", "Y"]]);
    let found = conflicts("a b c d e", "a X Y c d e", "a d e");
    assert_eq!(found, [["b c", "X Y c", ""]]);
}

#[test]
fn what_both_sides_added_conflicts_with_no_line_of_the_base() {
    assert_eq!(conflicts("a z", "a b z", "a c z"), [["", "b", "c"]]);
    assert_eq!(conflicts("", "b", "c"), [["", "b", "c"]]);
}

#[test]
fn what_both_sides_made_alike_is_no_part_of_a_conflict() {
    let found = conflicts("a b c z", "a s X z", "a s Y z");
    assert_eq!(found, [["b c", "X", "Y"]]);
    let found = conflicts("a b c z", "a X s z", "a Y s z");
    assert_eq!(found, [["b c", "X", "Y"]]);
}

/// Both sides have `s t u v` between what differs. Their text still has the base's `m` behind
/// it, which says where the base is to be divided.
#[test]
fn lines_that_a_side_kept_divide_the_base() {
    let ours = "a O s t u v P z";
    let found = conflicts("a b m c z", ours, "a B s t u v m C z");
    assert_eq!(found, [["b", "O", "B"], ["m c", "P", "m C"]]);
    let found = conflicts("a b c z", ours, "a b B s t u v C c z");
    assert_eq!(found, [["b", "O", "b B"], ["c", "P", "C c"]]);
}

/// Nobody can tell whether `b` became `O` or `P`.
#[test]
fn conflicts_stay_one_where_the_base_cannot_be_divided() {
    let found = conflicts("a b c z", "a O s t u v P z", "a B s t u v C z");
    assert_eq!(found, [["b c", "O s t u v P", "B s t u v C"]]);
}

#[test]
fn what_is_no_text_has_no_pieces() {
    assert_eq!(merge_pieces(b"a\0", b"b", b"c"), None);
    assert_eq!(merge_pieces(b"", b"", b""), Some(Vec::new()));
}

fn line() -> impl Strategy<Value = u8> {
    prop_oneof![3 => 0_u8..9, 2 => 0_u8..60]
}

/// A base and two edited copies, of which some edits are the same in both.
fn texts(length: usize, edits: usize) -> impl Strategy<Value = Texts> {
    let edit = (
        any::<prop::sample::Index>(),
        0_usize..7,
        prop::collection::vec(line(), 0..9),
        prop_oneof![2 => Just(1_u8), 2 => Just(2), 1 => Just(3)],
    );
    (
        prop::collection::vec(line(), 0..length),
        prop::collection::vec(edit, 0..edits),
    )
        .prop_map(|(base, edits)| {
            let mut sides = [base.clone(), base.clone(), base];
            for (at, removed, added, whose) in edits {
                for (side, lines) in sides.iter_mut().enumerate() {
                    if usize::from(whose) & side != 0 {
                        let at = at.index(lines.len() + 1);
                        let end = (at + removed).min(lines.len());
                        lines.splice(at..end, added.clone());
                    }
                }
            }
            sides.map(|lines| {
                let lines = lines.iter().map(|line| format!("line {line}\n"));
                lines.collect::<String>().into_bytes()
            })
        })
}

fn generated(length: usize, edits: usize, count: usize) -> Vec<Texts> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = texts(length, edits);
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).expect("texts").current())
        .collect()
}

/// Pieces as `git merge-file` prints them.
fn marked(texts: &Texts, pieces: &[Piece]) -> Vec<u8> {
    let mut marked = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Merged { side, lines } => {
                let side = if *side == Side::Ours { 1 } else { 2 };
                marked.extend(bytes(&texts[side], lines.clone()));
            }
            Piece::Conflict { ours, theirs, .. } => {
                marked.extend(b"<<<<<<< ours\n");
                marked.extend(bytes(&texts[1], ours.clone()));
                marked.extend(b"=======\n");
                marked.extend(bytes(&texts[2], theirs.clone()));
                marked.extend(b">>>>>>> theirs\n");
            }
        }
    }
    marked
}

fn by_git(folder: &Path, texts: &Texts) -> Vec<u8> {
    for (name, text) in ["base", "ours", "theirs"].iter().zip(texts) {
        std::fs::write(folder.join(name), text).expect("written");
    }
    let output = Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args([
            "merge-file",
            "-p",
            "--diff-algorithm=histogram",
            "ours",
            "base",
            "theirs",
        ])
        .output()
        .expect("git runs");
    output.stdout
}

/// The pieces with every conflict that git has, and the base's lines undivided.
fn undivided([base, ours, theirs]: &Texts) -> Option<Vec<Piece>> {
    let Ok(Task::Merge(sides)) = Task::of(base, ours, theirs) else {
        return None;
    };
    let mut chunks = Vec::new();
    for chunk in sides.chunks() {
        sides.refine(&chunk, &mut chunks).expect("git can");
    }
    Some(assembled(&join_close(&chunks), sides.ours.len()))
}

fn count_conflicts(pieces: &[Piece]) -> usize {
    pieces
        .iter()
        .filter(|piece| matches!(piece, Piece::Conflict { .. }))
        .count()
}

/// Save for the few conflicts that are wider, as the base's lines could not be divided.
#[test]
fn pieces_are_gits() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut conflicts, mut wider) = (0, 0);
    for texts in generated(40, 9, 400) {
        let git = by_git(folder.path(), &texts);
        let pieces = merge_pieces(&texts[0], &texts[1], &texts[2]).expect("texts");
        if marked(&texts, &pieces) == git {
            conflicts += count_conflicts(&pieces);
        } else {
            let undivided = undivided(&texts).expect("both sides changed something");
            let seen = String::from_utf8_lossy(&git);
            assert!(marked(&texts, &undivided) == git, "{texts:?}: {seen}");
            assert!(count_conflicts(&pieces) <= count_conflicts(&undivided));
            wider += 1;
        }
    }
    assert!(
        conflicts > 200 && wider < 20,
        "{conflicts} conflicts, {wider} texts with wider ones"
    );
}

/// Without conflicts, the pieces are the merge; with some, it has one, too.
#[test]
fn pieces_agree_with_the_merge() {
    for texts in generated(60, 9, 2000) {
        let [base, ours, theirs] = &texts;
        let pieces = merge_pieces(base, ours, theirs).expect("texts");
        let whole = marked(&texts, &pieces);
        match merge(base, ours, theirs, Driver::Text) {
            TextMerge::Clean(merged) => assert_eq!(merged, whole),
            TextMerge::Conflict => {
                assert!(
                    pieces
                        .iter()
                        .any(|piece| matches!(piece, Piece::Conflict { .. }))
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Whether a cut of the base and one of the side leave every kept line with its twin.
fn fits(hunks: &[(Range<usize>, Range<usize>)], base: usize, side: usize) -> bool {
    let inside = hunks.iter().any(|(old, new)| {
        (old.start..=old.end).contains(&base) && (new.start..=new.end).contains(&side)
    });
    let before = hunks.iter().take_while(|(old, _)| old.end < base).last();
    let (old, new) = before.map_or((0, 0), |(old, new)| (old.end, new.end));
    let kept = hunks.iter().all(|(old, new)| {
        !(old.start + 1..old.end).contains(&base) && !(new.start + 1..new.end).contains(&side)
    });
    inside || (kept && base - old == side.wrapping_sub(new))
}

#[test]
fn no_kept_line_is_divided_from_its_twin() {
    let mut checked = 0;
    for texts in generated(60, 9, 2000) {
        let changes = [1, 2].map(|side| diff_lines(&texts[0], &texts[side]));
        let mut done = [0; 3];
        for piece in merge_pieces(&texts[0], &texts[1], &texts[2]).expect("texts") {
            let Piece::Conflict { base, ours, theirs } = piece else {
                continue;
            };
            for (place, range) in [&base, &ours, &theirs].into_iter().enumerate() {
                assert!(
                    done[place] <= range.start && range.start <= range.end,
                    "{texts:?}"
                );
                done[place] = range.end;
            }
            for (base, ours, theirs) in [
                (base.start, ours.start, theirs.start),
                (base.end, ours.end, theirs.end),
            ] {
                assert!(fits(&changes[0], base, ours), "{base} {ours} of {texts:?}");
                assert!(
                    fits(&changes[1], base, theirs),
                    "{base} {theirs} of {texts:?}"
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 1000, "{checked}");
}
