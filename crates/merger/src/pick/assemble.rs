//! Looking at pull requests, and making chains of them.

use std::collections::BTreeMap;

use git2::{ObjectType, Repository};
use picket_domain::{
    ApprovedPick, Assembly, Candidate, ChainSpec, CommitSha, ContainedBy, Form, PatchId,
    PickOutcome, PickResult, PrNumber, ResolvedSet, Timestamp,
};
use picket_treemerge::{Kind, NewObjects, Objects};

use crate::error::{MergeError, Result};
use crate::history::source::NoSource;
use crate::merger::Merger;
use crate::pick::attempt::Attempt;
use crate::pick::chain::Chain;
use crate::pick::fault::{gits_fault, own_fault};
use crate::pick::input::{Contents, unapproved};
use crate::pick::second_opinion::second_opinion;
use crate::snapshot::Snapshot;
use picket_mirror::{need_commit, oid, sha, sha_of};

/// What came of looking at one pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessed {
    /// Whether and how it picks.
    pub outcome: PickOutcome,
    /// What each picked commit changes, for people: as `git diff` prints it, with three lines of
    /// context, without numbers of lines and without renames. At most 64 KiB each; one that is cut
    /// says so in its last line.
    pub patches: BTreeMap<PatchId, String>,
}

/// What came of making a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    /// What came of each pick.
    pub assembly: Assembly,
    /// What each picked commit changes, as in [`Assessed::patches`].
    pub patches: BTreeMap<PatchId, String>,
}

impl Merger {
    /// Whether and how a candidate, at its present head and in this form, picks onto a base. Nothing is written to
    /// the mirror: the commits that the outcome names exist only once a chain is assembled, and
    /// then with approvals and so with other ids.
    ///
    /// # Errors
    /// [`MergeError::Mirror`] where the base was not fetched, or the mirror cannot be read. What
    /// is wrong with the pull request alone, or with what people made of its conflicts, is its
    /// outcome.
    pub fn assess(
        &self,
        base: &CommitSha,
        candidate: &Candidate,
        made: (&ResolvedSet, &Form),
        contents: &Contents,
    ) -> Result<Assessed> {
        let snapshot = self.snapshot()?;
        let commit = need_commit(&snapshot.repo, base)?;
        let pick = alone(&commit, candidate, made);
        snapshot.check(&commit)?;
        let mut chain = self.chain(&snapshot, contents, &commit);
        let outcome = match self.attempt(&snapshot, &mut chain, base, &pick, candidate)? {
            Ok(attempt) => {
                let outcome = attempt.outcome.clone();
                chain.keep(attempt);
                outcome
            }
            Err(reason) => reason,
        };
        let patches = chain.into_texts();
        Ok(Assessed { outcome, patches })
    }

    /// As [`Merger::assess`], for whoever has to look at what it makes: the commits are written to the
    /// mirror, where nothing refers to them, and the last one is returned. `None` where it does not
    /// pick, or git makes something else of it.
    ///
    /// # Errors
    /// As of [`Merger::assess`].
    pub fn pick_alone(
        &self,
        base: &CommitSha,
        candidate: &Candidate,
        made: (&ResolvedSet, &Form),
        contents: &Contents,
    ) -> Result<Option<CommitSha>> {
        let snapshot = self.snapshot()?;
        let commit = need_commit(&snapshot.repo, base)?;
        let pick = alone(&commit, candidate, made);
        snapshot.check(&commit)?;
        let mut chain = self.chain(&snapshot, contents, &commit);
        let attempt = self.attempt(&snapshot, &mut chain, base, &pick, candidate)?;
        let outcome = match attempt {
            Ok(attempt) => kept(&snapshot, &mut chain, attempt)?,
            Err(outcome) => outcome,
        };
        let is_picked = matches!(outcome, PickOutcome::Picked { .. });
        Ok(is_picked.then(|| sha_of(chain.at().commit)))
    }

    /// Makes the picks of a chain in order, each on those before it. One that does not apply, or
    /// of which git makes something else, is set aside as a whole and the chain goes on without
    /// it. It may stand on one that was approved later: so what conflicts is tried again after
    /// the others, as long as that gets any further. Equal specs and upstream histories give equal
    /// commits.
    ///
    /// # Errors
    /// As of [`Merger::assess`]; [`MergeError::UnknownCandidate`] where a pick's candidate is not
    /// handed over.
    pub fn assemble(
        &self,
        spec: &ChainSpec,
        candidates: &BTreeMap<PrNumber, Candidate>,
        contents: &Contents,
    ) -> Result<Assembled> {
        let snapshot = self.snapshot()?;
        let base = need_commit(&snapshot.repo, &spec.base)?;
        snapshot.check(&base)?;
        let mut chain = self.chain(&snapshot, contents, &base);
        let mut picks = Vec::with_capacity(spec.picks.len());
        let mut waiting: Vec<_> = spec.picks.iter().collect();
        while !waiting.is_empty() {
            let mut conflicting = Vec::new();
            let before = chain.at();
            for pick in waiting {
                let outcome = self.next(&snapshot, &mut chain, spec, pick, candidates)?;
                match outcome {
                    PickOutcome::Conflict { .. } => conflicting.push((pick, outcome)),
                    _ => picks.push(result(spec, picks.len() + 1, pick, outcome)),
                }
            }
            waiting = Vec::new();
            for (pick, outcome) in conflicting {
                match chain.at() == before {
                    true => picks.push(result(spec, picks.len() + 1, pick, outcome)),
                    false => waiting.push(pick),
                }
            }
        }
        let (assembly, patches) = (Assembly { picks }, chain.into_texts());
        Ok(Assembled { assembly, patches })
    }

    /// Picks a pull request onto a chain, and keeps it if it applies and git agrees.
    fn next(
        &self,
        snapshot: &Snapshot,
        chain: &mut Chain<'_>,
        spec: &ChainSpec,
        pick: &ApprovedPick,
        candidates: &BTreeMap<PrNumber, Candidate>,
    ) -> Result<PickOutcome> {
        let unknown = || MergeError::UnknownCandidate(pick.pr);
        let candidate = candidates.get(&pick.pr).ok_or_else(unknown)?;
        match self.attempt(snapshot, chain, &spec.base, pick, candidate)? {
            Ok(attempt) => kept(snapshot, chain, attempt),
            Err(reason) => Ok(reason),
        }
    }

    /// A chain with no pick yet.
    pub(crate) fn chain<'m>(
        &'m self,
        snapshot: &'m Snapshot,
        contents: &'m Contents,
        base: &git2::Commit<'_>,
    ) -> Chain<'m> {
        Chain::new(snapshot, self.committer(), contents, base)
    }

    /// Picks a pull request as far as it goes, or says why it cannot be picked at all.
    pub(crate) fn attempt(
        &self,
        snapshot: &Snapshot,
        chain: &mut Chain<'_>,
        base: &CommitSha,
        pick: &ApprovedPick,
        candidate: &Candidate,
    ) -> Result<std::result::Result<Attempt, PickOutcome>> {
        let source = self.source(&snapshot.repo, candidate, &pick.head);
        let source = match own_fault(source)? {
            Ok(Ok(source)) => source,
            Ok(Err(NoSource(reason))) => return Ok(Err(PickOutcome::Unavailable { reason })),
            Err(outcome) => return Ok(Err(outcome)),
        };
        let known = self.known(&snapshot.repo, oid(base), source.branch)?;
        own_fault(chain.attempt(pick, &source, &known))
    }
}

/// A pick that nobody has approved yet.
fn alone(
    base: &git2::Commit<'_>,
    candidate: &Candidate,
    made: (&ResolvedSet, &Form),
) -> ApprovedPick {
    let at = Timestamp::from_unix(base.time().seconds());
    unapproved(candidate, at, made)
}

/// Writes a pull request's picks, and goes on from them where git makes the same of them.
fn kept(snapshot: &Snapshot, chain: &mut Chain<'_>, attempt: Attempt) -> Result<PickOutcome> {
    match attempt.outcome {
        PickOutcome::Picked { .. } | PickOutcome::Contained { .. } => {}
        set_aside => return Ok(set_aside),
    }
    write(&snapshot.repo, chain.made(), &attempt.made)?;
    let opinion = second_opinion(snapshot, &attempt.merges);
    let opinion = match gits_fault(snapshot, chain.at().commit, opinion)? {
        Ok(opinion) => opinion,
        Err(outcome) => return Ok(outcome),
    };
    if let Some((made, git)) = opinion {
        let commit = sha(made.source);
        tracing::warn!(%commit, ?git, "git makes something else of a pick than the merge engine");
        return Ok(PickOutcome::Disputed { commit, git });
    }
    let outcome = attempt.outcome.clone();
    chain.keep(attempt);
    Ok(outcome)
}

/// Writes the objects that were not written before. What the mirror has already stays as it is.
fn write(repo: &Repository, before: &NewObjects, made: &NewObjects) -> Result<()> {
    let odb = repo.odb()?;
    for (id, kind, content) in made.iter() {
        if before.read(id, kind).is_ok() {
            continue;
        }
        let kind = match kind {
            Kind::Blob => ObjectType::Blob,
            Kind::Tree => ObjectType::Tree,
            Kind::Commit => ObjectType::Commit,
        };
        odb.write(kind, content)?;
    }
    Ok(())
}

/// What came of a pick, told as the `done`th of its chain.
fn result(spec: &ChainSpec, done: usize, pick: &ApprovedPick, outcome: PickOutcome) -> PickResult {
    let (pr, of, what) = (pick.pr, spec.picks.len(), told(&outcome));
    tracing::info!(
        target: "picket::progress",
        channel = %spec.channel, %pr, done, of,
        "pick {done} of {of}: #{pr} {what}"
    );
    PickResult {
        pr,
        head: pick.head.clone(),
        outcome,
    }
}

fn told(outcome: &PickOutcome) -> &'static str {
    match outcome {
        PickOutcome::Picked { .. } => "picked",
        PickOutcome::Contained { by } => match by {
            ContainedBy::Base => "is in the base already",
            ContainedBy::OtherPick => "is in another pick already",
            ContainedBy::Resolution => "has nothing left to pick, as resolved",
        },
        PickOutcome::Conflict { .. } => "conflicts and is set aside",
        PickOutcome::Disputed { .. } => "is merged otherwise by git and is set aside",
        PickOutcome::Unavailable { .. } => "cannot be picked and is set aside",
    }
}
