//! Which of several ways to settle a file's hunks is proposed.

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
    let fine: Hunks = spans
        .iter()
        .map(|span| settle(sides, span, &Spelling::default()))
        .collect();
    let verdict = judge(&fine);
    if verdict == Verdict::Good {
        return Some(fine);
    }
    let theirs: Hunks = spans.iter().map(|span| vec![their_lines(sides, span)]).collect();
    if judge(&theirs) == Verdict::Good {
        return Some(theirs);
    }
    if matches!(verdict, Verdict::Names(_)) {
        return Some(fine);
    }
    matches!(judge(&theirs), Verdict::Names(_)).then_some(theirs)
}

fn their_lines(sides: &Sides<'_>, span: &Span) -> Part {
    Part {
        text: sides.theirs.lines(&span.theirs).to_vec(),
        ours: span.ours.clone(),
        theirs: span.theirs.clone(),
        rule: Some(Rule::TheirLines),
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
