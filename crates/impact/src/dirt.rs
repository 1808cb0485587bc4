//! From what a change touches to the attributes whose evaluation may read it.
//!
//! It goes from files to the units that read them, from units to their names, from names to the units
//! that mention them, and stops at attributes, which can be evaluated: only when one of them is
//! found to differ in what others can read of it does it go on from there.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use crate::changed::Touched;
use crate::finding::AttributePath;
use crate::references::{References, UnitId, UnitKind};

/// How something is reached by a change; the further down, the more can be otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// It mentions what is built otherwise, and reads the same otherwise. If it depends on that, the
    /// graph of derivations says so; what it may do beside is to build a variant of it.
    Rebuilt,
    /// It mentions what reads otherwise: another version, another source.
    Read,
    /// It is made by what the change touches.
    Changed,
}

/// What may have changed.
pub(crate) struct Dirt<'a> {
    references: &'a References,
    /// Whether a name is an attribute of the job set, before the change.
    is_attribute: &'a dyn Fn(&str) -> bool,
    /// The file that the job set is read from.
    entry: String,
    /// First come, first served: what is nearest to the change comes first.
    todo: VecDeque<(Item, Reach)>,
    seen: FxHashMap<Item, Reach>,
    candidates: Vec<Candidate>,
    /// The file through which everything may have changed.
    pub(crate) everything: Option<String>,
}

/// An attribute that may have changed: of the job set, or of a set in it.
pub(crate) type Candidate = (AttributePath, Reach);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Item {
    File(String),
    Unit(UnitId),
    /// A name that is nothing but an attribute of the job set.
    Attribute(String),
    /// An attribute of the sets that a file has the attributes of.
    Member(u32, String),
    /// A name that may be anything.
    Name(String),
    /// Whoever mentions a name.
    Mentioning(String),
}

impl<'a> Dirt<'a> {
    pub(crate) fn new(
        references: &'a References,
        is_attribute: &'a dyn Fn(&str) -> bool,
        entry: &str,
    ) -> Self {
        Self {
            references,
            is_attribute,
            entry: entry.to_owned(),
            todo: VecDeque::new(),
            seen: FxHashMap::default(),
            candidates: Vec::new(),
            everything: None,
        }
    }

    /// Begins with what a change touches. The attributes that come of it are the direct ones.
    pub(crate) fn touch(&mut self, touched: &Touched) {
        match touched {
            Touched::File(path) => self.reach(Item::File(path.clone()), Reach::Changed),
            Touched::Name { file, name } => match self.references.file(file) {
                Some((file, _)) => self.reach(self.named(name, file), Reach::Changed),
                None => self.reach(Item::Name(name.clone()), Reach::Changed),
            },
            Touched::Own { file, name } => {
                if let Some((place, _)) = self.references.file(file) {
                    for unit in self.references.mentioning_in(name, place) {
                        self.reach(Item::Unit(unit), Reach::Changed);
                    }
                }
            }
        }
        self.settle();
    }

    /// This attribute is otherwise: whoever mentions it may be otherwise too.
    pub(crate) fn spread(&mut self, name: &str, reach: Reach) {
        self.reach(Item::Mentioning(name.to_owned()), reach);
        self.settle();
    }

    /// This attribute may be otherwise, although it mentions nothing that is.
    pub(crate) fn bring_up(&mut self, path: &AttributePath) {
        self.candidates.push((path.clone(), Reach::Rebuilt));
    }

    /// The attributes that have come up since the last call, nearest to the change first. One that
    /// can be more otherwise than it seemed comes up again.
    pub(crate) fn take_candidates(&mut self) -> Vec<Candidate> {
        std::mem::take(&mut self.candidates)
    }

    fn reach(&mut self, item: Item, reach: Reach) {
        let is_new = match self.seen.entry(item.clone()) {
            Entry::Vacant(place) => {
                place.insert(reach);
                true
            }
            Entry::Occupied(mut place) => {
                *place.get() < reach && {
                    place.insert(reach);
                    true
                }
            }
        };
        if is_new {
            self.todo.push_back((item, reach));
        }
    }

    fn settle(&mut self) {
        while let Some((item, reach)) = self.todo.pop_front() {
            match item {
                Item::File(path) => self.file(&path, reach),
                Item::Unit(unit) => self.unit(unit, reach),
                Item::Attribute(name) => {
                    self.candidates.push((AttributePath::top(&name), reach));
                }
                Item::Member(file, name) => {
                    for set in &self.references.files[file as usize].sets {
                        let path = AttributePath(vec![set.clone(), name.clone()]);
                        self.candidates.push((path, reach));
                    }
                }
                Item::Name(name) => {
                    if (self.is_attribute)(&name) {
                        self.reach(Item::Attribute(name.clone()), reach);
                    }
                    self.reach(Item::Mentioning(name), reach);
                }
                Item::Mentioning(name) => {
                    for unit in self.references.mentioning(&name) {
                        self.reach(Item::Unit(*unit), reach);
                    }
                }
            }
        }
    }

    fn file(&mut self, path: &str, reach: Reach) {
        // Whoever reads the entry reads it as a whole.
        if path == self.entry {
            return self.all(path, reach);
        }
        for unit in self.references.reading(path) {
            self.reach(Item::Unit(unit), reach);
        }
    }

    fn all(&mut self, path: &str, reach: Reach) {
        if reach == Reach::Changed {
            self.everything.get_or_insert_with(|| path.to_owned());
        }
    }

    fn unit(&mut self, id: UnitId, reach: Reach) {
        let references = self.references;
        let unit = &references.units[id as usize];
        let file = &references.files[unit.file as usize];
        match unit.kind {
            UnitKind::Whole => self.reach(Item::File(file.path.clone()), reach),
            UnitKind::Frame if file.is_top => self.all(&file.path, reach),
            UnitKind::Frame => self.reach(Item::File(file.path.clone()), reach),
            UnitKind::Public => {
                for name in &unit.names {
                    self.reach(self.named(name, unit.file), reach);
                }
            }
            UnitKind::Private => {
                for name in &unit.names {
                    for unit in references.mentioning_in(name, unit.file) {
                        self.reach(Item::Unit(unit), reach);
                    }
                }
            }
        }
    }

    /// What a file's attribute of this name is.
    fn named(&self, name: &str, file: u32) -> Item {
        let row = &self.references.files[file as usize];
        let name = name.to_owned();
        if row.is_top {
            Item::Attribute(name)
        } else if row.sets.is_empty() {
            Item::Name(name)
        } else {
            Item::Member(file, name)
        }
    }
}
