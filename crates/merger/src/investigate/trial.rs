//! Picking something first, and then the pull request: in memory, to see what comes of it.

use git2::{Commit, Oid};
use picket_domain::{
    ApprovedPick, Candidate, CommitSha, Conflict, ContainedBy, Form, PickOutcome, ResolvedSet,
    Timestamp, Together,
};

use crate::error::Result;
use crate::history::known::Known;
use crate::history::source::{Landed, Source};
use crate::merger::Merger;
use crate::pick::attempt::Attempt;
use crate::pick::chain::Chain;
use crate::pick::fault::own_fault;
use crate::pick::input::{Contents, unapproved};
use crate::snapshot::Snapshot;
use picket_mirror::{need_commit, sha};

/// How many files of a conflict are named.
const MAX_PATHS: usize = 20;

/// What picks are tried on.
pub(super) struct Bench<'r> {
    pub(super) mirror: &'r Merger,
    pub(super) snapshot: &'r Snapshot,
    pub(super) contents: &'r Contents,
    pub(super) base: Commit<'r>,
}

/// A pull request as it is picked.
pub(super) struct Whole<'r> {
    pub(super) source: Source,
    pub(super) known: Known<'r>,
    pick: ApprovedPick,
}

/// What is picked first.
pub(super) enum First<'r> {
    /// A pull request.
    Whole(Box<Whole<'r>>),
    /// Commits that history names, each after its parents.
    Commits(Vec<Oid>),
}

/// What came of a trial.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// The base has what was to be picked first.
    Contained,
    /// It lacks it.
    Missing(Together),
}

impl<'r> Bench<'r> {
    pub(super) fn new(
        mirror: &'r Merger,
        snapshot: &'r Snapshot,
        contents: &'r Contents,
        base: &CommitSha,
    ) -> Result<Self> {
        let base = need_commit(&snapshot.repo, base)?;
        Ok(Self {
            mirror,
            snapshot,
            contents,
            base,
        })
    }

    /// A pull request at its present head; `None` where it cannot be picked at all.
    pub(super) fn whole(
        &self,
        candidate: &Candidate,
        resolved: &ResolvedSet,
    ) -> Result<Option<Whole<'r>>> {
        let repo = &self.snapshot.repo;
        let source = self.mirror.source(repo, candidate, &candidate.head);
        let Ok(Ok(source)) = own_fault(source)? else {
            return Ok(None);
        };
        let known = self.mirror.known(repo, self.base.id(), source.branch)?;
        let at = Timestamp::from_unix(self.base.time().seconds());
        let pick = unapproved(candidate, at, (resolved, &Form::AsIs));
        Ok(Some(Whole {
            source,
            known,
            pick,
        }))
    }

    /// A chain on the base, which nobody will keep.
    pub(super) fn chain(&self) -> Chain<'r> {
        self.mirror.chain(self.snapshot, self.contents, &self.base)
    }

    /// What comes of picking this on the chain, and then the pull request. What applies stays.
    pub(super) fn run(
        &self,
        chain: &mut Chain<'r>,
        first: &First<'r>,
        asked: &Whole<'r>,
    ) -> Result<Tried> {
        let outcome = match first {
            First::Whole(whole) => whole.pick(chain),
            First::Commits(commits) => pick(chain, commits, asked),
        };
        let Ok(outcome) = own_fault(outcome)? else {
            return Ok(Tried::Missing(Together::Unknown));
        };
        Ok(Tried::Missing(match outcome {
            PickOutcome::Contained { .. } => return Ok(Tried::Contained),
            PickOutcome::Picked { .. } => then(asked.pick(chain)?),
            PickOutcome::Conflict { conflicts, .. } => Together::PrerequisiteConflicts {
                paths: paths(conflicts),
            },
            PickOutcome::Disputed { .. } | PickOutcome::Unavailable { .. } => Together::Unknown,
        }))
    }
}

impl Whole<'_> {
    /// Whether a commit of history is one of the pull request's, or what they became.
    pub(super) fn has(&self, commit: Oid) -> bool {
        let Source {
            commits,
            landed,
            merged_as,
            ..
        } = &self.source;
        let became = match landed {
            Landed::AsIs => false,
            Landed::Squashed(squashed) => *squashed == commit,
            Landed::Rebased(became) => became.values().any(|it| *it == commit),
        };
        became || *merged_as == Some(commit) || commits.contains(&commit)
    }

    /// Picks it as far as it goes.
    pub(super) fn attempt(&self, chain: &mut Chain<'_>) -> Result<Attempt> {
        chain.attempt(&self.pick, &self.source, &self.known)
    }

    fn pick(&self, chain: &mut Chain<'_>) -> Result<PickOutcome> {
        chain.pick(&self.pick, &self.source, &self.known)
    }
}

/// Picks commits that are no watched pull request's.
fn pick(chain: &mut Chain<'_>, commits: &[Oid], asked: &Whole<'_>) -> Result<PickOutcome> {
    let Some(head) = commits.last() else {
        let by = ContainedBy::Base;
        return Ok(PickOutcome::Contained { by });
    };
    let source = Source {
        commits: commits.to_vec(),
        landed: Landed::AsIs,
        merged_as: None,
        branch: asked.source.branch,
        is_on_branch: true,
        from: None,
    };
    let pick = ApprovedPick {
        head: sha(*head),
        resolved: ResolvedSet::default(),
        ..asked.pick.clone()
    };
    chain.pick(&pick, &source, &asked.known)
}

/// What came of the pull request after what it may stand on.
fn then(outcome: PickOutcome) -> Together {
    match outcome {
        PickOutcome::Picked { .. } | PickOutcome::Contained { .. } => Together::Clean,
        PickOutcome::Conflict { conflicts, .. } => Together::StillConflicts {
            paths: paths(conflicts),
        },
        PickOutcome::Disputed { .. } | PickOutcome::Unavailable { .. } => Together::Unknown,
    }
}

fn paths(conflicts: Vec<Conflict>) -> Vec<String> {
    let paths = conflicts.into_iter().map(|conflict| conflict.path);
    paths.take(MAX_PATHS).collect()
}
