//! A small world of pull requests, people and bases, in which steps are carried out.
//!
//! - `answers` is what comes of picking and building there.
//! - `steps` carries out what is planned.
//! - `outcome` is what must hold at every moment, and what is out in the end.
//! - `chance` makes worlds up, and what happens in them.

mod answers;
mod chance;
mod outcome;
mod steps;

use std::collections::BTreeMap;

use super::super::*;
use super::team::Place;
use crate::fixtures::{base, candidate, channel, everybody, policy, sha};
use crate::*;

pub(super) use answers::Nature;
pub(super) use chance::{events, natures};

const PRS: u64 = 5;
pub(super) const PEOPLE: [&str; 3] = ["ada", "grace", "edsger"];

#[derive(Debug, Clone)]
pub(super) enum Event {
    Approve(usize, u64),
    Veto(usize, u64),
    Withdraw(usize, u64),
    Push(u64),
    AdvanceBase,
    /// Something becomes of somebody's place on the team.
    Team(usize, Place),
    /// The staging that has begun comes to its end, whatever is planned by now.
    FinishStaging,
    /// Carry out one of the planned steps: which, whether it fails, whether it is done twice.
    Act {
        which: usize,
        fails: bool,
        twice: bool,
    },
}

pub(super) struct World {
    pub(super) facts: Facts,
    pub(super) natures: BTreeMap<PrNumber, Nature>,
    pub(super) bases: u64,
    pub(super) now: Timestamp,
    /// What is known of bases that planning does not look at now.
    pub(super) known: BTreeMap<CommitSha, OnBase>,
    /// The release that is being staged, and the log's last place and the team when that began.
    pub(super) staging: Option<(ReleaseSeq, u64, Sha256)>,
}

impl World {
    pub(super) fn new(natures: &[Nature]) -> Self {
        let candidates =
            (1..=PRS).map(|pr| (PrNumber(pr), Arc::new(candidate(pr, &format!("{pr}@0")))));
        let mut policy = policy(2);
        if natures.contains(&Nature::IsFlaky) {
            policy.retry.attempts = 2;
        }
        let facts = Facts {
            today: Some(OnBase::new(base("base0", 100))),
            team: Arc::new(everybody()),
            candidates: candidates.collect(),
            ..Facts::new(policy)
        };
        let natures = (1..).map(PrNumber).zip(natures.iter().copied()).collect();
        Self {
            facts,
            natures,
            bases: 0,
            now: Timestamp::from_unix(1_000),
            known: BTreeMap::new(),
            staging: None,
        }
    }

    pub(super) fn plan(&self) -> Plan {
        plan(&self.facts, self.now)
    }

    pub(super) fn event(&mut self, event: &Event) {
        self.now = self.now.plus_seconds(1);
        let (channel, pr) = (channel(), |pr: &u64| PrNumber(*pr));
        match event {
            Event::Approve(by, n) => {
                let candidate = &self.facts.candidates[&pr(n)];
                let (head, patches) = (candidate.head.clone(), self.seen(candidate));
                self.decide(
                    *by,
                    Action::Approve {
                        channel,
                        pr: pr(n),
                        head,
                        patches,
                        not_shown: Vec::new(),
                    },
                );
            }
            Event::Veto(by, n) => {
                self.decide(
                    *by,
                    Action::Veto {
                        channel,
                        pr: pr(n),
                        reason: "no".into(),
                    },
                );
            }
            Event::Withdraw(by, n) => {
                self.decide(
                    *by,
                    Action::Withdraw {
                        channel,
                        pr: pr(n),
                        reason: "no".into(),
                    },
                );
            }
            Event::Push(n) => {
                let candidate = self.facts.candidates.get_mut(&pr(n)).unwrap();
                Arc::make_mut(candidate).head = sha(&format!("{n}@{}", self.now));
            }
            Event::AdvanceBase => self.advance_base(),
            Event::Team(who, place) => self.place(*who, *place),
            Event::FinishStaging => {
                if let Some((seq, ..)) = self.staging {
                    self.stage(seq);
                }
            }
            Event::Act {
                which,
                fails,
                twice,
            } => {
                let steps = self.plan().steps;
                if let (false, Some(step)) = (*fails, steps.get(which % steps.len().max(1))) {
                    self.act(step);
                    if *twice {
                        self.act(step);
                    }
                }
            }
        }
    }

    /// What somebody sees who looks at a candidate now.
    pub(super) fn seen(&self, candidate: &Candidate) -> Vec<PatchId> {
        match self.facts.assessment(candidate) {
            Some(PickOutcome::Picked { commits, .. }) => {
                commits.iter().map(|commit| commit.patch.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whoever is not on the team is not let in, and decides nothing.
    pub(super) fn decide(&mut self, by: usize, action: Action) {
        let by = Login::parse(PEOPLE[by]).unwrap();
        if self.facts.team.has(&by) {
            self.append(Actor::Person(by), action);
        }
    }

    pub(super) fn append(&mut self, actor: Actor, action: Action) {
        let entry = Entry::after(self.facts.log.last(), self.now, actor, action);
        self.facts.log.push(entry);
    }

    pub(super) fn advance_base(&mut self) {
        self.bases += 1;
        self.stand_at(base(&format!("base{}", self.bases), 100 + self.bases));
    }

    pub(super) fn stand_at(&mut self, mut base: Base) {
        base.seen_at = self.now;
        let old = self.facts.today.replace(OnBase::new(base)).unwrap();
        self.known.insert(old.base.rev.clone(), old);
        self.read();
    }

    /// As the store does it: what is known of the bases that matter, and of the release under way.
    fn read(&mut self) {
        let today = self.facts.base().unwrap().rev.clone();
        if let Some(released) = self.facts.released.take() {
            self.known.insert(released.base.rev.clone(), released);
        }
        let current = self.facts.current_release().map(|it| it.base.rev.clone());
        let current = current.filter(|rev| *rev != today);
        self.facts.released = current.and_then(|rev| self.known.get(&rev).cloned());
        let under_way = self.facts.releases.iter().find(|it| it.is_under_way());
        self.facts.under_way = under_way
            .and_then(|it| self.on(&it.base.rev)?.builds.get(&it.tip).cloned())
            .unwrap_or_default();
    }

    /// What is known of a base.
    fn on(&self, rev: &CommitSha) -> Option<&OnBase> {
        let of_facts = [&self.facts.today, &self.facts.released];
        let mut of_facts = of_facts.into_iter().flatten();
        of_facts
            .find(|on| on.base.rev == *rev)
            .or_else(|| self.known.get(rev))
    }

    fn on_mut(&mut self, rev: &CommitSha) -> Option<&mut OnBase> {
        let of_facts = [&mut self.facts.today, &mut self.facts.released];
        let mut of_facts = of_facts.into_iter().flatten();
        of_facts.find(|on| on.base.rev == *rev)
    }

    pub(super) fn builds(&self) -> &BTreeMap<CommitSha, Arc<BuildRecord>> {
        &self.facts.today.as_ref().unwrap().builds
    }

    fn read_to(&self) -> u64 {
        self.facts.log.last().map_or(0, |entry| entry.seq)
    }
}

pub(super) fn approve(world: &mut World, pr: u64) {
    world.event(&Event::Approve(0, pr));
    world.event(&Event::Approve(1, pr));
}
