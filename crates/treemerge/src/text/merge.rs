//! Three-way merge of texts, as git's xdiff merges them at its level "zealous".

use super::{
    BeyondGit, Lines,
    chunks::{Chunk, Sides, Take, Task, join_close, range, signed},
};

/// Bytes looked at to tell binary from text, as git.
const BINARY_SNIFF: usize = 8000;
/// git merges no text above this size (1023 MiB).
pub(super) const MAX_TEXT: usize = 1024 * 1024 * 1023;

/// How a file is merged: git's built-in drivers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Driver {
    /// Line by line; conflicts where both sides changed the same lines.
    #[default]
    Text,
    /// Line by line; both sides' lines where both changed the same lines. Never conflicts.
    Union,
    /// Not at all: two different changes are a conflict.
    Binary,
}

/// What came of merging three texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextMerge {
    Clean(Vec<u8>),
    /// Both sides changed the same lines.
    Conflict,
    /// One of them is not text.
    Binary,
    /// git fails over these texts.
    BeyondGit,
}

/// Merges `ours` and `theirs`, which both come from `base`.
pub(crate) fn merge(base: &[u8], ours: &[u8], theirs: &[u8], driver: Driver) -> TextMerge {
    let texts = [base, ours, theirs];
    if driver == Driver::Binary || texts.iter().any(|text| !is_text(text)) {
        return TextMerge::Binary;
    }
    merge_lines(base, ours, theirs, driver).unwrap_or(TextMerge::BeyondGit)
}

fn merge_lines(
    base: &[u8],
    ours: &[u8],
    theirs: &[u8],
    driver: Driver,
) -> Result<TextMerge, BeyondGit> {
    match Task::of(base, ours, theirs)? {
        Task::TakeTheirs => Ok(TextMerge::Clean(theirs.to_vec())),
        Task::TakeOurs => Ok(TextMerge::Clean(ours.to_vec())),
        Task::Merge(sides) => sides.merge(driver),
    }
}

/// As git tells: text without a NUL byte near its start.
pub(crate) fn is_text(text: &[u8]) -> bool {
    text.len() <= MAX_TEXT && memchr::memchr(0, &text[..text.len().min(BINARY_SNIFF)]).is_none()
}

impl Sides<'_> {
    fn merge(&self, driver: Driver) -> Result<TextMerge, BeyondGit> {
        let mut chunks = Vec::new();
        for chunk in self.chunks() {
            self.refine(&chunk, &mut chunks)?;
        }
        if driver == Driver::Union {
            return Ok(TextMerge::Clean(self.write(&join_close(&chunks))));
        }
        if chunks.iter().any(|chunk| chunk.take == Take::Conflict) {
            return Ok(TextMerge::Conflict);
        }
        Ok(TextMerge::Clean(self.write(&chunks)))
    }

    /// The merged text. Conflicts take both sides' lines: only the union driver comes here with
    /// any.
    fn write(&self, chunks: &[Chunk]) -> Vec<u8> {
        let mut merged = Vec::new();
        let mut done = 0;
        for chunk in chunks {
            if chunk.take == Take::Same {
                continue;
            }
            merged.extend_from_slice(self.ours.bytes(range(done, chunk.ours)));
            if chunk.take != Take::Theirs {
                merged.extend_from_slice(self.ours.bytes(chunk.our_range()));
            }
            if chunk.take == Take::Conflict {
                self.end_line(&mut merged, chunk);
            }
            if chunk.take != Take::Ours {
                merged.extend_from_slice(self.theirs.bytes(chunk.their_range()));
            }
            done = chunk.our_end();
        }
        merged.extend_from_slice(self.ours.bytes(range(done, signed(self.ours.len()))));
        merged
    }

    /// Ends our last line before theirs follow it, in the files' own style.
    fn end_line(&self, merged: &mut Vec<u8>, chunk: &Chunk) {
        if chunk.our_count == 0 || merged.last() == Some(&b'\n') {
            return;
        }
        let style = line_ending(&self.ours, range(chunk.ours - 1, 0).start);
        let style = match style {
            Some(Ending::Lf) => style,
            _ => line_ending(&self.theirs, range(chunk.theirs - 1, 0).start),
        };
        let style = match style {
            Some(Ending::Lf) => style,
            _ => line_ending(&self.base, 0),
        };
        if style == Some(Ending::CrLf) {
            merged.push(b'\r');
        }
        merged.push(b'\n');
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Lf,
    CrLf,
}

/// How a line ends; where it is the last and has no end, how the one before it ends.
fn line_ending(file: &Lines<'_>, number: usize) -> Option<Ending> {
    let style = |line: &[u8]| {
        if line.ends_with(b"\r\n") {
            Ending::CrLf
        } else {
            Ending::Lf
        }
    };
    if number >= file.len() {
        return None;
    }
    let line = file.line(number);
    if line.ends_with(b"\n") {
        Some(style(line))
    } else if number == 0 {
        None
    } else {
        Some(style(file.line(number - 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: &str) -> Vec<u8> {
        lines
            .split_whitespace()
            .flat_map(|line| [line.as_bytes(), b"\n"].concat())
            .collect()
    }

    fn merged(base: &str, ours: &str, theirs: &str) -> Option<String> {
        match merge(&text(base), &text(ours), &text(theirs), Driver::Text) {
            TextMerge::Clean(merged) => Some(
                String::from_utf8_lossy(&merged)
                    .replace('\n', " ")
                    .trim()
                    .to_owned(),
            ),
            TextMerge::Conflict => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn changes_apart_are_both_taken() {
        let result = merged("a b c d e", "A b c d e", "a b c d E");
        assert_eq!(result.as_deref(), Some("A b c d E"));
    }

    #[test]
    fn the_same_change_on_both_sides_is_taken_once() {
        let result = merged("a b c d e", "a B c d e", "a B c d E");
        assert_eq!(result.as_deref(), Some("a B c d E"));
    }

    #[test]
    fn neighbouring_changes_conflict() {
        assert_eq!(merged("a b c d", "a B c d", "a b C d"), None);
        assert_eq!(merged("a b c d", "a B c d", "a X c d"), None);
    }

    #[test]
    fn a_line_between_two_changes_is_enough() {
        let result = merged("a b c d", "A b c d", "a b C d");
        assert_eq!(result.as_deref(), Some("A b C d"));
    }

    #[test]
    fn overlapping_changes_of_which_the_lines_agree_are_no_conflict() {
        let result = merged("a b c d e", "a x y d e", "a x y d e");
        assert_eq!(result.as_deref(), Some("a x y d e"));
    }

    #[test]
    fn union_takes_both_sides_lines_and_ends_ours() {
        let union = |base: &[u8], ours: &[u8], theirs: &[u8]| match merge(
            base,
            ours,
            theirs,
            Driver::Union,
        ) {
            TextMerge::Clean(merged) => merged,
            other => panic!("{other:?}"),
        };
        assert_eq!(union(b"a\n", b"a\nb\n", b"a\nc\n"), b"a\nb\nc\n");
        assert_eq!(
            union(b"a\r\n", b"a\r\nb", b"a\r\nc\r\n"),
            b"a\r\nb\r\nc\r\n"
        );
    }

    #[test]
    fn a_nul_byte_makes_a_binary() {
        assert_eq!(merge(b"a", b"b\0", b"c", Driver::Text), TextMerge::Binary);
        assert_eq!(merge(b"a", b"b", b"c", Driver::Binary), TextMerge::Binary);
    }
}
