//! Lines of the pull request at a place where stable has others around them.

use std::ops::Range;

use super::Sides;
use crate::{
    source::{Source, key},
    spelling::Spelling,
};

/// Lines of theirs before our line `at`, as far from what is before and after them as in theirs.
pub(super) fn apart(
    sides: &Sides<'_>,
    at: usize,
    lines: &Range<usize>,
    spelling: &Spelling,
) -> Vec<u8> {
    let blank = |line: &usize| sides.theirs.line(*line).trim_ascii().is_empty();
    let start = lines.start + lines.clone().take_while(blank).count();
    let end = lines.end - (start..lines.end).rev().take_while(blank).count();
    if start >= end {
        return Vec::new();
    }
    let gap = sides.ours.blank_before(at) + sides.ours.blank_from(at);
    let (their_before, their_after) = (
        sides.theirs.blank_before(start),
        sides.theirs.blank_from(end),
    );
    let same_before = before(&sides.ours, at) == before(&sides.theirs, start);
    let same_after = after(&sides.ours, at) == after(&sides.theirs, end);
    let before = their_before.min(if same_before { usize::MAX } else { gap.max(1) });
    let after = their_after.min(if same_after { usize::MAX } else { gap });
    let mut text = b"\n".repeat(before.saturating_sub(sides.ours.blank_before(at)));
    text.extend(spelling.spell(sides.theirs.lines(&(start..end))));
    text.extend(b"\n".repeat(after.saturating_sub(sides.ours.blank_from(at))));
    text
}

/// The last line before this one that is not blank.
fn before(source: &Source<'_>, line: usize) -> Option<Vec<u8>> {
    let line = line.checked_sub(source.blank_before(line) + 1)?;
    Some(key(source.line(line)))
}

/// The first line from this one on that is not blank.
fn after(source: &Source<'_>, line: usize) -> Option<Vec<u8>> {
    let line = line + source.blank_from(line);
    (line < source.len()).then(|| key(source.line(line)))
}
