//! Differences of sequences, and three-way merges of them, in chunks.

use std::{collections::HashMap, hash::Hash, ops::Range};

use picket_treemerge::text::diff_lines;

/// An edit: what stood there in the old sequence, and what stands there in the new one.
pub(crate) type Edit = (Range<usize>, Range<usize>);

/// The edits that lead from `old` to `new`, as git's diff finds them.
pub(crate) fn diff<T: Eq + Hash>(old: &[T], new: &[T]) -> Vec<Edit> {
    let mut numbers = HashMap::new();
    let (old, new) = (numbered(old, &mut numbers), numbered(new, &mut numbers));
    diff_lines(&old, &new)
}

/// A text with a line for each item: the item's number.
fn numbered<'a, T: Eq + Hash>(items: &'a [T], numbers: &mut HashMap<&'a T, usize>) -> Vec<u8> {
    let mut text = Vec::with_capacity(items.len() * 4);
    for item in items {
        let next = numbers.len();
        let number = numbers.entry(item).or_insert(next);
        text.extend_from_slice(number.to_string().as_bytes());
        text.push(b'\n');
    }
    text
}

/// Whether `part` is what remains of `whole` if some items are left out.
pub(crate) fn only_inserts(edits: &[Edit]) -> bool {
    edits.iter().all(|(old, _)| old.is_empty())
}

/// Who changed a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    Neither,
    Ours,
    Theirs,
    Both,
}

/// A part of a three-way merge: the items of the base, and what the sides have there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) changed: Changed,
    pub(crate) base: Range<usize>,
    pub(crate) ours: Range<usize>,
    pub(crate) theirs: Range<usize>,
}

/// The three-way merge of `ours` and `theirs`, which both come from `base`. Unlike git's, edits
/// that touch but share no item of the base are apart; two insertions at one place are not.
pub(crate) fn diff3<T: Eq + Hash>(base: &[T], ours: &[T], theirs: &[T]) -> Vec<Chunk> {
    let (our_edits, their_edits) = (diff(base, ours), diff(base, theirs));
    let mut chunks = Vec::new();
    let mut done = Position::default();
    let (mut our_next, mut their_next) = (0, 0);
    while let Some(first) = earlier(our_edits.get(our_next), their_edits.get(their_next)) {
        let mut range = first;
        let (our_first, their_first) = (our_next, their_next);
        loop {
            let (our_last, their_last) = (our_next, their_next);
            grow(&mut range, &our_edits, &mut our_next);
            grow(&mut range, &their_edits, &mut their_next);
            if (our_last, their_last) == (our_next, their_next) {
                break;
            }
        }
        done.advance(range.start, &mut chunks);
        let ours = side(&our_edits[our_first..our_next], &range, done.ours);
        let theirs = side(&their_edits[their_first..their_next], &range, done.theirs);
        let changed = match (our_first == our_next, their_first == their_next) {
            (true, _) => Changed::Theirs,
            (false, true) => Changed::Ours,
            (false, false) => Changed::Both,
        };
        done = Position {
            base: range.end,
            ours: ours.end,
            theirs: theirs.end,
        };
        chunks.push(Chunk {
            changed,
            base: range,
            ours,
            theirs,
        });
    }
    done.advance(base.len(), &mut chunks);
    chunks
}

/// How far the three sequences are dealt with.
#[derive(Clone, Copy, Default)]
struct Position {
    base: usize,
    ours: usize,
    theirs: usize,
}

impl Position {
    /// Deals with the items that all have in common, up to `base`.
    fn advance(&mut self, base: usize, chunks: &mut Vec<Chunk>) {
        let count = base - self.base;
        if count > 0 {
            chunks.push(Chunk {
                changed: Changed::Neither,
                base: self.base..base,
                ours: self.ours..self.ours + count,
                theirs: self.theirs..self.theirs + count,
            });
        }
        self.base = base;
        self.ours += count;
        self.theirs += count;
    }
}

fn earlier(ours: Option<&Edit>, theirs: Option<&Edit>) -> Option<Range<usize>> {
    let key = |edit: &&Edit| (edit.0.start, edit.0.end);
    [ours, theirs]
        .into_iter()
        .flatten()
        .min_by_key(key)
        .map(|edit| edit.0.clone())
}

/// Takes the next edits as long as they share something with the range.
fn grow(range: &mut Range<usize>, edits: &[Edit], next: &mut usize) {
    while let Some((old, _)) = edits.get(*next)
        && share(range, old)
    {
        *range = range.start.min(old.start)..range.end.max(old.end);
        *next += 1;
    }
}

fn share(one: &Range<usize>, other: &Range<usize>) -> bool {
    match (one.is_empty(), other.is_empty()) {
        (true, true) => one.start == other.start,
        (true, false) => other.start < one.start && one.start < other.end,
        (false, true) => one.start < other.start && other.start < one.end,
        (false, false) => one.start.max(other.start) < one.end.min(other.end),
    }
}

/// What a side has for a range of the base, given its edits in there.
fn side(edits: &[Edit], range: &Range<usize>, at: usize) -> Range<usize> {
    match (edits.first(), edits.last()) {
        (Some(first), Some(last)) => {
            let before = first.0.start - range.start;
            let after = range.end - last.0.end;
            first.1.start - before..last.1.end + after
        }
        _ => at..at + range.len(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn merged(base: &str, ours: &str, theirs: &str) -> Vec<(Changed, String, String, String)> {
        let items = |text: &str| text.chars().collect::<Vec<_>>();
        let (base, ours, theirs) = (items(base), items(ours), items(theirs));
        let text = |items: &[char], range: Range<usize>| items[range].iter().collect();
        diff3(&base, &ours, &theirs)
            .into_iter()
            .map(|chunk| {
                (
                    chunk.changed,
                    text(&base, chunk.base),
                    text(&ours, chunk.ours),
                    text(&theirs, chunk.theirs),
                )
            })
            .collect()
    }

    fn chunk(
        changed: Changed,
        base: &str,
        ours: &str,
        theirs: &str,
    ) -> (Changed, String, String, String) {
        (changed, base.into(), ours.into(), theirs.into())
    }

    #[test]
    fn edits_that_touch_are_apart() {
        assert_eq!(
            merged("abcd", "aBcd", "abCd"),
            [
                chunk(Changed::Neither, "a", "a", "a"),
                chunk(Changed::Ours, "b", "B", "b"),
                chunk(Changed::Theirs, "c", "c", "C"),
                chunk(Changed::Neither, "d", "d", "d"),
            ]
        );
        assert_eq!(
            merged("abc", "ac", "abxc"),
            [
                chunk(Changed::Neither, "a", "a", "a"),
                chunk(Changed::Ours, "b", "", "b"),
                chunk(Changed::Theirs, "", "", "x"),
                chunk(Changed::Neither, "c", "c", "c"),
            ]
        );
    }

    #[test]
    fn edits_of_the_same_items_and_insertions_at_one_place_are_one() {
        assert_eq!(
            merged("abcd", "aXd", "abYd"),
            [
                chunk(Changed::Neither, "a", "a", "a"),
                chunk(Changed::Both, "bc", "X", "bY"),
                chunk(Changed::Neither, "d", "d", "d"),
            ]
        );
        assert_eq!(
            merged("ab", "axb", "ayb"),
            [
                chunk(Changed::Neither, "a", "a", "a"),
                chunk(Changed::Both, "", "x", "y"),
                chunk(Changed::Neither, "b", "b", "b"),
            ]
        );
    }

    proptest! {
        /// The chunks are the whole of each sequence, and the unchanged ones are equal.
        #[test]
        fn chunks_tile(base in "[a-d]{0,12}", ours in "[a-d]{0,12}", theirs in "[a-d]{0,12}") {
            let chunks = merged(&base, &ours, &theirs);
            let all = |side: fn(&(Changed, String, String, String)) -> &String| {
                chunks.iter().map(side).cloned().collect::<String>()
            };
            prop_assert_eq!(all(|chunk| &chunk.1), base);
            prop_assert_eq!(all(|chunk| &chunk.2), ours);
            prop_assert_eq!(all(|chunk| &chunk.3), theirs);
            for (changed, base, ours, theirs) in &chunks {
                prop_assert!(base == ours || matches!(changed, Changed::Ours | Changed::Both));
                prop_assert!(base == theirs || matches!(changed, Changed::Theirs | Changed::Both));
            }
        }
    }
}
