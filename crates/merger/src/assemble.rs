//! Looking at pull requests, and making chains of them.

use std::collections::BTreeMap;

use git2::{ObjectType, Oid, Repository};
use picket_domain::{
    ApprovedPick, Assembly, Candidate, ChainSpec, CommitSha, ContentId, PatchId, PickOutcome,
    PickResult, PrNumber, ResolvedSet, Timestamp,
};
use picket_treemerge::{Kind, NewObjects, Objects};

use crate::chain::{Attempt, Chain};
use crate::error::{MergeError, Result};
use crate::history::Known;
use crate::ids::{need_commit, oid, sha};
use crate::mirror::Mirror;
use crate::opened::Opened;
use crate::opinion::second_opinion;
use crate::source::{NoSource, Source};

/// What people made of conflicting files, by the hash under which it is kept. That of a submodule
/// is its commit's id, in hexadecimal.
pub type Contents = BTreeMap<ContentId, Vec<u8>>;

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

impl Mirror {
    /// Whether and how a candidate, at its present head, picks onto a base. Nothing is written to
    /// the mirror: the commits that the outcome names exist only once a chain is assembled, and
    /// then with approvals and so with other ids.
    ///
    /// # Errors
    /// [`MergeError::MissingCommit`] where the base was not fetched,
    /// [`MergeError::MissingContent`] where `resolved` needs a content that is not among
    /// `contents`, [`MergeError::Mirror`] and [`MergeError::Object`] where the mirror cannot be
    /// read.
    pub fn assess(
        &self,
        base: &CommitSha,
        candidate: &Candidate,
        resolved: &ResolvedSet,
        contents: &Contents,
    ) -> Result<Assessed> {
        let opened = self.opened()?;
        let commit = need_commit(&opened.repo, base)?;
        let at = Timestamp::from_unix(commit.time().seconds());
        let pick = unapproved(candidate, at, resolved);
        let mut chain = self.chain(&opened, contents, &commit);
        let outcome = match self.attempt(&opened, &mut chain, base, &pick, candidate)? {
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

    /// Makes the picks of a chain in order, each on those before it. One that does not apply, or
    /// of which git makes something else, is set aside as a whole and the chain goes on without
    /// it. It may stand on one that was approved later: so what conflicts is tried again after
    /// the others, as long as that gets any further. Equal specs and upstream histories give equal
    /// commits.
    ///
    /// # Errors
    /// As of [`Mirror::assess`]; [`MergeError::UnknownCandidate`] where a pick's candidate is not
    /// handed over, [`MergeError::Transport`] where `git merge-tree` fails.
    pub fn assemble(
        &self,
        spec: &ChainSpec,
        candidates: &BTreeMap<PrNumber, Candidate>,
        contents: &Contents,
    ) -> Result<Assembled> {
        let opened = self.opened()?;
        let base = need_commit(&opened.repo, &spec.base)?;
        let mut chain = self.chain(&opened, contents, &base);
        let mut picks = Vec::with_capacity(spec.picks.len());
        let mut waiting: Vec<_> = spec.picks.iter().collect();
        while !waiting.is_empty() {
            let mut conflicting = Vec::new();
            let before = chain.at();
            for pick in waiting {
                let outcome = self.next(&opened, &mut chain, spec, pick, candidates)?;
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
        opened: &Opened,
        chain: &mut Chain<'_>,
        spec: &ChainSpec,
        pick: &ApprovedPick,
        candidates: &BTreeMap<PrNumber, Candidate>,
    ) -> Result<PickOutcome> {
        let unknown = || MergeError::UnknownCandidate(pick.pr);
        let candidate = candidates.get(&pick.pr).ok_or_else(unknown)?;
        match self.attempt(opened, chain, &spec.base, pick, candidate)? {
            Ok(attempt) => kept(opened, chain, attempt),
            Err(reason) => Ok(reason),
        }
    }

    /// A chain with no pick yet.
    pub(crate) fn chain<'m>(
        &'m self,
        opened: &'m Opened,
        contents: &'m Contents,
        base: &git2::Commit<'_>,
    ) -> Chain<'m> {
        Chain::new(opened, self.committer(), contents, base)
    }

    /// What `base` has that `branch`, the tip of a development branch, lacks.
    pub(crate) fn known<'r>(
        &self,
        repo: &'r Repository,
        base: Oid,
        branch: Oid,
    ) -> Result<Known<'r>> {
        self.histories().known(repo, base, branch)
    }

    /// Picks a pull request as far as it goes, or says why it cannot be picked at all.
    pub(crate) fn attempt(
        &self,
        opened: &Opened,
        chain: &mut Chain<'_>,
        base: &CommitSha,
        pick: &ApprovedPick,
        candidate: &Candidate,
    ) -> Result<std::result::Result<Attempt, PickOutcome>> {
        let source: Source = match self.source(&opened.repo, candidate, &pick.head)? {
            Ok(source) => source,
            Err(NoSource(reason)) => return Ok(Err(PickOutcome::Unavailable { reason })),
        };
        let known = self.known(&opened.repo, oid(base), source.branch)?;
        chain.attempt(pick, &source, &known).map(Ok)
    }
}

/// The pick of a candidate that nobody has approved yet.
pub(crate) fn unapproved(
    candidate: &Candidate,
    at: Timestamp,
    resolved: &ResolvedSet,
) -> ApprovedPick {
    ApprovedPick {
        pr: candidate.pr,
        head: candidate.head.clone(),
        approvals: Vec::new(),
        approved_at: at,
        resolved: resolved.clone(),
    }
}

/// Writes a pull request's picks, and goes on from them where git makes the same of them.
fn kept(opened: &Opened, chain: &mut Chain<'_>, attempt: Attempt) -> Result<PickOutcome> {
    match attempt.outcome {
        PickOutcome::Picked { .. } | PickOutcome::Contained => {}
        set_aside => return Ok(set_aside),
    }
    write(&opened.repo, chain.made(), &attempt.made)?;
    if let Some((made, git)) = second_opinion(opened, &attempt.merges)? {
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
        channel = %spec.channel, pr = pr.0, done, of,
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
        PickOutcome::Contained => "is in the base already",
        PickOutcome::Conflict { .. } => "conflicts and is set aside",
        PickOutcome::Disputed { .. } => "is merged otherwise by git and is set aside",
        PickOutcome::Unavailable { .. } => "cannot be picked and is set aside",
    }
}
