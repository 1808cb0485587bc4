//! Texts line by line: git's diff, its three-way merge, and what that merge is made of.
//!
//! A line ends with its newline (only the last one may lack it), and lines count from zero:
//! `text.split_inclusive(|byte| *byte == b'\n')` has them.

#[cfg(test)]
mod against_git;
mod chunks;
mod compact;
mod cut;
mod difference;
mod histogram;
mod lines;
mod merge;
mod myers;
mod pieces;

pub use difference::diff_lines;
pub use merge::Driver;
pub(crate) use merge::{TextMerge, is_text, merge};
pub use pieces::{Piece, Side, merge_pieces};

use std::ops::Range;

use compact::{Changes, compact};
use histogram::BeyondGit;
use lines::{Class, Lines};

/// `old` lines from `old_start` became `new` lines from `new_start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hunk {
    old_start: usize,
    old: usize,
    new_start: usize,
    new: usize,
}

impl Hunk {
    fn old_range(&self) -> Range<usize> {
        self.old_start..self.old_start + self.old
    }

    fn new_range(&self) -> Range<usize> {
        self.new_start..self.new_start + self.new
    }
}

/// The hunks from `old` to `new`, as git's merges see them.
fn diff(old: &[Class], new: &[Class], class_count: usize) -> Result<Vec<Hunk>, BeyondGit> {
    let (old_changed, new_changed) = histogram::diff(old, new, class_count)?;
    let mut old = Changes {
        classes: old,
        changed: old_changed,
    };
    let mut new = Changes {
        classes: new,
        changed: new_changed,
    };
    compact(&mut old, &new);
    compact(&mut new, &old);
    Ok(hunks(&old.changed, &new.changed))
}

fn hunks(old: &[bool], new: &[bool]) -> Vec<Hunk> {
    let mut hunks = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        let run = |changed: &[bool], from: usize| {
            changed[from.min(changed.len())..]
                .iter()
                .take_while(|line| **line)
                .count()
        };
        let (removed, added) = (run(old, i), run(new, j));
        if removed + added > 0 {
            hunks.push(Hunk {
                old_start: i,
                old: removed,
                new_start: j,
                new: added,
            });
        }
        i += removed + 1;
        j += added + 1;
    }
    hunks
}
