//! Proposals for files.

use crate::{
    decide::{decide, text},
    nix,
    plan::{Plan, Segment},
    rule::{AppliedRule, Rule},
    settle::Sides,
    source::Source,
};

/// One file in which a pick conflicts; `None` where that side has no such file.
#[derive(Clone, Copy, Debug)]
pub struct ConflictedFile<'a> {
    /// Its path in the repository.
    pub path: &'a str,
    /// The version of the picked commit's parent.
    pub base: Option<&'a [u8]>,
    /// The stable branch's.
    pub ours: Option<&'a [u8]>,
    /// The picked commit's.
    pub theirs: Option<&'a [u8]>,
}

/// What is proposed for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProposal {
    /// The file; nothing if it is to be removed, or to stay away.
    pub content: Option<Vec<u8>>,
    /// Which rules settled what, in the order of the result.
    pub rules: Vec<AppliedRule>,
}

/// What a person would make of these files, which a pick conflicts in. One answer a file, in the
/// same order; nothing where there is no good answer.
#[must_use]
pub fn propose(files: &[ConflictedFile<'_>]) -> Vec<Option<FileProposal>> {
    files.iter().map(propose_file).collect()
}

fn propose_file(file: &ConflictedFile<'_>) -> Option<FileProposal> {
    match (file.base, file.ours, file.theirs) {
        (Some(base), Some(ours), Some(theirs)) => propose_text(file.path, base, ours, theirs),
        (_, None, None) => None,
        (Some(_), None, Some(_)) => Some(whole(None, Rule::StaysAway)),
        (_, Some(_), None) => Some(whole(None, Rule::FileRemoved)),
        (None, None, Some(theirs)) => Some(whole(Some(theirs.to_vec()), Rule::FileAdded)),
        (None, Some(_), Some(theirs)) => Some(whole(Some(theirs.to_vec()), Rule::FileReplaced)),
    }
}

fn whole(content: Option<Vec<u8>>, rule: Rule) -> FileProposal {
    FileProposal {
        content,
        rules: vec![AppliedRule {
            rule,
            hunk: None,
            ours: 0..0,
            theirs: 0..0,
            result: 0..0,
            why: rule.sentence().to_owned(),
        }],
    }
}

pub(crate) fn sides<'a>(path: &str, base: &'a [u8], ours: &'a [u8], theirs: &'a [u8]) -> Sides<'a> {
    let texts = [base, ours, theirs];
    let trees = path.ends_with(".nix").then(|| texts.map(nix::parse));
    let trees = match trees {
        Some([Some(base), Some(ours), Some(theirs)]) => [Some(base), Some(ours), Some(theirs)],
        _ => [None, None, None],
    };
    let [base_tree, our_tree, their_tree] = trees;
    Sides {
        base: Source::new(base, base_tree),
        ours: Source::new(ours, our_tree),
        theirs: Source::new(theirs, their_tree),
    }
}

fn propose_text(path: &str, base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<FileProposal> {
    let sides = sides(path, base, ours, theirs);
    let mut plan = Plan::of(&sides)?;
    crate::bump::mark(&sides, &mut plan);
    let hunks = decide(&sides, &plan)?;
    let content = text(&sides, &plan, &hunks);
    let mut rules = Vec::new();
    let mut line = 0;
    let mut parts = hunks.iter().enumerate();
    for segment in &plan.segments {
        match segment {
            Segment::Merged(_, lines) => line += lines.len(),
            Segment::Hunk(..) => {
                let Some((hunk, parts)) = parts.next() else {
                    break;
                };
                for part in parts {
                    let end = line + part.text.split_inclusive(|byte| *byte == b'\n').count();
                    if let Some(rule) = part.rule {
                        rules.push(AppliedRule {
                            rule,
                            hunk: Some(hunk),
                            ours: part.ours.clone(),
                            theirs: part.theirs.clone(),
                            result: line..end,
                            why: format!("{}{}", rule.sentence(), part.note),
                        });
                    }
                    line = end;
                }
            }
        }
    }
    Some(FileProposal {
        content: Some(content),
        rules,
    })
}
