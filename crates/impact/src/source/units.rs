//! What each part of a file mentions.

use std::collections::BTreeSet;
use std::hash::{Hash as _, Hasher as _};

use rnix::SyntaxKind::{self, *};
use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};

use super::split::{Part, Scope};

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileFacts {
    /// The file but for its other units; all of it where it has none.
    pub(crate) frame: UnitFacts,
    /// Its bindings.
    pub(crate) units: Vec<Unit>,
}

/// A binding of a large set, or one of the `let` around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unit {
    /// What it binds.
    pub(crate) names: Vec<String>,
    /// Whether the names are attributes of the file's value; if not, they are the file's own.
    pub(crate) is_public: bool,
    /// What it says.
    pub(crate) facts: UnitFacts,
}

/// What a piece of Nix says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnitFacts {
    /// A hash of its tokens; neither spaces nor comments are among them.
    pub(crate) hash: u64,
    /// The names that it mentions: variables, attributes, texts that can be names.
    pub(crate) names: BTreeSet<String>,
    /// The paths that it refers to.
    pub(crate) paths: BTreeSet<PathRef>,
}

/// A path as a file says it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum PathRef {
    /// This file, or this folder and what it imports or reads there.
    Exact(String),
    /// What is imported: this file, or this folder's `default.nix`.
    Import(String),
    /// Anything below this folder: the rest is computed.
    Below(String),
    /// A text that begins with a slash, and may have been appended to a path.
    Tail(String),
}

/// What the parts of a text say.
pub(crate) fn of(text: &str, parts: &[Part]) -> FileFacts {
    let mut readers: Vec<_> = parts.iter().map(|_| Reader::default()).collect();
    let mut frame = Reader::default();
    let mut open: Vec<usize> = Vec::new();
    let (mut next, mut offset) = (0, 0_usize);
    for (kind, token) in rnix::tokenize(text) {
        let end = |part: &usize| usize::from(parts[*part].range.end());
        while open.last().is_some_and(|part| end(part) <= offset) {
            open.pop();
        }
        while next < parts.len() && usize::from(parts[next].range.start()) <= offset {
            open.push(next);
            next += 1;
        }
        let reader = match open.last() {
            Some(part) => &mut readers[*part],
            None => &mut frame,
        };
        reader.token(kind, token);
        offset += token.len();
    }
    let unit = |(part, reader): (&Part, Reader)| {
        let mut facts = reader.finish();
        for name in &part.names {
            facts.names.remove(name);
        }
        Unit {
            names: part.names.clone(),
            is_public: part.scope == Scope::Public,
            facts,
        }
    };
    FileFacts {
        frame: frame.finish(),
        units: parts.iter().zip(readers).map(unit).collect(),
    }
}

/// Functions that import their first argument, and read nothing else of it.
const IMPORTING: &[&str] = &["import", "callPackage", "callPackages"];

#[derive(Default)]
struct Reader {
    hasher: FxHasher,
    facts: UnitFacts,
    /// The path that has just been read: what follows says what it is.
    pending: Option<String>,
    /// Whether what comes is imported.
    is_imported: bool,
    /// Whether the path that has just been read is.
    imports: bool,
    /// Whether the last token ended an interpolation, after which a path goes on.
    after_interpolation: bool,
    /// Whether a path is asked for the folder that it is in.
    asks_for_folder: bool,
}

impl Reader {
    fn token(&mut self, kind: SyntaxKind, token: &str) {
        if matches!(kind, TOKEN_WHITESPACE | TOKEN_COMMENT) {
            return;
        }
        (kind as u16, token).hash(&mut self.hasher);
        if let Some(path) = self.pending.take() {
            let goes_on = matches!(kind, TOKEN_INTERPOL_START | TOKEN_ADD);
            self.path(path, goes_on);
        }
        match kind {
            TOKEN_IDENT => self.name(token),
            TOKEN_STRING_CONTENT => self.string(token),
            TOKEN_PATH_REL if !self.after_interpolation => {
                self.pending = Some(token.to_owned());
                self.imports = self.is_imported;
            }
            _ => {}
        }
        self.is_imported = kind == TOKEN_IDENT && IMPORTING.contains(&token);
        self.after_interpolation = kind == TOKEN_INTERPOL_END;
    }

    fn name(&mut self, name: &str) {
        self.asks_for_folder |= matches!(name, "dirOf" | "unsafeGetAttrPos");
        self.facts.names.insert(name.to_owned());
    }

    /// `getAttr "foo"`, `pkgs."foo"`: a text can be a name, or several with dots between.
    fn string(&mut self, text: &str) {
        let tail = text.trim_matches('/');
        if text.starts_with('/') && !tail.is_empty() && !tail.contains(char::is_whitespace) {
            self.facts.paths.insert(PathRef::Tail(tail.to_owned()));
        }
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-'+.".contains(&byte);
        if text.len() <= 100 && text.bytes().all(is_name) {
            self.facts.names.insert(text.to_owned());
            let parts = text.split('.').filter(|part| !part.is_empty());
            self.facts.names.extend(parts.map(ToOwned::to_owned));
        }
    }

    fn path(&mut self, path: String, goes_on: bool) {
        let path_ref = match (goes_on, path.rsplit_once('/')) {
            (false, _) if self.imports => PathRef::Import(path),
            (false, _) => PathRef::Exact(path),
            (true, Some((folder, last))) if !matches!(last, "." | "..") => {
                PathRef::Below(folder.to_owned())
            }
            (true, _) => PathRef::Below(path),
        };
        self.facts.paths.insert(path_ref);
    }

    fn finish(mut self) -> UnitFacts {
        if let Some(path) = self.pending.take() {
            self.path(path, false);
        }
        if self.asks_for_folder {
            let folder = |path: &PathRef| match path {
                PathRef::Exact(path) | PathRef::Import(path) => {
                    let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
                    Some(PathRef::Below(folder.to_owned()))
                }
                PathRef::Below(_) | PathRef::Tail(_) => None,
            };
            let folders: Vec<_> = self.facts.paths.iter().filter_map(folder).collect();
            self.facts.paths.extend(folders);
        }
        self.facts.hash = self.hasher.finish();
        self.facts
    }
}

#[cfg(test)]
mod tests {
    use super::PathRef::{self, *};
    use crate::source::facts;

    fn paths(text: &str) -> Vec<PathRef> {
        let facts = facts("a.nix", text.as_bytes()).unwrap();
        facts.frame.paths.into_iter().collect()
    }

    #[test]
    fn every_way_to_write_a_path_is_known_or_wide() {
        let exact = |path: &str| vec![Exact(path.to_owned())];
        let below = |path: &str| vec![Below(path.to_owned())];
        let import = |path: &str| vec![Import(path.to_owned())];
        assert_eq!(paths("import ./a.nix {}"), import("./a.nix"));
        assert_eq!(paths("callPackage ../a/b { }"), import("../a/b"));
        assert_eq!(paths("f ../a/b"), exact("../a/b"));
        assert_eq!(paths("{ src = ./.; }"), exact("./."));
        assert_eq!(paths("import ./a/${x}/c.nix"), below("./a"));
        assert_eq!(paths("import (./a + \".nix\")"), below("."));
        assert_eq!(paths("import (./. + x)"), below("./."));
        assert_eq!(paths("\"${./a}/b\"").first(), exact("./a").first());
        assert!(paths("dirOf ./a/b.nix").contains(&Below("./a".to_owned())));
        let appended = paths("import (path + \"/pkgs/a.nix\")");
        assert_eq!(appended, [Tail("pkgs/a.nix".to_owned())]);
    }

    #[test]
    fn names_are_found_in_texts_too() {
        let facts = facts(
            "a.nix",
            b"{ a, b ? 1 }: c.d (getAttr \"e.f\" g) \"${h}\" \"not these\"",
        )
        .unwrap();
        let names: Vec<_> = facts.frame.names.iter().map(String::as_str).collect();
        assert_eq!(
            names,
            ["a", "b", "c", "d", "e", "e.f", "f", "g", "getAttr", "h"]
        );
    }

    #[test]
    fn comments_and_spaces_change_nothing() {
        let hash = |text: &str| facts("a.nix", text.as_bytes()).unwrap().frame.hash;
        assert_eq!(hash("a b"), hash("# why\na\n  b /* c */"));
        assert_ne!(hash("a b"), hash("ab"));
        assert_ne!(hash("\"a b\""), hash("\"a  b\""));
    }
}
