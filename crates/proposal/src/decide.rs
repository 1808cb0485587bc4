//! Which of several ways to settle a file's hunks is proposed.

use std::collections::BTreeSet;

use crate::{
    check::{Check, Verdict},
    plan::Plan,
    rule::Rule,
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
    let theirs: Hunks = spans.iter().map(|span| vec![their_lines(sides, span, Rule::TheirLines)]).collect();
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
    let mut text = sides.theirs.lines(&span.theirs).to_vec();
    {
        let (o, t) = (sides.ours.keys(&span.ours), sides.theirs.keys(&span.theirs));
        let edits = crate::sequence::diff(&o, &t);
        let mut lines: Vec<&[u8]> = span.theirs.clone().map(|l| sides.theirs.line(l)).collect();
        let (mut i, mut j) = (0, 0);
        let mut same = Vec::new();
        for (x, y) in edits.iter().cloned().chain([(o.len()..o.len(), t.len()..t.len())]) {
            while i < x.start { same.push((i, j)); i += 1; j += 1; }
            i = x.end; j = y.end;
        }
        let trailing = |line: &[u8]| line.trim_ascii_end().len() + 1 < line.len();
        for (i, j) in same { let ours = sides.ours.line(span.ours.start + i); if trailing(lines[j]) && !trailing(ours) { lines[j] = ours; } }
        text = lines.concat();
    }
    Part {
        text,
        ours: span.ours.clone(),
        theirs: span.theirs.clone(),
        rule: Some(rule),
    }
}

/// The file that the parts make.
pub(crate) fn text(sides: &Sides<'_>, plan: &Plan, hunks: &Hunks) -> Vec<u8> {
    let texts: Vec<Vec<u8>> = hunks
        .iter()
        .map(|parts| parts.iter().flat_map(|part| part.text.clone()).collect())
        .collect();
    plan.text(sides, texts.iter().map(Vec::as_slice))
}
