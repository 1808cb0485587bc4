//! Which jobs of a tree a channel is about.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Component, PathBuf};

use picket_domain::JobName;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::EvaluateError;

/// A file of the tree that gives jobs: derivations in nested attribute sets, as Hydra takes them
/// (`nixos/release.nix`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobSet {
    /// The file, relative to the tree's root.
    pub file: PathBuf,
    /// What the file's function is called with. Texts, numbers, lists, ..: what JSON has.
    #[serde(default)]
    pub arguments: BTreeMap<String, Value>,
    /// The attributes (dotted paths) to look into; none: the whole set. A name that has dots itself
    /// stands in quotes, as [`job_name`] writes it.
    #[serde(default)]
    pub attributes: Vec<String>,
}

impl JobSet {
    /// Whether it can be evaluated, as far as that can be told without a tree.
    ///
    /// # Errors
    /// [`EvaluateError::JobSet`] says what is wrong with its file or its attributes.
    pub fn check(&self) -> Result<(), EvaluateError> {
        self.checked_file()?;
        self.checked_attributes().map(drop)
    }

    /// The file as text, if it lies within the tree.
    ///
    /// # Errors
    /// [`EvaluateError::JobSet`] where it does not.
    pub fn checked_file(&self) -> Result<&str, EvaluateError> {
        let within = |part| matches!(part, Component::Normal(_));
        let file = self.file.to_str().unwrap_or_default();
        if file.is_empty() || !self.file.components().all(within) {
            let file = self.file.display();
            return Err(EvaluateError::JobSet(format!(
                "its file must be a path relative to the tree's root, without `..`: {file}"
            )));
        }
        Ok(file)
    }

    /// The attributes as lists of names.
    ///
    /// # Errors
    /// [`EvaluateError::JobSet`] where one is no attribute path.
    pub fn checked_attributes(&self) -> Result<Vec<Vec<String>>, EvaluateError> {
        let mut attributes = Vec::new();
        for path in &self.attributes {
            let names = attribute_path(path).ok_or_else(|| {
                EvaluateError::JobSet(format!(
                    "{path:?} is not an attribute path (names with dots between them)"
                ))
            });
            attributes.push(names?);
        }
        Ok(attributes)
    }
}

/// The name of the job at a path of attribute names, whatever those hold.
///
/// Names are written as in Nix: one that is no plain identifier is quoted, and in quotes, what a
/// job name must not hold is escaped. Different paths have different names.
pub fn job_name(path: &[String]) -> JobName {
    let mut name = String::new();
    for (at, part) in path.iter().enumerate() {
        if at > 0 {
            name.push('.');
        }
        if is_identifier(part) {
            name.push_str(part);
        } else {
            push_quoted(&mut name, part);
        }
    }
    JobName::parse_or_shorten(&name)
        .expect("quoting left neither white space nor control characters")
}

/// The names of an attribute path, as [`job_name`] writes them; `None`: it is none.
fn attribute_path(text: &str) -> Option<Vec<String>> {
    let (mut names, mut rest) = (Vec::new(), text);
    loop {
        let (name, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let (name, after) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
                (name.to_owned(), after)
            }
        };
        if name.is_empty() {
            return None;
        }
        names.push(name);
        if after.is_empty() {
            return Some(names);
        }
        rest = after.strip_prefix('.')?;
    }
}

/// A name up to its closing quote, and what is after that.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let (mut name, mut rest) = (String::new(), text);
    loop {
        let (plain, at) = rest.split_at(rest.find(['"', '\\'])?);
        name.push_str(plain);
        if let Some(after) = at.strip_prefix('"') {
            return Some((name, after));
        }
        let (code, after) = at.strip_prefix("\\u{")?.split_once('}')?;
        name.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
        rest = after;
    }
}

fn is_identifier(part: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"_-'+".contains(&b);
    let first = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    part.bytes().next().is_some_and(first) && part.bytes().all(inner)
}

fn push_quoted(name: &mut String, part: &str) {
    name.push('"');
    for c in part.chars() {
        let plain = c.is_ascii_graphic() && !matches!(c, '"' | '\\');
        if plain {
            name.push(c);
        } else {
            let _ = write!(name, "\\u{{{:x}}}", u32::from(c));
        }
    }
    name.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &[&str]) -> String {
        let path: Vec<_> = path.iter().copied().map(str::to_owned).collect();
        job_name(&path).to_string()
    }

    #[test]
    fn plain_paths_are_dotted() {
        assert_eq!(
            name(&["nixpkgs", "gtk+3", "x86_64-linux"]),
            "nixpkgs.gtk+3.x86_64-linux"
        );
    }

    #[test]
    fn any_path_has_a_name_of_its_own() {
        assert_eq!(name(&["a.b", "c"]), r#""a.b".c"#);
        assert_eq!(name(&["a", "b.c"]), r#"a."b.c""#);
        assert_eq!(name(&["a b\n"]), r#""a\u{20}b\u{a}""#);
        assert_eq!(name(&["<script>"]), r#""<script>""#);
        assert_eq!(name(&["a\"b\\"]), r#""a\u{22}b\u{5c}""#);
        assert_eq!(name(&[""]), r#""""#);
        assert_eq!(name(&["--help"]), r#""--help""#);
        let long = name(&[&"ä".repeat(1000)]);
        assert!(long.len() <= 512);
        assert_ne!(long, name(&[&"ä".repeat(1001)]));
    }

    fn job_set(file: &str, attributes: &[&str]) -> JobSet {
        JobSet {
            file: file.into(),
            arguments: BTreeMap::new(),
            attributes: attributes.iter().copied().map(str::to_owned).collect(),
        }
    }

    #[test]
    fn the_file_lies_within_the_tree() {
        for bad in ["", "/etc/passwd", "../x.nix", "a/../../x.nix", "./x.nix/.."] {
            assert!(job_set(bad, &[]).checked_file().is_err(), "{bad:?}");
        }
        assert!(job_set("nixos/release.nix", &[]).checked_file().is_ok());
    }

    #[test]
    fn the_attributes_of_any_job_are_read_from_its_name() {
        for path in [
            &["a", "b"][..],
            &["a.b", "c"],
            &["a \"b\n", "\\u{a}", "<ä>"],
            &["7zip", "--help", "..", "\""],
        ] {
            let set = job_set("x.nix", &[&name(path)]);
            assert_eq!(set.checked_attributes().unwrap(), [path]);
        }
        // What a digest stands for cannot be read back.
        for long in ["a".repeat(1000), ".".repeat(1000)] {
            assert!(attribute_path(&name(&[&long])).is_none(), "{long}");
        }
    }

    #[test]
    fn attributes_are_dotted_paths() {
        let set = job_set("x.nix", &["a.b", "c"]);
        assert_eq!(
            set.checked_attributes().unwrap(),
            [vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned()]]
        );
        for bad in [
            "",
            ".",
            "a.",
            "a..b",
            "\"",
            "\"a",
            "\"\"",
            "\"a\"b",
            "\"\\u{}\"",
            "\"\\n\"",
        ] {
            assert!(
                job_set("x.nix", &[bad]).checked_attributes().is_err(),
                "{bad:?}"
            );
        }
    }
}
