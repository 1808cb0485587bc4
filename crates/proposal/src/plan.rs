//! A file that conflicts, as what merges and what does not.

use picket_treemerge::text::{Piece, Side, merge_pieces};

use crate::settle::{Sides, Span};

/// A part of the file.
pub(crate) enum Segment {
    /// These lines of that side.
    Merged(Side, std::ops::Range<usize>),
    /// What is to be settled, and whether their lines are to be taken.
    Hunk(Span, bool),
}

/// The parts, in order.
pub(crate) struct Plan {
    pub(crate) segments: Vec<Segment>,
}

impl Plan {
    /// Nothing if the texts are none, or cannot be compared.
    pub(crate) fn of(sides: &Sides<'_>) -> Option<Self> {
        let pieces = merge_pieces(sides.base.text(), sides.ours.text(), sides.theirs.text())?;
        let segments = pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Merged { side, lines } => Segment::Merged(side, lines),
                Piece::Conflict { base, ours, theirs } => {
                    Segment::Hunk(Span { base, ours, theirs }, false)
                }
            })
            .collect();
        Some(Self { segments })
    }

    pub(crate) fn hunks(&self) -> impl Iterator<Item = &Span> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Hunk(span, _) => Some(span),
            Segment::Merged(..) => None,
        })
    }

    /// For each hunk whether their lines are to be taken.
    pub(crate) fn taken(&self) -> Vec<bool> {
        self.segments
            .iter()
            .filter_map(|segment| match segment {
                Segment::Hunk(_, taken) => Some(*taken),
                Segment::Merged(..) => None,
            })
            .collect()
    }

    pub(crate) fn take_theirs(&mut self, of: impl Fn(&Span) -> bool) {
        for segment in &mut self.segments {
            if let Segment::Hunk(span, taken) = segment {
                *taken |= of(span);
            }
        }
    }

    /// Adds a hunk for lines that merge, if they are all ours; their lines are to be taken.
    pub(crate) fn add(&mut self, span: Span) {
        let holds = |segment: &Segment| {
            matches!(segment, Segment::Merged(Side::Ours, lines)
                if lines.start <= span.ours.start && span.ours.end <= lines.end)
        };
        let Some(index) = self.segments.iter().position(holds) else {
            return;
        };
        let Segment::Merged(_, lines) = &self.segments[index] else {
            return;
        };
        let (before, after) = (lines.start..span.ours.start, span.ours.end..lines.end);
        let parts = [
            Segment::Merged(Side::Ours, before),
            Segment::Hunk(span, true),
            Segment::Merged(Side::Ours, after),
        ];
        self.segments.splice(index..=index, parts);
    }

    /// The file with these texts for its hunks.
    pub(crate) fn text<'t>(
        &self,
        sides: &Sides<'_>,
        hunks: impl IntoIterator<Item = &'t [u8]>,
    ) -> Vec<u8> {
        let mut hunks = hunks.into_iter();
        let mut text = Vec::new();
        for segment in &self.segments {
            let more = match segment {
                Segment::Merged(Side::Ours, lines) => sides.ours.lines(lines),
                Segment::Merged(Side::Theirs, lines) => sides.theirs.lines(lines),
                Segment::Hunk(..) => hunks.next().unwrap_or_default(),
            };
            text.extend_from_slice(more);
        }
        text
    }
}
