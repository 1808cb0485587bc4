//! The lane that brings releases out.

mod content;
mod history;
mod publish;
mod reserve;
mod stage;
mod unknown;

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use picket_domain::{
    Facts, FailingRelease, Machine, Release, ReleaseName, ReleaseSeq, Step, Timestamp,
};
use picket_publisher::PublishError;
use picket_snapshot::ChannelSnapshot;
use tracing::info;

use crate::engine::{Engine, PROGRESS, blocking, now};
use crate::lane::{Lane, Tried};
use crate::settings::Channel;
use crate::supervise::{Bell, Work};

pub(crate) struct Releasing {
    engine: Arc<Engine>,
    channel: Arc<Channel>,
    bell: Bell,
    /// Whether what a crash left was looked for.
    is_swept: bool,
    /// The current release when the public folder was last looked at.
    looked_at: Option<Option<ReleaseSeq>>,
}

impl Work for Releasing {
    async fn pass(&mut self, lane: &Lane) -> anyhow::Result<Option<Timestamp>> {
        loop {
            let look = self.look(lane).await?;
            let (facts, plan) = (look.facts(), look.plan());
            let steps: Vec<_> = plan.steps.iter().filter(|step| is_mine(step)).collect();
            let names: BTreeSet<_> = steps.iter().map(|step| describe(step)).collect();
            lane.keep_wanted(|step| names.contains(step) || STANDING.contains(&step));
            let mut progressed = false;
            for step in steps {
                let tried = lane
                    .attempt_planned(&describe(step), self.act(facts, step))
                    .await;
                progressed |= tried == Tried::Done;
            }
            if !progressed {
                return Ok(plan.wake_at);
            }
            self.bell.ring();
        }
    }
}

const SWEEPING: &str = "removing what a crash left";
/// Steps that no plan names.
const STANDING: [&str; 2] = ["looking", SWEEPING];

/// The other lanes' steps are matched too, so that a new one has to be given to a lane.
fn is_mine(step: &Step) -> bool {
    match step {
        Step::Reserve { .. } | Step::Stage(_) | Step::Publish(_) | Step::Abandon { .. } => true,
        Step::Assess { .. }
        | Step::Investigate { .. }
        | Step::Measure { .. }
        | Step::RecordSuperseded { .. }
        | Step::RecordReturned { .. }
        | Step::Assemble(_)
        | Step::Build { .. } => false,
    }
}

fn describe(step: &Step) -> String {
    match step {
        Step::Reserve { seq, .. } => format!("reserving release {seq}"),
        Step::Stage(seq) => format!("staging release {seq}"),
        Step::Publish(seq) => format!("publishing release {seq}"),
        Step::Abandon { seq, .. } => format!("giving up release {seq}"),
        other => format!("{other:?}"),
    }
}

impl Releasing {
    pub(crate) fn new(engine: Arc<Engine>, channel: Arc<Channel>, bell: Bell) -> Self {
        Self {
            engine,
            channel,
            bell,
            is_swept: false,
            looked_at: None,
        }
    }

    /// A look; before the first one, the public folder is brought in line with the database. How
    /// the public folder is, is part of what planning looks at.
    async fn look(&mut self, lane: &Lane) -> anyhow::Result<Arc<ChannelSnapshot>> {
        let (engine, name) = (Arc::clone(&self.engine), self.channel.name().clone());
        let look = engine.look(&name).await?;
        if !self.is_swept {
            let sweep = engine.sweep(look.facts());
            self.is_swept = lane.attempt(SWEEPING, sweep).await == Tried::Done;
        }
        let current = look.facts().current_release().map(|release| release.seq);
        if self.looked_at == Some(current) {
            return Ok(look);
        }
        let (outdated, public) = engine.look_at_public(&self.channel).await?;
        let change = |machine: &mut Machine| {
            machine.outdated = outdated;
            machine.public = public;
        };
        engine.on_machine(&name, change).await;
        self.looked_at = Some(current);
        engine.look(&name).await
    }

    async fn act(&self, facts: &Facts, step: &Step) -> anyhow::Result<()> {
        let (engine, channel) = (&self.engine, &self.channel);
        match step {
            Step::Reserve {
                seq,
                base,
                tip,
                picks,
            } => {
                engine
                    .reserve(channel, facts, *seq, (base, tip), picks)
                    .await
            }
            Step::Stage(seq) => {
                let outcome = engine.stage(channel, release(facts, *seq)?).await;
                if !outcome.as_ref().is_err_and(waits_for_signer) {
                    self.count_failures(*seq, &outcome).await;
                }
                engine.remove_idle_trees(channel.name()).await;
                outcome
            }
            Step::Publish(seq) => engine.publish(channel, facts, release(facts, *seq)?).await,
            Step::Abandon { seq, reason } => {
                engine.abandon(channel, release(facts, *seq)?, reason).await
            }
            Step::Assess { .. }
            | Step::Investigate { .. }
            | Step::Measure { .. }
            | Step::RecordSuperseded { .. }
            | Step::RecordReturned { .. }
            | Step::Assemble(_)
            | Step::Build { .. } => Ok(()),
        }
    }

    /// A release that fails again and again is given up by the plan.
    async fn count_failures(&self, seq: ReleaseSeq, outcome: &anyhow::Result<()>) {
        let error = outcome.as_ref().err().map(|error| format!("{error:#}"));
        let change = |machine: &mut Machine| {
            let before = machine.failing.take().filter(|it| it.seq == seq);
            machine.failing = error.map(|error| FailingRelease {
                seq,
                failures: before.map_or(0, |it| it.failures) + 1,
                error,
            });
        };
        self.engine.on_machine(self.channel.name(), change).await;
    }
}

/// Whether nothing is wrong with the release: it goes on where it was, once the signer is back.
fn waits_for_signer(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| match cause.downcast_ref() {
        Some(PublishError::Sign(error)) => error.is_outage(),
        Some(_) | None => false,
    })
}

fn release(facts: &Facts, seq: ReleaseSeq) -> anyhow::Result<&Release> {
    let release = facts.releases.get(seq);
    release.with_context(|| format!("no release {seq}"))
}

impl Engine {
    /// Gives a release up, in the database first: a folder that is left is swept at the next start.
    async fn abandon(
        self: &Arc<Self>,
        channel: &Channel,
        release: &Release,
        reason: &str,
    ) -> anyhow::Result<()> {
        info!(target: PROGRESS, "release {} given up: {reason}", release.seq);
        let (of, seq) = (channel.name(), release.seq);
        self.store.abandon(of, seq, now(), reason).await?;
        let (engine, of, name) = (Arc::clone(self), of.clone(), release.name.clone());
        blocking(move || engine.publisher.discard(&of, &name)).await
    }

    /// Removes the folders of releases that are neither under way nor out.
    async fn sweep(self: &Arc<Self>, facts: &Facts) -> anyhow::Result<()> {
        let kept = facts
            .releases
            .iter()
            .filter(|release| release.is_under_way() || release.published_at().is_some());
        let keep: BTreeSet<ReleaseName> = kept.map(|release| release.name.clone()).collect();
        let (engine, of) = (Arc::clone(self), facts.policy.channel.clone());
        let swept = blocking(move || engine.publisher.sweep(&of, &keep)).await?;
        for name in swept {
            info!(target: PROGRESS, "removed what was left of {name}");
        }
        Ok(())
    }
}
