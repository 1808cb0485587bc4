//! What a change touches: whole files, or names of files that are large sets.

use std::collections::BTreeMap;

use crate::error::ImpactError;
use crate::git::{Change, Entry, EntryKind, Git};
use crate::references::by_name_package;
use crate::source::{self, FileFacts};

/// Something that a change touches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Touched {
    /// A file, in a way that whoever reads it may see.
    File(String),
    /// One attribute of a file that is a large set.
    Name {
        /// The file.
        file: String,
        /// The attribute.
        name: String,
    },
    /// A name that a file has for itself.
    Own {
        /// The file.
        file: String,
        /// The name.
        name: String,
    },
}

/// What the changes touch. Comments and spaces in Nix files are nothing.
pub(crate) fn touched(git: &Git, changes: &[Change]) -> Result<Vec<Touched>, ImpactError> {
    let mut touched = Vec::new();
    for change in changes {
        of_file(git, change, &mut touched)?;
        // A package by its name comes and goes with its folder.
        if let Some((root, name, _)) = by_name_package(&change.path) {
            let (file, name) = (root.to_owned(), name.to_owned());
            touched.push(Touched::Name { file, name });
        }
    }
    touched.sort();
    touched.dedup();
    Ok(touched)
}

fn of_file(git: &Git, change: &Change, touched: &mut Vec<Touched>) -> Result<(), ImpactError> {
    let old = facts(git, change, change.old)?;
    let new = facts(git, change, change.new)?;
    let before = touched.len();
    let is_split = match (&old, &new) {
        (Some(old), Some(new)) if old == new => return Ok(()),
        (Some(old), Some(new)) => compare(&change.path, old, new, touched),
        _ => false,
    };
    if !is_split {
        touched.truncate(before);
        touched.push(Touched::File(change.path.clone()));
    }
    Ok(())
}

fn facts(
    git: &Git,
    change: &Change,
    entry: Option<Entry>,
) -> Result<Option<FileFacts>, ImpactError> {
    match entry {
        Some(entry) if entry.kind != EntryKind::Link && change.path.ends_with(".nix") => Ok(git
            .content(entry.id)?
            .and_then(|content| source::facts(&change.path, &content))),
        _ => Ok(None),
    }
}

/// Names what differs; says whether that is all that differs.
fn compare(path: &str, old: &FileFacts, new: &FileFacts, touched: &mut Vec<Touched>) -> bool {
    if old.frame.hash != new.frame.hash || old.units.is_empty() || new.units.is_empty() {
        return false;
    }
    let (old, new) = (by_name(old), by_name(new));
    for (key, hashes) in &new {
        if old.get(key) != Some(hashes) {
            touched.push(of_unit(path, *key));
        }
    }
    let gone = old.keys().filter(|key| !new.contains_key(*key));
    touched.extend(gone.map(|key| of_unit(path, *key)));
    true
}

/// A unit's name, and whether it is public.
type Key<'a> = (&'a str, bool);

fn by_name(facts: &FileFacts) -> BTreeMap<Key<'_>, Vec<u64>> {
    let mut units: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for unit in &facts.units {
        for name in &unit.names {
            let key = (name.as_str(), unit.is_public);
            units.entry(key).or_default().push(unit.facts.hash);
        }
    }
    units
}

fn of_unit(path: &str, (name, is_public): Key<'_>) -> Touched {
    let (file, name) = (path.to_owned(), name.to_owned());
    if is_public {
        Touched::Name { file, name }
    } else {
        Touched::Own { file, name }
    }
}
