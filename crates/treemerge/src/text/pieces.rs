//! The merge of three texts in pieces: what merges, and what conflicts with the base's lines.

#[cfg(test)]
mod tests;

use std::ops::Range;

use super::{
    BeyondGit, Hunk,
    chunks::{Chunk, Sides, Take, Task, join_close, range, signed},
    diff, is_text,
    lines::Classes,
    merge::MAX_TEXT,
};

/// One of the two texts that are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Ours.
    Ours,
    /// Theirs.
    Theirs,
}

/// A part of a merge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// What merges: these lines of that side.
    Merged {
        /// Where the lines are to be had.
        side: Side,
        /// The lines.
        lines: Range<usize>,
    },
    /// What conflicts: the sides made different things of the base's lines.
    Conflict {
        /// The base's lines for which they stand.
        base: Range<usize>,
        /// Our lines.
        ours: Range<usize>,
        /// Their lines.
        theirs: Range<usize>,
    },
}

/// The merge of `ours` and `theirs`, which both come from `base`, in pieces and in order: with one
/// side's lines for each conflict, they are a whole text. Without conflicts that is the text that
/// git makes; the conflicts are those that git marks, except that two of them are one where
/// nothing tells which of the base's lines belong to which. Nothing where one of the texts is
/// none, or git fails over their lines.
#[must_use]
pub fn merge_pieces(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<Piece>> {
    if ![base, ours, theirs].into_iter().all(is_text) {
        return None;
    }
    pieces(base, ours, theirs).ok()
}

fn pieces(base: &[u8], ours: &[u8], theirs: &[u8]) -> Result<Vec<Piece>, BeyondGit> {
    let whole = |side, text| {
        let lines = 0..Classes::default().lines(text).len();
        (!lines.is_empty()).then_some(Piece::Merged { side, lines })
    };
    Ok(match Task::of(base, ours, theirs)? {
        Task::TakeTheirs => whole(Side::Theirs, theirs).into_iter().collect(),
        Task::TakeOurs => whole(Side::Ours, ours).into_iter().collect(),
        Task::Merge(sides) => {
            let mut chunks = Vec::new();
            for chunk in sides.chunks() {
                let mut parts = Vec::new();
                sides.refine(&chunk, &mut parts)?;
                if parts.iter().all(|part| part.take == Take::Conflict) {
                    sides.divide_base(&chunk, &parts, &mut chunks);
                } else {
                    chunks.extend(parts);
                }
            }
            assembled(&join_close(&chunks), sides.ours.len())
        }
    })
}

/// The pieces that these chunks and our lines between them are.
fn assembled(chunks: &[Chunk], our_length: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut done = 0;
    for chunk in chunks {
        if chunk.take == Take::Same {
            continue;
        }
        merged(&mut pieces, Side::Ours, range(done, chunk.ours));
        match chunk.take {
            Take::Ours | Take::Same => merged(&mut pieces, Side::Ours, chunk.our_range()),
            Take::Theirs => merged(&mut pieces, Side::Theirs, chunk.their_range()),
            Take::Conflict => pieces.push(Piece::Conflict {
                base: chunk.base_range(),
                ours: chunk.our_range(),
                theirs: chunk.their_range(),
            }),
        }
        done = chunk.our_end();
    }
    merged(&mut pieces, Side::Ours, range(done, signed(our_length)));
    pieces
}

/// Appends lines that merge, to the last piece if they follow it.
fn merged(pieces: &mut Vec<Piece>, from: Side, more: Range<usize>) {
    match pieces.last_mut() {
        _ if more.is_empty() => {}
        Some(Piece::Merged { side, lines }) if *side == from && lines.end == more.start => {
            lines.end = more.end;
        }
        _ => pieces.push(Piece::Merged {
            side: from,
            lines: more,
        }),
    }
}

/// Where the base may be cut in two when the sides are. There is no such place if `low > high`.
#[derive(Clone, Copy)]
struct Cut {
    low: i64,
    high: i64,
}

impl Cut {
    fn is_possible(self) -> bool {
        self.low <= self.high
    }

    fn both(self, other: Self) -> Self {
        Self {
            low: self.low.max(other.low),
            high: self.high.min(other.high),
        }
    }

    /// For a cut before `line` of the new text: so that no line that a side kept gets into
    /// another half than its twin in the base.
    fn possible(hunks: &[Hunk], line: i64) -> Self {
        let at = hunks.partition_point(|hunk| signed(hunk.new_range().end) < line);
        match hunks.get(at) {
            Some(hunk) if signed(hunk.new_start) <= line => Self {
                low: signed(hunk.old_start),
                high: signed(hunk.old_range().end),
            },
            _ => {
                let shift = at.checked_sub(1).map_or(0, |last| {
                    signed(hunks[last].old_range().end) - signed(hunks[last].new_range().end)
                });
                Self {
                    low: line + shift,
                    high: line + shift,
                }
            }
        }
    }

    /// As [`Cut::possible`], and lines that it replaced stay with those that replaced them.
    fn natural(hunks: &[Hunk], line: i64) -> Self {
        let possible = Self::possible(hunks, line);
        let at = |end: fn(&Hunk) -> usize| {
            hunks
                .binary_search_by_key(&line, |hunk| signed(end(hunk)))
                .ok()
                .map(|at| hunks[at])
        };
        let wrote = |hunk: &Hunk| hunk.new > 0;
        if let Some(hunk) = at(|hunk| hunk.new_range().end).filter(wrote) {
            return Self {
                low: signed(hunk.old_range().end),
                ..possible
            };
        }
        if let Some(hunk) = at(|hunk| hunk.new_start).filter(wrote) {
            return Self {
                high: signed(hunk.old_start),
                ..possible
            };
        }
        possible
    }
}

impl Sides<'_> {
    /// For cuts before these lines of both sides: where it is natural for both, or at least for
    /// one, or else where it is possible.
    fn cut(&self, ours: i64, theirs: i64) -> Cut {
        let (our_hunks, their_hunks) = (&self.our_hunks, &self.their_hunks);
        let (our, their) = (
            Cut::natural(our_hunks, ours),
            Cut::natural(their_hunks, theirs),
        );
        if our.both(their).is_possible() {
            return our.both(their);
        }
        let may = (
            Cut::possible(our_hunks, ours),
            Cut::possible(their_hunks, theirs),
        );
        let (by_ours, by_theirs) = (our.both(may.1), their.both(may.0));
        match (by_ours.is_possible(), by_theirs.is_possible()) {
            (true, false) => by_ours,
            (false, true) => by_theirs,
            _ => may.0.both(may.1),
        }
    }

    /// Appends the parts of a conflict, each with its own lines of the base. Lines that could be
    /// those of a part or of what both sides have beside it are the part's. Where lines could be
    /// of two parts, those stay one.
    fn divide_base(&self, whole: &Chunk, parts: &[Chunk], chunks: &mut Vec<Chunk>) {
        let Some((first, rest)) = parts.split_first() else {
            return;
        };
        let mut open = *whole;
        let start = self.cut(first.ours, first.theirs);
        if start.is_possible() {
            open = *first;
            open.start_base_at(start.low);
        } else {
            open.extend_to(first);
        }
        for part in rest {
            let end = self.cut(open.our_end(), open.their_end());
            let start = self.cut(part.ours, part.theirs);
            if end.is_possible()
                && start.is_possible()
                && open.base <= end.high
                && end.high <= start.low
            {
                open.end_base_at(end.high);
                chunks.push(open);
                open = *part;
                open.start_base_at(start.low);
            } else {
                open.extend_to(part);
            }
        }
        let end = self.cut(open.our_end(), open.their_end());
        if end.is_possible() {
            open.end_base_at(end.high);
        } else {
            open.extend_to(whole);
        }
        chunks.push(open);
    }
}

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
