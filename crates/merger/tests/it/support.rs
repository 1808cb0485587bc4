//! A merger on an upstream, and what it makes.

use std::collections::{BTreeMap, BTreeSet};

use git2::Oid;
use picket_domain::{
    Approval, ApprovedPick, Assembly, Candidate, ChainSpec, ChannelName, CommitSha, Form, Login,
    PickOutcome, PrNumber, ResolvedSet, Timestamp,
};
use picket_merger::{Assessed, Contents, Merger};

pub(crate) use crate::upstream::*;

impl Upstream {
    /// A mirror that has the branches and these pull requests.
    pub(crate) fn mirror(&self, prs: &[&Candidate]) -> Merger {
        let mirror = self.empty_mirror();
        self.update(&mirror, prs);
        mirror
    }

    pub(crate) fn empty_mirror(&self) -> Merger {
        let upstream = self.path();
        Merger::open(&self.mirror_dir(), upstream.to_str().unwrap()).unwrap()
    }

    /// Assembles approved candidates on a base, in this order.
    pub(crate) fn assemble(&self, base: Oid, candidates: &[&Candidate]) -> Assembly {
        let mirror = self.mirror(candidates);
        let picks = candidates.iter().map(|candidate| pick(candidate)).collect();
        let known = candidates.iter().map(|it| (it.pr, (*it).clone())).collect();
        assembled(&mirror, &spec(base, picks), &known)
    }

    /// The only outcome of assembling one candidate, which `assess` agrees on.
    pub(crate) fn outcome(&self, base: Oid, candidate: &Candidate) -> PickOutcome {
        let assembly = self.assemble(base, &[candidate]);
        let [result] = assembly.picks.as_slice() else {
            panic!("one pick, not {assembly:?}");
        };
        let assessed = assess(&self.empty_mirror(), base, candidate).outcome;
        assert_eq!(without_ids(&assessed), without_ids(&result.outcome));
        result.outcome.clone()
    }

    /// The new commits of one candidate on a base.
    pub(crate) fn picked(&self, base: Oid, candidate: &Candidate) -> Vec<CommitSha> {
        match self.outcome(base, candidate) {
            PickOutcome::Picked { commits, .. } => {
                commits.into_iter().map(|commit| commit.commit).collect()
            }
            other => panic!("not picked: {other:?}"),
        }
    }

    /// The content of a file after picking one candidate.
    pub(crate) fn file_after(&self, base: Oid, candidate: &Candidate, path: &str) -> Vec<u8> {
        let commits = self.picked(base, candidate);
        self.mirror_file(commits.last().unwrap(), path)
    }
}

pub(crate) fn pick(candidate: &Candidate) -> ApprovedPick {
    let approval = |by, at| Approval {
        by: Login::parse(by).unwrap(),
        at: Timestamp::from_unix(at),
        patches: BTreeSet::new(),
    };
    ApprovedPick {
        pr: candidate.pr,
        head: candidate.head.clone(),
        approvals: vec![
            approval("grace", 1_790_200_000),
            approval("edsger", 1_790_200_100),
        ],
        approved_at: Timestamp::from_unix(1_790_200_100),
        resolved: ResolvedSet::default(),
        form: Form::AsIs,
        needed: 0,
    }
}

/// Looks at a pull request of which nothing was resolved.
pub(crate) fn try_assess(
    mirror: &Merger,
    base: Oid,
    candidate: &Candidate,
) -> picket_merger::Result<Assessed> {
    let (resolved, contents) = (ResolvedSet::default(), Contents::new());
    mirror.assess(&sha(base), candidate, (&resolved, &Form::AsIs), &contents)
}

pub(crate) fn assess(mirror: &Merger, base: Oid, candidate: &Candidate) -> Assessed {
    try_assess(mirror, base, candidate).unwrap()
}

/// Assembles a chain in which nothing was resolved.
pub(crate) fn assembled(
    mirror: &Merger,
    spec: &ChainSpec,
    candidates: &BTreeMap<PrNumber, Candidate>,
) -> Assembly {
    let assembled = mirror.assemble(spec, candidates, &Contents::new());
    assembled.unwrap().assembly
}

/// The commits' ids depend on approvals, which a pull request that is only looked at lacks.
pub(crate) fn without_ids(outcome: &PickOutcome) -> PickOutcome {
    let mut outcome = outcome.clone();
    if let PickOutcome::Picked { commits, .. } = &mut outcome {
        for commit in commits {
            commit.commit = commit.source.clone();
        }
    }
    outcome
}

pub(crate) fn spec(base: Oid, picks: Vec<ApprovedPick>) -> ChainSpec {
    ChainSpec {
        channel: ChannelName::parse("nixos-26.05-sec").unwrap(),
        base: sha(base),
        picks,
    }
}

/// A base with one change and a pull request with another, both from the same files.
pub(crate) fn two_sides(
    before: impl FnOnce(&mut Edit<'_>),
    ours: impl FnOnce(&mut Edit<'_>),
    theirs: impl FnOnce(&mut Edit<'_>),
) -> (Upstream, Oid, Candidate) {
    let (upstream, root) = Upstream::new();
    let start = upstream.commit(&[root], "start", before);
    let base = upstream.commit(&[start], "ours", ours);
    let head = upstream.commit(&[start], "theirs", theirs);
    upstream.branch("master", start);
    upstream.branch("release", base);
    (upstream, base, candidate(7, head))
}
