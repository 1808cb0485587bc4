//! Lines of a text, as spans.

use std::ops::Range;

use picket_treemerge::text::{Piece, diff_lines, merge_pieces};

use crate::conflict::shown::ConflictedFile;

/// Lines, counted from 0.
pub(super) type Span = Range<usize>;

/// More than this many places of one file are not told apart.
const MAX_SPANS: usize = 50;
/// How many lines beside a conflict belong to it: git lets changes of neighbouring lines conflict.
const MARGIN: usize = 1;
/// The same where the side has no line of its own there.
const EMPTY_MARGIN: usize = 2;

/// Which lines of a file conflict.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spans {
    /// In the version that both sides come from.
    pub(super) base: Vec<Span>,
    /// In the base's version.
    pub(super) ours: Vec<Span>,
}

/// The conflicting lines of a file; `None` where the conflict is not one of lines. A side that
/// lacks the file conflicts with all that the other side changed.
pub(super) fn of(file: &ConflictedFile) -> Option<Spans> {
    let (base, ours): (Vec<_>, Vec<_>) = match (&file.base, &file.ours, &file.theirs) {
        (base, Some(ours), Some(theirs)) => {
            let pieces = merge_pieces(base.as_deref().unwrap_or_default(), ours, theirs)?;
            let conflicts = pieces.into_iter().filter_map(|piece| match piece {
                Piece::Conflict { base, ours, .. } => Some((base, ours)),
                Piece::Merged { .. } => None,
            });
            conflicts.unzip()
        }
        (Some(base), Some(ours), None) => diff_lines(base, ours).into_iter().unzip(),
        (Some(base), None, Some(theirs)) => diff_lines(base, theirs)
            .into_iter()
            .map(|(base, _)| (base, 0..0))
            .unzip(),
        (None, _, None) | (_, None, None) | (None, None, _) => return None,
    };
    (!base.is_empty()).then_some(Spans { base, ours })
}

/// The number of a text's lines.
pub(super) fn count(text: &[u8]) -> usize {
    text.split_inclusive(|byte| *byte == b'\n').count()
}

/// The same lines in another version of the text: with all of a change that they have a part in.
pub(super) fn moved(spans: &[Span], from: &[u8], to: &[u8]) -> Vec<Span> {
    if from == to {
        return spans.to_vec();
    }
    let changes = diff_lines(from, to);
    let moved = spans.iter().map(|span| {
        let (mut start, mut end) = (span.start, span.end);
        for (old, new) in &changes {
            if old.end <= span.start {
                start = span.start + new.end - old.end;
            } else if old.start < span.start {
                start = new.start;
            }
            if old.end <= span.end {
                end = span.end + new.end - old.end;
            } else if old.start < span.end {
                end = new.end;
            }
        }
        start..end.max(start)
    });
    moved.collect()
}

/// The spans with the lines beside them, within a text of this many lines, in order and apart.
pub(super) fn with_margin(spans: impl IntoIterator<Item = Span>, count: usize) -> Vec<Span> {
    let mut wide: Vec<_> = spans
        .into_iter()
        .map(|span| widened(&span, count))
        .collect();
    wide.retain(|span| !span.is_empty());
    wide.sort_by_key(|span| (span.start, span.end));
    let mut apart: Vec<Span> = Vec::new();
    for span in wide {
        match apart.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => apart.push(span),
        }
    }
    let end = apart.last().map_or(0, |last| last.end);
    apart.truncate(MAX_SPANS);
    if let Some(last) = apart.get_mut(MAX_SPANS - 1) {
        last.end = end;
    }
    apart
}

fn widened(span: &Span, count: usize) -> Span {
    let margin = if span.is_empty() {
        EMPTY_MARGIN
    } else {
        MARGIN
    };
    span.start.saturating_sub(margin)..(span.end + margin).min(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(pairs: &[(usize, usize)]) -> Vec<Span> {
        pairs.iter().map(|(start, end)| *start..*end).collect()
    }

    #[test]
    fn neighbours_belong_to_a_span_and_spans_that_meet_are_one() {
        for (narrow, count, wide) in [
            (&[(3, 4)][..], 10, &[(2, 5)][..]),
            (&[(0, 1), (9, 10)], 10, &[(0, 2), (8, 10)]),
            (&[(5, 5)], 10, &[(3, 7)]),
            (&[(6, 7), (3, 4)], 10, &[(2, 8)]),
            (&[(0, 0)], 0, &[]),
        ] {
            assert_eq!(with_margin(spans(narrow), count), spans(wide), "{narrow:?}");
        }
    }

    #[test]
    fn many_spans_are_one_at_the_end() {
        let spans = with_margin((0..100).map(|n| n * 10..n * 10 + 1), 1000);
        assert_eq!(spans.len(), MAX_SPANS);
        assert_eq!(spans[MAX_SPANS - 1], 489..992);
    }

    #[test]
    fn spans_follow_their_lines() {
        let (from, to) = (b"a\nb\nc\nd\ne\n", b"new\na\nb\nd\nE\n");
        for (before, after) in [
            ((0, 2), (1, 3)),
            ((2, 3), (3, 3)),
            ((3, 4), (3, 4)),
            ((3, 5), (3, 5)),
            ((0, 1), (1, 2)),
        ] {
            assert_eq!(moved(&spans(&[before]), from, to), spans(&[after]));
            assert_eq!(moved(&spans(&[before]), from, from), spans(&[before]));
        }
    }
}
