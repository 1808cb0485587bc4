//! The lane that makes chains of picks and builds them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::anyhow;
use picket_builder::BuildRequest;
use picket_domain::{
    ApprovedPick, Attempt, BuildReport, BuildWord, Candidate, ChainSpec, CommitSha, Facts,
    FailureCause, JobName, JobOutcome, Machine, PickOutcome, Step, Timestamp, Verdict,
};
use picket_merger::{Fetched, MirrorError};
use picket_publisher::{Publisher, Unpackable};
use tokio::task::JoinHandle;
use tracing::info;

use crate::engine::{Engine, PROGRESS, blocking, candidate, now};
use crate::lane::{Lane, Tried};
use crate::settings::Channel;
use crate::supervise::{Bell, Work};
use crate::trees::HeldTree;

/// So many builds of one channel run at once: that of the whole chain, and that of what overtakes it.
const BUILDS_AT_ONCE: usize = 2;

pub(crate) struct Build {
    engine: Arc<Engine>,
    channel: Arc<Channel>,
    bell: Bell,
    running: BTreeMap<CommitSha, JoinHandle<()>>,
}

impl Work for Build {
    async fn pass(&mut self, lane: &Lane) -> anyhow::Result<Option<Timestamp>> {
        let tells = self.engine.builder.hears_reads().await;
        let told = |machine: &mut Machine| machine.tells_reads = Some(tells);
        self.engine.on_machine(self.channel.name(), told).await;
        loop {
            self.running.retain(|_, build| !build.is_finished());
            let look = self.engine.look(self.channel.name()).await?;
            let plan = look.plan();
            self.stop_cancelled(look.facts()).await;
            let names: BTreeSet<_> = plan.steps.iter().filter_map(describe).collect();
            lane.keep_wanted(|step| step == "looking" || names.contains(step));
            let mut assembled = false;
            for step in &plan.steps {
                match step {
                    Step::Assemble(spec) => {
                        let name = describe(step).unwrap_or_default();
                        let tried = lane
                            .attempt_planned(&name, self.engine.assemble(look.facts(), spec))
                            .await;
                        assembled |= tried == Tried::Done;
                    }
                    Step::Build { base, rev } => self.start(lane, base, rev),
                    Step::Assess { .. }
                    | Step::Investigate { .. }
                    | Step::Measure { .. }
                    | Step::RecordSuperseded { .. }
                    | Step::RecordReturned { .. }
                    | Step::Reserve { .. }
                    | Step::Stage(_)
                    | Step::Publish(_)
                    | Step::Abandon { .. } => {}
                }
            }
            if !assembled {
                return Ok(plan.wake_at);
            }
            self.bell.ring();
        }
    }

    /// Dropping a build's future ends its processes.
    async fn end(&mut self) {
        for build in std::mem::take(&mut self.running).into_values() {
            build.abort();
            // The only error is that it was aborted, which was asked for.
            let _ = build.await;
        }
    }
}

fn describe(step: &Step) -> Option<String> {
    match step {
        Step::Assemble(spec) => Some(format!("assembling {} picks", spec.picks.len())),
        Step::Build { rev, .. } => Some(building(rev)),
        Step::Assess { .. }
        | Step::Investigate { .. }
        | Step::Measure { .. }
        | Step::RecordSuperseded { .. }
        | Step::RecordReturned { .. }
        | Step::Reserve { .. }
        | Step::Stage(_)
        | Step::Publish(_)
        | Step::Abandon { .. } => None,
    }
}

fn building(rev: &CommitSha) -> String {
    format!("building {}", rev.short())
}

impl Build {
    pub(crate) fn new(engine: Arc<Engine>, channel: Arc<Channel>, bell: Bell) -> Self {
        Self {
            engine,
            channel,
            bell,
            running: BTreeMap::new(),
        }
    }

    /// Ends the builds that a person stopped. Nothing is recorded of them: what was built is in the
    /// store, and the audit log says who stopped them.
    async fn stop_cancelled(&mut self, facts: &Facts) {
        let is_cancelled = |rev: &CommitSha| match facts.log.build_word(rev) {
            Some(BuildWord::Cancelled { .. }) => true,
            Some(BuildWord::Retry { .. }) | None => false,
        };
        let cancelled = self.running.keys().filter(|rev| is_cancelled(rev));
        for rev in cancelled.cloned().collect::<Vec<_>>() {
            info!(target: PROGRESS, "stopping the build of {}", rev.short());
            if let Some(build) = self.running.remove(&rev) {
                build.abort();
                // The only error is that it was aborted, which was asked for.
                let _ = build.await;
            }
            self.engine
                .on_machine(self.channel.name(), |machine| {
                    machine.building.remove(&rev);
                })
                .await;
        }
    }

    /// Starts a build unless as many run as may. One that runs is never ended for another: its chain
    /// was wanted, most of its work serves the next one, and a stream of approvals must not starve it.
    fn start(&mut self, lane: &Lane, base: &CommitSha, rev: &CommitSha) {
        let is_full = self.running.len() >= BUILDS_AT_ONCE;
        let step = building(rev);
        if is_full || self.running.contains_key(rev) || !lane.is_due(&step) {
            return;
        }
        let (engine, channel) = (Arc::clone(&self.engine), Arc::clone(&self.channel));
        let (lane, bell) = (lane.clone(), self.bell.clone());
        let (base, of) = (base.clone(), rev.clone());
        self.running.insert(
            rev.clone(),
            tokio::spawn(async move {
                let (name, began) = (channel.name(), now());
                engine
                    .on_machine(name, |machine| {
                        machine.building.insert(of.clone(), began);
                    })
                    .await;
                let outcome = engine.build(&channel, &base, &of).await;
                engine
                    .on_machine(name, |machine| {
                        machine.building.remove(&of);
                    })
                    .await;
                lane.record(&step, outcome);
                engine.remove_idle_trees(name).await;
                bell.ring();
            }),
        );
    }
}

/// Whether a candidate's head could not be had when it was picked alone; that is tried again.
fn is_unavailable(facts: &Facts, candidate: &Candidate) -> bool {
    let alone = facts.assessment(candidate);
    matches!(alone, Some(PickOutcome::Unavailable { .. }))
}

impl Engine {
    pub(crate) async fn assemble(&self, facts: &Facts, spec: &ChainSpec) -> anyhow::Result<()> {
        let mut candidates = BTreeMap::new();
        for pick in &spec.picks {
            let mut candidate = candidate(facts, pick.pr)?.clone();
            candidate.head = pick.head.clone();
            // A head that cannot be had is the assembly's to report: it names the pick as unavailable.
            if !is_unavailable(facts, &candidate) {
                let (Fetched::Present | Fetched::Gone) =
                    self.fetch_head(pick.pr, &pick.head).await?;
            }
            candidates.insert(pick.pr, candidate);
        }
        let (merger, chain) = (self.merger.clone(), spec.clone());
        let contents = spec.picks.iter().flat_map(ApprovedPick::contents);
        let contents = self.contents(contents).await?;
        let made = blocking(move || merger.assemble(&chain, &candidates, &contents)).await?;
        self.store.record_patches(&made.patches).await?;
        self.store.record_assembly(spec, &made.assembly).await?;
        Ok(())
    }

    /// Evaluates and builds what differs between the base and a commit of a chain.
    async fn build(
        &self,
        channel: &Channel,
        base: &CommitSha,
        rev: &CommitSha,
    ) -> anyhow::Result<()> {
        self.look_at_disks().await?;
        let name = channel.name();
        let base_tree = self.tree(name, base).await?;
        let mut report = match self.head_tree(channel, &base_tree, rev).await? {
            Ok(head) => {
                let request = BuildRequest {
                    base: base_tree.revision(),
                    head: head.revision(),
                    jobs: &channel.jobs,
                    required: &channel.policy.required_jobs,
                    rebuild_limit: channel.rebuild_limit,
                    scope: &channel.scope,
                    package_tests: channel.policy.package_tests.most(),
                };
                self.builder.build(request).await?
            }
            Err(error) => BuildReport::EvaluationFailed { error },
        };
        if filled_a_disk(&report) {
            // With room left by now, the build itself takes too much. Without, it counts for nothing.
            self.look_at_disks().await?;
        }
        self.cache_ahead(channel, &mut report).await;
        info!(target: PROGRESS, "{} {}", rev.short(), verdict(channel, &report));
        report.shorten();
        let attempt = Attempt { at: now(), report };
        self.store.record_attempt(name, base, rev, &attempt).await?;
        Ok(())
    }

    /// The tree of a chain's commit; or why it cannot be a channel, where the base's can: that is the
    /// picks' doing.
    async fn head_tree(
        &self,
        channel: &Channel,
        base: &HeldTree,
        rev: &CommitSha,
    ) -> anyhow::Result<Result<HeldTree, String>> {
        let head = match self.tree(channel.name(), rev).await {
            Ok(head) => head,
            Err(error) => match error.downcast_ref::<MirrorError>() {
                Some(unwritable @ MirrorError::UnwritableTree { .. }) => {
                    return Ok(Err(unwritable.to_string()));
                }
                _ => return Err(error),
            },
        };
        let trees = [base.path().to_owned(), head.path().to_owned()];
        let problems = blocking(move || {
            let [base, head] = trees.map(|tree| Publisher::packable(&tree));
            anyhow::Ok((tree_problem(base)?, tree_problem(head)?))
        });
        match problems.await? {
            (_, None) => Ok(Ok(head)),
            (None, Some(problem)) => Ok(Err(problem)),
            (Some(problem), Some(_)) => Err(anyhow!("the stable channel itself: {problem}")),
        }
    }
}

/// Whether a build failed since a disk was full.
fn filled_a_disk(report: &BuildReport) -> bool {
    let is_full = |outcome: &JobOutcome| match outcome {
        JobOutcome::Failed { cause, .. } => *cause == FailureCause::DiskFull,
        JobOutcome::Built { .. }
        | JobOutcome::Refused { .. }
        | JobOutcome::EvaluationFailed { .. } => false,
    };
    report.changed().iter().any(|job| is_full(&job.outcome))
}

fn tree_problem(packable: Result<(), Unpackable>) -> anyhow::Result<Option<String>> {
    match packable {
        Ok(()) => Ok(None),
        Err(problem @ Unpackable::Tree(_)) => Ok(Some(problem.to_string())),
        Err(Unpackable::Failed(error)) => Err(error.into()),
    }
}

fn verdict(channel: &Channel, report: &BuildReport) -> String {
    let changed = report.changed().len();
    let count = |jobs: &[JobName]| jobs.len();
    match report.verdict(&channel.policy) {
        Verdict::Passed => format!("passes: {changed} jobs changed"),
        Verdict::Broken(jobs) if jobs.is_empty() => "does not evaluate".to_owned(),
        Verdict::Broken(jobs) => format!("breaks {} of {changed} changed jobs", count(&jobs)),
        Verdict::Rejected(jobs) => {
            format!("breaks {} of {changed} changed jobs for good", count(&jobs))
        }
        Verdict::NoMachine(jobs) => format!("{} jobs have no machine", count(&jobs)),
        Verdict::Inconclusive(jobs) if jobs.is_empty() => {
            "could not be evaluated within the limits".to_owned()
        }
        Verdict::Inconclusive(jobs) => format!(
            "could not be told: {} jobs failed by the machine's fault",
            count(&jobs)
        ),
    }
}
