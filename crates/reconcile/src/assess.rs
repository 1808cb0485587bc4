//! The lane that finds out what comes of picking each candidate, alone, onto a channel's base; and
//! what history says where that conflicts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use picket_domain::{
    Candidate, CommitSha, ContentId, Facts, Form, Investigation, PickInput, PickOutcome, PrNumber,
    ResolvedSet, Step, Timestamp, text,
};
use picket_merger::{Assessed, Contents, Fetched, MirrorError};
use tracing::info;

use crate::engine::{Engine, PROGRESS, blocking, candidate, now};
use crate::lane::{Lane, Tried};
use crate::settings::Channel;
use crate::supervise::{Bell, Work};
use crate::waits::Waits;

/// After so many steps it looks again: what people decided meanwhile comes first.
const STEPS_A_LOOK: usize = 32;
/// The first wait before a candidate is tried again that could not be had; the longest is most of a
/// day.
const UNAVAILABLE_SECONDS: i64 = 60;

pub(crate) struct Assess {
    engine: Arc<Engine>,
    channel: Arc<Channel>,
    bell: Bell,
    /// The candidates that could not be had.
    unavailable: Waits<PickInput>,
}

impl Work for Assess {
    async fn pass(&mut self, lane: &Lane) -> anyhow::Result<Option<Timestamp>> {
        loop {
            let look = self.engine.look(self.channel.name()).await?;
            let (facts, plan) = (look.facts(), look.plan());
            lane.set_holds(plan.holds.clone());
            let mine = plan.steps.iter().filter(|step| is_mine(step));
            let again = self.due_again(facts);
            let steps: Vec<_> = mine.cloned().chain(again).collect();
            let names: BTreeSet<_> = steps.iter().map(describe).collect();
            lane.keep_wanted(|step| step == "looking" || names.contains(step));
            let mut done = 0;
            for step in &steps {
                let tried = lane
                    .attempt_planned(&describe(step), self.act(facts, step))
                    .await;
                done += usize::from(tried == Tried::Done);
                // Help for a person takes seconds, and new decisions must not wait for many.
                if done == STEPS_A_LOOK || (done > 0 && matches!(step, Step::Investigate { .. })) {
                    break;
                }
            }
            if done == 0 {
                let again = self.unavailable.next();
                return Ok(plan.wake_at.into_iter().chain(again).min());
            }
            self.bell.ring();
        }
    }
}

/// The other lanes' steps are matched too, so that a new one has to be given to a lane.
fn is_mine(step: &Step) -> bool {
    match step {
        Step::Assess { .. }
        | Step::Investigate { .. }
        | Step::RecordSuperseded { .. }
        | Step::RecordReturned { .. } => true,
        Step::Measure { .. }
        | Step::Assemble(_)
        | Step::Build { .. }
        | Step::Reserve { .. }
        | Step::Stage(_)
        | Step::Publish(_)
        | Step::Abandon { .. } => false,
    }
}

fn describe(step: &Step) -> String {
    match step {
        Step::Assess { pr, .. } => format!("assessing #{pr}"),
        Step::Investigate { pr, .. } => format!("looking at the history of #{pr}'s conflict"),
        Step::RecordSuperseded { pr, .. } => format!("recording that upstream has #{pr}"),
        Step::RecordReturned { pr, .. } => format!("recording that upstream reverted #{pr}"),
        other => format!("{other:?}"),
    }
}

impl Assess {
    pub(crate) fn new(engine: Arc<Engine>, channel: Arc<Channel>, bell: Bell) -> Self {
        Self {
            engine,
            channel,
            bell,
            unavailable: Waits::new(UNAVAILABLE_SECONDS),
        }
    }

    /// What could not be had may be there by now: GitHub's copies of a commit lag behind, and a
    /// commit that was taken away can be pushed again.
    fn due_again(&mut self, facts: &Facts) -> Vec<Step> {
        let Some(today) = &facts.today else {
            return Vec::new();
        };
        let is_unavailable = |candidate: &&Candidate| {
            let outcome = facts.assessment(candidate);
            matches!(outcome, Some(PickOutcome::Unavailable { .. }))
        };
        let lost: BTreeMap<_, _> = facts
            .active()
            .filter(is_unavailable)
            .map(|candidate| (facts.input(candidate), candidate))
            .collect();
        self.unavailable.keep(|input| lost.contains_key(input));
        let mut steps = Vec::new();
        for (input, candidate) in lost {
            let is_due = self.unavailable.is_due(&input, now());
            if is_due != Some(false) {
                self.unavailable.again(input, now());
            }
            if is_due == Some(true) {
                steps.push(Step::Assess {
                    pr: candidate.pr,
                    head: candidate.head.clone(),
                    base: today.base.rev.clone(),
                    resolved: facts.resolved(candidate.pr).clone(),
                    form: facts.form(candidate.pr, &candidate.head).clone(),
                });
            }
        }
        steps
    }

    async fn act(&self, facts: &Facts, step: &Step) -> anyhow::Result<()> {
        let (engine, name) = (&self.engine, self.channel.name());
        match step {
            Step::Assess {
                pr,
                head,
                base,
                resolved,
                form,
            } => {
                let candidate = candidate(facts, *pr)?;
                let made = (resolved, form);
                let assessed = engine.assess(candidate, head, base, made).await?;
                engine.store.record_patches(&assessed.patches).await?;
                let input = facts.input(candidate);
                let outcome = &assessed.outcome;
                let recorded = engine.store.record_assessment(name, base, &input, outcome);
                recorded.await?;
            }
            Step::Investigate {
                pr, base, resolved, ..
            } => {
                let candidate = candidate(facts, *pr)?;
                let found = engine.investigate(facts, candidate, base, resolved).await?;
                let input = facts.input(candidate);
                let recorded = engine
                    .store
                    .record_investigation(name, base, &input, &found);
                recorded.await?;
            }
            Step::RecordSuperseded {
                pr,
                base,
                lag_seconds,
            } => {
                let recorded = engine
                    .store
                    .record_superseded(now(), name, *pr, base, *lag_seconds);
                recorded.await?;
                let hours = *lag_seconds as f64 / 3600.0;
                info!(target: PROGRESS, "#{pr}: the stable channel has it, {hours:.1} h later");
            }
            Step::RecordReturned { pr, base } => {
                engine.store.record_returned(now(), name, *pr, base).await?;
                info!(target: PROGRESS, "#{pr}: the stable channel does not have it any more");
            }
            Step::Measure { .. }
            | Step::Assemble(_)
            | Step::Build { .. }
            | Step::Reserve { .. }
            | Step::Stage(_)
            | Step::Publish(_)
            | Step::Abandon { .. } => {}
        }
        Ok(())
    }
}

impl Engine {
    async fn assess(
        &self,
        candidate: &Candidate,
        head: &CommitSha,
        base: &CommitSha,
        (resolved, form): (&ResolvedSet, &Form),
    ) -> anyhow::Result<Assessed> {
        let pr = candidate.pr;
        self.fetch_base_branch(candidate).await?;
        if let Some(reason) = self.why_unavailable(pr, head).await? {
            return Ok(Assessed {
                outcome: PickOutcome::Unavailable { reason },
                patches: BTreeMap::new(),
            });
        }
        let contents = self
            .contents(resolved.contents().chain(form.content()))
            .await?;
        let (merger, candidate) = (self.merger.clone(), candidate.clone());
        let (base, resolved, form) = (base.clone(), resolved.clone(), form.clone());
        let assessing =
            blocking(move || merger.assess(&base, &candidate, (&resolved, &form), &contents));
        let assessed = assessing.await?;
        let verdict = match &assessed.outcome {
            PickOutcome::Picked { .. } => "applies",
            PickOutcome::Contained { .. } => "is in the stable channel already",
            PickOutcome::Conflict { .. } => "conflicts",
            PickOutcome::Disputed { .. } => "is picked otherwise by git",
            PickOutcome::Unavailable { .. } => "cannot be picked",
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
        let contents = self.contents(resolved.contents()).await?;
        let watched = facts.candidates.iter();
        let watched: BTreeMap<_, _> = watched.map(|(pr, it)| (*pr, it.as_ref().clone())).collect();
        let (merger, candidate) = (self.merger.clone(), candidate.clone());
        let (base, resolved) = (base.clone(), resolved.clone());
        blocking(move || merger.investigate(&base, &candidate, &resolved, &contents, &watched))
            .await
    }

    /// What people wrote: to resolve conflicts, and as texts of forms.
    pub(crate) async fn contents<'a>(
        &self,
        ids: impl Iterator<Item = &'a ContentId>,
    ) -> anyhow::Result<Contents> {
        Ok(self.store.contents(&ids.cloned().collect()).await?)
    }

    /// Fetches the branch that a candidate asks to be merged into, where it was not before: the first
    /// one into a branch may come between two looks at the branches.
    pub(crate) async fn fetch_base_branch(&self, candidate: &Candidate) -> anyhow::Result<()> {
        let (merger, branch) = (self.merger.clone(), candidate.base_branch.clone());
        blocking(move || {
            if merger.branch_tip(&branch)?.is_none() {
                merger.fetch_branches(&[branch])?;
            }
            Ok::<_, MirrorError>(())
        })
        .await
    }

    /// Why a head cannot be had, if so. It is tried again; meanwhile it holds up no other.
    async fn why_unavailable(
        &self,
        pr: PrNumber,
        head: &CommitSha,
    ) -> anyhow::Result<Option<String>> {
        match self.fetch_head(pr, head).await {
            Ok(Fetched::Present) => Ok(None),
            Ok(Fetched::Gone) => {
                let reason = format!("GitHub does not have {} any more", head.short());
                Ok(Some(reason))
            }
            Err(error) => match error.downcast_ref() {
                Some(MirrorError::Transport { message, .. }) => {
                    let message = text::line(message, text::MAX_LINE);
                    Ok(Some(format!("it cannot be fetched: {message}")))
                }
                _ => Err(error),
            },
        }
    }

    pub(crate) async fn fetch_head(
        &self,
        pr: PrNumber,
        head: &CommitSha,
    ) -> anyhow::Result<Fetched> {
        if pr.is_own() {
            return self.make_own(pr, head).await;
        }
        let (merger, head) = (self.merger.clone(), head.clone());
        blocking(move || merger.fetch_pull_request(pr, &head)).await
    }
}
