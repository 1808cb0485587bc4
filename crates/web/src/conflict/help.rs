//! What Picket makes of conflicting files: the one place that knows [`picket_proposal`].

use std::collections::HashSet;
use std::ops::Range;

use picket_merger::ConflictedFile;
use picket_proposal::{ConflictedFile as File, FileProposal, HunkChoice as Choice};

/// What there is to say about one conflicting file.
#[derive(Debug)]
pub(super) struct FileHelp {
    /// The conflicting places, in order; empty where the file has not three versions that are
    /// texts, and can be decided on as a whole only.
    pub(super) hunks: Vec<HunkHelp>,
    /// What the whole file is proposed to be.
    pub(super) proposal: Option<Proposal>,
    /// Whether so much of it differs that its places were not looked for.
    pub(super) is_too_much: bool,
}

/// One conflicting place: lines of each version, and what is around them.
#[derive(Debug)]
pub(super) struct HunkHelp {
    /// The number of the first line in the version of what is picked onto, from 1.
    pub(super) line: usize,
    pub(super) before: Vec<u8>,
    pub(super) base: Vec<u8>,
    pub(super) ours: Vec<u8>,
    pub(super) theirs: Vec<u8>,
    pub(super) after: Vec<u8>,
    pub(super) proposal: Option<HunkProposal>,
}

/// What is proposed for one place.
#[derive(Debug)]
pub(super) struct HunkProposal {
    pub(super) text: Vec<u8>,
    /// The rules' sentences.
    pub(super) why: Vec<String>,
}

/// What is proposed for a file.
#[derive(Debug)]
pub(super) struct Proposal {
    /// Nothing where it is to go, or to stay away.
    pub(super) content: Option<Vec<u8>>,
    /// The rules' sentences, where they are about the file as a whole.
    pub(super) why: Vec<String>,
}

/// What a person chose for one place.
pub(super) enum HunkChoice {
    Ours,
    Theirs,
    Proposal,
    Text(Vec<u8>),
}

/// Lines around a conflict.
const CONTEXT: usize = 3;

/// The most lines in which the versions of a file may differ. The time that looking for places
/// takes grows with the square of their number, and anybody who opens a pull request chooses that.
const MAX_CHANGED: usize = 5_000;

/// What is to be said about each file of a conflict.
pub(super) fn help(files: &[ConflictedFile]) -> Vec<FileHelp> {
    let views: Vec<_> = files.iter().map(view).collect();
    let (small, large): (Vec<_>, Vec<_>) =
        (0..views.len()).partition(|at| !is_too_much(&views[*at]));
    let looked_at: Vec<_> = small.iter().map(|at| views[*at]).collect();
    let proposals = picket_proposal::propose(&looked_at);
    let helps = looked_at.iter().zip(proposals);
    let helps = helps.map(|(file, proposal)| FileHelp::new(file, proposal));
    let mut helps: Vec<_> = small.into_iter().zip(helps).collect();
    helps.extend(large.into_iter().map(|at| (at, FileHelp::too_much())));
    helps.sort_by_key(|(at, _)| *at);
    helps.into_iter().map(|(_, help)| help).collect()
}

/// Whether more lines differ than places are looked for in; counted, and not compared in order.
fn is_too_much(file: &File<'_>) -> bool {
    let (Some(base), Some(ours), Some(theirs)) = (file.base, file.ours, file.theirs) else {
        return false;
    };
    let base: HashSet<_> = lines(Some(base)).into_iter().collect();
    let changed = [ours, theirs].map(|side| {
        let lines = lines(Some(side)).into_iter();
        lines.filter(|line| !base.contains(line)).count()
    });
    changed.iter().sum::<usize>() > MAX_CHANGED
}

/// The file that a person's choices make; `None` where they are not one for each place.
pub(super) fn assemble(file: &ConflictedFile, choices: &[HunkChoice]) -> Option<Vec<u8>> {
    let choices: Vec<_> = choices
        .iter()
        .map(|choice| match choice {
            HunkChoice::Ours => Choice::Ours,
            HunkChoice::Theirs => Choice::Theirs,
            HunkChoice::Proposal => Choice::Proposal,
            HunkChoice::Text(text) => Choice::Text(text.clone()),
        })
        .collect();
    picket_proposal::assemble(&view(file), &choices)
}

/// Whether a text is no Nix any more, where both sides' are.
pub(super) fn stops_parsing(file: &ConflictedFile, text: &[u8]) -> bool {
    let sides = [&file.ours, &file.theirs];
    let sides: Vec<_> = sides.into_iter().flatten().map(Vec::as_slice).collect();
    picket_proposal::stops_parsing(&file.conflict.path, &sides, text)
}

fn view(file: &ConflictedFile) -> File<'_> {
    File {
        path: &file.conflict.path,
        base: file.base.as_deref(),
        ours: file.ours.as_deref(),
        theirs: file.theirs.as_deref(),
    }
}

impl FileHelp {
    fn too_much() -> Self {
        Self {
            hunks: Vec::new(),
            proposal: None,
            is_too_much: true,
        }
    }

    fn new(file: &File<'_>, proposal: Option<FileProposal>) -> Self {
        let hunks = picket_proposal::hunks(file).unwrap_or_default();
        let (content, rules) = match proposal {
            Some(FileProposal { content, rules }) => (Some(content), rules),
            None => (None, Vec::new()),
        };
        let why = |hunk: Option<usize>| {
            let rules = rules.iter().filter(|rule| rule.hunk == hunk);
            let mut why: Vec<_> = rules.map(|rule| rule.why.clone()).collect();
            why.dedup();
            why
        };
        let [base, ours, theirs] = [file.base, file.ours, file.theirs].map(lines);
        let helps = hunks.into_iter().enumerate().map(|(number, hunk)| {
            let (start, end) = (hunk.ours.start, hunk.ours.end);
            HunkHelp {
                line: start + 1,
                before: cut(&ours, start.saturating_sub(CONTEXT)..start),
                base: cut(&base, hunk.base),
                ours: cut(&ours, hunk.ours),
                theirs: cut(&theirs, hunk.theirs),
                after: cut(&ours, end..end.saturating_add(CONTEXT)),
                proposal: hunk.proposal.map(|text| HunkProposal {
                    text,
                    why: why(Some(number)),
                }),
            }
        });
        Self {
            hunks: helps.collect(),
            proposal: content.map(|content| Proposal {
                content,
                why: why(None),
            }),
            is_too_much: false,
        }
    }
}

fn lines(text: Option<&[u8]>) -> Vec<&[u8]> {
    let text = text.unwrap_or_default();
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// These of the lines, as far as there are that many.
fn cut(lines: &[&[u8]], range: Range<usize>) -> Vec<u8> {
    let end = range.end.min(lines.len());
    lines[range.start.min(end)..end].concat()
}

#[cfg(test)]
mod tests {
    use picket_domain::{Conflict, ConflictKind, Versions};

    use super::*;

    fn file(path: &str, places: usize) -> ConflictedFile {
        let text = |side: &str| {
            let lines = (0..places).map(|n| format!("place {n} {side}\nsame {n}\nalso {n}\n"));
            Some(lines.collect::<String>().into_bytes())
        };
        ConflictedFile {
            conflict: Conflict {
                path: path.to_owned(),
                kind: ConflictKind::BothModified,
                versions: Versions::default(),
            },
            base: text("base"),
            ours: text("ours"),
            theirs: text("theirs"),
        }
    }

    #[test]
    fn a_file_that_is_too_much_keeps_no_other_from_help() {
        let helps = help(&[
            file("large", 10_000),
            file("small", 2),
            file("large", 10_000),
        ]);
        let too_much: Vec<_> = helps.iter().map(|help| help.is_too_much).collect();
        assert_eq!(too_much, [true, false, true]);
        assert!(helps[0].hunks.is_empty() && helps[0].proposal.is_none());
        assert!(!helps[1].hunks.is_empty());
    }

    #[test]
    fn lines_around_a_place_end_with_the_file() {
        let helps = help(&[file("small", 1)]);
        let [hunk] = helps[0].hunks.as_slice() else {
            panic!("one place");
        };
        assert_eq!((hunk.line, hunk.before.len()), (1, 0));
        assert_eq!(hunk.ours, b"place 0 ours\n");
        assert_eq!(hunk.after, b"same 0\nalso 0\n");
    }
}
