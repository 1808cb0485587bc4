//! The text of a graft, as far as it can be told: what replaces what, from the binding of the
//! library in the list of all packages.

use rnix::SyntaxKind::{NODE_ATTRPATH_VALUE, NODE_INHERIT, TOKEN_PATH_REL};
use rnix::ast::{AstNode, Attr, AttrpathValue, Inherit};
use rnix::{NodeOrToken, SyntaxNode, SyntaxToken};

use crate::nix;

/// Where the list of all packages is: its paths are relative to this folder.
const LIST_FOLDER: &str = "pkgs/top-level";
/// From the file of a graft's attribute, `pkgs/by-name/ch/NAME/package.nix`, to `pkgs`.
const TO_PKGS: &str = "../../../";
/// More than so many packages of one folder are not listed.
const MAX_PAIRS: usize = 12;

/// A graft's text, to be looked at by a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraftText {
    /// The package's folder: `pkgs/development/libraries/openssl`.
    pub folder: String,
    /// A list of `{ old; new; }`, in which `graft` is that folder with the fix.
    pub text: String,
}

/// What a change of these files would be as a graft, by the list of all packages
/// (`pkgs/top-level/all-packages.nix`). `None` where no package's folder is found, or it is bound in
/// a way that is not understood.
pub fn graft_text(all_packages: &[u8], changed: &[&str]) -> Option<GraftText> {
    let root = nix::parse(all_packages)?;
    let tokens = root
        .descendants_with_tokens()
        .filter_map(NodeOrToken::into_token);
    let paths = tokens.filter(|token| token.kind() == TOKEN_PATH_REL);
    let bound: Vec<_> = paths
        .filter_map(|token| Some((resolved(token.text())?, token)))
        .collect();
    let is_bound = |folder: &str| bound.iter().any(|(path, _)| is_of(path, folder));
    let folder = changed
        .iter()
        .find_map(|file| ancestors(file).find(|dir| is_bound(dir) || is_by_name(dir)))?;
    let mut pairs: Vec<_> = bound
        .iter()
        .filter(|(path, _)| is_of(path, folder))
        .flat_map(|(_, token)| pairs(token, folder))
        .collect();
    if pairs.is_empty() && is_by_name(folder) {
        let name = folder.rsplit('/').next()?;
        let new = "callPackage (graft + \"/package.nix\") { }".to_owned();
        pairs.push((name.to_owned(), new));
    }
    pairs.truncate(MAX_PAIRS);
    (!pairs.is_empty()).then(|| GraftText {
        folder: folder.to_owned(),
        text: text(&pairs),
    })
}

/// Whether a text is one whole expression of Nix, and no more.
///
/// # Errors
/// What is wrong with it, for a person.
pub fn check_expression(text: &str) -> Result<(), String> {
    if !nix::is_bounded(text) {
        return Err("it is nested too deep".to_owned());
    }
    let parse = rnix::Root::parse(text);
    if let Some(error) = parse.errors().first() {
        return Err(error.to_string());
    }
    match parse.tree().expr() {
        Some(_) => Ok(()),
        None => Err("it is empty".to_owned()),
    }
}

fn text(pairs: &[(String, String)]) -> String {
    let mut text = "[\n".to_owned();
    for (old, new) in pairs {
        let new = new.replace('\n', "\n  ");
        text += &format!("  {{\n    old = {old};\n    new = {new};\n  }}\n");
    }
    text + "]\n"
}

/// The folders that a file is in, the nearest first, below `pkgs`.
fn ancestors(file: &str) -> impl Iterator<Item = &str> {
    let cuts = file.rmatch_indices('/').map(|(at, _)| &file[..at]);
    cuts.filter(|folder| folder.starts_with("pkgs/") && *folder != LIST_FOLDER)
}

/// Whether a folder is a package's of its own name, which needs no binding.
fn is_by_name(folder: &str) -> bool {
    folder.starts_with("pkgs/by-name/") && folder.matches('/').count() == 3
}

/// Whether a path is a folder, or a file right in it.
fn is_of(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    rest.is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix('/').is_some_and(|it| !it.contains('/'))
    })
}

/// A relative path of the list, from the tree's root.
fn resolved(path: &str) -> Option<String> {
    let mut parts: Vec<_> = LIST_FOLDER.split('/').collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The attributes that a path's binding gives, each with what it would be by the graft.
fn pairs(token: &SyntaxToken, folder: &str) -> Vec<(String, String)> {
    let is_binding = |node: &SyntaxNode| matches!(node.kind(), NODE_ATTRPATH_VALUE | NODE_INHERIT);
    let mut bindings = token.parent_ancestors().filter(is_binding);
    let (Some(binding), None) = (bindings.next(), bindings.next()) else {
        return Vec::new();
    };
    if let Some(value) = cast::<AttrpathValue>(&binding) {
        let pair = || {
            let mut names = value.attrpath()?.attrs();
            let (Some(Attr::Ident(name)), None) = (names.next(), names.next()) else {
                return None;
            };
            let new = rewritten(&value.value()?, folder)?;
            Some((name.to_string(), new))
        };
        return pair().into_iter().collect();
    }
    let inherited = || {
        let inherit = cast::<Inherit>(&binding)?;
        let from = inherit.from()?;
        let set = rewritten(&from.expr()?, folder)?;
        let names = inherit.attrs().filter_map(|attr| match attr {
            Attr::Ident(name) => Some(name.to_string()),
            Attr::Dynamic(_) | Attr::Str(_) => None,
        });
        let pair = |name: String| (name.clone(), format!("({set}).{name}"));
        Some(names.map(pair).collect())
    };
    inherited().unwrap_or_default()
}

fn cast<N: AstNode>(node: &SyntaxNode) -> Option<N> {
    N::cast(node.clone())
}

/// An expression of the list as it is to stand in the graft's file; `None` where it has a path that
/// is put together.
fn rewritten(expression: &impl AstNode, folder: &str) -> Option<String> {
    let mut text = String::new();
    for token in expression
        .syntax()
        .descendants_with_tokens()
        .filter_map(NodeOrToken::into_token)
    {
        if token.kind() != TOKEN_PATH_REL {
            text += token.text();
            continue;
        }
        if token.parent()?.children_with_tokens().count() != 1 {
            return None;
        }
        let path = resolved(token.text())?;
        match path.strip_prefix(folder) {
            Some("") => text += "graft",
            Some(rest) if rest.starts_with('/') => text += &format!("(graft + \"{rest}\")"),
            Some(_) | None => match path.strip_prefix("pkgs/") {
                Some(rest) => text += &format!("{TO_PKGS}{rest}"),
                None => text += &format!("{TO_PKGS}../{path}"),
            },
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "{ lib }: res: pkgs: super: with pkgs; {
  zlib = callPackage ../development/libraries/zlib {
    patches = [ ./zlib.patch ];
    stdenv = res.stdenv;
  };
  zlib-ng = callPackage ../development/libraries/zlib-ng { };
  inherit (callPackages ../development/libraries/openssl { }) openssl_1_1 openssl_3;
  nginxStable = callPackage ../servers/http/nginx/stable.nix { inherit openssl_3; };
  nginx = nginxStable;
  nested = { zlib = callPackage ../development/libraries/zlib { }; };
  odd = callPackage ../odd/${version} { };
}
";

    fn of(changed: &[&str]) -> String {
        match graft_text(LIST.as_bytes(), changed) {
            Some(found) => format!("{}\n{}", found.folder, found.text),
            None => "nothing".to_owned(),
        }
    }

    #[test]
    fn a_binding_is_rewritten_for_the_folder_beside_it() {
        insta::assert_snapshot!(of(&["doc/x.md", "pkgs/development/libraries/zlib/default.nix"]), @"
        pkgs/development/libraries/zlib
        [
          {
            old = zlib;
            new = callPackage graft {
              patches = [ ../../../top-level/zlib.patch ];
              stdenv = res.stdenv;
            };
          }
        ]
        ");
    }

    #[test]
    fn attributes_that_are_inherited_are_replaced_one_by_one() {
        insta::assert_snapshot!(of(&["pkgs/development/libraries/openssl/3.4/x.patch"]), @"
        pkgs/development/libraries/openssl
        [
          {
            old = openssl_1_1;
            new = (callPackages graft { }).openssl_1_1;
          }
          {
            old = openssl_3;
            new = (callPackages graft { }).openssl_3;
          }
        ]
        ");
    }

    #[test]
    fn a_file_in_the_folder_and_a_package_by_name() {
        insta::assert_snapshot!(of(&["pkgs/servers/http/nginx/stable.nix"]), @r#"
        pkgs/servers/http/nginx
        [
          {
            old = nginxStable;
            new = callPackage (graft + "/stable.nix") { inherit openssl_3; };
          }
        ]
        "#);
        insta::assert_snapshot!(of(&["pkgs/by-name/cu/curl/package.nix"]), @r#"
        pkgs/by-name/cu/curl
        [
          {
            old = curl;
            new = callPackage (graft + "/package.nix") { };
          }
        ]
        "#);
    }

    #[test]
    fn what_is_not_understood_is_left_to_people() {
        for changed in [
            &["nixos/modules/x.nix"][..],
            &["pkgs/top-level/all-packages.nix"],
            &["pkgs/odd/x/default.nix"],
            &["pkgs/by-name/cu"],
        ] {
            assert_eq!(of(changed), "nothing", "{changed:?}");
        }
        assert_eq!(graft_text(b"{ broken", &["pkgs/by-name/cu/curl/x"]), None);
    }

    #[test]
    fn an_expression_is_whole_and_alone() {
        assert_eq!(check_expression("{ a = 1; } # so\n"), Ok(()));
        for bad in [
            "",
            "# nothing",
            "{ a = 1;",
            "1 ) ( 2",
            "{ } ; x",
            "''a",
            "{}}: {",
        ] {
            assert!(check_expression(bad).is_err(), "{bad:?}");
        }
        assert!(check_expression(&"[".repeat(100_000)).is_err());
    }
}
