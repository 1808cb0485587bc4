//! The lane that finds out what each candidate changes of the package set, before anybody approves it.
//!
//! All candidates are estimated first; then, where that is wanted, each is looked at exactly. It takes
//! processors that builds could have, and so it does one thing at a time, over all channels.

use std::collections::BTreeSet;
use std::sync::Arc;

use picket_domain::{
    BuildingTime, Candidate, Certainty, CommitSha, Facts, FailingPackage, Form, Impact,
    ImpactOutcome, ImpactedPackage, Listed, ResolvedSet, Step, Timestamp,
};
use picket_impact::{Cancel, Changed, Failing, ImpactError, Laboratory};
use tracing::info;

use crate::engine::{Engine, PROGRESS, blocking, candidate};
use crate::lane::{Lane, Tried};
use crate::settings::{Channel, Measuring};
use crate::supervise::{Bell, Work};

pub(crate) struct Measure {
    engine: Arc<Engine>,
    channel: Arc<Channel>,
    bell: Bell,
}

impl Work for Measure {
    async fn pass(&mut self, lane: &Lane) -> anyhow::Result<Option<Timestamp>> {
        let Some(measuring) = &self.engine.measuring else {
            return Ok(None);
        };
        let (name, certainty) = (self.channel.name(), measuring.certainty);
        let told = |machine: &mut picket_domain::Machine| machine.measures = Some(certainty);
        self.engine.on_machine(name, told).await;
        loop {
            let look = self.engine.look(name).await?;
            let (facts, plan) = (look.facts(), look.plan());
            let steps: Vec<_> = plan.steps.iter().filter_map(wanted).collect();
            let names: BTreeSet<_> = steps.iter().map(Wanted::name).collect();
            lane.keep_wanted(|step| step == "looking" || names.contains(step));
            let mut tried = Tried::Later;
            for step in &steps {
                let work = self.engine.measure(measuring, facts, step);
                tried = lane.attempt_planned(&step.name(), work).await;
                // A candidate takes seconds, and a new push must not wait for all the others.
                if tried == Tried::Done {
                    break;
                }
            }
            if tried == Tried::Later {
                return Ok(plan.wake_at);
            }
            self.bell.ring();
        }
    }
}

/// A candidate to look at.
struct Wanted<'a> {
    pr: picket_domain::PrNumber,
    base: &'a CommitSha,
    resolved: &'a ResolvedSet,
    form: &'a Form,
    certainty: Certainty,
}

impl Wanted<'_> {
    fn name(&self) -> String {
        match self.certainty {
            Certainty::Estimate => format!("estimating what #{} changes", self.pr),
            Certainty::Exact => format!("finding out exactly what #{} changes", self.pr),
        }
    }
}

/// The other lanes' steps are matched too, so that a new one has to be given to a lane.
fn wanted(step: &Step) -> Option<Wanted<'_>> {
    match step {
        Step::Measure {
            pr,
            head: _,
            base,
            resolved,
            form,
            certainty,
        } => Some(Wanted {
            pr: *pr,
            base,
            resolved,
            form,
            certainty: *certainty,
        }),
        Step::Assess { .. }
        | Step::Investigate { .. }
        | Step::RecordSuperseded { .. }
        | Step::RecordReturned { .. }
        | Step::Assemble(_)
        | Step::Build { .. }
        | Step::Reserve { .. }
        | Step::Stage(_)
        | Step::Publish(_)
        | Step::Abandon { .. } => None,
    }
}

impl Measure {
    pub(crate) fn new(engine: Arc<Engine>, channel: Arc<Channel>, bell: Bell) -> Self {
        Self {
            engine,
            channel,
            bell,
        }
    }
}

impl Engine {
    async fn measure(
        &self,
        measuring: &Measuring,
        facts: &Facts,
        wanted: &Wanted<'_>,
    ) -> anyhow::Result<()> {
        let candidate = candidate(facts, wanted.pr)?;
        let _turn = measuring.turn.lock().await;
        let impact = match self.picked_alone(candidate, wanted).await? {
            Some(head) => self.impact(measuring, wanted, head).await?,
            None => ImpactOutcome::Unknown {
                reason: "it cannot be picked any more".to_owned(),
            },
        };
        let limit = facts.policy.mass_rebuild.map_or(u32::MAX, |mass| mass.over);
        let words = impact.summary().words(limit);
        info!(target: PROGRESS, "#{} changes {words}", wanted.pr);
        let (channel, input) = (&facts.policy.channel, facts.input(candidate));
        let recorded = self
            .store
            .record_impact(channel, wanted.base, &input, &impact);
        Ok(recorded.await?)
    }

    async fn picked_alone(
        &self,
        candidate: &Candidate,
        wanted: &Wanted<'_>,
    ) -> anyhow::Result<Option<CommitSha>> {
        let contents = self
            .contents(wanted.resolved.contents().chain(wanted.form.content()))
            .await?;
        let (merger, candidate) = (self.merger.clone(), candidate.clone());
        let (base, resolved) = (wanted.base.clone(), wanted.resolved.clone());
        let form = wanted.form.clone();
        blocking(move || merger.pick_alone(&base, &candidate, (&resolved, &form), &contents)).await
    }

    /// What a commit changes against the base. A tree that does not evaluate at all is what came of
    /// it; anything else that goes wrong is the machine's, and tried again.
    async fn impact(
        &self,
        measuring: &Measuring,
        wanted: &Wanted<'_>,
        head: CommitSha,
    ) -> anyhow::Result<ImpactOutcome> {
        let (base, certainty, budget) = (wanted.base.clone(), wanted.certainty, measuring.budget);
        let laboratory = Laboratory::open(&self.dirs.mirror(), measuring.setting.clone())?;
        // Where the service stops, so does this.
        let _stop = Stop(laboratory.cancel());
        let found = blocking(move || {
            let (base, head) = (base.as_str(), head.as_str());
            let estimate = laboratory.estimate(base, head, budget);
            let impact = match certainty {
                Certainty::Estimate => estimate,
                Certainty::Exact => estimate.and_then(|it| laboratory.exact(base, head, it)),
            };
            match impact {
                Ok(impact) => Ok(Ok(impact)),
                Err(ImpactError::Tree(reason)) => Ok(Err(reason)),
                Err(error) => Err(error),
            }
        });
        Ok(match found.await? {
            Ok(impact) => {
                let building = self.builder.durations().of(&impact.builds);
                ImpactOutcome::Known(Box::new(told(impact, certainty, building)))
            }
            Err(reason) => ImpactOutcome::Unknown { reason },
        })
    }
}

/// Cancels work when it is dropped.
struct Stop(Cancel);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

fn told(impact: picket_impact::Impact, certainty: Certainty, building: BuildingTime) -> Impact {
    let mut differences = impact.differences;
    // Only the first of many are kept: those that get another version are what people look for.
    differences.changed.sort_by_key(|it| it.old == it.new);
    let seconds = match &impact.exact {
        Some(exact) => exact.exact_seconds,
        None => impact.estimate_seconds,
    };
    Impact {
        certainty,
        changed: listed(differences.changed),
        added: listed(differences.added),
        removed: listed(differences.removed),
        newly_failing: Listed::of(differences.newly_failing.into_iter().map(failing)),
        newly_working: listed(differences.newly_working),
        derivations: impact.derivations as u64,
        building: Some(building),
        unknown: impact.unknown,
        millis: (seconds * 1000.0) as u64,
    }
}

fn listed(packages: Vec<Changed>) -> Listed<ImpactedPackage> {
    let package = |it: Changed| ImpactedPackage {
        attribute: it.attribute,
        old: it.old,
        new: it.new,
    };
    Listed::of(packages.into_iter().map(package))
}

fn failing(it: Failing) -> FailingPackage {
    FailingPackage {
        attribute: it.attribute,
        old: it.old,
        message: it.message,
    }
}
