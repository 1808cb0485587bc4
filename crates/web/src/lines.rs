//! Lines of diffs, as pages show them, and the diff of two texts that are no files of a commit.

use std::ops::Range;

use picket_treemerge::text::diff_lines;

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// One line of a diff, or the head of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DiffLine {
    /// `add`, `del`, `same` or `hunk`.
    pub(crate) class: &'static str,
    pub(crate) old: String,
    pub(crate) new: String,
    pub(crate) sign: &'static str,
    pub(crate) text: String,
}

impl DiffLine {
    /// The head of a hunk.
    pub(crate) fn heading(text: String) -> Self {
        Self {
            class: "hunk",
            old: String::new(),
            new: String::new(),
            sign: "",
            text,
        }
    }

    /// `+` or `-` where the line is itself a line of a patch that is added or removed there.
    pub(crate) fn inner(&self) -> &'static str {
        match self.text.as_bytes().first() {
            Some(b'+') => "plus",
            Some(b'-') => "minus",
            _ => "",
        }
    }
}

/// Some lines, and whether there were more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lines {
    pub(crate) lines: Vec<DiffLine>,
    pub(crate) is_cut: bool,
}

/// The lines in which two texts differ, at most so many, with some context.
pub(crate) fn between(old: &str, new: &str, most: usize) -> Lines {
    let edits = diff_lines(old.as_bytes(), new.as_bytes());
    let texts = Texts {
        old: old.split_inclusive('\n').collect(),
        new: new.split_inclusive('\n').collect(),
    };
    let mut lines = Vec::new();
    let close = |before: &Edit, after: &Edit| after.0.start - before.0.end <= 2 * CONTEXT;
    for (number, group) in edits.chunk_by(close).enumerate() {
        let first = group.first().map_or(0, |(old, _)| old.start);
        if number > 0 || first > CONTEXT {
            lines.push(DiffLine::heading("…".to_owned()));
        }
        texts.show(group, &mut lines);
        if lines.len() > most {
            break;
        }
    }
    let is_cut = lines.len() > most;
    lines.truncate(most);
    Lines { lines, is_cut }
}

/// Old lines, and the new ones in their place.
type Edit = (Range<usize>, Range<usize>);

/// Two texts by their lines.
struct Texts<'a> {
    old: Vec<&'a str>,
    new: Vec<&'a str>,
}

impl Texts<'_> {
    /// Edits that are close to each other, with what is around and between them.
    fn show(&self, group: &[Edit], lines: &mut Vec<DiffLine>) {
        let Some((first, _)) = group.first() else {
            return;
        };
        let mut done = first.start - CONTEXT.min(first.start);
        for (old, new) in group {
            lines.extend(self.same(done..old.start, new.start));
            lines.extend(old.clone().map(|at| self.line("del", Some(at), None)));
            lines.extend(new.clone().map(|at| self.line("add", None, Some(at))));
            done = old.end;
        }
        if let Some((_, new)) = group.last() {
            let end = self.old.len().min(done + CONTEXT);
            lines.extend(self.same(done..end, new.end + (end - done)));
        }
    }

    /// Old lines that the new text has too; there, they end before the line `new_end`.
    fn same(&self, old: Range<usize>, new_end: usize) -> impl Iterator<Item = DiffLine> {
        let new = new_end - old.len()..new_end;
        old.zip(new)
            .map(|(old, new)| self.line("same", Some(old), Some(new)))
    }

    /// A line of either text or both.
    fn line(&self, class: &'static str, old: Option<usize>, new: Option<usize>) -> DiffLine {
        let sign = match class {
            "del" => "−",
            "add" => "+",
            _ => "",
        };
        let number = |at: Option<usize>| at.map(|at| (at + 1).to_string()).unwrap_or_default();
        let text = match (old, new) {
            (_, Some(at)) => self.new.get(at),
            (Some(at), None) => self.old.get(at),
            (None, None) => None,
        };
        DiffLine {
            class,
            old: number(old),
            new: number(new),
            sign,
            text: without_break(text.copied().unwrap_or_default()).to_owned(),
        }
    }
}

/// A line without its break.
pub(crate) fn without_break(line: &str) -> &str {
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
