//! The lines in which two texts differ.

use std::ops::Range;

use super::{diff, lines::Classes, merge::MAX_TEXT};

/// The lines in which two texts differ, old and new, in order: git's histogram diff, as its merges
/// use it. Where git fails over their lines, all from the first line that differs to the last one.
#[must_use]
pub fn diff_lines(old: &[u8], new: &[u8]) -> Vec<(Range<usize>, Range<usize>)> {
    let hunks = if old.len().max(new.len()) > MAX_TEXT {
        None
    } else {
        let mut classes = Classes::default();
        let old = classes.lines(old);
        let new = classes.lines_like(new, Some(&old));
        diff(old.classes(), new.classes(), classes.count()).ok()
    };
    match hunks {
        Some(hunks) => hunks
            .iter()
            .map(|hunk| (hunk.old_range(), hunk.new_range()))
            .collect(),
        None => middle(old, new),
    }
}

/// All that is between the lines that two texts have in common at their start and end.
fn middle(old: &[u8], new: &[u8]) -> Vec<(Range<usize>, Range<usize>)> {
    fn lines(text: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
        text.split_inclusive(|byte| *byte == b'\n')
    }
    let (old_count, new_count) = (lines(old).count(), lines(new).count());
    let same = |(old, new): &(&[u8], &[u8])| old == new;
    let head = lines(old).zip(lines(new)).take_while(same).count();
    let tail = lines(old)
        .rev()
        .zip(lines(new).rev())
        .take_while(same)
        .count();
    let tail = tail.min(old_count.min(new_count) - head);
    let (old, new) = (head..old_count - tail, head..new_count - tail);
    if old.is_empty() && new.is_empty() {
        return Vec::new();
    }
    vec![(old, new)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_git_fails_a_diff_has_the_middle() {
        assert_eq!(middle(b"a\nb\nc\n", b"a\nx\ny\nc\n"), [(1..2, 1..3)]);
        assert_eq!(middle(b"a\na\n", b"a\na\na\n"), [(2..2, 2..3)]);
        assert_eq!(middle(b"a\n", b"a\n"), []);
        assert_eq!(diff_lines(b"a\nb\nc\n", b"a\nx\ny\nc\n"), [(1..2, 1..3)]);
    }
}
