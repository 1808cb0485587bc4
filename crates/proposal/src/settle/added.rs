//! What both sides added at the same place.

use std::ops::Range;

use super::{Part, Sides, Span};
use crate::{rule::Rule, sequence::diff};

/// Both additions: what they have in common once, ours before theirs unless the entries around
/// are in an order that says otherwise.
pub(super) fn both(sides: &Sides<'_>, span: &Span) -> Part {
    let ours = sides.ours.keys(&span.ours);
    let theirs = sides.theirs.keys(&span.theirs);
    let mut text = Vec::new();
    let mut done = span.ours.start;
    for (our, their) in diff(&ours, &theirs) {
        let our_lines = span.ours.start + our.start..span.ours.start + our.end;
        let their_lines = span.theirs.start + their.start..span.theirs.start + their.end;
        text.extend_from_slice(sides.ours.lines(&(done..our_lines.start)));
        text.extend(in_order(sides, &our_lines, &their_lines));
        done = our_lines.end;
    }
    text.extend_from_slice(sides.ours.lines(&(done..span.ours.end)));
    Part::of(span, text, Rule::BothAdded)
}

fn in_order(sides: &Sides<'_>, ours: &Range<usize>, theirs: &Range<usize>) -> Vec<u8> {
    let our_lines: Vec<_> = ours.clone().map(|line| sides.ours.line(line)).collect();
    let their_lines: Vec<_> = theirs.clone().map(|line| sides.theirs.line(line)).collect();
    let ends = |line: &&[u8]| line.ends_with(b"\n");
    if are_sorted(&our_lines) && are_sorted(&their_lines) && our_lines.iter().all(ends) {
        return merged(&our_lines, &their_lines).concat();
    }
    let mut text = our_lines.concat();
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    text.extend(their_lines.concat());
    text
}

/// Whether these are entries of one line each, in the order of what they begin with.
fn are_sorted(lines: &[&[u8]]) -> bool {
    let is_entry = |line: &&[u8]| {
        let trimmed = line.trim_ascii();
        !trimmed.is_empty() && crate::nix::brackets::balance(trimmed)
    };
    let indent = |line: &[u8]| line.len() - line.trim_ascii_start().len();
    lines.iter().all(is_entry)
        && lines
            .windows(2)
            .all(|two| indent(two[0]) == indent(two[1]) && sort_key(two[0]) <= sort_key(two[1]))
}

/// Lines of two sorted lists in the order of both.
fn merged<'a>(ours: &[&'a [u8]], theirs: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let (mut ours, mut theirs) = (ours.iter().peekable(), theirs.iter().peekable());
    let mut merged = Vec::new();
    while let (Some(our), Some(their)) = (ours.peek(), theirs.peek()) {
        let theirs_first = sort_key(their) < sort_key(our);
        let next = if theirs_first {
            theirs.next()
        } else {
            ours.next()
        };
        merged.extend(next);
    }
    merged.extend(ours);
    merged.extend(theirs);
    merged
}

/// What entries are sorted by: their first word, without regard to case.
fn sort_key(line: &[u8]) -> Vec<u8> {
    let line = line.trim_ascii().trim_ascii_start();
    let end = line
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(line.len());
    line[..end].to_ascii_lowercase()
}
