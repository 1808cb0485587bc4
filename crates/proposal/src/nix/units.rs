//! What identifies the sources of a package: its version, revision, hashes and addresses.
//!
//! These are one unit: a version of one side with a hash of the other builds nothing, or worse,
//! builds what nobody meant.

use std::ops::Range;

use rnix::{
    SyntaxKind::{NODE_ATTRPATH, NODE_ATTRPATH_VALUE, NODE_LIST},
    SyntaxNode,
};

use super::bytes;

/// What a member of a unit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Which sources these are: a version, a revision, a hash.
    Identity,
    /// Where they are.
    Address,
}

/// A binding that is a member of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// The path of the package in the file: empty where the file is one package.
    pub(crate) package: String,
    /// The path of the binding, and which of those with this path it is.
    pub(crate) path: (String, usize),
    pub(crate) kind: Kind,
    /// The value, as it is written.
    pub(crate) value: String,
    /// Where the binding is.
    pub(crate) bytes: Range<usize>,
}

impl Member {
    /// Whether it is the hash of a source.
    pub(crate) fn is_hash(&self) -> bool {
        let path = self.path.0.to_ascii_lowercase();
        ["hash", "sha", "md5"]
            .iter()
            .any(|hash| path.contains(hash))
    }
}

/// A package and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) path: String,
    pub(crate) bytes: Range<usize>,
}

/// All members of a file, and the bindings around them.
pub(crate) fn members(tree: &SyntaxNode) -> (Vec<Member>, Vec<Package>) {
    let mut found = (Vec::new(), Vec::new());
    collect(tree, &mut Vec::new(), &mut found);
    found
}

/// What is below a node; lists are left out, since packages in them are units without a name.
fn collect(node: &SyntaxNode, path: &mut Vec<String>, found: &mut (Vec<Member>, Vec<Package>)) {
    for child in node.children() {
        match child.kind() {
            NODE_LIST => {}
            NODE_ATTRPATH_VALUE => binding(&child, path, found),
            _ => collect(&child, path, found),
        }
    }
}

fn binding(node: &SyntaxNode, path: &mut Vec<String>, found: &mut (Vec<Member>, Vec<Package>)) {
    let mut parts = node.children();
    let (Some(keys), Some(value)) = (parts.next(), parts.next()) else {
        return;
    };
    if keys.kind() != NODE_ATTRPATH {
        return;
    }
    let depth = path.len();
    path.extend(keys.children().map(|key| key.to_string()));
    let text = value.to_string();
    if let Some(kind) = path.last().and_then(|name| kind(name, &text)) {
        let full = path.join(".");
        let before = found
            .0
            .iter()
            .filter(|member| member.path.0 == full)
            .count();
        found.0.push(Member {
            package: package(path),
            path: (full, before),
            kind,
            value: text,
            bytes: bytes(node.text_range()),
        });
    } else {
        found.1.push(Package {
            path: path.join("."),
            bytes: bytes(node.text_range()),
        });
        if value.kind() != NODE_LIST {
            collect(&value, path, found);
        }
    }
    path.truncate(depth);
}

/// The package that a binding with this path is of: its set, or the one whose `src` that is.
fn package(path: &[String]) -> String {
    let mut package = &path[..path.len() - 1];
    if let [outer @ .., last] = package
        && last.starts_with("src")
    {
        package = outer;
    }
    package.join(".")
}

fn kind(name: &str, value: &str) -> Option<Kind> {
    let name = name.to_ascii_lowercase();
    let hashes = ["hash", "md5", "sha1", "sha256", "sha512"];
    if name.ends_with("version") || hashes.iter().any(|hash| name.ends_with(hash)) {
        return Some(Kind::Identity);
    }
    match name.as_str() {
        "rev" | "tag" | "revision" | "patchlevel" => Some(Kind::Identity),
        "name" | "pname" => value
            .contains(|character: char| character.is_ascii_digit())
            .then_some(Kind::Identity),
        "url" | "urls" | "owner" | "repo" => Some(Kind::Address),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nix::parse;

    fn found(text: &str) -> Vec<(String, String, Kind)> {
        members(&parse(text.as_bytes()).expect("a Nix text"))
            .0
            .into_iter()
            .map(|member| (member.package, member.path.0, member.kind))
            .collect()
    }

    fn member(package: &str, path: &str, kind: Kind) -> (String, String, Kind) {
        (package.to_owned(), path.to_owned(), kind)
    }

    #[test]
    fn a_file_that_is_one_package() {
        let text = r#"{ fetchurl, mk }: let version = "1.2"; in mk {
            name = "a-${version}"; pname = "a"; src = fetchurl { url = "x"; sha256 = "y"; };
            patches = [ (fetchurl { url = "z"; sha256 = "w"; }) ]; meta.license = 3; }"#;
        assert_eq!(
            found(text),
            [
                member("", "version", Kind::Identity),
                member("", "src.url", Kind::Address),
                member("", "src.sha256", Kind::Identity),
            ]
        );
    }

    #[test]
    fn a_file_of_packages() {
        let text = r#"self: { a = mk { name = "a-1"; src = f { rev = "x"; }; }; b.rev = "y"; }"#;
        assert_eq!(
            found(text),
            [
                member("a", "a.name", Kind::Identity),
                member("a", "a.src.rev", Kind::Identity),
                member("b", "b.rev", Kind::Identity),
            ]
        );
    }
}
