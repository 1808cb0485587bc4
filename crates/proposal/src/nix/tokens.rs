//! The tokens of a text: what a merge finer than lines neither divides nor blends.

use std::ops::Range;

use rnix::{
    NodeOrToken,
    SyntaxKind::{self, *},
    SyntaxNode, SyntaxToken,
};

use super::bytes;

/// Appends where the tokens of a tree are that begin in `within`, in order. An expression in one
/// line without lists, sets, functions or blanks in strings is one token, so that a version, a
/// hash, an address or an element of a list is never made of two sides' halves.
pub(crate) fn of_tree(
    text: &[u8],
    node: &SyntaxNode,
    within: &Range<usize>,
    tokens: &mut Vec<Range<usize>>,
) {
    for child in node.children_with_tokens() {
        let range = bytes(child.text_range());
        if range.end <= within.start {
            continue;
        }
        if range.start >= within.end {
            break;
        }
        match child {
            NodeOrToken::Node(node) if is_atom(&node) => tokens.push(range),
            NodeOrToken::Node(node) => of_tree(text, &node, within, tokens),
            NodeOrToken::Token(token) => of_token(text, &token, tokens),
        }
    }
    // What begins before, such as a string of several lines, has parts that do not.
    tokens.retain(|token| token.start >= within.start && token.start < within.end);
}

/// Appends the tokens of a text of which nothing is known: words, and all else by itself.
pub(crate) fn of_words(text: &[u8], within: Range<usize>, tokens: &mut Vec<Range<usize>>) {
    let mut at = within.start;
    while at < within.end {
        let length = match text[at] {
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            byte if is_word(byte) => text[at..within.end]
                .iter()
                .take_while(|byte| is_word(**byte))
                .count(),
            _ => 1,
        };
        tokens.push(at..at + length);
        at += length;
    }
}

/// Of the bytes of a word; dots and dashes too, so that a version is one.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'_' | b'.' | b'+' | b'-')
}

fn of_token(text: &[u8], token: &SyntaxToken, tokens: &mut Vec<Range<usize>>) {
    let range = bytes(token.text_range());
    match token.kind() {
        TOKEN_WHITESPACE => {}
        TOKEN_STRING_CONTENT => of_words(text, range, tokens),
        TOKEN_COMMENT => lines(text, range, tokens),
        _ => tokens.push(range),
    }
}

/// A comment's lines.
fn lines(text: &[u8], comment: Range<usize>, tokens: &mut Vec<Range<usize>>) {
    let mut at = comment.start;
    for line in text[comment].split_inclusive(|byte| *byte == b'\n') {
        let trimmed = line.trim_ascii_start();
        let start = at + line.len() - trimmed.len();
        let end = start + trimmed.trim_ascii_end().len();
        if start < end {
            tokens.push(start..end);
        }
        at += line.len();
    }
}

/// Whether an expression is one token.
fn is_atom(node: &SyntaxNode) -> bool {
    may_be_atom(node.kind())
        && node.descendants_with_tokens().all(|part| match part {
            NodeOrToken::Node(node) => may_be_in_atom(node.kind()),
            NodeOrToken::Token(token) => match token.kind() {
                TOKEN_WHITESPACE => !token.text().contains('\n'),
                TOKEN_STRING_CONTENT => !token.text().contains(char::is_whitespace),
                TOKEN_STRING_START => token.text() != "''",
                TOKEN_COMMENT | TOKEN_CONCAT | TOKEN_UPDATE => false,
                _ => true,
            },
        })
}

fn may_be_atom(kind: SyntaxKind) -> bool {
    !matches!(kind, NODE_ROOT | NODE_INHERIT_FROM | NODE_PAT_BIND)
}

fn may_be_in_atom(kind: SyntaxKind) -> bool {
    !matches!(
        kind,
        NODE_LIST
            | NODE_ATTR_SET
            | NODE_LAMBDA
            | NODE_LET_IN
            | NODE_LEGACY_LET
            | NODE_IF_ELSE
            | NODE_ASSERT
            | NODE_ATTRPATH_VALUE
            | NODE_INHERIT
            | NODE_PATTERN
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nix::parse;

    fn tokens(text: &str) -> Vec<&str> {
        let tree = parse(text.as_bytes()).expect("a Nix text");
        let mut found = Vec::new();
        of_tree(text.as_bytes(), &tree, &(0..text.len()), &mut found);
        found.into_iter().map(|token| &text[token]).collect()
    }

    #[test]
    fn values_and_elements_are_whole() {
        assert_eq!(
            tokens("{ url = \"mirror://${name}.tar\"; p = with lib; [ a.b \"x y\" ./c.patch ]; }"),
            [
                "{",
                "url",
                "=",
                "\"mirror://${name}.tar\"",
                ";",
                "p",
                "=",
                "with",
                "lib",
                ";",
                "[",
                "a.b",
                "\"",
                "x",
                "y",
                "\"",
                "./c.patch",
                "]",
                ";",
                "}"
            ]
        );
    }

    #[test]
    fn strings_of_several_lines_are_words_and_comments_are_lines() {
        assert_eq!(
            tokens("{ /* a b\n   c */ s = ''\n  ln -s v1.2\n''; }"),
            [
                "{", "/* a b", "c */", "s", "=", "''", "ln", "-s", "v1.2", "''", ";", "}"
            ]
        );
    }

    #[test]
    fn a_part_of_a_text_has_the_tokens_that_begin_there() {
        let text = "{\n  a = ''\n    one\n    two\n  '';\n}\n";
        let tree = parse(text.as_bytes()).expect("a Nix text");
        let mut found = Vec::new();
        let line = text.find("    two").expect("a line");
        of_tree(text.as_bytes(), &tree, &(line..line + 8), &mut found);
        let found: Vec<_> = found.into_iter().map(|token| &text[token]).collect();
        assert_eq!(found, ["two"]);
    }
}
