//! One commit of a pull request, picked.

use git2::Commit;
use picket_domain::{Conflict, ConflictKind, PatchId, PickOutcome, Renames, ResolvedSet};
use picket_treemerge::{ConflictPath, Conflicts, NewObjects, ObjectId, Outcome};

use crate::assemble::Contents;
use crate::chain::{Attempt, Clean, Made, Place};
use crate::changes::changes;
use crate::engine::{conflicts, versions, with_renames};
use crate::error::Result;
use crate::guard::{new_markers, unsafe_path};
use crate::history::Known;
use crate::ids::sha;
use crate::inner::by_hand;
use crate::opened::{Changed, Opened};
use crate::patch::{self, Patches};
use crate::settle::settle;
use crate::twins::{has_twin, is_there, may_be_undone};

/// A commit that is to be picked.
pub(crate) struct Picking<'a> {
    pub(crate) opened: &'a Opened,
    pub(crate) contents: &'a Contents,
    pub(crate) resolved: &'a ResolvedSet,
    pub(crate) known: &'a Known<'a>,
    pub(crate) source: &'a Commit<'a>,
    /// What was done about renames until now.
    pub(crate) renames: &'a mut Renames,
}

/// What came of one commit.
pub(crate) enum Stepped {
    /// Something is left to change.
    Changes { tree: ObjectId, change: Described },
    /// Nothing is left to change.
    Nothing,
    /// The pull request as a whole is set aside.
    SetAside(PickOutcome),
}

/// What a pick changes.
pub(crate) struct Described {
    pub(crate) patch: PatchId,
    /// Whether it is what the picked commit changes.
    pub(crate) verbatim: bool,
    pub(crate) text: String,
}

/// A tree that came of a merge.
struct Tree {
    id: ObjectId,
    /// The files that conflicted, and that people had settled.
    settled: Vec<ConflictPath>,
}

/// A tree, or why there is none.
type Merged = std::result::Result<Tree, PickOutcome>;

impl Picking<'_> {
    /// Picks the commit onto where the attempt stands, which takes the new objects and the merge.
    pub(crate) fn run(mut self, attempt: &mut Attempt, patches: &mut Patches) -> Result<Stepped> {
        attempt.clean = None;
        if self.source.parent_count() > 1 {
            let conflicts = by_hand(self.opened, self.source)?;
            return Ok(match conflicts.is_empty() {
                true => Stepped::Nothing,
                false => self.conflict(conflicts),
            });
        }
        let Some(source) = self.opened.change_of(self.source)? else {
            return Ok(self.too_much());
        };
        if source.changes.is_empty() {
            return Ok(Stepped::Nothing);
        }
        if let Some(path) = unsafe_path(&source.changes) {
            return Ok(self.unavailable(&format!("has the path {path:?}, which git refuses")));
        }
        let Place { tree: ours, commit } = attempt.at;
        let merged = self.merge(attempt, &source)?;
        if self.has_twin(&attempt.made, patches, &source, (ours, &merged))? {
            return Ok(Stepped::Nothing);
        }
        let tree = match merged {
            Ok(tree) => tree,
            Err(set_aside) => return Ok(Stepped::SetAside(set_aside)),
        };
        let settled = tree.settled.iter().map(|conflict| conflict.path.clone());
        attempt.merges.push(Made {
            source: self.source.id(),
            base: self.source.parent_ids().next(),
            onto: commit,
            tree: tree.id,
            settled: settled.collect(),
        });
        if tree.id == ours {
            return Ok(Stepped::Nothing);
        }
        self.checked(&attempt.made, patches, &source, (ours, &tree))
    }

    /// The commit's change on the tree that the attempt stands at, or why it is set aside.
    fn merge(&mut self, attempt: &mut Attempt, source: &Changed) -> Result<Merged> {
        let trees = [source.from, attempt.at.tree, source.to];
        let outcome = self.opened.merge(&self.opened.with(&attempt.made), trees)?;
        match outcome {
            Outcome::Merged(merged) => {
                *self.renames = with_renames(*self.renames, &merged.renames);
                attempt.made.extend(merged.objects);
                let (id, settled) = (merged.tree, Vec::new());
                Ok(Ok(Tree { id, settled }))
            }
            Outcome::Conflict(found) => {
                *self.renames = with_renames(*self.renames, &found.renames);
                self.settled(attempt, found)
            }
            Outcome::Unsure(reason) => {
                let reason = format!("takes a merge that is not certain to be git's: {reason}");
                Ok(Err(self.reason(&reason)))
            }
        }
    }

    fn settled(&self, attempt: &mut Attempt, mut found: Conflicts) -> Result<Merged> {
        attempt.made.extend(std::mem::take(&mut found.objects));
        let view = self.opened.with(&attempt.made);
        let settled = settle(&view, &found, self.resolved, self.contents)?;
        attempt.clean = found.can_be_settled().then(|| Clean {
            tree: found.tree,
            conflicts: found.paths.clone(),
        });
        if let Some((id, objects)) = settled {
            attempt.made.extend(objects);
            let settled = found.paths;
            return Ok(Ok(Tree { id, settled }));
        }
        Ok(Err(self.conflicting(conflicts(&found.paths))))
    }

    /// Whether the base has the change under another name, where its files tell that it may.
    fn has_twin(
        &self,
        made: &NewObjects,
        patches: &mut Patches,
        source: &Changed,
        (ours, merged): (ObjectId, &Merged),
    ) -> Result<bool> {
        let view = self.opened.with(made);
        let may_have = match merged {
            Err(PickOutcome::Conflict { .. }) => !may_be_undone(&view, &source.changes, ours)?,
            Ok(tree) if tree.id != ours && tree.settled.is_empty() => {
                is_there(&view, &source.changes, ours)?
            }
            Ok(_) | Err(_) => false,
        };
        Ok(may_have && has_twin(self.opened, self.known, source, patches)?)
    }

    /// Looks at what a pick changes before it is one.
    fn checked(
        &self,
        made: &NewObjects,
        patches: &mut Patches,
        source: &Changed,
        (ours, tree): (ObjectId, &Tree),
    ) -> Result<Stepped> {
        let view = self.opened.with(made);
        let Some(picked) = changes(&view, ours, tree.id)? else {
            return Ok(self.too_much());
        };
        if let Some(path) = unsafe_path(&picked) {
            return Ok(self.unavailable(&format!("leads to the path {path:?}, which git refuses")));
        }
        let markers = new_markers(&view, &source.changes, &picked)?;
        if !markers.is_empty() {
            return Ok(self.conflict(marked(&markers, &tree.settled)));
        }
        let tree = tree.id;
        let patch = patches.id(&view, &picked)?;
        let change = Described {
            verbatim: patches.id(&view, &source.changes)? == patch,
            patch,
            text: patch::text(&view, &picked)?,
        };
        Ok(Stepped::Changes { tree, change })
    }

    fn conflict(&self, conflicts: Vec<Conflict>) -> Stepped {
        Stepped::SetAside(self.conflicting(conflicts))
    }

    fn conflicting(&self, conflicts: Vec<Conflict>) -> PickOutcome {
        PickOutcome::Conflict {
            commit: sha(self.source.id()),
            conflicts,
            renames: *self.renames,
        }
    }

    fn too_much(&self) -> Stepped {
        self.unavailable("changes more files, or larger ones, than any fix does")
    }

    fn unavailable(&self, what: &str) -> Stepped {
        Stepped::SetAside(self.reason(what))
    }

    fn reason(&self, what: &str) -> PickOutcome {
        let reason = format!("its commit {} {what}", sha(self.source.id()).short());
        PickOutcome::Unavailable { reason }
    }
}

/// The files in which conflict markers are left. Of those that a person has settled, the versions
/// are told, so that it can be done again.
fn marked(paths: &[Vec<u8>], settled: &[ConflictPath]) -> Vec<Conflict> {
    let conflicts = paths.iter().map(|path| {
        let before = settled.iter().find(|conflict| conflict.path == *path);
        Conflict {
            path: String::from_utf8_lossy(path).into_owned(),
            kind: ConflictKind::Markers,
            versions: versions(before.map_or([None; 3], |conflict| conflict.stages)),
        }
    });
    conflicts.collect()
}
