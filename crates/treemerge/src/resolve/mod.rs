//! From nodes and renames to the merged tree, and to the list of what conflicts.

mod content;

use crate::{
    conflict::{ConflictKind, ConflictPath},
    drivers::Drivers,
    id::{Mode, ObjectId, Version},
    kind::Kind,
    objects::{NewObjects, Objects},
    rename::{Change, SideRenames},
    stop::Stop,
    tree::{self, Entry},
    walk::{BASE, Child, DirId, Mask, Node, NodeId, OURS, SIDES, THEIRS, Walk},
};

/// merge-ort asserts that this cannot be, and aborts where it is.
const GIT_ABORTS: &str = "git aborts over renames like these";

/// The second half of a merge.
pub(crate) struct Resolver<'r, 'a, 'o, O> {
    pub(crate) walk: Walk<'a, 'o, O>,
    pub(crate) objects: &'o O,
    pub(crate) drivers: &'r dyn Drivers,
    pub(crate) new: NewObjects,
    pub(crate) conflicts: Vec<ConflictPath>,
    /// git would have moved files with their directories, so that other versions meet.
    pub(crate) directories_moved: bool,
    /// How many files were merged line by line.
    pub(crate) texts_merged: usize,
}

struct Rename {
    from: NodeId,
    to: NodeId,
    side: usize,
}

impl<'a, O: Objects> Resolver<'_, 'a, '_, O> {
    /// Carries each rename's other versions to the new name.
    pub(crate) fn apply_renames(&mut self, renames: &[SideRenames<'_>; 3]) -> Result<(), Stop> {
        let mut all: Vec<Rename> = SIDES
            .into_iter()
            .flat_map(|side| {
                renames[side]
                    .changes
                    .iter()
                    .map(move |change| (side, change))
            })
            .filter_map(|(side, change)| match change {
                Change::Renamed { from, to } => Some(Rename {
                    from: *from,
                    to: *to,
                    side,
                }),
                Change::Added(_) | Change::Removed => None,
            })
            .collect();
        all.sort_by_key(|rename| self.walk.nodes[rename.from].path);
        let mut renames = all.iter().peekable();
        while let Some(rename) = renames.next() {
            if self.walk.nodes[rename.from].clean {
                continue;
            }
            if self.walk.nodes[rename.to].clean {
                return Err(Stop::Unsure(GIT_ABORTS));
            }
            match renames.next_if(|next| next.from == rename.from) {
                Some(other) => self.renamed_on_both_sides(rename, other),
                None => self.renamed(rename)?,
            }
        }
        Ok(())
    }

    fn node(&mut self, id: NodeId) -> &mut Node<'a> {
        &mut self.walk.nodes[id]
    }

    fn conflict(&mut self, path: NodeId, kind: ConflictKind) {
        let node = &self.walk.nodes[path];
        // Where a rename conflicts, git lists what it merged for the sake of the rename.
        let is_file = kind.is_of_one_file() && !node.path_conflict && !self.directories_moved;
        self.conflicts.push(ConflictPath {
            path: node.path.to_vec(),
            kind,
            stages: if is_file { node.stages } else { [None; 3] },
        });
    }

    fn renamed_on_both_sides(&mut self, ours: &Rename, theirs: &Rename) {
        if ours.to == theirs.to {
            let base = self.walk.nodes[ours.from].stages[BASE];
            let target = &mut self.walk.nodes[ours.to];
            target.stages[BASE] = base;
            target.files |= 1;
            self.walk.nodes[ours.from].settle(None);
            return;
        }
        for node in [ours.from, ours.to, theirs.to] {
            self.walk.nodes[node].path_conflict = true;
        }
        self.conflict(ours.from, ConflictKind::RenameRename);
    }

    fn renamed(&mut self, rename: &Rename) -> Result<(), Stop> {
        let other = 3 - rename.side;
        let old = &self.walk.nodes[rename.from];
        let new = &self.walk.nodes[rename.to];
        let removed = old.files == 1;
        if !removed && old.files & bit(other) == 0 {
            return Err(Stop::Unsure(GIT_ABORTS));
        }
        let regular = |item: Option<Version>| item.is_some_and(|item| item.mode.is_regular());
        let type_changed =
            !removed && regular(old.stages[other]) != regular(new.stages[rename.side]);
        let collision = new.files & bit(other) != 0 && !type_changed;
        match (collision, removed) {
            (true, false) => self.renamed_onto(rename, other)?,
            (true, true) => self.renamed_and_removed(rename),
            (false, _) => self.moved(rename, other, type_changed, removed),
        }
        if !type_changed {
            self.walk.nodes[rename.from].settle(None);
        }
        Ok(())
    }

    /// The new name is taken on the other side: our version becomes the merged one, and is then
    /// merged with theirs as if both had added it.
    fn renamed_onto(&mut self, rename: &Rename, other: usize) -> Result<(), Stop> {
        let old = &self.walk.nodes[rename.from];
        let mut versions = [old.stages[BASE], None, None];
        versions[other] = old.stages[other];
        versions[rename.side] = self.walk.nodes[rename.to].stages[rename.side];
        let path = old.path;
        let [base, Some(ours), Some(theirs)] = versions else {
            return Err(Stop::Unsure("a renamed file lacks a version"));
        };
        let merged = self.merge_file(path, base, ours, theirs)?;
        // git goes on with what it has: our version, or one with conflict markers. Only of the
        // latter is it certain that it conflicts with the file that is there already.
        if merged.conflict == Some(ConflictKind::Content) {
            self.walk.nodes[rename.to].path_conflict = true;
            self.conflict(rename.to, ConflictKind::RenameCollides);
        }
        self.walk.nodes[rename.to].stages[rename.side] = Some(merged.item);
        Ok(())
    }

    fn renamed_and_removed(&mut self, rename: &Rename) {
        self.walk.nodes[rename.to].path_conflict = true;
        self.conflict(rename.to, ConflictKind::RenameDelete);
    }

    fn moved(&mut self, rename: &Rename, other: usize, type_changed: bool, removed: bool) {
        let stages = self.walk.nodes[rename.from].stages;
        let new = self.node(rename.to);
        new.stages[BASE] = stages[BASE];
        new.files |= 1;
        if type_changed {
            let old = self.node(rename.from);
            old.stages[BASE] = None;
            old.files &= 6;
        } else if removed {
            self.renamed_and_removed(rename);
        } else {
            new.stages[other] = stages[other];
            new.files |= bit(other);
        }
    }

    /// The tree made of a directory's entries; nothing if it has come out empty.
    pub(crate) fn directory(&mut self, directory: DirId) -> Result<Option<ObjectId>, Stop> {
        let children = std::mem::take(&mut self.walk.directories[directory].children);
        let mut entries = Vec::with_capacity(children.len());
        for child in &children {
            match child {
                Child::Settled(entry) => entries.push(*entry),
                Child::Node(node) => {
                    if let Some(item) = self.settle(*node)? {
                        let name = self.walk.nodes[*node].name;
                        entries.push(Entry {
                            mode: item.mode,
                            name,
                            id: item.id,
                        });
                    }
                }
            }
        }
        if entries.is_empty() {
            return Ok(None);
        }
        let bytes = tree::serialise(&mut entries);
        let versions = &self.walk.directories[directory].versions;
        let known = [OURS, THEIRS, BASE]
            .into_iter()
            .filter_map(|tree| versions[tree])
            .find(|(_, version)| *version == bytes.as_slice());
        Ok(Some(match known {
            Some((id, _)) => id,
            None => self.new.add(Kind::Tree, bytes),
        }))
    }

    /// What a path comes to.
    fn settle(&mut self, id: NodeId) -> Result<Option<Version>, Stop> {
        if let Some(directory) = self.walk.nodes[id].directory {
            let tree = self.directory(directory)?;
            let item = tree.map(|id| Version {
                mode: Mode::Tree,
                id,
            });
            let node = &mut self.walk.nodes[id];
            node.result = item;
            let files = node.files;
            if node.clean || files == 0 {
                return Ok(item);
            }
            if item.is_none() && !self.conflicts_below(id) {
                self.directory_is_gone(id);
            } else if files == 1 {
                return Ok(item);
            } else {
                self.file_beside_directory(id);
                return Ok(item);
            }
        }
        if self.walk.nodes[id].clean {
            return Ok(self.walk.nodes[id].result);
        }
        self.file(id)
    }

    /// Whether something in the directory conflicts; then it stays, even if we have nothing there.
    fn conflicts_below(&self, directory: NodeId) -> bool {
        let path = self.walk.nodes[directory].path;
        self.conflicts.iter().any(|conflict| {
            let rest = conflict.path.strip_prefix(path);
            rest.is_some_and(|rest| rest.starts_with(b"/"))
        })
    }

    /// The directory has come out empty: only the file of the same name is left.
    fn directory_is_gone(&mut self, id: NodeId) {
        let node = self.node(id);
        node.file_and_directory = false;
        node.matching &= !node.dirs;
        node.dirs = 0;
        for tree in [BASE, OURS, THEIRS] {
            if node.files & bit(tree) == 0 {
                node.stages[tree] = None;
            }
        }
    }

    /// A file cannot stay where a directory does; unless it is to be removed anyway.
    fn file_beside_directory(&mut self, id: NodeId) {
        let node = &self.walk.nodes[id];
        let matching = node.matching & !node.dirs;
        let removed = match matching {
            3 => node.files & bit(THEIRS) == 0,
            5 => node.files & bit(OURS) == 0,
            _ => false,
        };
        if !removed {
            self.conflict(id, ConflictKind::FileDirectory);
        }
    }

    /// Settles a path that is a file in some of the trees.
    fn file(&mut self, id: NodeId) -> Result<Option<Version>, Stop> {
        let node = &self.walk.nodes[id];
        let [_, ours, theirs] = node.stages;
        let path_conflict = node.path_conflict;
        let result = match (node.matching, node.files) {
            (6, _) => ours,
            (3, _) => theirs,
            (5, _) => ours,
            (_, 6 | 7) => return self.both(id),
            (_, 3 | 5) => {
                if !path_conflict {
                    self.conflict(id, ConflictKind::ModifyDelete);
                }
                return Ok(ours);
            }
            (_, 2) => ours,
            (_, 4) => theirs,
            _ => None,
        };
        if path_conflict && result.is_some() {
            self.note_path_conflict(id);
        }
        Ok(result)
    }

    /// A path that is clean by itself is in conflict if its name is: which has been said already.
    fn note_path_conflict(&mut self, id: NodeId) {
        if self.conflicts.is_empty() {
            self.conflict(id, ConflictKind::RenameRename);
        }
    }

    /// Both sides have the file.
    fn both(&mut self, id: NodeId) -> Result<Option<Version>, Stop> {
        let Node {
            stages,
            path,
            path_conflict,
            ..
        } = self.walk.nodes[id];
        let [base, Some(ours), Some(theirs)] = stages else {
            return Err(Stop::Unsure("a file of both sides lacks a version"));
        };
        if !ours.mode.same_type(theirs.mode) {
            self.conflict(id, ConflictKind::DistinctTypes);
            return Ok(None);
        }
        let merged = self.merge_file(path, base, ours, theirs)?;
        let kind = match merged.conflict {
            Some(ConflictKind::Content) if base.is_none() => ConflictKind::AddAdd,
            Some(kind) => kind,
            None => {
                if path_conflict {
                    self.note_path_conflict(id);
                }
                return Ok(Some(merged.item));
            }
        };
        self.conflict(id, kind);
        Ok(Some(ours))
    }
}

const fn bit(tree: usize) -> Mask {
    1 << tree
}
