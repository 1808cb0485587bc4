//! Carrying out what is planned.

use super::super::super::*;
use super::World;
use crate::fixtures::{channel, sha};
use crate::*;

impl World {
    /// Carries a step out as the crates and the store do it: a step that is out of date by now
    /// changes nothing.
    pub(in super::super) fn act(&mut self, step: &Step) {
        match step {
            Step::Assess {
                pr,
                head,
                base,
                resolved,
                form,
            } => {
                let onto = (self.number_of(base), base.as_str());
                let outcome = self.pick(onto, *pr, (head, form));
                if let Some(on) = self.on_mut(base) {
                    let mut input = input(*pr, head, resolved);
                    input.resolved = form.with(&input.resolved);
                    on.assessments.insert(input, Arc::new(outcome));
                }
            }
            Step::Investigate {
                pr,
                head,
                base,
                resolved,
            } => {
                if let Some(on) = self.on_mut(base) {
                    let investigated = Arc::make_mut(&mut on.investigated);
                    investigated.insert(input(*pr, head, resolved));
                }
            }
            Step::Measure {
                pr,
                head,
                base,
                resolved,
                form,
                certainty,
            } => {
                if let Some(on) = self.on_mut(base) {
                    let known = ImpactSummary::Known {
                        certainty: *certainty,
                        packages: 1,
                        lost: 0,
                        derivations: 100 * pr.0,
                        is_partial: false,
                        versions: Vec::new(),
                    };
                    let mut input = input(*pr, head, resolved);
                    input.resolved = form.with(&input.resolved);
                    on.impacts.extend([(input, known)]);
                }
            }
            Step::Assemble(spec) => {
                let assembly = self.assemble(spec);
                if let Some(on) = self.on_mut(&spec.base) {
                    on.assemblies.insert(spec.id(), Arc::new(assembly));
                }
            }
            Step::Build { rev, base } => {
                let attempt = Attempt {
                    at: self.now,
                    report: self.build(base, rev),
                };
                if let Some(on) = self.on_mut(base) {
                    let record = on.builds.entry(rev.clone()).or_default();
                    let attempts = &mut Arc::make_mut(record).attempts;
                    attempts.push(AttemptSummary::of(attempts.len() as u32 + 1, &attempt));
                }
            }
            Step::Reserve {
                seq,
                base,
                tip,
                picks,
            } => self.reserve(*seq, base, tip, picks),
            Step::Stage(seq) => self.stage(*seq),
            Step::Publish(seq) => {
                let at = self.now;
                self.advance(*seq, |state| match state {
                    ReleaseState::Sealed { .. } => ReleaseState::Published { at },
                    ReleaseState::Published { at } => ReleaseState::Published { at },
                    other => panic!("published from {other:?}"),
                });
            }
            Step::Abandon { seq, reason } => {
                let (at, reason) = (self.now, reason.clone());
                self.advance(*seq, |state| match state {
                    ReleaseState::Reserved | ReleaseState::Sealed { .. } => {
                        ReleaseState::Abandoned { at, reason }
                    }
                    other => other,
                });
            }
            Step::RecordSuperseded {
                pr,
                base,
                lag_seconds,
            } => {
                if self.facts.superseded_after(*pr).is_none() {
                    let (channel, pr, base) = (channel(), *pr, base.clone());
                    let lag_seconds = *lag_seconds;
                    self.append(
                        Actor::Picket,
                        Action::Superseded {
                            channel,
                            pr,
                            base,
                            lag_seconds,
                        },
                    );
                }
            }
            Step::RecordReturned { pr, base } => {
                let (channel, pr, base) = (channel(), *pr, base.clone());
                self.append(Actor::Picket, Action::Returned { channel, pr, base });
            }
        }
        self.read();
    }

    /// Staging takes a while: it begins at one step and ends at the next, and what was decided about
    /// the release's picks in between prevents the seal, as the database does; so does another team.
    pub(super) fn stage(&mut self, seq: ReleaseSeq) {
        let began = self.staging.filter(|(of, ..)| *of == seq);
        let team = self.facts.team.digest();
        let Some((_, read_to, team_then)) = began else {
            self.staging = Some((seq, self.read_to(), team));
            return;
        };
        self.staging = None;
        if team != team_then {
            return;
        }
        let picks = self.facts.releases.get(seq).unwrap().picks.clone();
        let log = &self.facts.log;
        let mut about = picks.iter().flat_map(|pick| log.of(pick.pr));
        if about.any(|entry| entry.actor != Actor::Picket && entry.seq > read_to) {
            return;
        }
        for pick in &picks {
            let standing = self
                .facts
                .standing(&self.facts.candidates[&pick.pr], &pick.head);
            let is_approved = matches!(standing, Standing::Approved { .. });
            assert!(is_approved, "{} is sealed although {standing:?}", pick.pr);
            assert!(self.may_go_out(pick), "{} is sealed for too few", pick.pr);
        }
        let at = self.now;
        self.advance(seq, |state| match state {
            ReleaseState::Reserved => ReleaseState::Sealed { at },
            other => other,
        });
    }

    fn reserve(&mut self, seq: ReleaseSeq, base: &Base, tip: &CommitSha, picks: &[ReleasedPick]) {
        if self.facts.releases.iter().any(|release| release.seq == seq) {
            return;
        }
        self.check_that_no_fix_is_lost(picks);
        self.check_that_nobodys_leaving_takes_a_fix(picks);
        let rev = sha(&format!("release {seq} {tip}"));
        self.facts.releases.insert(Release {
            channel: channel(),
            seq,
            name: ReleaseName::of(base, seq, &rev).unwrap(),
            base: base.clone(),
            tip: tip.clone(),
            rev,
            picks: picks.to_vec(),
            reserved_at: self.now,
            state: ReleaseState::Reserved,
        });
    }

    fn advance(&mut self, seq: ReleaseSeq, to: impl FnOnce(ReleaseState) -> ReleaseState) {
        let release = self.facts.releases.get(seq).unwrap().clone();
        let state = to(release.state.clone());
        self.facts.releases.insert(Release { state, ..release });
    }

    /// Carries out planned steps, `order` saying which first, until none is planned.
    pub(in super::super) fn settle(&mut self, order: usize) {
        for round in 0..1_000 {
            let Plan { steps, wake_at, .. } = self.plan();
            if let (true, Some(at)) = (steps.is_empty(), wake_at) {
                self.now = self.now.max(at);
                continue;
            }
            if steps.is_empty() {
                return;
            }
            self.now = self.now.plus_seconds(1);
            self.act(&steps[(order + round) % steps.len()]);
            self.check();
        }
        panic!("no rest after 1000 steps: {:?}", self.plan());
    }

    /// Carries out all that is planned, in order, and lets time pass, until something is so.
    pub(in super::super) fn settle_until(&mut self, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..1_000 {
            if is_so(self) {
                return;
            }
            let Plan { steps, wake_at, .. } = self.plan();
            match steps.first() {
                Some(step) => {
                    self.now = self.now.plus_seconds(1);
                    self.act(step);
                }
                None => {
                    let until = wake_at.expect("there is something to wait for");
                    self.now = self.now.max(until);
                }
            }
            self.check();
        }
        panic!("it never was so: {:?}", self.plan());
    }

    /// Everything is done but the builds, which take long; the last one that is to be done.
    pub(in super::super) fn settle_but_for_builds(&mut self) -> Option<CommitSha> {
        for _ in 0..40 {
            let mut steps = self.plan().steps;
            let (builds, others): (Vec<_>, Vec<_>) = steps
                .drain(..)
                .partition(|step| matches!(step, Step::Build { .. }));
            match (others.last(), builds.last()) {
                (Some(step), _) => self.act(step),
                (None, Some(Step::Build { rev, .. })) => return Some(rev.clone()),
                (None, _) => return None,
            }
        }
        panic!("no rest: {:?}", self.plan());
    }

    pub(in super::super) fn build_now(&mut self, rev: &CommitSha) {
        let base = self.facts.base().unwrap().rev.clone();
        let rev = rev.clone();
        self.act(&Step::Build { base, rev });
    }
}

fn input(pr: PrNumber, head: &CommitSha, resolved: &ResolvedSet) -> PickInput {
    PickInput {
        pr,
        head: head.clone(),
        resolved: resolved.id(),
    }
}
