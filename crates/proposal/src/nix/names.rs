//! Which names a Nix file uses without giving them a meaning, and which it gives two.

use std::collections::{BTreeSet, HashMap};

use rnix::{NodeOrToken, SyntaxKind::*, SyntaxNode};

/// What is to be said against the names of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// Used where nothing binds them, not even a `with`. Builtins are among them.
    pub(crate) unbound: BTreeSet<String>,
    /// Bound twice in one set, `let` or pattern, which Nix refuses.
    pub(crate) twice: BTreeSet<String>,
}

impl Names {
    pub(crate) fn of(tree: &SyntaxNode) -> Self {
        let mut walk = Walk::default();
        walk.expression(tree);
        walk.found
    }
}

#[derive(Default)]
struct Walk {
    found: Names,
    /// How many of the scopes around bind a name.
    bound: HashMap<String, usize>,
    /// How many `with` are around.
    withs: usize,
}

impl Walk {
    fn expression(&mut self, node: &SyntaxNode) {
        match node.kind() {
            NODE_IDENT => self.usage(name(node)),
            NODE_ATTRPATH => {
                let computed = |part: &SyntaxNode| part.kind() != NODE_IDENT;
                node.children()
                    .filter(computed)
                    .for_each(|part| self.parts(&part));
            }
            NODE_LAMBDA => self.lambda(node),
            NODE_ATTR_SET => self.bindings(node, is_recursive(node)),
            NODE_LET_IN | NODE_LEGACY_LET => self.bindings(node, true),
            NODE_WITH => self.with(node),
            _ => self.parts(node),
        }
    }

    fn parts(&mut self, node: &SyntaxNode) {
        node.children().for_each(|part| self.expression(&part));
    }

    fn usage(&mut self, name: String) {
        if self.withs == 0 && self.bound.get(&name).is_none_or(|count| *count == 0) {
            self.found.unbound.insert(name);
        }
    }

    fn within(&mut self, names: &[String], walk: impl FnOnce(&mut Self)) {
        for name in names {
            *self.bound.entry(name.clone()).or_default() += 1;
        }
        walk(self);
        for name in names {
            self.bound
                .entry(name.clone())
                .and_modify(|count| *count -= 1);
        }
    }

    fn lambda(&mut self, node: &SyntaxNode) {
        let mut parts = node.children();
        let Some(parameter) = parts.next() else {
            return;
        };
        let names = parameters(&parameter);
        self.no_name_twice(&names);
        self.within(&names, |walk| {
            let defaults = parameter
                .children()
                .filter(|part| part.kind() == NODE_PAT_ENTRY);
            for default in defaults.flat_map(|entry| entry.children().skip(1)) {
                walk.expression(&default);
            }
            parts.for_each(|body| walk.expression(&body));
        });
    }

    fn with(&mut self, node: &SyntaxNode) {
        let mut parts = node.children();
        if let Some(scope) = parts.next() {
            self.expression(&scope);
        }
        self.withs += 1;
        parts.for_each(|body| self.expression(&body));
        self.withs -= 1;
    }

    /// A set or a `let`; with `recursive`, its own names count in it.
    fn bindings(&mut self, node: &SyntaxNode, recursive: bool) {
        self.no_name_twice(&paths(node));
        let inherited = node.children().filter(is_plain_inherit);
        for part in inherited.flat_map(|inherit| inherit.children()) {
            self.expression(&part);
        }
        let own = if recursive { heads(node) } else { Vec::new() };
        self.within(&own, |walk| {
            for part in node.children().filter(|part| !is_plain_inherit(part)) {
                match part.kind() {
                    NODE_INHERIT => part
                        .children()
                        .filter(|part| part.kind() == NODE_INHERIT_FROM)
                        .for_each(|from| walk.parts(&from)),
                    NODE_ATTRPATH_VALUE => walk.parts(&part),
                    _ => walk.expression(&part),
                }
            }
        });
    }

    fn no_name_twice(&mut self, names: &[String]) {
        let mut seen = BTreeSet::new();
        let twice = names.iter().filter(|name| !seen.insert(*name));
        self.found.twice.extend(twice.cloned());
    }
}

fn name(node: &SyntaxNode) -> String {
    node.text().to_string()
}

fn is_recursive(set: &SyntaxNode) -> bool {
    set.children_with_tokens()
        .any(|part| matches!(part, NodeOrToken::Token(token) if token.kind() == TOKEN_REC))
}

/// Whether this is an `inherit` of names from around.
fn is_plain_inherit(node: &SyntaxNode) -> bool {
    node.kind() == NODE_INHERIT && node.children().all(|part| part.kind() != NODE_INHERIT_FROM)
}

fn parameters(node: &SyntaxNode) -> Vec<String> {
    match node.kind() {
        NODE_IDENT_PARAM => vec![name(node)],
        _ => node
            .children()
            .filter_map(|part| match part.kind() {
                NODE_PAT_ENTRY | NODE_PAT_BIND => part.children().next().map(|part| name(&part)),
                _ => None,
            })
            .collect(),
    }
}

/// The paths that a set or `let` binds, as they are written.
fn paths(node: &SyntaxNode) -> Vec<String> {
    node.children()
        .flat_map(|part| match part.kind() {
            NODE_ATTRPATH_VALUE => part
                .children()
                .filter(|part| part.kind() == NODE_ATTRPATH)
                .map(|path| name(&path))
                .collect(),
            NODE_INHERIT => inherited(&part),
            _ => Vec::new(),
        })
        .collect()
}

/// The names that a set or `let` binds: the first of each path.
fn heads(node: &SyntaxNode) -> Vec<String> {
    node.children()
        .flat_map(|part| match part.kind() {
            NODE_ATTRPATH_VALUE => part
                .children()
                .filter(|part| part.kind() == NODE_ATTRPATH)
                .filter_map(|path| path.children().next())
                .map(|head| name(&head))
                .collect(),
            NODE_INHERIT => inherited(&part),
            _ => Vec::new(),
        })
        .collect()
}

fn inherited(node: &SyntaxNode) -> Vec<String> {
    let idents = node.children().filter(|part| part.kind() == NODE_IDENT);
    idents.map(|ident| name(&ident)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nix::parse;

    fn names(text: &str) -> (Vec<String>, Vec<String>) {
        let names = Names::of(&parse(text.as_bytes()).expect("a Nix text"));
        (
            names.unbound.into_iter().collect(),
            names.twice.into_iter().collect(),
        )
    }

    fn unbound(text: &str) -> String {
        names(text).0.join(" ")
    }

    #[test]
    fn functions_bind_their_parameters() {
        assert_eq!(unbound("{ a, b ? a }@all: x: a + b + x + all.c + d"), "d");
        assert_eq!(unbound("{ a ? b }: a"), "b");
    }

    #[test]
    fn sets_bind_only_if_they_are_recursive() {
        assert_eq!(unbound("{ a = 1; b = a; }"), "a");
        assert_eq!(unbound("rec { a = 1; b = \"x-${a}\"; }"), "");
        assert_eq!(unbound("let a.b = 1; in a.b + c.d"), "c");
    }

    #[test]
    fn inherited_names_are_from_around() {
        assert_eq!(unbound("rec { inherit a; b = a; }"), "a");
        assert_eq!(unbound("let inherit (lib) a; in a"), "lib");
    }

    #[test]
    fn nothing_is_unbound_under_a_with() {
        assert_eq!(unbound("with lib; { a = licenses.mit; }"), "lib");
    }

    #[test]
    fn names_bound_twice_are_found() {
        assert_eq!(names("{ a = 1; b.c = 2; inherit a; b.d = 3; }").1, ["a"]);
        assert_eq!(names("{ a, b, a }: 1").1, ["a"]);
    }
}
