//! Changes of the pull request amid what stable lacks.

use std::ops::Range;

use super::{Part, Sides, Span, words::texts};
use crate::{
    nix::brackets,
    rule::Rule,
    sequence::{diff, only_inserts},
    source::{Source, Token, key},
    spelling::Spelling,
};

/// What becomes of lines of which ours have none.
pub(super) fn lines(sides: &Sides<'_>, span: &Span, spelling: &Spelling) -> Part {
    if let Some(part) = super::statements::absent(sides, span, spelling) {
        return part;
    }
    let edits = diff(
        &sides.base.keys(&span.base),
        &sides.theirs.keys(&span.theirs),
    );
    let mut text = Vec::new();
    for (_, new) in &edits {
        let new = span.theirs.start + new.start..span.theirs.start + new.end;
        text.extend(apart(sides, span.ours.start, &new, spelling));
    }
    if text.is_empty() {
        return Part::of(span, text, Rule::NothingToDo);
    }
    if brackets::balance(&text) {
        return Part::of(span, text, Rule::WithoutContext);
    }
    Part::of(span, sides.theirs.lines(&span.theirs), Rule::LackingHere)
}

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

/// What becomes of words of which ours have none.
pub(super) fn words<'a>(base: &[Token<'a>], theirs: &[Token<'a>]) -> (Vec<Token<'a>>, Rule) {
    let edits = diff(&texts(base), &texts(theirs));
    let inserted: Vec<_> = edits
        .iter()
        .flat_map(|(_, new)| theirs[new.clone()].to_vec())
        .collect();
    if inserted.is_empty() {
        return (inserted, Rule::NothingToDo);
    }
    if only_inserts(&edits) {
        if let Some(tokens) = without_siblings(base, theirs) {
            return (tokens, Rule::WithoutContext);
        }
        let text = inserted
            .iter()
            .flat_map(|token| token.text)
            .copied()
            .collect::<Vec<_>>();
        if brackets::balance(&text) {
            return (inserted, Rule::WithoutContext);
        }
    }
    (theirs.to_vec(), Rule::LackingHere)
}

/// Theirs without the elements beside those that they put into lists, if that is all they did:
/// of `[ a b ] ++ c` where `b` is new, `[ b ] ++ c`.
pub(super) fn without_siblings<'a>(
    base: &[Token<'a>],
    theirs: &[Token<'a>],
) -> Option<Vec<Token<'a>>> {
    let edits = diff(&texts(base), &texts(theirs));
    let is_new = |index: usize| edits.iter().any(|(_, new)| new.contains(&index));
    if edits.is_empty() || !only_inserts(&edits) {
        return None;
    }
    let lists = lists(theirs)?;
    let mut kept = Vec::new();
    let mut found = 0;
    for (index, token) in theirs.iter().enumerate() {
        let list = lists.iter().find(|list| list.contains(&index));
        let touched = list.is_some_and(|list| list.clone().any(is_new));
        if is_new(index) {
            list?;
            found += 1;
        }
        if is_new(index) || !touched {
            kept.push(*token);
        }
    }
    (found > 0).then_some(kept)
}

/// The insides of the lists, if these have no brackets of their own.
fn lists(tokens: &[Token<'_>]) -> Option<Vec<Range<usize>>> {
    let mut lists = Vec::new();
    let mut open = None;
    for (index, token) in tokens.iter().enumerate() {
        match (token.text, open) {
            (b"[", None) => open = Some(index + 1),
            (b"]", Some(start)) => {
                lists.push(start..index);
                open = None;
            }
            (b"[" | b"(" | b"{" | b"''" | b"\"", Some(_)) | (b"]", None) => return None,
            _ => {}
        }
    }
    open.is_none().then_some(lists)
}
