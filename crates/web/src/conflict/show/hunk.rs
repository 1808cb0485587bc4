//! One conflicting place, as the page shows it.

use super::super::choices::hunk_field;
use super::super::help::HunkHelp;
use crate::lines::without_break;

/// Lines of each version that are shown.
const LINES: usize = 80;

/// The longest own text that the page offers to edit, in bytes.
pub(super) const EDITABLE: usize = 32 << 10;

/// One conflicting place.
pub(super) struct HunkView {
    /// The name of its form fields.
    pub(super) field: String,
    /// Its number in the file, from 1, and the line where it is.
    pub(super) number: usize,
    pub(super) line: usize,
    pub(super) before: Vec<String>,
    pub(super) base: SideView,
    pub(super) ours: SideView,
    pub(super) theirs: SideView,
    pub(super) after: Vec<String>,
    pub(super) proposal: Option<ProposalView>,
    /// What a person's own text starts from; `None` where there is too much of it.
    pub(super) own: Option<String>,
}

/// One version of the place.
pub(super) struct SideView {
    pub(super) lines: Vec<LineView>,
    /// How many lines are not shown.
    pub(super) hidden: usize,
}

/// A line, with the part in which it differs from the other version's line.
pub(super) struct LineView {
    pub(super) head: String,
    pub(super) marked: String,
    pub(super) tail: String,
}

/// What is proposed there.
pub(super) struct ProposalView {
    pub(super) text: SideView,
    pub(super) why: Vec<String>,
}

impl HunkView {
    pub(super) fn new(file: usize, place: usize, hunk: &HunkHelp) -> Self {
        let base = lines(&hunk.base);
        let ours = lines(&hunk.ours);
        let own = hunk.proposal.as_ref().map_or(&hunk.theirs, |it| &it.text);
        Self {
            field: hunk_field(file, place),
            number: place + 1,
            line: hunk.line,
            before: lines(&hunk.before),
            base: SideView::new(&base, &base),
            ours: SideView::new(&ours, &base),
            theirs: SideView::new(&lines(&hunk.theirs), &base),
            after: lines(&hunk.after),
            proposal: hunk.proposal.as_ref().map(|proposal| ProposalView {
                text: SideView::new(&lines(&proposal.text), &ours),
                why: proposal.why.clone(),
            }),
            own: editable(own),
        }
    }
}

/// A text that people may edit on the page: one that is text, and not too long.
pub(super) fn editable(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    (text.len() <= EDITABLE && !text.contains('\0')).then(|| text.to_owned())
}

fn lines(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let lines = text.split_inclusive('\n');
    lines.map(|line| without_break(line).to_owned()).collect()
}

impl SideView {
    /// Marks what differs from `other`, where each line stands for one there.
    fn new(all: &[String], other: &[String]) -> Self {
        let shown = all.iter().take(LINES).enumerate();
        let lines = shown.map(|(at, line)| match other.get(at) {
            Some(other_line) if other.len() == all.len() => LineView::marked(line, other_line),
            _ => LineView::plain(line),
        });
        Self {
            lines: lines.collect(),
            hidden: all.len().saturating_sub(LINES),
        }
    }
}

impl LineView {
    fn plain(line: &str) -> Self {
        Self {
            head: line.to_owned(),
            marked: String::new(),
            tail: String::new(),
        }
    }

    /// Marks all between what the two lines have in common at their start and end.
    fn marked(line: &str, other: &str) -> Self {
        let same = |(a, b): &(char, char)| a == b;
        let chars = |(c, _): (char, char)| c.len_utf8();
        let head = line.chars().zip(other.chars()).take_while(same);
        let head: usize = head.map(chars).sum();
        let (rest, other_rest) = (&line[head..], &other[head..]);
        let tail = rest.chars().rev().zip(other_rest.chars().rev());
        let tail: usize = tail.take_while(same).map(chars).sum();
        let tail = line.len() - tail;
        Self {
            head: line[..head].to_owned(),
            marked: line[head..tail].to_owned(),
            tail: line[tail..].to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str, other: &str) -> String {
        let LineView { head, marked, tail } = LineView::marked(line, other);
        format!("{head}[{marked}]{tail}")
    }

    #[test]
    fn what_differs_in_a_line_is_marked() {
        assert_eq!(told("v = \"1.2\";", "v = \"1.34\";"), "v = \"1.[2]\";");
        assert_eq!(told("same", "same"), "same[]");
        assert_eq!(told("aa", "aaa"), "aa[]");
        assert_eq!(told("aaa", "aa"), "aa[a]");
        assert_eq!(told("", "x"), "[]");
        assert_eq!(told("üx", "äx"), "[ü]x");
    }

    #[test]
    fn lines_that_do_not_pair_up_are_not_marked_and_only_so_many_shown() {
        let many: Vec<_> = (0..200).map(|n| n.to_string()).collect();
        let side = SideView::new(&many, &many[..3]);
        assert_eq!((side.lines.len(), side.hidden), (LINES, 120));
        assert!(side.lines.iter().all(|line| line.marked.is_empty()));
    }
}
