//! One channel's worker: plans and carries out its steps, one build at a time beside them.

use std::sync::Arc;
use std::time::Duration;

use picket_domain::{CommitSha, Facts, Hold, Plan, ReleaseSeq, Step, Timestamp, plan};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{Bell, Reconciler};
use crate::config::Channel;
use crate::logging::PROGRESS;

pub(super) struct Worker {
    reconciler: Arc<Reconciler>,
    channel: Channel,
    bell: Bell,
    rings: watch::Receiver<u64>,
    building: Option<JoinHandle<()>>,
    /// Steps that failed since the last ring or timer; not tried again before the next.
    failed: Vec<Step>,
    /// The release that was last looked at, and whether it is outdated.
    looked_at: Option<ReleaseSeq>,
    outdated: Option<ReleaseSeq>,
}

impl Worker {
    pub(super) fn new(reconciler: Arc<Reconciler>, channel: Channel, bell: Bell) -> Self {
        let rings = bell.0.subscribe();
        Self {
            reconciler,
            channel,
            bell,
            rings,
            building: None,
            failed: Vec::new(),
            looked_at: None,
            outdated: None,
        }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut held = None;
        loop {
            // Marked as heard before looking, so that a ring during the look is not lost.
            self.rings.mark_unchanged();
            let look = stop.run_until_cancelled(self.carry_out_all());
            let wake_at = match look.await {
                None => break,
                Some(Ok(plan)) => {
                    report_hold(&mut held, plan.hold);
                    plan.wake_at
                }
                Some(Err(error)) => {
                    warn!(channel = %self.channel.policy.channel, "cannot look: {error:#}");
                    None
                }
            };
            self.reconciler.health.sign_of_life(self.reconciler.now());
            if stop.run_until_cancelled(self.rest(wake_at)).await.is_none() {
                break;
            }
            self.failed.clear();
        }
        self.end_build().await;
    }

    /// Plans and acts until nothing is left that could be done now.
    async fn carry_out_all(&mut self) -> anyhow::Result<Plan> {
        loop {
            let facts = self.facts().await?;
            let mut plan = plan(&facts, self.reconciler.now());
            plan.steps.retain(|step| !self.failed.contains(step));
            let mut progressed = false;
            for step in &plan.steps {
                if let Step::Build { base, rev } = step {
                    self.start_build(base, rev);
                    continue;
                }
                // It takes seconds, and a decision that comes in meanwhile must not wait for many.
                if progressed && matches!(step, Step::Investigate { .. }) {
                    continue;
                }
                match self.reconciler.act(&self.channel, &facts, step).await {
                    Ok(()) => {
                        debug!(target: PROGRESS, "done with {}", describe(step));
                        progressed = true;
                    }
                    Err(error) => {
                        let channel = &self.channel.policy.channel;
                        warn!(%channel, "{} failed, to be tried again: {error:#}", describe(step));
                        self.failed.push(step.clone());
                    }
                }
            }
            self.reconciler.health.sign_of_life(self.reconciler.now());
            if !progressed {
                if plan.steps.is_empty() && !self.is_building() {
                    self.reconciler.remove_trees(&facts);
                }
                return Ok(plan);
            }
        }
    }

    /// All that planning looks at: what the database knows, and whether the release that clients
    /// get still names this server's cache and keys. The latter cannot change while Picket runs,
    /// so each release is looked at once.
    async fn facts(&mut self) -> anyhow::Result<Facts> {
        let mut facts = self.reconciler.store.facts(&self.channel.policy).await?;
        let current = facts.current_release().map(|release| release.seq);
        if self.looked_at != current {
            self.outdated = self.reconciler.outdated(&self.channel).await?;
            self.looked_at = current;
        }
        facts.outdated = self.outdated;
        Ok(facts)
    }

    fn is_building(&self) -> bool {
        self.building
            .as_ref()
            .is_some_and(|build| !build.is_finished())
    }

    /// Starts a build unless one runs. One that runs is never ended for another: its chain was
    /// wanted, most of its work serves the next one, and a stream of approvals must not starve it.
    fn start_build(&mut self, base: &CommitSha, rev: &CommitSha) {
        if self.is_building() {
            return;
        }
        let (reconciler, bell) = (Arc::clone(&self.reconciler), self.bell.clone());
        let (channel, base, rev) = (self.channel.clone(), base.clone(), rev.clone());
        self.building = Some(tokio::spawn(async move {
            match reconciler.build(&channel, &base, &rev).await {
                Ok(()) => {
                    debug!(target: PROGRESS, "done with building {}", rev.short());
                    bell.ring();
                }
                Err(error) => warn!("cannot build {}, to be tried again: {error:#}", rev.short()),
            }
        }));
    }

    /// Dropping a build's future ends its processes.
    async fn end_build(&mut self) {
        if let Some(build) = self.building.take() {
            build.abort();
            // The only error is that it was aborted, which was asked for.
            let _ = build.await;
        }
    }

    /// Waits for a ring, for the interval, or for the time that the plan named.
    async fn rest(&mut self, wake_at: Option<Timestamp>) {
        let now = self.reconciler.now();
        let until_named = wake_at.map(|at| at.seconds_since(now).max(1).unsigned_abs());
        let rest = until_named
            .map_or(self.reconciler.interval, Duration::from_secs)
            .min(self.reconciler.interval);
        // Either is a reason to look again; which one does not matter.
        let _ = tokio::time::timeout(rest, self.rings.changed()).await;
    }
}

/// A short name of a step, for log lines.
fn describe(step: &Step) -> String {
    match step {
        Step::Assess { pr, .. } => format!("assessing {pr}"),
        Step::Investigate { pr, .. } => format!("looking at the history of {pr}'s conflict"),
        Step::Assemble(spec) => format!("assembling {} picks", spec.picks.len()),
        Step::Build { rev, .. } => format!("building {}", rev.short()),
        Step::Reserve { seq, .. } => format!("reserving release {seq}"),
        Step::Stage(seq) => format!("staging release {seq}"),
        Step::Publish(seq) => format!("publishing release {seq}"),
        Step::Abandon { seq, .. } => format!("abandoning release {seq}"),
        Step::RecordSuperseded { pr, .. } => format!("recording {pr} as superseded"),
    }
}

/// Says that the channel is held when it begins and when it ends, not at every look.
fn report_hold(held: &mut Option<Hold>, hold: Option<Hold>) {
    if *held == hold {
        return;
    }
    match &hold {
        None => info!(target: PROGRESS, "the channel moves again"),
        Some(Hold::BaseWentBack { released, now }) => warn!(
            "the stable channel went back from {} to {}: nothing is released before it has caught up",
            released.rev.short(),
            now.rev.short(),
        ),
    }
    *held = hold;
}
