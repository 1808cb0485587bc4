//! Three-way merge of texts, as git's xdiff merges them at its level "zealous".

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::{
    BeyondGit, Hunk, Lines, diff,
    lines::{Class, Classes},
};

/// Bytes looked at to tell binary from text, as git.
const BINARY_SNIFF: usize = 8000;
/// git merges no text above this size (1023 MiB).
const MAX_TEXT: usize = 1024 * 1024 * 1023;
/// Conflicts with at most this many lines between them become one.
const CLOSE: i64 = 3;

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
    let mut classes = Classes::default();
    let base = classes.lines(base);
    let their_lines = classes.lines_like(theirs, Some(&base));
    let our_lines = classes.lines_like(ours, Some(&base));
    let count = classes.count();
    let our_hunks = diff(base.classes(), our_lines.classes(), count)?;
    if our_hunks.is_empty() {
        return Ok(TextMerge::Clean(theirs.to_vec()));
    }
    let their_hunks = diff(base.classes(), their_lines.classes(), count)?;
    if their_hunks.is_empty() {
        return Ok(TextMerge::Clean(ours.to_vec()));
    }
    let sides = Sides {
        base,
        ours: our_lines,
        theirs: their_lines,
    };
    sides.merge(&our_hunks, &their_hunks, driver)
}

/// As git tells: text without a NUL byte near its start.
pub(crate) fn is_text(text: &[u8]) -> bool {
    text.len() <= MAX_TEXT && memchr::memchr(0, &text[..text.len().min(BINARY_SNIFF)]).is_none()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Take {
    Conflict,
    Ours,
    Theirs,
    /// Both sides made the same change.
    Same,
}

/// A place that at least one side changed. Positions are signed: while hunks are laid over each
/// other, the start of one that turns out to be part of the last chunk may come out as negative.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    take: Take,
    ours: i64,
    our_count: i64,
    theirs: i64,
    their_count: i64,
}

impl Chunk {
    fn our_end(&self) -> i64 {
        self.ours + self.our_count
    }

    fn their_end(&self) -> i64 {
        self.theirs + self.their_count
    }

    fn our_range(&self) -> Range<usize> {
        range(self.ours, self.our_end())
    }

    fn their_range(&self) -> Range<usize> {
        range(self.theirs, self.their_end())
    }
}

/// Lines `from..to`; none where `to` is not after `from`.
fn range(from: i64, to: i64) -> Range<usize> {
    let from = usize::try_from(from).unwrap_or(0);
    from..usize::try_from(to).unwrap_or(0).max(from)
}

fn signed(line: usize) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}

struct Sides<'a> {
    base: Lines<'a>,
    ours: Lines<'a>,
    theirs: Lines<'a>,
}

impl Sides<'_> {
    fn merge(
        &self,
        our_hunks: &[Hunk],
        their_hunks: &[Hunk],
        driver: Driver,
    ) -> Result<TextMerge, BeyondGit> {
        let chunks = self.refine(&self.chunks(our_hunks, their_hunks))?;
        if driver == Driver::Union {
            return Ok(TextMerge::Clean(self.write(&self.join_close(&chunks))));
        }
        if chunks.iter().any(|chunk| chunk.take == Take::Conflict) {
            return Ok(TextMerge::Conflict);
        }
        Ok(TextMerge::Clean(self.write(&chunks)))
    }

    /// Lays both sides' hunks over each other.
    fn chunks(&self, our_hunks: &[Hunk], their_hunks: &[Hunk]) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        let (mut ours, mut theirs) = (our_hunks.iter().peekable(), their_hunks.iter().peekable());
        loop {
            match (ours.peek(), theirs.peek()) {
                (None, None) => return chunks,
                (Some(hunk), None) => {
                    let shift = shift_after(&self.base, &self.theirs);
                    append(&mut chunks, take_ours(hunk, shift));
                    ours.next();
                }
                (None, Some(hunk)) => {
                    let shift = shift_after(&self.base, &self.ours);
                    append(&mut chunks, take_theirs(hunk, shift));
                    theirs.next();
                }
                (Some(our), Some(their)) if our.old_start + our.old < their.old_start => {
                    append(&mut chunks, take_ours(our, shift_before(their)));
                    ours.next();
                }
                (Some(our), Some(their)) if their.old_start + their.old < our.old_start => {
                    append(&mut chunks, take_theirs(their, shift_before(our)));
                    theirs.next();
                }
                (Some(our), Some(their)) => {
                    if !self.same_change(our, their) {
                        append(&mut chunks, overlap(our, their));
                    }
                    let (our_end, their_end) =
                        (our.old_start + our.old, their.old_start + their.old);
                    if our_end >= their_end {
                        theirs.next();
                    }
                    if their_end >= our_end {
                        ours.next();
                    }
                }
            }
        }
    }

    fn same_change(&self, our: &Hunk, their: &Hunk) -> bool {
        our.old_start == their.old_start
            && our.old == their.old
            && our.new == their.new
            && self.our_classes(our.new_start..our.new_start + our.new)
                == self.their_classes(their.new_start..their.new_start + their.new)
    }

    fn our_classes(&self, lines: Range<usize>) -> &[Class] {
        &self.ours.classes()[lines]
    }

    fn their_classes(&self, lines: Range<usize>) -> &[Class] {
        &self.theirs.classes()[lines]
    }

    /// Narrows each conflict to the lines that really differ between the sides.
    fn refine(&self, chunks: &[Chunk]) -> Result<Vec<Chunk>, BeyondGit> {
        let mut refined = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            if chunk.take != Take::Conflict || chunk.our_count == 0 || chunk.their_count == 0 {
                refined.push(*chunk);
                continue;
            }
            let (ours, theirs, classes) = renumbered(
                self.our_classes(chunk.our_range()),
                self.their_classes(chunk.their_range()),
            );
            let hunks = diff(&ours, &theirs, classes)?;
            if hunks.is_empty() {
                refined.push(Chunk {
                    take: Take::Same,
                    ..*chunk
                });
            }
            refined.extend(hunks.into_iter().map(|hunk| Chunk {
                take: Take::Conflict,
                ours: chunk.ours + signed(hunk.old_start),
                our_count: signed(hunk.old),
                theirs: chunk.theirs + signed(hunk.new_start),
                their_count: signed(hunk.new),
            }));
        }
        Ok(refined)
    }

    /// Joins conflicts with few lines between them.
    fn join_close(&self, chunks: &[Chunk]) -> Vec<Chunk> {
        let mut joined: Vec<Chunk> = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            if let Some(last) = joined.last_mut()
                && last.take == Take::Conflict
                && chunk.take == Take::Conflict
                && chunk.ours - last.our_end() <= CLOSE
            {
                last.our_count = chunk.our_end() - last.ours;
                last.their_count = chunk.their_end() - last.theirs;
            } else {
                joined.push(*chunk);
            }
        }
        joined
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

/// The same lines with classes counted anew from the first, as if these were whole files.
fn renumbered(ours: &[Class], theirs: &[Class]) -> (Vec<Class>, Vec<Class>, usize) {
    let mut numbers = FxHashMap::default();
    let mut number = |class: &Class| {
        let next = Class::try_from(numbers.len()).unwrap_or(Class::MAX);
        *numbers.entry(*class).or_insert(next)
    };
    let ours = ours.iter().map(&mut number).collect();
    let theirs = theirs.iter().map(&mut number).collect();
    (ours, theirs, numbers.len())
}

/// By how many lines what follows moved, in the side that did not change it.
type Shift = i64;

/// The shift between the last hunk of that side and this one.
fn shift_before(hunk: &Hunk) -> Shift {
    signed(hunk.new_start) - signed(hunk.old_start)
}

/// The shift after all hunks of that side.
fn shift_after(base: &Lines<'_>, side: &Lines<'_>) -> Shift {
    signed(side.len()) - signed(base.len())
}

fn take_ours(hunk: &Hunk, theirs: Shift) -> Chunk {
    Chunk {
        take: Take::Ours,
        ours: signed(hunk.new_start),
        our_count: signed(hunk.new),
        theirs: signed(hunk.old_start) + theirs,
        their_count: signed(hunk.old),
    }
}

fn take_theirs(hunk: &Hunk, ours: Shift) -> Chunk {
    Chunk {
        take: Take::Theirs,
        ours: signed(hunk.old_start) + ours,
        our_count: signed(hunk.old),
        theirs: signed(hunk.new_start),
        their_count: signed(hunk.new),
    }
}

/// Two hunks that touch: both sides' lines from the earlier start to the later end.
fn overlap(our: &Hunk, their: &Hunk) -> Chunk {
    let (our_start, their_start) = (signed(our.old_start), signed(their.old_start));
    let (our_end, their_end) = (our_start + signed(our.old), their_start + signed(their.old));
    let (start, end) = (our_start.min(their_start), our_end.max(their_end));
    let ours = signed(our.new_start) - (our_start - start);
    let theirs = signed(their.new_start) - (their_start - start);
    Chunk {
        take: Take::Conflict,
        ours,
        our_count: signed(our.new_start + our.new) + (end - our_end) - ours,
        theirs,
        their_count: signed(their.new_start + their.new) + (end - their_end) - theirs,
    }
}

/// Adds a chunk, as part of the last one if they touch on either side.
fn append(chunks: &mut Vec<Chunk>, chunk: Chunk) {
    if let Some(last) = chunks.last_mut()
        && (chunk.ours <= last.our_end() || chunk.theirs <= last.their_end())
    {
        if last.take != chunk.take {
            last.take = Take::Conflict;
        }
        last.our_count = chunk.our_end() - last.ours;
        last.their_count = chunk.their_end() - last.theirs;
    } else {
        chunks.push(chunk);
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
