//! What becomes of the lines in which two changes meet.
//!
//! The question is always the same: what did the pull request change, and how is that change made
//! to what stable has? It is asked of lines first; of the statements of a set where lines do not
//! answer it, then of words. The finer the parts, the more of both changes is kept, and the more
//! care is needed that what comes out still says something: `decide.rs` checks it.

mod absent;
mod account;
mod added;
mod apart;
mod lines;
mod statements;
mod words;

use std::ops::Range;

pub(crate) use lines::settle;

use crate::{rule::Rule, source::Source};

/// The three versions of a file.
pub(crate) struct Sides<'a> {
    pub(crate) base: Source<'a>,
    pub(crate) ours: Source<'a>,
    pub(crate) theirs: Source<'a>,
}

/// Lines of the three versions that correspond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) base: Range<usize>,
    pub(crate) ours: Range<usize>,
    pub(crate) theirs: Range<usize>,
}

/// A part of what becomes of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) text: Vec<u8>,
    /// The lines that it is made of.
    pub(crate) ours: Range<usize>,
    pub(crate) theirs: Range<usize>,
    /// What settled it; nothing where there was nothing to settle.
    pub(crate) rule: Option<Rule>,
    /// What there is to say beyond the rule's sentence; begins with a blank, where it is something.
    pub(crate) note: String,
}

impl Part {
    fn of(span: &Span, text: impl Into<Vec<u8>>, rule: Rule) -> Self {
        Self {
            text: text.into(),
            ours: span.ours.clone(),
            theirs: span.theirs.clone(),
            rule: Some(rule),
            note: String::new(),
        }
    }
}
