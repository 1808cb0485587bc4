//! The pick chain: pull requests' commits onto a base, in order.

use std::collections::{BTreeMap, HashSet};

use git2::{Commit, Oid, Repository};
use picket_domain::{
    ApprovedPick, Conflict, ConflictKind, PatchId, PickOutcome, PickedCommit, Renames, Versions,
};

use crate::changes;
use crate::commit::{Committer, write_pick};
use crate::engine::{Merged, merge_commits, merge_trees};
use crate::error::Result;
use crate::guard::{changes, new_markers, unsafe_path};
use crate::history::Known;
use crate::ids::{object_id, oid, sha};
use crate::mirror::Contents;
use crate::odb::Odb;
use crate::patch::{self, Patches};
use crate::source::Source;

/// How many paths of a merge that was made by hand are named.
const MAX_PATHS: usize = 100;

/// Where a chain stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    commit: Oid,
    tree: Oid,
}

/// A chain under way.
pub(crate) struct Chain<'r> {
    repo: &'r Repository,
    committer: &'r Committer,
    at: Place,
    /// The commits that were picked so far: a pull request that stands on another one has that
    /// one's commits too.
    picked: HashSet<Oid>,
    contents: &'r Contents,
    patches: Patches,
    /// What the picked commits change, for people.
    pub(crate) texts: BTreeMap<PatchId, String>,
}

/// What came of one commit.
enum Step {
    /// A new commit.
    Picked(Place, PickedCommit),
    /// Nothing was left to change.
    Nothing,
    /// The pull request as a whole is set aside.
    SetAside(PickOutcome),
}

impl<'r> Chain<'r> {
    /// A chain with no pick yet.
    pub(crate) fn new(
        repo: &'r Repository,
        committer: &'r Committer,
        base: &Commit<'_>,
        contents: &'r Contents,
    ) -> Self {
        let at = Place {
            commit: base.id(),
            tree: base.tree_id(),
        };
        Self {
            repo,
            committer,
            at,
            picked: HashSet::new(),
            contents,
            patches: Patches::default(),
            texts: BTreeMap::new(),
        }
    }

    /// Picks all of a pull request, or none of it.
    pub(crate) fn pick(
        &mut self,
        pick: &ApprovedPick,
        source: &Source,
        known: &Known<'_>,
    ) -> Result<PickOutcome> {
        if known.has_all(oid(&pick.head), source)? {
            return Ok(PickOutcome::Contained);
        }
        let (mut at, mut commits) = (self.at, Vec::new());
        for id in &source.commits {
            if self.picked.contains(id) || known.has_commit(*id, source)? {
                continue;
            }
            match self.step(pick, &self.repo.find_commit(*id)?, at)? {
                Step::SetAside(outcome) => return Ok(outcome),
                Step::Nothing => {}
                Step::Picked(next, commit) => {
                    at = next;
                    commits.push(commit);
                }
            }
        }
        if commits.is_empty() {
            return Ok(PickOutcome::Contained);
        }
        self.at = at;
        self.picked
            .extend(commits.iter().map(|commit| oid(&commit.source)));
        Ok(PickOutcome::Picked {
            commits,
            renames: Renames::NotNeeded,
        })
    }

    fn step(&mut self, pick: &ApprovedPick, source: &Commit<'_>, at: Place) -> Result<Step> {
        if source.parent_count() > 1 {
            return self.check_merge(source);
        }
        let parent = match source.parent_ids().next() {
            Some(parent) => self.repo.find_commit(parent)?.tree_id(),
            None => self.repo.treebuilder(None)?.write()?,
        };
        let theirs = source.tree_id();
        if let Some(path) = unsafe_path(self.repo, parent, theirs)? {
            let (commit, path) = (sha(source.id()), path.chars().take(200).collect::<String>());
            let reason = format!(
                "its commit {} has the path {path:?}, which git refuses",
                commit.short()
            );
            return Ok(Step::SetAside(PickOutcome::Unavailable { reason }));
        }
        let tree = match merge_trees(self.repo, parent, at.tree, theirs)? {
            Merged::Clean(tree) if tree == at.tree => return Ok(Step::Nothing),
            Merged::Clean(tree) => tree,
            Merged::Conflicting(conflicts) => return Ok(conflict(source, conflicts)),
        };
        let markers = new_markers(self.repo, (parent, theirs), (at.tree, tree))?;
        if !markers.is_empty() {
            return Ok(conflict(source, markers));
        }
        let commit = write_pick(self.repo, source, (tree, at.commit), self.committer, pick)?;
        let (patch, verbatim) = self.patch((parent, theirs), (at.tree, tree))?;
        let picked = PickedCommit {
            source: sha(source.id()),
            commit: sha(commit),
            patch,
            verbatim,
        };
        Ok(Step::Picked(Place { commit, tree }, picked))
    }

    /// What a pick changes, and whether the picked commit changes just that.
    fn patch(&mut self, source: (Oid, Oid), picked: (Oid, Oid)) -> Result<(PatchId, bool)> {
        let odb = Odb(self.repo);
        let changes = |(from, to)| changes::changes(&odb, object_id(from), object_id(to));
        let too_many = || git2::Error::from_str("too many files change");
        let (source, picked) = (changes(source)?, changes(picked)?);
        let (source, picked) = source.zip(picked).ok_or_else(too_many)?;
        let theirs = self.patches.id(&odb, &source)?;
        let ours = self.patches.id(&odb, &picked)?.ok_or_else(too_many)?;
        self.texts.insert(ours.clone(), patch::text(&odb, &picked)?);
        let verbatim = theirs.as_ref() == Some(&ours);
        Ok((ours, verbatim))
    }

    /// A merge inside a pull request brings in its base branch, and adds nothing that is to be
    /// picked. Where it was resolved or changed by hand it does add something, which the commits
    /// around it do not have: leaving that out would ship what nobody reviewed.
    fn check_merge(&self, merge: &Commit<'_>) -> Result<Step> {
        let parents: Vec<_> = merge.parent_ids().collect();
        let conflicts = match parents.as_slice() {
            [first, second] => match merge_commits(self.repo, *first, *second)? {
                Merged::Clean(tree) if tree == merge.tree_id() => return Ok(Step::Nothing),
                Merged::Clean(tree) => self.differing(tree, merge.tree_id())?,
                Merged::Conflicting(conflicts) => conflicts,
            },
            more => {
                let first = self.repo.find_commit(more[0])?;
                self.differing(first.tree_id(), merge.tree_id())?
            }
        };
        match conflicts.is_empty() {
            true => Ok(Step::Nothing),
            false => Ok(conflict(merge, conflicts)),
        }
    }

    fn differing(&self, from: Oid, to: Oid) -> Result<Vec<Conflict>> {
        let diff = changes(self.repo, from, to)?;
        let paths = diff.deltas().take(MAX_PATHS).filter_map(|delta| {
            let path = delta
                .new_file()
                .path_bytes()
                .or(delta.old_file().path_bytes())?;
            Some(String::from_utf8_lossy(path).into_owned())
        });
        let conflicts = paths.map(|path| Conflict {
            path,
            kind: ConflictKind::Other,
            versions: Versions::default(),
        });
        Ok(conflicts.collect())
    }
}

fn conflict(source: &Commit<'_>, conflicts: Vec<Conflict>) -> Step {
    Step::SetAside(PickOutcome::Conflict {
        commit: sha(source.id()),
        conflicts,
        renames: Renames::NotNeeded,
    })
}
