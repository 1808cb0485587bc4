//! The merge of three texts in pieces: what merges, and what conflicts with the base's lines.

#[cfg(test)]
mod tests;

use std::ops::Range;

use super::{
    BeyondGit,
    chunks::{Chunk, Sides, Take, Task, join_close, range, signed},
    is_text,
    lines::Classes,
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

impl Sides<'_> {
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
        if end.is_possible() && open.base <= end.high {
            open.end_base_at(end.high);
        } else {
            open.extend_to(whole);
        }
        chunks.push(open);
    }
}
