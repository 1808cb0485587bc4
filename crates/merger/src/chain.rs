//! The pick chain: pull requests' commits onto a base, in order, in memory.

use std::collections::{BTreeMap, HashSet};

use git2::{Commit, Oid};
use picket_domain::{ApprovedPick, PatchId, PickOutcome, PickedCommit, Renames};
use picket_treemerge::{ConflictPath, Kind, NewObjects, ObjectId};

use crate::assemble::Contents;
use crate::commit::{Committer, pick_of};
use crate::error::Result;
use crate::history::Known;
use crate::ids::{object_id, oid, sha, sha_of};
use crate::opened::Opened;
use crate::patch::Patches;
use crate::source::Source;
use crate::step::{Picking, Stepped};

/// Where a chain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) commit: ObjectId,
    pub(crate) tree: ObjectId,
}

impl Place {
    pub(crate) fn of(commit: &Commit<'_>) -> Self {
        Self {
            commit: object_id(commit.id()),
            tree: object_id(commit.tree_id()),
        }
    }
}

/// A chain under way.
pub(crate) struct Chain<'m> {
    opened: &'m Opened,
    committer: &'m Committer,
    contents: &'m Contents,
    at: Place,
    /// The commits that were picked so far: a pull request that stands on another one has that
    /// one's commits too.
    picked: HashSet<Oid>,
    /// The objects of the picks so far that the mirror may lack.
    made: NewObjects,
    patches: Patches,
    /// What the picked commits change, for people.
    texts: BTreeMap<PatchId, String>,
}

/// A pull request that was picked as far as it goes. The chain stays as it was until it is kept.
pub(crate) struct Attempt {
    pub(crate) outcome: PickOutcome,
    /// The objects of the chain and of this pull request that the mirror may lack.
    pub(crate) made: NewObjects,
    /// The merges, of commits that changed something and of those that did not.
    pub(crate) merges: Vec<Made>,
    /// Of a commit that conflicts, and whose files only need to be settled: the rest.
    pub(crate) clean: Option<Clean>,
    /// Where it ended: after its last commit, or before the one that does not apply.
    pub(crate) at: Place,
    texts: BTreeMap<PatchId, String>,
}

/// All of a merge that is clean, and what is not.
#[derive(Debug, Clone)]
pub(crate) struct Clean {
    /// The tree; the files that conflict are as ours in it.
    pub(crate) tree: ObjectId,
    pub(crate) conflicts: Vec<ConflictPath>,
}

/// A merge that was made.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    /// The commit that was picked.
    pub(crate) source: Oid,
    /// Its parent.
    pub(crate) base: Option<Oid>,
    /// The commit that it was picked onto.
    pub(crate) onto: ObjectId,
    /// The tree that came of it.
    pub(crate) tree: ObjectId,
    /// The files that conflicted, and that people had settled.
    pub(crate) settled: Vec<Vec<u8>>,
}

impl<'m> Chain<'m> {
    /// A chain with no pick yet.
    pub(crate) fn new(
        opened: &'m Opened,
        committer: &'m Committer,
        contents: &'m Contents,
        base: &Commit<'_>,
    ) -> Self {
        Self {
            opened,
            committer,
            contents,
            at: Place::of(base),
            picked: HashSet::new(),
            made: NewObjects::default(),
            patches: Patches::default(),
            texts: BTreeMap::new(),
        }
    }

    /// Takes commits for picked that the chain's start has.
    pub(crate) fn has_picked(&mut self, commits: impl IntoIterator<Item = Oid>) {
        self.picked.extend(commits);
    }

    /// Picks all of a pull request, or none of it. Nothing is written.
    pub(crate) fn pick(
        &mut self,
        pick: &ApprovedPick,
        source: &Source,
        known: &Known<'_>,
    ) -> Result<PickOutcome> {
        let attempt = self.attempt(pick, source, known)?;
        let outcome = attempt.outcome.clone();
        self.keep(attempt);
        Ok(outcome)
    }

    /// Picks a pull request as far as it goes.
    pub(crate) fn attempt(
        &mut self,
        pick: &ApprovedPick,
        source: &Source,
        known: &Known<'_>,
    ) -> Result<Attempt> {
        let mut attempt = Attempt {
            outcome: PickOutcome::Contained,
            made: self.made.clone(),
            merges: Vec::new(),
            clean: None,
            at: self.at,
            texts: BTreeMap::new(),
        };
        if known.has_all(oid(&pick.head), source)? {
            return Ok(attempt);
        }
        let (mut commits, mut renames) = (Vec::new(), Renames::NotNeeded);
        for id in &source.commits {
            if self.picked.contains(id) || known.has_commit(*id, source)? {
                continue;
            }
            let commit = self.opened.repo.find_commit(*id)?;
            let picking = Picking {
                opened: self.opened,
                contents: self.contents,
                resolved: &pick.resolved,
                known,
                source: &commit,
                renames: &mut renames,
            };
            match picking.run(&mut attempt, &mut self.patches)? {
                Stepped::SetAside(outcome) => {
                    attempt.outcome = outcome;
                    return Ok(attempt);
                }
                Stepped::Nothing => {}
                Stepped::Changes { tree, change } => {
                    let bytes = pick_of(&commit, (tree, attempt.at.commit), self.committer, pick);
                    let made = attempt.made.add(Kind::Commit, bytes);
                    attempt.at = Place { commit: made, tree };
                    attempt.texts.insert(change.patch.clone(), change.text);
                    commits.push(PickedCommit {
                        source: sha(*id),
                        commit: sha_of(made),
                        patch: change.patch,
                        verbatim: change.verbatim,
                    });
                }
            }
        }
        if !commits.is_empty() {
            attempt.outcome = PickOutcome::Picked { commits, renames };
        }
        Ok(attempt)
    }

    /// Goes on from a pull request that was picked; from any other, nothing is kept.
    pub(crate) fn keep(&mut self, attempt: Attempt) {
        if let PickOutcome::Picked { commits, .. } = &attempt.outcome {
            self.picked.extend(commits.iter().map(|it| oid(&it.source)));
            self.at = attempt.at;
            self.made = attempt.made;
            self.texts.extend(attempt.texts);
        }
    }

    /// Where it stands.
    pub(crate) fn at(&self) -> Place {
        self.at
    }

    /// The objects of the picks so far that the mirror may lack.
    pub(crate) fn made(&self) -> &NewObjects {
        &self.made
    }

    /// What the picked commits change, for people.
    pub(crate) fn into_texts(self) -> BTreeMap<PatchId, String> {
        self.texts
    }
}
