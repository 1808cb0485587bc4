//! One commit of a pull request, picked.

use git2::Commit;
use picket_domain::{
    Conflict, ConflictKind, ContainedBy, PatchId, PickOutcome, Renames, ResolvedSet,
};
use picket_treemerge::{ConflictPath, Conflicts, NewObjects, ObjectId, Outcome};

use crate::engine::{conflicts, versions, with_renames};
use crate::error::Result;
use crate::history::known::Known;
use crate::patch::{self, Patches};
use crate::pick::attempt::{Attempt, Clean, Made, Place};
use crate::pick::branch_merge::by_hand;
use crate::pick::equivalent::{has_twin, is_there, may_be_undone};
use crate::pick::input::Contents;
use crate::pick::resolved::settle;
use crate::snapshot::{Changed, Snapshot};
use picket_mirror::{changes, new_markers, sha, unwritable_path};

/// A commit that is to be picked.
pub(crate) struct Picking<'a> {
    pub(crate) snapshot: &'a Snapshot,
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
    /// Nothing is left to change, for this reason; `None` where it changes nothing anywhere.
    Nothing(Option<ContainedBy>),
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
            let conflicts = by_hand(self.snapshot, self.source)?;
            return Ok(match conflicts.is_empty() {
                true => Stepped::Nothing(None),
                false => self.conflict(conflicts),
            });
        }
        let Some(source) = self.snapshot.change_of(self.source)? else {
            return Ok(self.too_much());
        };
        if source.changes.is_empty() {
            return Ok(Stepped::Nothing(None));
        }
        let view = self.snapshot.with(&attempt.made);
        if let Some((path, reason)) = unwritable_path(&view, &source.changes)? {
            return Ok(self.unavailable(&format!("cannot be written: {path:?} {reason}")));
        }
        let Place { tree: ours, commit } = attempt.at;
        let merged = self.merge(attempt, &source)?;
        if self.has_twin(&attempt.made, patches, &source, (ours, &merged))? {
            return Ok(Stepped::Nothing(Some(ContainedBy::Base)));
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
            let by = self.contained_by(&source, ours, &tree)?;
            return Ok(Stepped::Nothing(Some(by)));
        }
        self.checked(&attempt.made, patches, &source, (ours, &tree))
    }

    /// Why the commit's change leaves the tree as it is.
    fn contained_by(&self, source: &Changed, ours: ObjectId, tree: &Tree) -> Result<ContainedBy> {
        if !tree.settled.is_empty() {
            return Ok(ContainedBy::Resolution);
        }
        let base = self.snapshot.tree_of(self.known.base())?;
        let nothing = NewObjects::default();
        let is_in_base = ours == base || {
            let trees = [source.from, base, source.to];
            let on_base = self.snapshot.merge(&self.snapshot.with(&nothing), trees)?;
            matches!(on_base, Outcome::Merged(merged) if merged.tree == base)
        };
        Ok(match is_in_base {
            true => ContainedBy::Base,
            false => ContainedBy::OtherPick,
        })
    }

    /// The commit's change on the tree that the attempt stands at, or why it is set aside.
    fn merge(&mut self, attempt: &mut Attempt, source: &Changed) -> Result<Merged> {
        let trees = [source.from, attempt.at.tree, source.to];
        let outcome = self
            .snapshot
            .merge(&self.snapshot.with(&attempt.made), trees)?;
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
        let view = self.snapshot.with(&attempt.made);
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
        let view = self.snapshot.with(made);
        let may_have = match merged {
            Err(PickOutcome::Conflict { .. }) => !may_be_undone(&view, &source.changes, ours)?,
            Ok(tree) if tree.id != ours && tree.settled.is_empty() => {
                is_there(&view, &source.changes, ours)?
            }
            Ok(_) | Err(_) => false,
        };
        Ok(may_have && has_twin(self.snapshot, self.known, source, patches)?)
    }

    /// Looks at what a pick changes before it is one.
    fn checked(
        &self,
        made: &NewObjects,
        patches: &mut Patches,
        source: &Changed,
        (ours, tree): (ObjectId, &Tree),
    ) -> Result<Stepped> {
        let view = self.snapshot.with(made);
        let Some(picked) = changes(&view, ours, tree.id)? else {
            return Ok(self.too_much());
        };
        if let Some((path, reason)) = unwritable_path(&view, &picked)? {
            let what = format!("leads to what cannot be written: {path:?} {reason}");
            return Ok(self.unavailable(&what));
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
