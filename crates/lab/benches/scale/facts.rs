//! The database of a large channel in which nothing is left to be done.

use anyhow::{Context, Result, bail};
use picket_domain::{
    AccountId, Action, Actor, Advisory, ApprovedPick, Assembly, Attempt, Base, BranchName,
    BuildReport, Candidate, ChangeKind, ChannelName, CommitSha, ContainedBy, Details, Facts,
    FileChange, Form, JobName, JobOutcome, JobReport, Login, Named, PackageSet, PickInput,
    PickOutcome, PickResult, PickedCommit, Policy, PrNumber, Release, ReleaseName, ReleaseSeq,
    ReleaseState, ReleasedPick, Renames, Sha256, SourceCommit, Step, StorePath, Timestamp,
    UpstreamState, plan,
};
use picket_store::{Grounds, Sealing, Store};

use crate::sizes::{PICKS, Size};

/// Seconds from one candidate, and from one release, to the next.
const APART: i64 = 3_600;

/// Fills an empty database.
pub(crate) struct Filling<'a> {
    pub(crate) store: &'a Store,
    pub(crate) policy: &'a Policy,
    pub(crate) base: Base,
    pub(crate) size: Size,
    pub(crate) now: Timestamp,
}

impl Filling<'_> {
    pub(crate) async fn fill(&self) -> Result<()> {
        self.store.record_base(self.channel(), &self.base).await?;
        let team =
            ["ada", "grace"].map(|name| Login::parse(name).map(|login| Named { login, id: None }));
        let team = team.into_iter().collect::<Result<Vec<_>, _>>()?;
        self.store.set_team(&team, self.at(1)).await?;
        for pr in 1..=self.size.candidates {
            // The real one comes from GitHub; its decisions were made about an earlier head.
            if pr != self.size.real() {
                self.store.upsert_candidate(&self.candidate(pr)?).await?;
            }
            self.decide(pr).await?;
        }
        self.release_all().await?;
        self.settle().await
    }

    fn channel(&self) -> &ChannelName {
        &self.policy.channel
    }

    /// When a candidate was opened, or a release came out.
    fn at(&self, number: u64) -> Timestamp {
        let ago = i64::try_from(self.size.candidates - number.min(self.size.candidates));
        self.now.plus_seconds(-APART * ago.unwrap_or(0))
    }

    fn candidate(&self, pr: u64) -> Result<Candidate> {
        let head = sha(&format!("head {pr}"))?;
        let advisory = format!("CVE-2026-{}", 10_000 + pr);
        let file = FileChange {
            path: format!("pkgs/by-name/pa/package{pr}/package.nix"),
            change: ChangeKind::Modified,
            additions: 2,
            deletions: 2,
        };
        Ok(Candidate {
            pr: PrNumber(pr),
            title: format!("package{pr}: 1.0 -> 1.1"),
            body: format!("fixes {advisory}\n").repeat(200),
            author: Login::parse("author")?,
            author_id: Some(AccountId(41)),
            head: head.clone(),
            base_branch: BranchName::parse("master")?,
            url: format!("https://github.com/NixOS/nixpkgs/pull/{pr}"),
            labels: vec!["1.severity: security".into()],
            named: Advisory::find_all(&advisory),
            upstream: UpstreamState::Open,
            is_draft: false,
            details: Some(Details {
                commits: vec![SourceCommit {
                    sha: head,
                    subject: format!("package{pr}: 1.0 -> 1.1"),
                    author: "Ada".into(),
                    picked_from: Vec::new(),
                }],
                files: vec![file],
                all_commits: 1,
                all_files: 1,
                named: Vec::new(),
            }),
            opened_at: self.at(pr),
            updated_at: self.at(pr),
        })
    }

    /// Two people approve. What was not released by now is without the second approval again, and
    /// one in ten is vetoed.
    async fn decide(&self, pr: u64) -> Result<()> {
        let (channel, number) = (self.channel().clone(), PrNumber(pr));
        let approve = Action::Approve {
            channel: channel.clone(),
            pr: number,
            head: sha(&format!("head {pr}"))?,
            patches: Vec::new(),
            not_shown: Vec::new(),
        };
        self.append(pr, "ada", approve.clone()).await?;
        self.append(pr, "grace", approve).await?;
        if pr <= self.size.releases {
            return Ok(());
        }
        let reason = "not yet: upstream looks into it".to_owned();
        let third = match pr % 10 {
            0 => Action::Veto {
                channel,
                pr: number,
                reason,
            },
            _ => Action::Withdraw {
                channel,
                pr: number,
                reason,
            },
        };
        self.append(pr, "grace", third).await
    }

    async fn append(&self, pr: u64, by: &str, action: Action) -> Result<()> {
        let actor = Actor::Person(Login::parse(by)?);
        self.store.append(self.at(pr), actor, action).await?;
        Ok(())
    }

    /// Each release has one fix more than the one before, and is without its oldest one.
    async fn release_all(&self) -> Result<()> {
        let rules = self.policy.digest();
        self.store.set_rules(self.channel(), rules).await?;
        let facts = self.store.facts(self.policy).await?;
        let grounds = Grounds {
            read_to: facts.log.last().map_or(0, |entry| entry.seq),
            rules,
            team: facts.team.digest(),
        };
        for number in 1..=self.size.releases {
            let (seq, at) = (ReleaseSeq(number), self.at(number));
            self.store.reserve(&self.release(number)?).await?;
            match self.store.seal(self.channel(), seq, at, &grounds).await? {
                Sealing::Sealed(_) => {}
                other => bail!("release {seq} is not sealed: {other:?}"),
            }
            self.store.publish(self.channel(), seq, at).await?;
        }
        Ok(())
    }

    fn release(&self, number: u64) -> Result<Release> {
        let (seq, rev) = (ReleaseSeq(number), sha(&format!("release {number}"))?);
        let first = number.saturating_sub(PICKS - 1).max(1);
        let pick = |pr: u64| {
            let head = sha(&format!("head {pr}"))?;
            let pr = PrNumber(pr);
            let form = Form::AsIs;
            anyhow::Ok(ReleasedPick { pr, head, form })
        };
        Ok(Release {
            channel: self.channel().clone(),
            seq,
            name: ReleaseName::of(&self.base, seq, &rev)?,
            base: self.base.clone(),
            tip: picked_as(PrNumber(number))?,
            rev,
            picks: (first..=number).map(pick).collect::<Result<_>>()?,
            reserved_at: self.at(number),
            state: ReleaseState::Reserved,
        })
    }

    /// Plays the service's part until it has nothing to do.
    async fn settle(&self) -> Result<()> {
        loop {
            let facts = self.store.facts(self.policy).await?;
            let steps = plan(&facts, self.now).steps;
            if steps.is_empty() {
                return Ok(());
            }
            for step in &steps {
                self.act(&facts, step).await?;
            }
        }
    }

    async fn act(&self, facts: &Facts, step: &Step) -> Result<()> {
        let (store, channel) = (self.store, self.channel());
        match step {
            Step::Assess { pr, base, .. } => {
                let candidate = facts.candidates.get(pr).context("assesses no candidate")?;
                let (input, outcome): (PickInput, _) = (facts.input(candidate), self.outcome(*pr)?);
                let recorded = store.record_assessment(channel, base, &input, &outcome);
                recorded.await?;
            }
            Step::Assemble(spec) => {
                let result = |pick: &ApprovedPick| {
                    anyhow::Ok(PickResult {
                        pr: pick.pr,
                        head: pick.head.clone(),
                        outcome: self.outcome(pick.pr)?,
                    })
                };
                let picks = spec.picks.iter().map(result).collect::<Result<_>>()?;
                store.record_assembly(spec, &Assembly { picks }).await?;
            }
            Step::Build { base, rev } => {
                let report = report(self.size.jobs)?;
                let attempt = Attempt {
                    at: self.now,
                    report,
                };
                store.record_attempt(channel, base, rev, &attempt).await?;
            }
            Step::RecordSuperseded {
                pr,
                base,
                lag_seconds,
            } => {
                let (at, lag) = (self.at(pr.0 + PICKS), *lag_seconds);
                let recorded = store.record_superseded(at, channel, *pr, base, lag);
                recorded.await?;
            }
            Step::Investigate { .. }
            | Step::Measure { .. }
            | Step::RecordReturned { .. }
            | Step::Reserve { .. }
            | Step::Stage(_)
            | Step::Publish(_)
            | Step::Abandon { .. } => bail!("this world is not at rest: {step:?}"),
        }
        Ok(())
    }

    /// The stable channel has the fixes that left the releases, and every other one applies.
    fn outcome(&self, pr: PrNumber) -> Result<PickOutcome> {
        if pr.0 < self.size.first_current() {
            let by = ContainedBy::Base;
            return Ok(PickOutcome::Contained { by });
        }
        let commit = PickedCommit {
            source: sha(&format!("head {pr}"))?,
            commit: picked_as(pr)?,
            patch: Sha256::of(&pr.0.to_be_bytes()).into(),
            verbatim: true,
        };
        Ok(PickOutcome::Picked {
            commits: vec![commit],
            renames: Renames::NotNeeded,
        })
    }
}

fn picked_as(pr: PrNumber) -> Result<CommitSha> {
    sha(&format!("picked {pr}"))
}

fn sha(text: &str) -> Result<CommitSha> {
    Ok(CommitSha::parse(
        &Sha256::of(text.as_bytes()).to_string()[..40],
    )?)
}

fn report(jobs: u32) -> Result<BuildReport> {
    let path = StorePath::parse(&format!("/nix/store/{}-job", "0".repeat(32)))?;
    let job = |n: u32| {
        let outcome = JobOutcome::Built {
            drv: path.clone(),
            outputs: vec![path.clone()],
        };
        let job = JobName::parse(&format!("nixpkgs.job{n}"))?;
        anyhow::Ok(JobReport { job, outcome })
    };
    Ok(BuildReport::Evaluated {
        jobs,
        changed: (0..jobs).map(job).collect::<Result<_>>()?,
        aggregates: Vec::new(),
        packages: PackageSet::default(),
    })
}
