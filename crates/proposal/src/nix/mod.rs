//! What a Nix file says, as far as merging it needs to know.

pub(crate) mod brackets;
mod depth;
pub(crate) mod names;
pub(crate) mod statements;
pub(crate) mod tokens;
pub(crate) mod units;

use std::ops::Range;

pub use self::depth::is_bounded;

use rnix::{Root, SyntaxNode, TextRange};

/// Files above this size are merged by lines alone: a tree takes some thirty times their size.
const MAX_SIZE: usize = 8 * 1024 * 1024;

/// The syntax tree of a text that is Nix and has no error.
pub(crate) fn parse(text: &[u8]) -> Option<SyntaxNode> {
    if text.len() > MAX_SIZE {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    if !is_bounded(text) {
        return None;
    }
    let parse = Root::parse(text);
    parse.errors().is_empty().then(|| parse.syntax())
}

/// Which bytes of the text these are.
fn bytes(range: TextRange) -> Range<usize> {
    range.start().into()..range.end().into()
}
