//! Which of the base's lines belong to which part of a conflict: it is cut where the sides are.

use super::{
    Hunk,
    chunks::{Sides, signed},
};

/// Where the base may be cut in two when the sides are. There is no such place if `low > high`.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub(super) low: i64,
    pub(super) high: i64,
}

impl Cut {
    pub(super) fn is_possible(self) -> bool {
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
    /// Where the base may be cut when the sides are, before these lines: where it is natural for
    /// both, or at least for one, or else where it is possible.
    pub(super) fn cut(&self, ours: i64, theirs: i64) -> Cut {
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
}
