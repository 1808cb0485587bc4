//! The search for one side's renames, from the cheapest way to tell to the dearest.

use rustc_hash::FxHashMap;

use super::{
    alike::most_alike,
    files::{Source, Target, base_name, same_name, similarity},
    guess::DirCounts,
    path::directory_of,
    side::{Change, SideRenames},
};
use crate::{
    id::ObjectId,
    objects::{Objects, ReadError},
    similarity::SAME_NAME_SCORE,
    walk::{DirRelevance, Node, NodeId, Relevance, SideInfo},
};

/// git gives up on comparing contents when removed times added files exceed this squared.
pub(crate) const RENAME_LIMIT: usize = 7000;
/// How many equally good sources of the same content are looked at.
const MAX_SAME: usize = 100;

/// Finds the renames of one side.
pub(crate) fn detect<'a>(
    objects: &impl Objects,
    nodes: &[Node<'a>],
    side: usize,
    info: &mut SideInfo<'a>,
) -> Result<SideRenames<'a>, ReadError> {
    if info.pairs.is_empty() || info.relevant.is_empty() {
        return Ok(SideRenames {
            changes: unpaired(info),
            ..SideRenames::default()
        });
    }
    let mut search = Search::new(objects, nodes, side, info);
    if !search.sources.is_empty() && !search.targets.is_empty() {
        search.find()?;
    }
    let changes = search.changes();
    let Search {
        mut counts,
        gave_up,
        ..
    } = search;
    counts.keep_removed(&info.dirs_removed);
    Ok(SideRenames {
        changes,
        counts,
        gave_up,
    })
}

fn unpaired(info: &SideInfo<'_>) -> Vec<Change> {
    info.pairs
        .iter()
        .map(|pair| {
            if pair.added {
                Change::Added(pair.node)
            } else {
                Change::Removed
            }
        })
        .collect()
}

struct Search<'s, 'a, O> {
    objects: &'s O,
    info: &'s mut SideInfo<'a>,
    sources: Vec<Source<'a>>,
    targets: Vec<Target<'a>>,
    /// Sources still looked for.
    open: Vec<usize>,
    counts: DirCounts<'a>,
    gave_up: bool,
}

impl<'s, 'a, O: Objects> Search<'s, 'a, O> {
    fn new(objects: &'s O, nodes: &[Node<'a>], side: usize, info: &'s mut SideInfo<'a>) -> Self {
        let (mut sources, mut targets) = (Vec::new(), Vec::new());
        for pair in &info.pairs {
            let node = &nodes[pair.node];
            let stage = if pair.added { side } else { crate::walk::BASE };
            let Some(item) = node.stages[stage] else {
                continue;
            };
            // Empty files are all alike.
            if item.id == ObjectId::EMPTY_BLOB {
                continue;
            }
            let (path, mode, id) = (node.path, item.mode, item.id);
            if pair.added {
                targets.push(Target {
                    node: pair.node,
                    path,
                    mode,
                    id,
                    from: None,
                });
            } else {
                sources.push(Source {
                    node: pair.node,
                    path,
                    mode,
                    id,
                    used: false,
                });
            }
        }
        let open = (0..sources.len()).collect();
        let counts = DirCounts::default();
        Self {
            objects,
            info,
            sources,
            targets,
            open,
            counts,
            gave_up: false,
        }
    }

    fn find(&mut self) -> Result<(), ReadError> {
        self.find_same_content();
        self.open.retain(|source| !self.sources[*source].used);
        for target in &self.targets {
            if let Some(from) = target.from {
                self.counts.renamed(
                    &self.info.dirs_removed,
                    self.sources[from].path,
                    target.path,
                );
            }
        }
        self.find_same_name()?;
        let (sources, info) = (&self.sources, &self.info);
        self.open.retain(|source| {
            !sources[*source].used && info.relevant.contains_key(&sources[*source].node)
        });
        self.drop_decided();
        let open_targets = self
            .targets
            .iter()
            .filter(|target| target.from.is_none())
            .count();
        if open_targets == 0 || self.open.is_empty() {
            return Ok(());
        }
        if open_targets * self.open.len() > RENAME_LIMIT * RENAME_LIMIT {
            self.gave_up = true;
            return Ok(());
        }
        self.find_alike()
    }

    fn pair(&mut self, source: usize, target: usize) {
        self.sources[source].used = true;
        self.targets[target].from = Some(source);
    }

    fn find_same_content(&mut self) {
        let mut by_id: FxHashMap<ObjectId, Vec<usize>> = FxHashMap::default();
        for (index, source) in self.sources.iter().enumerate() {
            by_id.entry(source.id).or_default().push(index);
        }
        for target in 0..self.targets.len() {
            let Some(same) = by_id.get(&self.targets[target].id) else {
                continue;
            };
            if let Some(source) = self.best_same(same, target) {
                self.pair(source, target);
            }
        }
    }

    fn best_same(&self, same: &[usize], target: usize) -> Option<usize> {
        let target = &self.targets[target];
        let usable = same.iter().copied().filter(|index| {
            let source = &self.sources[*index];
            let modes_fit = source.mode.is_regular() && target.mode.is_regular();
            !source.used && (modes_fit || source.mode == target.mode)
        });
        let mut best = None;
        for index in usable.take(MAX_SAME) {
            if same_name(self.sources[index].path, target.path) {
                return Some(index);
            }
            best = best.or(Some(index));
        }
        best
    }

    /// Pairs files of the same base name, where it is the only such name, or where its directory
    /// is known to have moved.
    fn find_same_name(&mut self) -> Result<(), ReadError> {
        let guesses = self.counts.guesses();
        let by_path: FxHashMap<&[u8], usize> = (0..self.targets.len())
            .filter(|target| self.targets[*target].from.is_none())
            .map(|target| (self.targets[target].path, target))
            .collect();
        let sources = unique_names(self.open.iter().map(|i| (*i, self.sources[*i].path)));
        let targets = unique_names(by_path.iter().map(|(path, target)| (*target, *path)));
        for source in self.open.clone() {
            let Source { path, node, .. } = self.sources[source];
            if !self.info.relevant.contains_key(&node) {
                continue;
            }
            let name = base_name(path);
            let Some(unique_target) = targets.get(name) else {
                continue;
            };
            let unique_source = sources.get(name).copied().flatten();
            let target = match (unique_source, *unique_target) {
                (Some(_), Some(target)) => target,
                _ => {
                    let Some(directory) = guesses.get(directory_of(path)) else {
                        continue;
                    };
                    let moved = [directory, &b"/"[..], name].concat();
                    let Some(target) = by_path.get(moved.as_slice()) else {
                        continue;
                    };
                    *target
                }
            };
            if self.targets[target].from.is_some() {
                continue;
            }
            let (old, new) = (&self.sources[source], &self.targets[target]);
            if similarity(self.objects, old, new, SAME_NAME_SCORE)? >= SAME_NAME_SCORE {
                self.pair(source, target);
                self.counts
                    .renamed(&self.info.dirs_removed, path, self.targets[target].path);
            }
        }
        Ok(())
    }

    /// Leaves out files that are only wanted for where their directory went, once the majority
    /// is clear without them.
    fn drop_decided(&mut self) {
        let removed = &mut self.info.dirs_removed;
        for source in &self.open {
            let mut directory = directory_of(self.sources[*source].path);
            while !directory.is_empty()
                && removed
                    .get(directory)
                    .is_some_and(|relevance| *relevance != DirRelevance::None)
            {
                self.counts.unknown(directory);
                directory = directory_of(directory);
            }
        }
        for directory in self.counts.decided() {
            if let Some(relevance) = removed.get_mut(directory)
                && *relevance == DirRelevance::ForSelf
            {
                *relevance = DirRelevance::ForAncestor;
            }
        }
        let (sources, info) = (&self.sources, &self.info);
        self.open.retain(|source| {
            let source = &sources[*source];
            info.relevant.get(&source.node) != Some(&Relevance::Location)
                || is_wanted(&info.dirs_removed, source.path)
        });
    }

    /// Compares every open source with every open target, and pairs the most alike first.
    fn find_alike(&mut self) -> Result<(), ReadError> {
        let alike = most_alike(self.objects, (&self.sources, &self.open), &self.targets)?;
        for (source, target) in alike {
            if self.targets[target].from.is_some() || self.sources[source].used {
                continue;
            }
            self.pair(source, target);
            let (old, new) = (self.sources[source].path, self.targets[target].path);
            self.counts.renamed(&self.info.dirs_removed, old, new);
        }
        Ok(())
    }

    /// What became of every pair, in the walk's order: a rename stands where the file was added.
    fn changes(&self) -> Vec<Change> {
        let from: FxHashMap<NodeId, NodeId> = self
            .targets
            .iter()
            .filter_map(|target| Some((target.node, self.sources[target.from?].node)))
            .collect();
        let used: rustc_hash::FxHashSet<NodeId> = from.values().copied().collect();
        self.info
            .pairs
            .iter()
            .filter_map(|pair| match (pair.added, from.get(&pair.node)) {
                (true, Some(from)) => Some(Change::Renamed {
                    from: *from,
                    to: pair.node,
                }),
                (true, None) => Some(Change::Added(pair.node)),
                (false, _) if used.contains(&pair.node) => None,
                (false, _) => Some(Change::Removed),
            })
            .collect()
    }
}

/// Whether a directory above the file still has to find where it went.
fn is_wanted(removed: &FxHashMap<&[u8], DirRelevance>, path: &[u8]) -> bool {
    let mut directory = directory_of(path);
    loop {
        match removed.get(directory) {
            None | Some(DirRelevance::None) => return false,
            Some(DirRelevance::ForSelf) => return true,
            Some(DirRelevance::ForAncestor) if directory.is_empty() => return false,
            Some(DirRelevance::ForAncestor) => directory = directory_of(directory),
        }
    }
}

/// Base names, with the index of the file where it is the only one of that name.
fn unique_names<'p>(
    files: impl Iterator<Item = (usize, &'p [u8])>,
) -> FxHashMap<&'p [u8], Option<usize>> {
    let mut names = FxHashMap::default();
    for (index, path) in files {
        names
            .entry(base_name(path))
            .and_modify(|unique| *unique = None)
            .or_insert(Some(index));
    }
    names
}
