//! What is known about one channel: the input of planning.

use std::collections::{BTreeMap, BTreeSet};

use crate::assembly::{Assembly, PickOutcome};
use crate::audit::Entry;
use crate::base::Base;
use crate::build::BuildRecord;
use crate::candidate::Candidate;
use crate::conflict::ResolvedSet;
use crate::id::{ChainId, CommitSha, PrNumber, ReleaseSeq, ResolvedSetId};
use crate::policy::Policy;
use crate::release::Release;
use crate::time::Timestamp;

/// Everything that planning looks at, for one channel.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The channel's rules.
    pub policy: Policy,
    /// Where the stable channel stands; `None` until it was first fetched.
    pub base: Option<Base>,
    /// The candidates.
    pub candidates: BTreeMap<PrNumber, Candidate>,
    /// The audit log's entries that concern this channel, in the log's order.
    pub log: Vec<Entry>,
    /// What comes of picking a candidate's head, alone, onto the current base.
    pub assessments: BTreeMap<PickInput, PickOutcome>,
    /// The conflicting ones of which history was looked at.
    pub investigated: BTreeSet<PickInput>,
    /// The chains assembled so far on the current base.
    pub assemblies: BTreeMap<ChainId, Assembly>,
    /// The builds against the current base, by the revision built.
    pub builds: BTreeMap<CommitSha, BuildRecord>,
    /// The channel's releases, by sequence number.
    pub releases: Vec<Release>,
    /// The release, if it is the current one, that has to be followed by another one even with the
    /// same content: it names an address or a key that is not the channel's any more.
    pub outdated: Option<ReleaseSeq>,
}

/// What is picked onto a base.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PickInput {
    /// The pull request.
    pub pr: PrNumber,
    /// Its head.
    pub head: CommitSha,
    /// What people made of its conflicts.
    pub resolved: ResolvedSetId,
}

impl Facts {
    /// What people made of a pull request's conflicts in this channel.
    pub fn resolved(&self, pr: PrNumber) -> ResolvedSet {
        ResolvedSet::of(&self.policy.channel, pr, &self.log)
    }

    /// What is to be picked for a candidate, as it stands.
    pub fn input(&self, candidate: &Candidate) -> PickInput {
        PickInput {
            pr: candidate.pr,
            head: candidate.head.clone(),
            resolved: self.resolved(candidate.pr).id(),
        }
    }

    /// What comes of picking a candidate, as it stands, alone onto the current base.
    pub fn assessment(&self, candidate: &Candidate) -> Option<&PickOutcome> {
        self.assessments.get(&self.input(candidate))
    }

    /// The release that clients get.
    pub fn current_release(&self) -> Option<&Release> {
        let published = self
            .releases
            .iter()
            .filter(|release| release.published_at().is_some());
        published.max_by_key(|release| release.seq)
    }

    /// When clients could first get a release with this pull request.
    pub fn first_released_at(&self, pr: PrNumber) -> Option<Timestamp> {
        let with_it = self.releases.iter().filter(|release| release.has(pr));
        with_it.filter_map(Release::published_at).min()
    }
}

/// Small values for tests.
#[cfg(test)]
pub(crate) mod fixtures {
    use crate::*;

    pub(crate) fn sha(text: &str) -> CommitSha {
        CommitSha::parse(&Sha256::of(text.as_bytes()).to_string()[..40]).unwrap()
    }

    pub(crate) fn channel() -> ChannelName {
        ChannelName::parse("nixos-26.05-sec").unwrap()
    }

    pub(crate) fn policy(required_approvals: u32) -> Policy {
        Policy {
            channel: channel(),
            required_approvals,
            required_jobs: vec![JobPattern::parse("*").unwrap()],
            retry: RetryPolicy {
                attempts: 1,
                transient_wait_seconds: 60,
            },
        }
    }

    pub(crate) fn base(name: &str, rev_count: u64) -> Base {
        Base {
            rev: sha(name),
            rev_count,
            version: "26.05".into(),
            committed_at: Timestamp::from_unix(0),
            seen_at: Timestamp::from_unix(rev_count as i64),
        }
    }

    pub(crate) fn candidate(pr: u64, head: &str) -> Candidate {
        Candidate {
            pr: PrNumber(pr),
            title: format!("package{pr}: 1.0 -> 1.1"),
            body: String::new(),
            author: Login::parse("author").unwrap(),
            head: sha(head),
            base_branch: BranchName::parse("master").unwrap(),
            url: format!("https://github.com/NixOS/nixpkgs/pull/{pr}"),
            labels: Vec::new(),
            advisories: Vec::new(),
            upstream: UpstreamState::Open,
            commits: Vec::new(),
            files: Vec::new(),
            opened_at: Timestamp::from_unix(0),
            updated_at: Timestamp::from_unix(0),
        }
    }

    /// A log with one entry a second.
    pub(crate) fn decisions(actions: &[(&str, Action)]) -> Vec<Entry> {
        let mut log: Vec<Entry> = Vec::new();
        for (at, (by, action)) in actions.iter().enumerate() {
            let actor = Actor::Person(Login::parse(by).unwrap());
            let at = Timestamp::from_unix(at as i64);
            log.push(Entry::after(log.last(), at, actor, action.clone()));
        }
        log
    }

    fn store_path(name: &str) -> StorePath {
        StorePath::parse(&format!("/nix/store/{}-{name}", "0".repeat(32))).unwrap()
    }

    fn report(job: &str, outcome: JobOutcome) -> BuildReport {
        let job = JobName::parse(job).unwrap();
        BuildReport::Evaluated {
            jobs: 1,
            changed: vec![JobReport { job, outcome }],
        }
    }

    pub(crate) fn built(job: &str) -> BuildReport {
        let outputs = vec![store_path(job)];
        report(
            job,
            JobOutcome::Built {
                drv: store_path(&format!("{job}.drv")),
                outputs,
            },
        )
    }

    pub(crate) fn failed(job: &str, cause: FailureCause) -> BuildReport {
        let drv = store_path(&format!("{job}.drv"));
        let log_tail = "error: it does not build".to_owned();
        report(
            job,
            JobOutcome::Failed {
                failed: drv.clone(),
                drv,
                cause,
                log_tail,
            },
        )
    }
}
