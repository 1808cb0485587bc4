//! Carrying out the steps before a release: assessing, assembling, building.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use picket_builder::{BuildRequest, Revision};
use picket_domain::{
    Attempt, BuildReport, Candidate, ChainSpec, ChannelName, CommitSha, Facts, Investigation,
    PickOutcome, PrNumber, ResolvedSet, Step, Verdict,
};
use picket_merger::{Assessed, Contents, Fetched};
use tracing::{info, warn};

use super::{Reconciler, blocking};
use crate::config::Channel;
use crate::logging::PROGRESS;

impl Reconciler {
    /// Carries out one step; its outcome is in the database afterwards.
    pub(super) async fn act(
        self: &Arc<Self>,
        channel: &Channel,
        facts: &Facts,
        step: &Step,
    ) -> anyhow::Result<()> {
        let name = &channel.policy.channel;
        match step {
            Step::Assess {
                pr,
                head,
                base,
                resolved,
            } => {
                let candidate = candidate(facts, *pr)?;
                let assessed = self.assess(candidate, head, base, resolved).await?;
                self.store.record_patches(&assessed.patches).await?;
                self.store
                    .record_assessment(name, base, &facts.input(candidate), &assessed.outcome)
                    .await?;
            }
            Step::Investigate {
                pr, base, resolved, ..
            } => {
                let candidate = candidate(facts, *pr)?;
                let found = self.investigate(facts, candidate, base, resolved).await?;
                self.store
                    .record_investigation(name, base, &facts.input(candidate), &found)
                    .await?;
            }
            Step::Assemble(spec) => self.assemble(facts, spec).await?,
            Step::Build { base, rev } => self.build(channel, base, rev).await?,
            Step::Reserve {
                seq,
                base,
                tip,
                picks,
            } => {
                self.reserve(channel, facts, *seq, base, tip, picks).await?;
            }
            Step::Stage(seq) => self.stage(channel, facts, *seq).await?,
            Step::Publish(seq) => self.publish(channel, facts, *seq).await?,
            Step::Abandon { seq, reason } => {
                info!(target: PROGRESS, "release {seq} given up: {reason}");
                self.store.abandon(name, *seq, self.now(), reason).await?;
            }
            Step::RecordSuperseded {
                pr,
                base,
                lag_seconds,
            } => {
                self.store
                    .record_superseded(self.now(), name, *pr, base, *lag_seconds)
                    .await?;
                let hours = *lag_seconds as f64 / 3600.0;
                info!(target: PROGRESS, "#{pr}: the stable channel has it, {hours:.1} h later");
            }
        }
        Ok(())
    }

    async fn assess(
        &self,
        candidate: &Candidate,
        head: &CommitSha,
        base: &CommitSha,
        resolved: &ResolvedSet,
    ) -> anyhow::Result<Assessed> {
        let pr = candidate.pr;
        if self.fetch_head(pr, head).await? == Fetched::Gone {
            let reason = format!("GitHub does not have {} any more", head.short());
            return Ok(Assessed {
                outcome: PickOutcome::Unavailable { reason },
                patches: BTreeMap::new(),
            });
        }
        let contents = self.contents([resolved]).await?;
        let (mirror, candidate) = (self.mirror.clone(), candidate.clone());
        let (base, resolved) = (base.clone(), resolved.clone());
        let assessed =
            blocking(move || mirror.assess(&base, &candidate, &resolved, &contents)).await?;
        let verdict = match &assessed.outcome {
            PickOutcome::Picked { .. } => "applies",
            PickOutcome::Contained => "is in the stable channel already",
            PickOutcome::Conflict { .. } => "conflicts",
            PickOutcome::Disputed { .. } => "is picked otherwise by git",
            PickOutcome::Unavailable { .. } => "cannot be had",
        };
        info!(target: PROGRESS, "#{pr} {verdict}");
        Ok(assessed)
    }

    async fn investigate(
        &self,
        facts: &Facts,
        candidate: &Candidate,
        base: &CommitSha,
        resolved: &ResolvedSet,
    ) -> anyhow::Result<Investigation> {
        let contents = self.contents([resolved]).await?;
        let (mirror, watched) = (self.mirror.clone(), facts.candidates.clone());
        let (candidate, base, resolved) = (candidate.clone(), base.clone(), resolved.clone());
        blocking(move || mirror.investigate(&base, &candidate, &resolved, &contents, &watched))
            .await
    }

    /// What people wrote to resolve conflicts.
    async fn contents<'a>(
        &self,
        resolved: impl IntoIterator<Item = &'a ResolvedSet>,
    ) -> anyhow::Result<Contents> {
        let ids = resolved.into_iter().flat_map(ResolvedSet::contents);
        Ok(self.store.contents(&ids.cloned().collect()).await?)
    }

    async fn fetch_head(&self, pr: PrNumber, head: &CommitSha) -> anyhow::Result<Fetched> {
        let (mirror, head) = (self.mirror.clone(), head.clone());
        blocking(move || mirror.fetch_pull_request(pr, &head)).await
    }

    async fn assemble(&self, facts: &Facts, spec: &ChainSpec) -> anyhow::Result<()> {
        let mut candidates = BTreeMap::new();
        for pick in &spec.picks {
            // A head that is gone is the assembly's to report: it names the pick as unavailable.
            let (Fetched::Present | Fetched::Gone) = self.fetch_head(pick.pr, &pick.head).await?;
            let mut candidate = candidate(facts, pick.pr)?.clone();
            candidate.head = pick.head.clone();
            candidates.insert(pick.pr, candidate);
        }
        let (mirror, chain) = (self.mirror.clone(), spec.clone());
        let contents = self
            .contents(spec.picks.iter().map(|pick| &pick.resolved))
            .await?;
        let made = blocking(move || mirror.assemble(&chain, &candidates, &contents)).await?;
        self.store.record_patches(&made.patches).await?;
        self.store.record_assembly(spec, &made.assembly).await?;
        Ok(())
    }

    /// Evaluates and builds what differs between the base and a commit of a chain.
    pub(super) async fn build(
        &self,
        channel: &Channel,
        base: &CommitSha,
        rev: &CommitSha,
    ) -> anyhow::Result<()> {
        let name = &channel.policy.channel;
        let (base_tree, head) = (
            self.revision(name, base).await?,
            self.revision(name, rev).await?,
        );
        let request = BuildRequest {
            base: &base_tree,
            head: &head,
            jobs: &channel.jobs,
        };
        let report = self.builder.build(request).await?;
        info!(target: PROGRESS, "{} {}", rev.short(), verdict(channel, &report));
        let attempt = Attempt {
            at: self.now(),
            report,
        };
        self.store.record_attempt(name, base, rev, &attempt).await?;
        Ok(())
    }

    /// A commit with its tree as files.
    pub(super) async fn revision(
        &self,
        channel: &ChannelName,
        rev: &CommitSha,
    ) -> anyhow::Result<Revision> {
        let (mirror, of, tree) = (
            self.mirror.clone(),
            rev.clone(),
            self.dirs.tree(channel, rev),
        );
        let dest = tree.clone();
        blocking(move || mirror.export(&of, &dest)).await?;
        Ok(Revision {
            rev: rev.clone(),
            tree,
        })
    }

    /// Removes the trees that were exported for a channel, but for the base's, which the next
    /// build needs again. Only while nothing reads them: what is missing under a running
    /// evaluation would look like the pull request's fault.
    pub(super) fn remove_trees(&self, facts: &Facts) {
        let base = facts.base.as_ref().map(|base| base.rev.as_str());
        let trees = std::fs::read_dir(self.dirs.trees(&facts.policy.channel));
        for tree in trees.into_iter().flatten().flatten() {
            if tree.file_name().to_str() == base {
                continue;
            }
            if let Err(error) = std::fs::remove_dir_all(tree.path()) {
                warn!(
                    "cannot remove {}, to be tried again: {error}",
                    tree.path().display()
                );
            }
        }
    }
}

fn candidate(facts: &Facts, pr: PrNumber) -> anyhow::Result<&Candidate> {
    facts
        .candidates
        .get(&pr)
        .with_context(|| format!("no candidate {pr}"))
}

fn verdict(channel: &Channel, report: &BuildReport) -> String {
    let changed = report.changed().len();
    match report.verdict(&channel.policy) {
        Verdict::Passed => format!("passes: {changed} jobs changed"),
        Verdict::Broken(jobs) if jobs.is_empty() => "does not evaluate".to_owned(),
        Verdict::Broken(jobs) => format!("breaks {} of {changed} changed jobs", jobs.len()),
        Verdict::Inconclusive(jobs) => {
            format!(
                "could not be told: {} jobs failed by the machine's fault",
                jobs.len()
            )
        }
    }
}
