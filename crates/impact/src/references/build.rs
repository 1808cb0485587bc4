//! Reads all Nix files of a tree, on all processors.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use super::path::{by_name_package, folder, join};
use crate::finding::{PACKAGES, Sets};

use super::{FOLDER_MAX, FileRow, References, Row, UnitId, UnitKind};
use crate::source::{self, FileFacts, PathRef, UnitFacts};

/// Where a tree's files come from.
pub(crate) struct Origin<'a> {
    /// All paths; for symbolic links, where they lead.
    pub(crate) files: &'a BTreeMap<String, Option<String>>,
    /// A file's content; `None` where it is missing.
    pub(crate) content: &'a (dyn Fn(&str) -> Option<Vec<u8>> + Sync),
    /// Whether a name is an attribute of the job set.
    pub(crate) is_attribute: &'a dyn Fn(&str) -> bool,
    /// The job set's large sets.
    pub(crate) sets: &'a Sets,
}

/// Who mentions what in a tree.
pub(crate) fn build(origin: &Origin<'_>) -> References {
    let nix: Vec<&str> = origin
        .files
        .iter()
        .filter(|(path, link)| link.is_none() && path.ends_with(".nix"))
        .map(|(path, _)| path.as_str())
        .collect();
    let facts = read_all(&nix, origin.content);
    let mut building = Building::new(origin);
    for (path, facts) in nix.iter().zip(facts) {
        match facts {
            Some(facts) => building.file(path, &facts),
            None => building.references.unread.push((*path).to_owned()),
        }
    }
    building.by_name();
    building.finish()
}

fn read_all(
    paths: &[&str],
    content: &(dyn Fn(&str) -> Option<Vec<u8>> + Sync),
) -> Vec<Option<FileFacts>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = paths.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let read = |paths: &[&str]| {
            let facts = |path: &&str| source::facts(path, &content(path)?);
            paths.iter().map(facts).collect::<Vec<_>>()
        };
        let workers: Vec<_> = paths
            .chunks(share)
            .map(|paths| scope.spawn(move || read(paths)))
            .collect();
        let all = workers
            .into_iter()
            .flat_map(|it| it.join().expect("reading does not panic"));
        all.collect()
    })
}

impl References {
    /// Reads the files at these paths again, which have come, changed or gone.
    pub(crate) fn update<'a>(
        &mut self,
        origin: &Origin<'_>,
        paths: impl Iterator<Item = &'a str> + Clone,
    ) {
        self.forget(paths.clone());
        let mut building = Building::on(origin, std::mem::take(self));
        for path in paths {
            let is_there = origin.files.get(path).is_some_and(Option::is_none);
            if !is_there || !path.ends_with(".nix") {
                continue;
            }
            match (origin.content)(path).and_then(|it| source::facts(path, &it)) {
                Some(facts) => building.file(path, &facts),
                None => building.references.unread.push(path.to_owned()),
            }
        }
        building.by_name();
        *self = building.finish();
    }

    /// Forgets what files say. Their rows stay, and what packages by their names are.
    fn forget<'a>(&mut self, paths: impl Iterator<Item = &'a str>) {
        let paths: FxHashSet<_> = paths.collect();
        let goes = |unit: &UnitId| {
            let row = &self.units[*unit as usize];
            paths.contains(self.files[row.file as usize].path.as_str())
        };
        for units in self
            .mentions
            .values_mut()
            .chain(self.referrers.values_mut())
        {
            units.retain(|unit| !goes(unit));
        }
        self.unread.retain(|path| !paths.contains(path.as_str()));
    }

    /// The place of a file: the one that it has, or a new one.
    fn row(&mut self, row: FileRow) -> u32 {
        if let Some(place) = self.places.get(&row.path) {
            self.files[*place as usize] = row;
            return *place;
        }
        let place = self.files.len() as u32;
        self.places.insert(row.path.clone(), place);
        self.files.push(row);
        place
    }
}

struct Building<'a> {
    origin: &'a Origin<'a>,
    folders: FxHashSet<&'a str>,
    references: References,
}

impl<'a> Building<'a> {
    fn new(origin: &'a Origin<'a>) -> Self {
        Self::on(origin, References::default())
    }

    fn on(origin: &'a Origin<'a>, mut references: References) -> Self {
        references.sizes.clear();
        references.links.clear();
        let mut folders = FxHashSet::default();
        for (path, link) in origin.files {
            let mut here = path.as_str();
            while !here.is_empty() {
                here = folder(here);
                folders.insert(here);
                match references.sizes.get_mut(here) {
                    Some(size) => *size += 1,
                    None => drop(references.sizes.insert(here.to_owned(), 1)),
                }
            }
            if let Some(target) = link.as_deref().and_then(|it| join(folder(path), it)) {
                references.links.insert(path.clone(), target);
            }
        }
        Self {
            origin,
            folders,
            references,
        }
    }

    fn file(&mut self, path: &str, facts: &FileFacts) {
        let public = public(facts);
        let is_top = are_nearly_all(&public, self.origin.is_attribute);
        let sets = self.origin.sets.iter();
        let sets = sets.filter(|(_, names)| are_nearly_all(&public, |it| names.contains(it)));
        let sets = sets.map(|(set, _)| set.clone()).collect();
        let path = path.to_owned();
        let here = folder(&path).to_owned();
        let file = self.references.row(FileRow { path, is_top, sets });
        let kind = if facts.units.is_empty() {
            UnitKind::Whole
        } else {
            UnitKind::Frame
        };
        self.unit(file, kind, Vec::new(), &here, &facts.frame);
        for unit in &facts.units {
            let kind = if unit.is_public {
                UnitKind::Public
            } else {
                UnitKind::Private
            };
            self.unit(file, kind, unit.names.clone(), &here, &unit.facts);
        }
    }

    fn unit(
        &mut self,
        file: u32,
        kind: UnitKind,
        names: Vec<String>,
        here: &str,
        facts: &UnitFacts,
    ) {
        let id = self.references.units.len() as UnitId;
        self.references.units.push(Row { file, kind, names });
        for name in &facts.names {
            match self.references.mentions.get_mut(name) {
                Some(units) => units.push(id),
                None => drop(self.references.mentions.insert(name.clone(), vec![id])),
            }
        }
        let targets: BTreeSet<_> = facts
            .paths
            .iter()
            .flat_map(|it| self.targets(here, it))
            .collect();
        for target in targets {
            self.references
                .referrers
                .entry(target)
                .or_default()
                .push(id);
        }
    }

    /// What a path may lead to. It need not be there: whether it is, is read too.
    fn targets(&mut self, here: &str, path: &PathRef) -> Vec<String> {
        match path {
            PathRef::Exact(path) => join(here, path).into_iter().collect(),
            PathRef::Import(path) => match join(here, path) {
                Some(target) if self.folders.contains(target.as_str()) => {
                    join(&target, "default.nix").into_iter().collect()
                }
                target => target.into_iter().collect(),
            },
            PathRef::Below(path) => {
                let target = join(here, path);
                let size = target.as_ref().and_then(|it| self.references.sizes.get(it));
                self.references.computed += u32::from(size.is_some_and(|size| *size > FOLDER_MAX));
                target.into_iter().collect()
            }
            PathRef::Tail(path) => {
                let is_there = |path: &String| {
                    self.origin.files.contains_key(path) || self.folders.contains(path.as_str())
                };
                let paths = [join("", path), join(here, path)];
                paths.into_iter().flatten().filter(is_there).collect()
            }
        }
    }

    /// Folders that are packages by their names alone: nothing mentions their paths.
    fn by_name(&mut self) {
        let packages: BTreeSet<_> = self
            .origin
            .files
            .keys()
            .filter_map(|path| by_name_package(path))
            .collect();
        for (root, name, folder) in packages {
            let path = root.to_owned();
            let are_packages = root == "pkgs/by-name";
            let is_beside = self.origin.sets.contains_key(PACKAGES);
            let is_top = are_packages && !is_beside;
            let is_set = are_packages && is_beside;
            let sets = is_set.then(|| PACKAGES.to_owned()).into_iter().collect();
            let file = self.references.row(FileRow { path, is_top, sets });
            let References {
                units, referrers, ..
            } = &mut self.references;
            let reading = referrers.entry(folder.to_owned()).or_default();
            // From before an update.
            if reading
                .iter()
                .any(|unit| units[*unit as usize].file == file)
            {
                continue;
            }
            reading.push(units.len() as UnitId);
            let names = vec![name.to_owned()];
            let kind = UnitKind::Public;
            units.push(Row { file, kind, names });
        }
    }

    fn finish(self) -> References {
        self.references
    }
}

/// The attributes of a file's value.
fn public(facts: &FileFacts) -> BTreeSet<&str> {
    let public = facts.units.iter().filter(|unit| unit.is_public);
    let names = public.flat_map(|unit| &unit.names);
    names.map(String::as_str).collect()
}

fn are_nearly_all(names: &BTreeSet<&str>, is_there: impl Fn(&str) -> bool) -> bool {
    let there = names.iter().filter(|name| is_there(name)).count();
    !names.is_empty() && there * 10 >= names.len() * 9
}
