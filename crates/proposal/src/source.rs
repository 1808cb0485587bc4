//! A text in lines, and what those lines say.

use std::ops::Range;

use rnix::SyntaxNode;

use crate::nix::{
    statements::{Statement, statements},
    tokens,
};

/// One side's version of a file.
pub(crate) struct Source<'a> {
    text: &'a [u8],
    /// Where each line starts, and where the last one ends.
    starts: Vec<usize>,
    tree: Option<SyntaxNode>,
}

/// A token with the blanks before it. The last one of some lines is empty: their last blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) blank: &'a [u8],
    pub(crate) text: &'a [u8],
}

impl<'a> Source<'a> {
    /// A text with its syntax tree, if it is to be merged as Nix.
    pub(crate) fn new(text: &'a [u8], tree: Option<SyntaxNode>) -> Self {
        let mut starts = vec![0];
        let mut at = 0;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            at += line.len();
            starts.push(at);
        }
        Self { text, starts, tree }
    }

    pub(crate) fn text(&self) -> &'a [u8] {
        self.text
    }

    pub(crate) fn tree(&self) -> Option<&SyntaxNode> {
        self.tree.as_ref()
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Where in the text these lines are.
    pub(crate) fn bytes(&self, lines: &Range<usize>) -> Range<usize> {
        self.starts[lines.start]..self.starts[lines.end]
    }

    /// The lines that these bytes touch.
    pub(crate) fn lines_of(&self, bytes: &Range<usize>) -> Range<usize> {
        let start = self.starts.partition_point(|start| *start <= bytes.start);
        let end = self.starts.partition_point(|start| *start < bytes.end);
        start.saturating_sub(1)..end.min(self.len()).max(start.saturating_sub(1))
    }

    pub(crate) fn lines(&self, lines: &Range<usize>) -> &'a [u8] {
        &self.text[self.bytes(lines)]
    }

    pub(crate) fn line(&self, line: usize) -> &'a [u8] {
        self.lines(&(line..line + 1))
    }

    /// The lines with each run of blanks as one, and none at their ends: what to compare them by.
    pub(crate) fn keys(&self, lines: &Range<usize>) -> Vec<Vec<u8>> {
        lines.clone().map(|line| key(self.line(line))).collect()
    }

    /// How many blank lines there are right before this one.
    pub(crate) fn blank_before(&self, line: usize) -> usize {
        let is_blank = |line: &usize| self.line(*line).trim_ascii().is_empty();
        (0..line).rev().take_while(is_blank).count()
    }

    /// How many blank lines there are from this one on.
    pub(crate) fn blank_from(&self, line: usize) -> usize {
        let is_blank = |line: &usize| self.line(*line).trim_ascii().is_empty();
        (line..self.len()).take_while(is_blank).count()
    }

    pub(crate) fn tokens(&self, lines: &Range<usize>) -> Vec<Token<'a>> {
        self.tokens_in(&self.bytes(lines))
    }

    pub(crate) fn tokens_in(&self, within: &Range<usize>) -> Vec<Token<'a>> {
        let mut found = Vec::new();
        match &self.tree {
            Some(tree) => tokens::of_tree(self.text, tree, within, &mut found),
            None => tokens::of_words(self.text, within.clone(), &mut found),
        }
        let mut at = within.start;
        let mut tokens = Vec::with_capacity(found.len() + 1);
        for token in found {
            let end = token.end.min(within.end);
            tokens.push(Token {
                blank: &self.text[at..token.start],
                text: &self.text[token.start..end],
            });
            at = end;
        }
        tokens.push(Token {
            blank: &self.text[at..within.end],
            text: b"",
        });
        tokens
    }

    /// The statements that these lines are made of, if they are made of whole ones.
    pub(crate) fn statements(&self, lines: &Range<usize>) -> Option<Vec<Statement>> {
        statements(self.text, self.tree.as_ref()?, &self.bytes(lines))
    }
}

/// A text with each run of blanks as one, and none at its ends.
pub(crate) fn key(text: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(text.len());
    let words = text
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    for word in words {
        if !key.is_empty() {
            key.push(b' ');
        }
        key.extend_from_slice(word);
    }
    key
}

/// What tokens are compared by.
pub(crate) fn texts<'a>(tokens: &[Token<'a>]) -> Vec<&'a [u8]> {
    tokens.iter().map(|token| token.text).collect()
}
