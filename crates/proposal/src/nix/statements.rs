//! The statements of a set: what is bound there, each with all that is written around it.

use std::ops::Range;

use rnix::{
    SyntaxKind::{NODE_ATTRPATH, NODE_ATTRPATH_VALUE, NODE_INHERIT, NODE_INHERIT_FROM},
    SyntaxNode,
};

use super::bytes;

/// A binding or an `inherit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    /// What is bound: a path, or `inherit` and from where.
    pub(crate) key: String,
    /// The statement with the comments and blank lines before it, to the end of its last line or
    /// to the next statement in there.
    pub(crate) bytes: Range<usize>,
    /// The value that a binding gives.
    pub(crate) value: Option<SyntaxNode>,
}

/// The statements that `within` is made of, nothing if it has anything else, such as a part of one.
pub(crate) fn statements(
    text: &[u8],
    tree: &SyntaxNode,
    within: &Range<usize>,
) -> Option<Vec<Statement>> {
    let mut nodes = Vec::new();
    collect(tree, within, &mut nodes);
    let set = nodes.first()?.parent()?;
    let same_set = |node: &SyntaxNode| node.parent().is_some_and(|parent| parent == set);
    if !nodes.iter().all(same_set) {
        return None;
    }
    let mut statements = Vec::with_capacity(nodes.len());
    let mut start = within.start;
    for (index, node) in nodes.iter().enumerate() {
        let own = bytes(node.text_range());
        let next = nodes
            .get(index + 1)
            .map_or(within.end, |next| bytes(next.text_range()).start);
        let end = if index + 1 == nodes.len() {
            within.end
        } else {
            line_end(text, own.end..next)
        };
        if !only_comments(&text[start..own.start]) || !only_comments(&text[own.end..end]) {
            return None;
        }
        let key = key(node)?;
        if statements.iter().any(|other: &Statement| other.key == key) {
            return None;
        }
        statements.push(Statement {
            key,
            bytes: start..end,
            value: node
                .children()
                .nth(1)
                .filter(|_| node.kind() == NODE_ATTRPATH_VALUE),
        });
        start = end;
    }
    Some(statements)
}

/// The outermost statements that lie within.
fn collect(node: &SyntaxNode, within: &Range<usize>, found: &mut Vec<SyntaxNode>) {
    for child in node.children() {
        let range = bytes(child.text_range());
        if range.end <= within.start {
            continue;
        }
        if range.start >= within.end {
            break;
        }
        let is_statement = matches!(child.kind(), NODE_ATTRPATH_VALUE | NODE_INHERIT);
        if is_statement && within.start <= range.start && range.end <= within.end {
            found.push(child);
        } else {
            collect(&child, within, found);
        }
    }
}

fn key(node: &SyntaxNode) -> Option<String> {
    let part = |kind| node.children().find(|part| part.kind() == kind);
    match node.kind() {
        NODE_INHERIT => {
            let from = part(NODE_INHERIT_FROM);
            Some(format!(
                "inherit {}",
                from.map_or(String::new(), |from| from.to_string())
            ))
        }
        _ => Some(part(NODE_ATTRPATH)?.to_string()),
    }
}

/// Where a statement's line ends, if its rest is blank or a comment.
fn line_end(text: &[u8], rest: Range<usize>) -> usize {
    let line = text[rest.clone()]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(rest.len(), |newline| newline + 1);
    if only_comments(&text[rest.start..rest.start + line]) {
        rest.start + line
    } else {
        rest.start
    }
}

/// Whether there is nothing but blanks and comments.
fn only_comments(text: &[u8]) -> bool {
    let mut rest = text.trim_ascii_start();
    loop {
        let end = match rest {
            [] => return true,
            [b'#', ..] => rest.iter().position(|byte| *byte == b'\n'),
            [b'/', b'*', ..] => rest
                .windows(2)
                .position(|two| two == b"*/")
                .map(|start| start + 1),
            _ => return false,
        };
        rest = end.map_or(&[][..], |end| rest[end + 1..].trim_ascii_start());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nix::parse;

    /// The statements of the lines of a set.
    fn split(inner: &str) -> Option<Vec<(String, String)>> {
        let text = format!("{{\n{inner}}}\n");
        let tree = parse(text.as_bytes()).expect("a Nix text");
        let found = statements(text.as_bytes(), &tree, &(2..2 + inner.len()))?;
        let texts = found
            .into_iter()
            .map(|found| (found.key, text[found.bytes].to_owned()));
        Some(texts.collect())
    }

    fn pair(key: &str, text: &str) -> (String, String) {
        (key.to_owned(), text.to_owned())
    }

    #[test]
    fn comments_belong_to_what_follows_or_shares_their_line() {
        let inner = "  a = 1; # one\n\n  # two\n  b.c = 2;\n  inherit (x) y;\n";
        assert_eq!(
            split(inner).expect("statements"),
            [
                pair("a", "  a = 1; # one\n"),
                pair("b.c", "\n  # two\n  b.c = 2;\n"),
                pair("inherit (x)", "  inherit (x) y;\n"),
            ]
        );
    }

    #[test]
    fn statements_in_one_line_are_apart() {
        assert_eq!(
            split("  a = 1; b = 2;\n").expect("statements"),
            [pair("a", "  a = 1; "), pair("b", "b = 2;\n")]
        );
    }

    #[test]
    fn parts_of_statements_are_none() {
        let text = "{\n  a = [\n    1\n  ];\n  b = 2;\n}\n";
        let tree = parse(text.as_bytes()).expect("a Nix text");
        let within = |part: &str| {
            let start = text.find(part).expect("a part");
            statements(text.as_bytes(), &tree, &(start..start + part.len()))
        };
        assert_eq!(within("    1\n"), None);
        assert_eq!(within("    1\n  ];\n  b = 2;\n"), None);
        assert_eq!(within("  b = 2;\n").map(|found| found.len()), Some(1));
    }
}
