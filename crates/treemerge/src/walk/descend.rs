//! The walk itself.

use super::{
    found::{
        ALL, BASE, Child, DirId, DirRelevance, Directory, Mask, Memory, Node, NodeId, OURS, Pair,
        Relevance, SIDES, SideInfo, THEIRS,
    },
    join::{Group, dirs, files, join, matching},
};
use crate::{
    id::{ObjectId, Version},
    kind::Kind,
    objects::{Objects, ReadError},
    order::hash_order,
    stop::Stop,
    tree::MalformedTree,
};

/// How deep trees may nest: the walk recurses. (git's limit is 2048; nixpkgs is about ten deep.)
const MAX_DEPTH: usize = 256;

/// The walk and its findings.
pub(crate) struct Walk<'a, 'o, O> {
    objects: &'o O,
    memory: &'a Memory,
    pub(crate) nodes: Vec<Node<'a>>,
    pub(crate) directories: Vec<Directory<'a>>,
    /// By tree; the base's is unused.
    pub(crate) sides: [SideInfo<'a>; 3],
    /// 0: nothing special. 2 or 4: the directory above is gone on one side, this is the other.
    /// 7: a file was added to it there, so every file under it is wanted.
    dir_rename_mask: Mask,
    depth: usize,
    pub(crate) trees_read: usize,
}

impl<'a, 'o, O: Objects> Walk<'a, 'o, O> {
    /// Walks the three trees; the root is the first directory.
    pub(crate) fn run(
        objects: &'o O,
        memory: &'a Memory,
        roots: [ObjectId; 3],
    ) -> Result<Self, Stop> {
        let mut walk = Self {
            objects,
            memory,
            nodes: Vec::new(),
            directories: Vec::new(),
            sides: Default::default(),
            dir_rename_mask: 0,
            depth: 0,
            trees_read: 0,
        };
        walk.descend(b"", roots.map(Some))?;
        walk.deferred()?;
        Ok(walk)
    }

    fn load(&mut self, id: ObjectId) -> Result<&'a [u8], Stop> {
        if id == ObjectId::EMPTY_TREE {
            return Ok(b"");
        }
        self.trees_read += 1;
        Ok(self
            .memory
            .trees
            .alloc(self.objects.read(&id, Kind::Tree)?)
            .as_slice())
    }

    /// Walks one directory, of which the trees have these versions.
    fn descend(&mut self, path: &'a [u8], ids: [Option<ObjectId>; 3]) -> Result<DirId, Stop> {
        if self.depth > MAX_DEPTH {
            return Err(Stop::Unsure("directories nest too deep"));
        }
        let mut versions: [Option<(ObjectId, &'a [u8])>; 3] = [None; 3];
        for tree in [BASE, OURS, THEIRS] {
            let Some(id) = ids[tree] else { continue };
            let known = versions
                .iter()
                .flatten()
                .find(|(known, _)| *known == id)
                .copied();
            versions[tree] = match known {
                Some(known) => Some(known),
                None => Some((id, self.load(id)?)),
            };
        }
        let (mut children, groups) = join(versions.map(|version| version.map(|(_, tree)| tree)))
            .map_err(|(tree, MalformedTree)| ReadError::Malformed {
                id: ids[tree].unwrap_or(ObjectId::NULL),
                kind: Kind::Tree,
            })?;
        let one_sided = self.dir_rename_mask == 2 || self.dir_rename_mask == 4;
        if one_sided
            && groups
                .iter()
                .any(|(_, group)| files(group) == self.dir_rename_mask)
        {
            self.dir_rename_mask = ALL;
        }
        let id = self.directories.len();
        self.directories.push(Directory {
            children: Vec::new(),
            versions,
        });
        self.depth += 1;
        for (at, group) in groups {
            children[at] = self.group(path, &group)?;
        }
        self.depth -= 1;
        self.directories[id].children = children;
        Ok(id)
    }

    fn group(&mut self, directory: &'a [u8], group: &Group<'a>) -> Result<Child<'a>, Stop> {
        let (files, dirs) = (files(group), dirs(group));
        let matching = matching(group);
        if files == ALL && matching != 0 {
            // The side that changed the file, or either if both did alike.
            let settled = if matching == 3 {
                group[THEIRS]
            } else {
                group[OURS]
            };
            if let Some(entry) = settled {
                return Ok(Child::Settled(entry));
            }
        }
        let Some(name) = group.iter().flatten().map(|entry| entry.name).next() else {
            return Err(Stop::Unsure("an entry without a name"));
        };
        let node = self.nodes.len();
        self.nodes.push(Node {
            path: self.memory.path(directory, name),
            name,
            stages: group.map(|entry| {
                entry.map(|entry| Version {
                    mode: entry.mode,
                    id: entry.id,
                })
            }),
            files,
            dirs,
            matching,
            file_and_directory: files != 0 && dirs != 0,
            path_conflict: false,
            clean: false,
            result: None,
            directory: None,
        });
        let outer = self.dir_rename_mask;
        self.note_for_renames(directory, node);
        if dirs != 0 {
            self.subdirectory(node, outer)?;
        }
        Ok(Child::Node(node))
    }

    fn subdirectory(&mut self, node: NodeId, outer: Mask) -> Result<(), Stop> {
        let Node {
            dirs,
            files,
            matching,
            ..
        } = self.nodes[node];
        let mut side = match matching {
            3 => Some(THEIRS),
            5 => Some(OURS),
            _ => None,
        };
        if files == 0 && (dirs == 2 || dirs == 4) {
            self.nodes[node].matching = ALL - dirs;
            side = Some(usize::from(dirs / 2));
        }
        if let Some(side) = side
            && self.dir_rename_mask != ALL
            && !self.sides[side].must_descend
        {
            self.sides[side].deferred.push((node, self.dir_rename_mask));
        } else {
            self.descend_node(node)?;
        }
        self.dir_rename_mask = outer;
        Ok(())
    }

    fn descend_node(&mut self, node: NodeId) -> Result<(), Stop> {
        let Node {
            path,
            stages,
            dirs,
            files,
            ..
        } = self.nodes[node];
        self.nodes[node].matching &= files;
        let ids = [BASE, OURS, THEIRS].map(|tree| {
            stages[tree]
                .filter(|_| dirs & (1 << tree) != 0)
                .map(|item| item.id)
        });
        let directory = self.descend(path, ids)?;
        self.nodes[node].directory = Some(directory);
        Ok(())
    }

    /// Settles the directories that one side left alone, or walks them after all if that side
    /// may hold the other end of a rename.
    fn deferred(&mut self) -> Result<(), Stop> {
        for side in SIDES {
            self.sides[side].must_descend = !self.sides[side].relevant.is_empty();
            let deferred = std::mem::take(&mut self.sides[side].deferred);
            let paths: Vec<&[u8]> = deferred
                .iter()
                .map(|(node, _)| self.nodes[*node].path)
                .collect();
            for index in hash_order(&paths) {
                let (node, mask) = deferred[index];
                if self.sides[side].must_descend {
                    self.dir_rename_mask = mask;
                    self.depth = paths[index].iter().filter(|byte| **byte == b'/').count() + 1;
                    self.descend_node(node)?;
                } else {
                    let result = self.nodes[node].stages[side];
                    self.nodes[node].settle(result);
                }
            }
        }
        for side in SIDES {
            for (node, _) in std::mem::take(&mut self.sides[side].deferred) {
                let result = self.nodes[node].stages[side];
                self.nodes[node].settle(result);
            }
        }
        Ok(())
    }

    /// Records what rename detection will want to know of a path.
    fn note_for_renames(&mut self, directory: &'a [u8], node: NodeId) {
        let Node {
            path,
            files,
            dirs,
            matching,
            ..
        } = self.nodes[node];
        if self.dir_rename_mask != ALL && (dirs == 3 || dirs == 5) {
            self.dir_rename_mask = dirs & !1;
        }
        if matches!(dirs, 1 | 3 | 5) {
            let relevance = if self.dir_rename_mask == ALL {
                DirRelevance::ForAncestor
            } else {
                DirRelevance::None
            };
            for side in SIDES {
                if dirs & (1 << side) == 0 {
                    self.sides[side].dirs_removed.insert(path, relevance);
                }
            }
        }
        if self.dir_rename_mask == ALL && (files == 2 || files == 4) {
            let other_side = 3 - usize::from(files / 2);
            self.sides[other_side]
                .dirs_removed
                .insert(directory, DirRelevance::ForSelf);
        }
        if files == 0 || files == ALL {
            return;
        }
        for side in SIDES {
            let here = files & (1 << side) != 0;
            if files & 1 != 0 && !here {
                self.removed(side, node, matching & files);
            } else if files & 1 == 0 && here {
                self.sides[side].pairs.push(Pair { node, added: true });
            }
        }
    }

    fn removed(&mut self, side: usize, node: NodeId, matching: Mask) {
        let info = &mut self.sides[side];
        if matching == 0 {
            info.relevant.insert(node, Relevance::Content);
        } else if self.dir_rename_mask == ALL {
            info.relevant.insert(node, Relevance::Location);
        }
        info.pairs.push(Pair { node, added: false });
    }
}
