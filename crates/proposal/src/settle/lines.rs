//! Two changes, by lines.

use super::{
    Part, Sides, Span,
    account::{Texts, told},
    added,
    apart::apart,
    statements, words,
};
use crate::{
    nix::brackets,
    rule::Rule,
    sequence::{Changed, Chunk, diff, diff3},
    spelling::Spelling,
};

/// What becomes of a span.
pub(crate) fn settle(sides: &Sides<'_>, span: &Span, spelling: &Spelling) -> Vec<Part> {
    let chunks = diff3(
        &sides.base.keys(&span.base),
        &sides.ours.keys(&span.ours),
        &sides.theirs.keys(&span.theirs),
    );
    let lost = |index: Option<usize>| {
        let chunk = index.and_then(|index| chunks.get(index));
        chunk.is_some_and(|chunk| chunk.changed == Changed::Ours && chunk.ours.is_empty())
    };
    let mut parts = Vec::new();
    for (index, chunk) in chunks.iter().enumerate() {
        let lines = within(span, chunk);
        let is_addition = chunk.changed == Changed::Theirs && chunk.base.is_empty();
        if is_addition && (lost(index.checked_sub(1)) || lost(Some(index + 1))) {
            let text = apart(sides, lines.ours.start, &lines.theirs, spelling);
            parts.push(Part::of(&lines, text, Rule::WithoutContext));
        } else {
            parts.extend(settle_chunk(sides, chunk, &lines, spelling));
        }
    }
    parts
}

/// A chunk's lines, of the whole files.
fn within(span: &Span, chunk: &Chunk) -> Span {
    Span {
        base: span.base.start + chunk.base.start..span.base.start + chunk.base.end,
        ours: span.ours.start + chunk.ours.start..span.ours.start + chunk.ours.end,
        theirs: span.theirs.start + chunk.theirs.start..span.theirs.start + chunk.theirs.end,
    }
}

fn settle_chunk(sides: &Sides<'_>, chunk: &Chunk, span: &Span, spelling: &Spelling) -> Vec<Part> {
    match chunk.changed {
        Changed::Neither => vec![spaced(sides, span)],
        Changed::Ours => vec![Part {
            text: sides.ours.lines(&span.ours).to_vec(),
            ours: span.ours.clone(),
            theirs: span.theirs.clone(),
            rule: None,
            note: String::new(),
        }],
        Changed::Theirs => {
            let lines = sides.theirs.lines(&span.theirs);
            let spelled = spelling.spell(lines);
            let rule = if spelled == lines {
                Rule::Apart
            } else {
                Rule::Spelling
            };
            vec![Part::of(span, spelled, rule)]
        }
        Changed::Both => both(sides, span, spelling),
    }
}

/// Lines that are the same but for their blanks.
fn spaced(sides: &Sides<'_>, span: &Span) -> Part {
    let mut part = Part {
        text: Vec::new(),
        ours: span.ours.clone(),
        theirs: span.theirs.clone(),
        rule: None,
        note: String::new(),
    };
    for index in 0..span.base.len() {
        let base = sides.base.line(span.base.start + index);
        let ours = sides.ours.line(span.ours.start + index);
        let theirs = sides.theirs.line(span.theirs.start + index);
        let trailing = |line: &[u8]| line.trim_ascii_end().len() + 1 < line.len();
        let theirs_is_better = ours == base || trailing(ours) && !trailing(theirs);
        part.text
            .extend_from_slice(if theirs_is_better { theirs } else { ours });
        if base != ours || base != theirs {
            part.rule = Some(Rule::Spacing);
        }
    }
    part
}

fn both(sides: &Sides<'_>, span: &Span, spelling: &Spelling) -> Vec<Part> {
    let ours = sides.ours.lines(&span.ours);
    if sides.ours.keys(&span.ours) == sides.theirs.keys(&span.theirs) {
        return vec![Part::of(span, ours, Rule::SameChange)];
    }
    let texts = Texts {
        base: sides.base.lines(&span.base),
        ours,
        theirs: sides.theirs.lines(&span.theirs),
    };
    let told = |part: Part| vec![told(texts, spelling, part)];
    if span.base.is_empty() {
        return statements::settle(sides, span, spelling)
            .unwrap_or_else(|| told(added::both(sides, span)));
    }
    if span.ours.is_empty() {
        return told(absent(sides, span, spelling));
    }
    if let Some(parts) = statements::settle(sides, span, spelling) {
        return parts;
    }
    if span.theirs.is_empty() {
        return vec![Part::of(span, "", Rule::Removed)];
    }
    let merged = words::merge(
        &sides.base.tokens(&span.base),
        &sides.ours.tokens(&span.ours),
        &sides.theirs.tokens(&span.theirs),
        spelling,
    );
    told(Part::of(span, merged.text, merged.rule))
}

/// What becomes of lines of which ours have none.
fn absent(sides: &Sides<'_>, span: &Span, spelling: &Spelling) -> Part {
    if let Some(part) = statements::absent(sides, span, spelling) {
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
