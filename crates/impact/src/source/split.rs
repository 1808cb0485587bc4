//! Splits a file that is a large set into its bindings.

use rnix::{Root, SyntaxKind::*, SyntaxNode, TextRange};

/// Smaller sets are not split: their bindings are called `src` and `version`, and everybody mentions
/// these names.
pub(crate) const LARGE: usize = 20;

/// Functions that return the set that they get, as far as its names go.
const TRANSPARENT: &[&str] = &[
    "doNotDisplayTwice",
    "dontRecurseIntoAttrs",
    "extends",
    "fix",
    "fix'",
    "makeExtensible",
    "makeExtensibleWithCustomName",
    "makeOverridable",
    "makeScope",
    "mapAliases",
    "mapAttrs",
    "recurseIntoAttrs",
];

/// One binding, or one `inherit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) scope: Scope,
    /// What it binds.
    pub(crate) names: Vec<String>,
    /// Where it is, in bytes.
    pub(crate) range: TextRange,
}

/// Who can use what is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// An attribute of the file's value: anybody.
    Public,
    /// Bound by `let`: the file.
    Private,
}

/// The parts of a text, outer ones before inner ones; none where it is no large set.
pub(crate) fn parts(text: &str) -> Vec<Part> {
    // What has fewer assignments has fewer bindings, and most files need not be parsed.
    if memchr_count(text) < LARGE && !text.contains("inherit") {
        return Vec::new();
    }
    let parse = Root::parse(text);
    if !parse.errors().is_empty() {
        return Vec::new();
    }
    let mut parts = Vec::new();
    for child in parse.syntax().children() {
        spine(&child, &mut parts);
    }
    if public(&parts) < LARGE {
        parts.clear();
    }
    parts
}

fn memchr_count(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'=').count()
}

fn public(parts: &[Part]) -> usize {
    let public = parts.iter().filter(|part| part.scope == Scope::Public);
    public.map(|part| part.names.len()).sum()
}

/// Follows the expressions whose value is the file's.
fn spine(node: &SyntaxNode, parts: &mut Vec<Part>) {
    match node.kind() {
        NODE_LAMBDA | NODE_WITH | NODE_ASSERT => {
            if let Some(body) = node.last_child() {
                spine(&body, parts);
            }
        }
        NODE_PAREN => node.children().for_each(|it| spine(&it, parts)),
        NODE_BIN_OP if is_update(node) => node.children().for_each(|it| spine(&it, parts)),
        // The set is the last argument; what is done with each of its values comes before.
        NODE_APPLY if is_transparent(node) => {
            if let Some(set) = node.last_child() {
                spine(&set, parts);
            }
        }
        NODE_ATTR_SET => bindings(node, Scope::Public, parts),
        NODE_LET_IN => {
            bindings(node, Scope::Private, parts);
            if let Some(body) = node.last_child() {
                spine(&body, parts);
            }
        }
        _ => {}
    }
}

fn is_update(node: &SyntaxNode) -> bool {
    node.children_with_tokens()
        .any(|it| it.kind() == TOKEN_UPDATE)
}

fn is_transparent(apply: &SyntaxNode) -> bool {
    let Some(function) = apply.first_child() else {
        return false;
    };
    match function.kind() {
        NODE_APPLY => is_transparent(&function),
        NODE_IDENT | NODE_SELECT => {
            let name = function.last_token().map(|it| it.text().to_owned());
            name.is_some_and(|name| TRANSPARENT.contains(&name.as_str()))
        }
        _ => false,
    }
}

fn bindings(set: &SyntaxNode, scope: Scope, parts: &mut Vec<Part>) {
    for node in set.children() {
        let names = match node.kind() {
            NODE_ATTRPATH_VALUE => node
                .first_child()
                .and_then(|path| path.first_child())
                .and_then(|name| static_name(&name))
                .into_iter()
                .collect(),
            NODE_INHERIT => node.children().filter_map(|it| static_name(&it)).collect(),
            _ => continue,
        };
        // A computed name may be any: it stays with the rest of the file.
        if Vec::is_empty(&names) {
            continue;
        }
        let range = node.text_range();
        parts.push(Part {
            scope,
            names,
            range,
        });
        if node.kind() == NODE_ATTRPATH_VALUE {
            inner(&node, parts);
        }
    }
}

/// Splits a binding whose value is a large set itself, as in `let self = { .. }; in self`.
fn inner(binding: &SyntaxNode, parts: &mut Vec<Part>) {
    let mut found = Vec::new();
    if let Some(value) = binding.last_child() {
        spine(&value, &mut found);
    }
    if public(&found) >= LARGE {
        parts.append(&mut found);
    }
}

fn static_name(node: &SyntaxNode) -> Option<String> {
    match node.kind() {
        NODE_IDENT => Some(node.text().to_string()),
        NODE_STRING if node.children().next().is_none() => {
            let text = node.text().to_string();
            Some(text.trim_matches('"').to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(extra: &str) -> String {
        let bindings: String = (0..LARGE).map(|n| format!("p{n} = {n};\n")).collect();
        format!("{bindings}{extra}")
    }

    fn names(text: &str) -> Vec<(Scope, String)> {
        let parts = parts(text).into_iter();
        let named = parts.flat_map(|it| it.names.into_iter().map(move |name| (it.scope, name)));
        named.filter(|(_, name)| !name.starts_with('p')).collect()
    }

    #[test]
    fn large_sets_are_split_wherever_they_are() {
        let set = many("a = 1; inherit (x) b c; \"d\" = 2; ${e} = 3; f.g = 4;");
        let public = ["a", "b", "c", "d", "f"].map(|it| (Scope::Public, it.to_owned()));
        for text in [
            format!("{{ {set} }}"),
            format!("{{ lib, ... }}: self: with self; rec {{ {set} }}"),
            format!("{{ lib }}: lib.mapAttrs (n: v: v // {{ s = n; }}) rec {{ {set} }}"),
            format!("x: (assert x; {{ {set} }}) // y"),
        ] {
            assert_eq!(names(&text), public, "{text}");
        }
    }

    #[test]
    fn a_set_behind_a_let_is_found() {
        let text = format!(
            "{{}}: let z = 1; self = _self // o; _self = {{ {} }}; in self",
            many("a = 1;")
        );
        let found = names(&text);
        assert!(found.contains(&(Scope::Private, "z".to_owned())));
        assert!(found.contains(&(Scope::Public, "a".to_owned())));
    }

    #[test]
    fn packages_and_small_sets_are_not_split() {
        assert!(
            parts(&format!(
                "{{ mkDerivation }}: mkDerivation {{ {} }}",
                many("")
            ))
            .is_empty()
        );
        assert!(parts("{ version = \"1\"; sha256 = \"0\"; }").is_empty());
        assert!(parts(&format!("{{ {}", many(""))).is_empty());
    }
}
