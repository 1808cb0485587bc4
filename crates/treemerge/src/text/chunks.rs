//! What both sides changed, laid over each other: the chunks of a three-way merge.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::{
    BeyondGit, Hunk, Lines, diff,
    lines::{Class, Classes},
};

/// Conflicts with at most this many lines between them become one.
const CLOSE: i64 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    Conflict,
    Ours,
    Theirs,
    /// Both sides made the same change.
    Same,
}

/// A place that at least one side changed. Positions are signed: while hunks are laid over each
/// other, the start of one that turns out to be part of the last chunk may come out as negative.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub(super) take: Take,
    pub(super) base: i64,
    pub(super) base_count: i64,
    pub(super) ours: i64,
    pub(super) our_count: i64,
    pub(super) theirs: i64,
    pub(super) their_count: i64,
}

impl Chunk {
    pub(super) fn base_end(&self) -> i64 {
        self.base + self.base_count
    }

    pub(super) fn our_end(&self) -> i64 {
        self.ours + self.our_count
    }

    pub(super) fn their_end(&self) -> i64 {
        self.theirs + self.their_count
    }

    pub(super) fn base_range(&self) -> Range<usize> {
        range(self.base, self.base_end())
    }

    pub(super) fn our_range(&self) -> Range<usize> {
        range(self.ours, self.our_end())
    }

    pub(super) fn their_range(&self) -> Range<usize> {
        range(self.theirs, self.their_end())
    }

    /// Takes in everything up to the end of a later chunk.
    pub(super) fn extend_to(&mut self, later: &Self) {
        self.base_count = later.base_end() - self.base;
        self.our_count = later.our_end() - self.ours;
        self.their_count = later.their_end() - self.theirs;
    }

    pub(super) fn start_base_at(&mut self, line: i64) {
        self.base_count = self.base_end() - line;
        self.base = line;
    }

    pub(super) fn end_base_at(&mut self, line: i64) {
        self.base_count = line - self.base;
    }
}

/// Lines `from..to`; none where `to` is not after `from`.
pub(super) fn range(from: i64, to: i64) -> Range<usize> {
    let from = usize::try_from(from).unwrap_or(0);
    from..usize::try_from(to).unwrap_or(0).max(from)
}

pub(super) fn signed(line: usize) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}

/// The three texts, and what each side changed.
pub(super) struct Sides<'a> {
    pub(super) base: Lines<'a>,
    pub(super) ours: Lines<'a>,
    pub(super) theirs: Lines<'a>,
    pub(super) our_hunks: Vec<Hunk>,
    pub(super) their_hunks: Vec<Hunk>,
}

/// What of three texts is to be merged.
pub(super) enum Task<'a> {
    /// We changed nothing: the result is their text.
    TakeTheirs,
    /// They changed nothing.
    TakeOurs,
    /// Both sides changed something.
    Merge(Box<Sides<'a>>),
}

impl<'a> Task<'a> {
    pub(super) fn of(base: &'a [u8], ours: &'a [u8], theirs: &'a [u8]) -> Result<Self, BeyondGit> {
        let mut classes = Classes::default();
        let base = classes.lines(base);
        let theirs = classes.lines_like(theirs, Some(&base));
        let ours = classes.lines_like(ours, Some(&base));
        let count = classes.count();
        let our_hunks = diff(base.classes(), ours.classes(), count)?;
        if our_hunks.is_empty() {
            return Ok(Self::TakeTheirs);
        }
        let their_hunks = diff(base.classes(), theirs.classes(), count)?;
        if their_hunks.is_empty() {
            return Ok(Self::TakeOurs);
        }
        Ok(Self::Merge(Box::new(Sides {
            base,
            ours,
            theirs,
            our_hunks,
            their_hunks,
        })))
    }
}

impl Sides<'_> {
    /// Lays both sides' hunks over each other.
    pub(super) fn chunks(&self) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        let (mut ours, mut theirs) = (
            self.our_hunks.iter().peekable(),
            self.their_hunks.iter().peekable(),
        );
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

    /// Appends a chunk to `refined`, as its parts that really differ between the sides if it is a
    /// conflict. The base's lines are not divided: each part keeps them all.
    pub(super) fn refine(&self, chunk: &Chunk, refined: &mut Vec<Chunk>) -> Result<(), BeyondGit> {
        if chunk.take != Take::Conflict || chunk.our_count == 0 || chunk.their_count == 0 {
            refined.push(*chunk);
            return Ok(());
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
            ours: chunk.ours + signed(hunk.old_start),
            our_count: signed(hunk.old),
            theirs: chunk.theirs + signed(hunk.new_start),
            their_count: signed(hunk.new),
            ..*chunk
        }));
        Ok(())
    }
}

/// Joins conflicts with few lines between them.
pub(super) fn join_close(chunks: &[Chunk]) -> Vec<Chunk> {
    let mut joined: Vec<Chunk> = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        if let Some(last) = joined.last_mut()
            && last.take == Take::Conflict
            && chunk.take == Take::Conflict
            && chunk.ours - last.our_end() <= CLOSE
        {
            last.extend_to(chunk);
        } else {
            joined.push(*chunk);
        }
    }
    joined
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
        base: signed(hunk.old_start),
        base_count: signed(hunk.old),
        ours: signed(hunk.new_start),
        our_count: signed(hunk.new),
        theirs: signed(hunk.old_start) + theirs,
        their_count: signed(hunk.old),
    }
}

fn take_theirs(hunk: &Hunk, ours: Shift) -> Chunk {
    Chunk {
        take: Take::Theirs,
        base: signed(hunk.old_start),
        base_count: signed(hunk.old),
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
        base: start,
        base_count: end - start,
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
        last.extend_to(&chunk);
    } else {
        chunks.push(chunk);
    }
}
