//! Which of several ways to settle a file's hunks is proposed.

use std::collections::BTreeSet;

use crate::{
    check::{Check, Verdict},
    plan::Plan,
    rule::Rule,
    sequence::diff,
    settle::{Part, Sides, Span, settle},
    spelling::Spelling,
};

/// What becomes of each hunk.
pub(crate) type Hunks = Vec<Vec<Part>>;

/// The hunks' parts, if there is something to propose.
pub(crate) fn decide(sides: &Sides<'_>, plan: &Plan) -> Option<Hunks> {
    let check = Check::new(sides);
    let judge = |hunks: &Hunks| check.verdict(&text(sides, plan, hunks));
    let spans: Vec<_> = plan.hunks().cloned().collect();
    let settled = |unbound: &BTreeSet<String>| -> Hunks {
        let of = |(span, taken): (&Span, bool)| {
            if taken {
                vec![their_lines(sides, span, Rule::VersionBump)]
            } else {
                settle(sides, span, &Spelling::of(sides, span, unbound))
            }
        };
        spans.iter().zip(plan.taken()).map(of).collect()
    };
    let mut fine = settled(&BTreeSet::new());
    let mut verdict = judge(&fine);
    if let Verdict::Names(unbound) = &verdict {
        let spelled = settled(unbound);
        let better = judge(&spelled);
        if better == Verdict::Good {
            (fine, verdict) = (spelled, better);
        }
    }
    if verdict == Verdict::Good {
        return Some(fine);
    }
    let theirs: Hunks = spans
        .iter()
        .map(|span| vec![their_lines(sides, span, Rule::TheirLines)])
        .collect();
    for (index, lines) in theirs.iter().enumerate().take(MAX_TRIED) {
        let mut mixed = fine.clone();
        mixed[index].clone_from(lines);
        if judge(&mixed) == Verdict::Good {
            return Some(mixed);
        }
    }
    if judge(&theirs) == Verdict::Good {
        return Some(theirs);
    }
    if matches!(verdict, Verdict::Names(_)) {
        return Some(fine);
    }
    matches!(judge(&theirs), Verdict::Names(_)).then_some(theirs)
}

/// Of how many hunks it is tried whether their lines alone make the file good.
const MAX_TRIED: usize = 8;

fn their_lines(sides: &Sides<'_>, span: &Span, rule: Rule) -> Part {
    Part {
        text: without_blank_ends(sides, span),
        ours: span.ours.clone(),
        theirs: span.theirs.clone(),
        rule: Some(rule),
        note: String::new(),
    }
}

/// Their lines. One that differs from ours in blanks at its end alone is ours: people leave blanks
/// away where stable has none.
fn without_blank_ends(sides: &Sides<'_>, span: &Span) -> Vec<u8> {
    let (ours, theirs) = (sides.ours.keys(&span.ours), sides.theirs.keys(&span.theirs));
    let lines = span.theirs.clone().map(|line| sides.theirs.line(line));
    let mut lines: Vec<&[u8]> = lines.collect();
    let has_blank_end = |line: &[u8]| line.trim_ascii_end().len() + 1 < line.len();
    let (mut at, mut there) = (0, 0);
    let end = (ours.len()..ours.len(), theirs.len()..theirs.len());
    for (old, new) in diff(&ours, &theirs).into_iter().chain([end]) {
        for (at, there) in (at..old.start).zip(there..new.start) {
            let line = sides.ours.line(span.ours.start + at);
            if has_blank_end(lines[there]) && !has_blank_end(line) {
                lines[there] = line;
            }
        }
        (at, there) = (old.end, new.end);
    }
    lines.concat()
}

/// The file that the parts make.
pub(crate) fn text(sides: &Sides<'_>, plan: &Plan, hunks: &Hunks) -> Vec<u8> {
    let texts: Vec<Vec<u8>> = hunks
        .iter()
        .map(|parts| parts.iter().flat_map(|part| part.text.clone()).collect())
        .collect();
    plan.text(sides, texts.iter().map(Vec::as_slice))
}
