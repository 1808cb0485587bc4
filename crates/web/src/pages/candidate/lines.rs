//! Lines of diffs, as pages show them, and the diff of two texts that are no files of a commit.

use std::time::Duration;

use similar::{ChangeTag, DiffOp, TextDiff};

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// The longest that a page looks for the smallest diff; then a larger one will do.
const PATIENCE: Duration = Duration::from_millis(500);

/// One line of a diff, or the head of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DiffLine {
    /// `add`, `del`, `same` or `hunk`.
    pub(super) class: &'static str,
    pub(super) old: String,
    pub(super) new: String,
    pub(super) sign: &'static str,
    pub(super) text: String,
}

impl DiffLine {
    /// The head of a hunk.
    pub(super) fn heading(text: String) -> Self {
        Self {
            class: "hunk",
            old: String::new(),
            new: String::new(),
            sign: "",
            text,
        }
    }

    /// `+` or `-` where the line is itself a line of a patch that is added or removed there.
    pub(super) fn inner(&self) -> &'static str {
        match self.text.as_bytes().first() {
            Some(b'+') => "plus",
            Some(b'-') => "minus",
            _ => "",
        }
    }
}

/// Some lines, and whether there were more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) lines: Vec<DiffLine>,
    pub(super) is_cut: bool,
}

/// The lines in which two texts differ, at most so many, with some context.
pub(super) fn between(old: &str, new: &str, most: usize) -> Lines {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(old, new);
    let mut lines = Vec::new();
    for (number, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if number > 0 || starts_late(group) {
            lines.push(DiffLine::heading("…".to_owned()));
        }
        let changes = group.iter().flat_map(|op| diff.iter_changes(op));
        lines.extend(changes.map(|change| {
            let (class, sign) = match change.tag() {
                ChangeTag::Equal => ("same", ""),
                ChangeTag::Insert => ("add", "+"),
                ChangeTag::Delete => ("del", "−"),
            };
            let number = |index: Option<usize>| index.map(|n| (n + 1).to_string());
            DiffLine {
                class,
                old: number(change.old_index()).unwrap_or_default(),
                new: number(change.new_index()).unwrap_or_default(),
                sign,
                text: without_break(change.value()).to_owned(),
            }
        }));
        if lines.len() > most {
            break;
        }
    }
    let is_cut = lines.len() > most;
    lines.truncate(most);
    Lines { lines, is_cut }
}

/// Whether lines of either text come before the group.
fn starts_late(group: &[DiffOp]) -> bool {
    let first = group.first();
    first.is_some_and(|op| op.old_range().start > 0 && op.new_range().start > 0)
}

/// A line without its break.
pub(super) fn without_break(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str, most: usize) -> String {
        let found = between(old, new, most);
        let lines = found.lines.iter().map(|line| {
            let DiffLine {
                class,
                old,
                new,
                text,
                ..
            } = line;
            format!("{class:4} {old:>2} {new:>2} {text}")
        });
        let mut text = lines.collect::<Vec<_>>().join("\n");
        if found.is_cut {
            text += "\ncut";
        }
        text
    }

    #[test]
    fn a_diff_has_context_and_numbers() {
        let text = |changed: &str| {
            let lines = (1..20).map(|n| match n {
                6 => format!("{changed}\r\n"),
                n => format!("line {n}\n"),
            });
            lines.collect::<String>()
        };
        insta::assert_snapshot!(shown(&text("old"), &text("new"), 100), @r"
        hunk       …
        same  3  3 line 3
        same  4  4 line 4
        same  5  5 line 5
        del   6    old
        add      6 new
        same  7  7 line 7
        same  8  8 line 8
        same  9  9 line 9
        ");
        insta::assert_snapshot!(shown(&text("old"), &text("new"), 2), @r"
        hunk       …
        same  3  3 line 3
        cut
        ");
        assert_eq!(shown("same", "same", 9), "");
    }

    #[test]
    fn large_texts_that_have_nothing_in_common_take_no_ages() {
        let text = |c: &str| (0..30_000).map(|n| format!("{c}{n}\n")).collect::<String>();
        let found = between(&text("a"), &text("b"), 50);
        assert!(found.is_cut && found.lines.len() == 50);
    }
}
