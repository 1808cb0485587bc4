//! The pick chain: pull requests' commits onto a base, in order, in memory.

use std::collections::{BTreeMap, HashSet};

use git2::{Commit, Oid};
use picket_domain::{ApprovedPick, ContainedBy, PatchId, PickOutcome, PickedCommit, Renames};
use picket_treemerge::{Kind, NewObjects};

use crate::error::Result;
use crate::history::known::Known;
use crate::history::source::Source;
use crate::patch::Patches;
use crate::pick::attempt::{Attempt, Place};
use crate::pick::commit_bytes::pick_of;
use crate::pick::commit_pick::{Picking, Stepped};
use crate::pick::form::Carrying;
use crate::pick::input::Contents;
use crate::snapshot::Snapshot;
use picket_mirror::{Committer, oid, sha, sha_of};

/// A chain under way.
pub(crate) struct Chain<'m> {
    snapshot: &'m Snapshot,
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

impl<'m> Chain<'m> {
    /// A chain with no pick yet.
    pub(crate) fn new(
        snapshot: &'m Snapshot,
        committer: &'m Committer,
        contents: &'m Contents,
        base: &Commit<'_>,
    ) -> Self {
        Self {
            snapshot,
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

    /// Picks a pull request as far as it goes, in its form.
    pub(crate) fn attempt(
        &mut self,
        pick: &ApprovedPick,
        source: &Source,
        known: &Known<'_>,
    ) -> Result<Attempt> {
        let as_is = self.attempt_as_is(pick, source, known)?;
        let carrying = Carrying {
            snapshot: self.snapshot,
            committer: self.committer,
            contents: self.contents,
            pick,
            from: self.at,
            made: &self.made,
        };
        carrying.run(as_is, &mut self.patches)
    }

    fn attempt_as_is(
        &mut self,
        pick: &ApprovedPick,
        source: &Source,
        known: &Known<'_>,
    ) -> Result<Attempt> {
        let mut attempt = Attempt {
            outcome: nothing_in_it("its commits change nothing"),
            made: self.made.clone(),
            merges: Vec::new(),
            clean: None,
            at: self.at,
            texts: BTreeMap::new(),
            sources: Vec::new(),
        };
        if source.changes_nothing(&self.snapshot.repo)? {
            return Ok(attempt);
        }
        if known.has_all(oid(&pick.head), source)? {
            attempt.outcome = contained(ContainedBy::Base);
            return Ok(attempt);
        }
        let (mut commits, mut renames) = (Vec::new(), Renames::NotNeeded);
        let mut contained_by = None;
        for id in &source.commits {
            if self.picked.contains(id) {
                contained_by = contained_by.max(Some(ContainedBy::OtherPick));
                continue;
            }
            if known.has_commit(*id, source)? {
                contained_by = contained_by.max(Some(ContainedBy::Base));
                continue;
            }
            let commit = self.snapshot.repo.find_commit(*id)?;
            let picking = Picking {
                snapshot: self.snapshot,
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
                Stepped::Nothing(by) => contained_by = contained_by.max(by),
                Stepped::Changes { tree, change } => {
                    let bytes = pick_of(&commit, (tree, attempt.at.commit), self.committer, pick);
                    let made = attempt.made.add(Kind::Commit, bytes);
                    attempt.at = Place { commit: made, tree };
                    attempt.texts.insert(change.patch.clone(), change.text);
                    attempt.sources.push(*id);
                    commits.push(PickedCommit {
                        source: sha(*id),
                        commit: sha_of(made),
                        patch: change.patch,
                        verbatim: change.verbatim,
                    });
                }
            }
        }
        if !commits.is_empty() && attempt.at.tree == self.at.tree {
            attempt.outcome =
                nothing_in_it("its commits undo each other: together they change nothing");
        } else if !commits.is_empty() {
            attempt.outcome = PickOutcome::Picked { commits, renames };
        } else if let Some(by) = contained_by {
            attempt.outcome = contained(by);
        }
        Ok(attempt)
    }

    /// Goes on from a pull request that was picked; from any other, nothing is kept.
    pub(crate) fn keep(&mut self, attempt: Attempt) {
        if let PickOutcome::Picked { .. } = &attempt.outcome {
            self.picked.extend(attempt.sources);
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

fn contained(by: ContainedBy) -> PickOutcome {
    PickOutcome::Contained { by }
}

/// Of a pull request that changes nothing.
fn nothing_in_it(reason: &str) -> PickOutcome {
    let reason = reason.to_owned();
    PickOutcome::Unavailable { reason }
}
