//! How many files went from each removed directory to which other directory.

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::path::directory_of;
use crate::{order::hash_order, walk::DirRelevance};

/// Stands for where a file went that is still looked for: no path can be this.
const UNKNOWN: &[u8] = b"/";

/// Counts by old directory and new directory, in the order of their first file.
#[derive(Default)]
pub(super) struct DirCounts<'a> {
    directories: Ordered<'a, Ordered<'a, usize>>,
}

/// A map that knows in which order its keys came.
struct Ordered<'a, V> {
    index: FxHashMap<&'a [u8], usize>,
    entries: Vec<(&'a [u8], V)>,
}

impl<V> Default for Ordered<'_, V> {
    fn default() -> Self {
        Self {
            index: FxHashMap::with_hasher(FxBuildHasher),
            entries: Vec::new(),
        }
    }
}

impl<'a, V: Default> Ordered<'a, V> {
    fn entry(&mut self, key: &'a [u8]) -> &mut V {
        let next = self.entries.len();
        let index = *self.index.entry(key).or_insert(next);
        if index == next {
            self.entries.push((key, V::default()));
        }
        &mut self.entries[index].1
    }
}

impl<'a> DirCounts<'a> {
    /// Counts a file that was renamed, for its directory, and for those above it as long as the
    /// rest of the path stayed the same and the directory matters.
    pub(super) fn renamed(
        &mut self,
        removed: &FxHashMap<&'a [u8], DirRelevance>,
        old: &'a [u8],
        new: &'a [u8],
    ) {
        let (mut old, mut new) = (Stripped::new(old), Stripped::new(new));
        let first_letter = new.path.first();
        let mut first = true;
        loop {
            let old_part = old.strip();
            let Some(relevance) = removed.get(old.directory()) else {
                return;
            };
            let new_part = new.strip();
            if !first && !same_part(old_part, new_part, &new, first_letter) {
                return;
            }
            if first || *relevance == DirRelevance::ForSelf {
                *self
                    .directories
                    .entry(old.directory())
                    .entry(new.directory()) += 1;
            }
            first = false;
            let at_top = old.directory().is_empty() || new.directory().is_empty();
            if *relevance == DirRelevance::None || at_top {
                return;
            }
        }
    }

    pub(super) fn unknown(&mut self, directory: &'a [u8]) {
        *self.directories.entry(directory).entry(UNKNOWN) += 1;
    }

    /// For each directory, where most of its files went; of several, git's first.
    pub(super) fn guesses(&self) -> FxHashMap<&'a [u8], &'a [u8]> {
        self.directories
            .entries
            .iter()
            .filter_map(|(old, counts)| {
                let keys: Vec<&[u8]> = counts.entries.iter().map(|(new, _)| *new).collect();
                let mut best: Option<(&[u8], usize)> = None;
                for index in hash_order(&keys) {
                    let (new, count) = counts.entries[index];
                    if best.is_none_or(|(_, most)| count > most) {
                        best = Some((new, count));
                    }
                }
                best.map(|(new, _)| (*old, new))
            })
            .collect()
    }

    /// Directories of which no file still looked for can change where most went.
    pub(super) fn decided(&self) -> impl Iterator<Item = &'a [u8]> {
        self.directories.entries.iter().filter_map(|(old, counts)| {
            let (mut most, mut second, mut unknown) = (0, 0, 0);
            for (new, count) in &counts.entries {
                if *new == UNKNOWN {
                    unknown = *count;
                } else if *count >= most {
                    second = most;
                    most = *count;
                } else {
                    second = second.max(*count);
                }
            }
            (most > second + unknown).then_some(*old)
        })
    }

    /// Forgets all but directories that are gone and matter.
    pub(super) fn keep_removed(&mut self, removed: &FxHashMap<&'a [u8], DirRelevance>) {
        self.directories.entries.retain(|(old, _)| {
            removed
                .get(old)
                .is_some_and(|relevance| *relevance != DirRelevance::None)
        });
        for (_, counts) in &mut self.directories.entries {
            counts.entries.retain(|(new, _)| *new != UNKNOWN);
        }
    }

    /// Where each directory went, if most of its files went to one place; else `Err`.
    pub(super) fn destinations(
        &self,
    ) -> impl Iterator<Item = (&'a [u8], Result<&'a [u8], Unclear>)> {
        self.directories.entries.iter().filter_map(|(old, counts)| {
            let most = counts.entries.iter().map(|(_, count)| *count).max()?;
            let mut leaders = counts.entries.iter().filter(|(_, count)| *count == most);
            let (leader, _) = leaders.next()?;
            Some((
                *old,
                if leaders.next().is_some() {
                    Err(Unclear)
                } else {
                    Ok(*leader)
                },
            ))
        })
    }
}

/// A directory's files went to several places, and to none of them the most.
pub(super) struct Unclear;

/// A path from whose end parts are taken off one by one.
struct Stripped<'a> {
    path: &'a [u8],
    length: usize,
}

impl<'a> Stripped<'a> {
    const fn new(path: &'a [u8]) -> Self {
        Self {
            path,
            length: path.len(),
        }
    }

    fn directory(&self) -> &'a [u8] {
        &self.path[..self.length]
    }

    /// Takes the last part off and returns it.
    fn strip(&mut self) -> &'a [u8] {
        let whole = self.directory();
        self.length = directory_of(whole).len();
        if self.length == 0 && whole.first() != Some(&b'/') && !whole.contains(&b'/') {
            // git overwrites the first letter of a part that has no directory before it.
            return whole.get(1..).unwrap_or_default();
        }
        &whole[self.length + 1..]
    }
}

fn same_part(old: &[u8], new: &[u8], new_path: &Stripped<'_>, first_letter: Option<&u8>) -> bool {
    if new_path.directory().is_empty() {
        old.first() == first_letter && old.get(1..) == Some(new)
    } else {
        old == new
    }
}
