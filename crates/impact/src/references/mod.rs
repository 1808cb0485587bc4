//! Who mentions what, over all of a tree's Nix files: from a changed file or name to the units whose
//! evaluation may read it.

mod build;
mod path;

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

pub(crate) use build::{Origin, build};
pub(crate) use path::by_name_package;

/// Folders with more files are not followed for their content: only what reads `default.nix` is.
const FOLDER_MAX: u32 = 2000;

/// A unit, by its place.
pub(crate) type UnitId = u32;

/// A tree's units and what they mention.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct References {
    pub(crate) units: Vec<Row>,
    pub(crate) files: Vec<FileRow>,
    /// Where each file is in `files`.
    places: FxHashMap<String, u32>,
    /// Who mentions a name.
    mentions: BTreeMap<String, Vec<UnitId>>,
    /// Who refers to a file or folder.
    referrers: FxHashMap<String, Vec<UnitId>>,
    /// How many files are below a folder.
    sizes: FxHashMap<String, u32>,
    /// Symbolic links, and where they lead.
    links: BTreeMap<String, String>,
    /// How many places compute a path below a folder that is too large to be followed.
    pub(crate) computed: u32,
    /// Nix files that cannot be read as Nix, or whose content is missing.
    pub(crate) unread: Vec<String>,
}

/// A unit.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    /// Its file, by its place.
    pub(crate) file: u32,
    pub(crate) kind: UnitKind,
    /// What it binds.
    pub(crate) names: Vec<String>,
}

/// What a unit is of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum UnitKind {
    /// All of it.
    Whole,
    /// What is around its other units.
    Frame,
    /// An attribute of its value.
    Public,
    /// A name that the file has for itself.
    Private,
}

/// A Nix file, or a folder that is one package by its name.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FileRow {
    pub(crate) path: String,
    /// Whether its attributes are the job set's.
    pub(crate) is_top: bool,
    /// The sets of the job set that its attributes are those of.
    pub(crate) sets: Vec<String>,
}

impl References {
    /// A file's place and what is said of it.
    pub(crate) fn file(&self, path: &str) -> Option<(u32, &FileRow)> {
        let place = *self.places.get(path)?;
        Some((place, &self.files[place as usize]))
    }

    /// Who mentions this name.
    pub(crate) fn mentioning(&self, name: &str) -> &[UnitId] {
        self.mentions.get(name).map_or(&[], Vec::as_slice)
    }

    /// The units of this file that mention the name.
    pub(crate) fn mentioning_in(&self, name: &str, file: u32) -> impl Iterator<Item = UnitId> {
        let mentioning = self.mentioning(name).iter().copied();
        mentioning.filter(move |unit| self.units[*unit as usize].file == file)
    }

    /// Who may read a file: whoever names it, or a folder that it is in.
    pub(crate) fn reading(&self, path: &str) -> Vec<UnitId> {
        let mut found = Vec::new();
        self.collect(path, &mut found);
        for (link, target) in &self.links {
            let below = path.strip_prefix(target.as_str());
            if let Some(rest) = below.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                self.collect(&format!("{link}{rest}"), &mut found);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn collect(&self, path: &str, found: &mut Vec<UnitId>) {
        let mut here = path;
        let referrers = |path: &str| self.referrers.get(path).into_iter().flatten();
        found.extend(referrers(here));
        loop {
            let is_import = here
                .strip_suffix("default.nix")
                .is_some_and(|it| it.is_empty() || it.ends_with('/'))
                && here == path;
            here = here.rsplit_once('/').map_or("", |(folder, _)| folder);
            let size = self.sizes.get(here).copied().unwrap_or_default();
            if is_import || size <= FOLDER_MAX {
                found.extend(referrers(here));
            }
            if here.is_empty() {
                break;
            }
        }
    }
}
