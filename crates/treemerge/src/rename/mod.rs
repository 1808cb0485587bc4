//! Which files a side renamed: of those it removed, which of those it added are they?
//!
//! First the same content, then the same base name with much of the content, then whichever is
//! most alike by half or more. Only files that matter are looked for: those that the other side
//! changed, and those that tell where a directory went.

mod directories;
mod guess;

pub(crate) use directories::directory_conflicts;

use rustc_hash::FxHashMap;

use crate::{
    id::{Mode, ObjectId},
    objects::{Objects, ReadError},
    rename::guess::DirCounts,
    similarity::{self, MAX_SCORE, RENAME_SCORE, SAME_NAME_SCORE},
    walk::{DirRelevance, Node, NodeId, Relevance, SideInfo},
};

/// git gives up on comparing contents when removed times added files exceed this squared.
pub(crate) const RENAME_LIMIT: usize = 7000;
/// How many sources are remembered for each added file.
const CANDIDATES: usize = 4;
/// How many equally good sources of the same content are looked at.
const MAX_SAME: usize = 100;

/// What one side did to a file that is not in all three trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added(NodeId),
    Removed,
    Renamed { from: NodeId, to: NodeId },
}

/// One side's renames.
#[derive(Default)]
pub(crate) struct SideRenames<'a> {
    pub(crate) changes: Vec<Change>,
    counts: DirCounts<'a>,
    /// Whether there were too many files for that.
    pub(crate) gave_up: bool,
}

impl SideRenames<'_> {
    /// How many renames there are.
    pub(crate) fn found(&self) -> usize {
        self.changes
            .iter()
            .filter(|change| matches!(change, Change::Renamed { .. }))
            .count()
    }
}

struct Source<'a> {
    node: NodeId,
    path: &'a [u8],
    mode: Mode,
    id: ObjectId,
    used: bool,
}

struct Target<'a> {
    node: NodeId,
    path: &'a [u8],
    mode: Mode,
    id: ObjectId,
    /// The source that it was renamed from: an index among all of them.
    from: Option<usize>,
}

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
        self.find_alike(open_targets)
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
            if self.similarity(source, target, SAME_NAME_SCORE)? >= SAME_NAME_SCORE {
                self.pair(source, target);
                self.counts
                    .renamed(&self.info.dirs_removed, path, self.targets[target].path);
            }
        }
        Ok(())
    }

    fn similarity(&self, source: usize, target: usize, minimum: u64) -> Result<u64, ReadError> {
        let (source, target) = (&self.sources[source], &self.targets[target]);
        if !source.mode.is_regular() || !target.mode.is_regular() {
            return Ok(0);
        }
        let sizes = (
            self.objects.blob_size(&source.id)?,
            self.objects.blob_size(&target.id)?,
        );
        if !similarity::sizes_allow(sizes.0, sizes.1, minimum) {
            return Ok(0);
        }
        let (old, new) = (
            self.objects.pieces(&source.id)?,
            self.objects.pieces(&target.id)?,
        );
        Ok(similarity::score((&old, sizes.0), (&new, sizes.1)))
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
    fn find_alike(&mut self, open_targets: usize) -> Result<(), ReadError> {
        let mut scores = Vec::with_capacity(open_targets * CANDIDATES);
        for target in 0..self.targets.len() {
            if self.targets[target].from.is_some() {
                continue;
            }
            let mut best: [Option<Score>; CANDIDATES] = [None; CANDIDATES];
            for source in &self.open {
                let similarity = self.similarity(*source, target, RENAME_SCORE)?;
                let same_name = same_name(self.sources[*source].path, self.targets[target].path);
                let score = Score {
                    similarity,
                    same_name,
                    source: *source,
                    target,
                };
                keep_if_better(&mut best, score);
            }
            scores.extend(best.into_iter().flatten());
        }
        scores.sort_by_key(|score| std::cmp::Reverse(score.rank()));
        for score in scores {
            if score.similarity < RENAME_SCORE {
                break;
            }
            if self.targets[score.target].from.is_some() || self.sources[score.source].used {
                continue;
            }
            self.pair(score.source, score.target);
            let (old, new) = (
                self.sources[score.source].path,
                self.targets[score.target].path,
            );
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

#[derive(Clone, Copy)]
struct Score {
    similarity: u64,
    same_name: bool,
    source: usize,
    target: usize,
}

impl Score {
    fn rank(&self) -> (u64, bool) {
        (self.similarity.min(MAX_SCORE), self.same_name)
    }
}

/// Puts the score in the place of the worst, the first of equally bad ones, if it is better.
fn keep_if_better(best: &mut [Option<Score>; CANDIDATES], score: Score) {
    let mut worst = 0;
    for index in 1..CANDIDATES {
        if best[index].map(|score| score.rank()) < best[worst].map(|score| score.rank()) {
            worst = index;
        }
    }
    if best[worst].map(|score| score.rank()) < Some(score.rank()) {
        best[worst] = Some(score);
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

fn same_name(a: &[u8], b: &[u8]) -> bool {
    base_name(a) == base_name(b)
}

fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

fn directory_of(path: &[u8]) -> &[u8] {
    path.iter()
        .rposition(|byte| *byte == b'/')
        .map_or(b"", |slash| &path[..slash])
}
