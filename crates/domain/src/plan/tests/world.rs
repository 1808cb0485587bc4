//! A small world of pull requests, people and bases, in which steps are carried out.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::*;
use crate::facts::fixtures::{base, built, candidate, channel, failed, policy, sha};
use crate::*;

const PRS: u64 = 5;
const PEOPLE: [&str; 3] = ["ada", "grace", "edsger"];

/// What a pull request is really like; the world's answers follow from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Nature {
    Clean,
    Conflicts,
    Breaks,
    /// Conflicts at every head but the first.
    ConflictsOncePushed,
    /// Builds at its first head alone.
    BreaksOncePushed,
    /// Builds alone, but not on top of this other pull request.
    BreaksWith(u64),
    /// Is in the base from this base on.
    InBaseFrom(u64),
    /// Changes something else on every base.
    ChangesWithBase,
}

#[derive(Debug, Clone)]
pub(super) enum Event {
    Approve(usize, u64),
    Veto(usize, u64),
    Withdraw(usize, u64),
    Push(u64),
    AdvanceBase,
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
}

impl World {
    pub(super) fn new(natures: &[Nature]) -> Self {
        let candidates = (1..=PRS).map(|pr| (PrNumber(pr), candidate(pr, &format!("{pr}@0"))));
        let facts = Facts {
            policy: policy(2),
            base: Some(base("base0", 100)),
            candidates: candidates.collect(),
            log: Vec::new(),
            assessments: BTreeMap::new(),
            investigated: BTreeSet::new(),
            assemblies: BTreeMap::new(),
            builds: BTreeMap::new(),
            releases: Vec::new(),
            outdated: None,
        };
        let natures = (1..).map(PrNumber).zip(natures.iter().copied()).collect();
        Self {
            facts,
            natures,
            bases: 0,
            now: Timestamp::from_unix(1_000),
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
                candidate.head = sha(&format!("{n}@{}", self.now));
            }
            Event::AdvanceBase => self.advance_base(),
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

    pub(super) fn decide(&mut self, by: usize, action: Action) {
        self.append(Actor::Person(Login::parse(PEOPLE[by]).unwrap()), action);
    }

    pub(super) fn append(&mut self, actor: Actor, action: Action) {
        let entry = Entry::after(self.facts.log.last(), self.now, actor, action);
        self.facts.log.push(entry);
    }

    /// As the store does it: what was found out about an old base is not a fact any more.
    pub(super) fn advance_base(&mut self) {
        self.bases += 1;
        self.facts.base = Some(base(&format!("base{}", self.bases), 100 + self.bases));
        self.facts.assessments.clear();
        self.facts.investigated.clear();
        self.facts.assemblies.clear();
        self.facts.builds.clear();
    }

    pub(super) fn nature(&self, pr: PrNumber) -> Nature {
        let nature = self.natures.get(&pr);
        nature.copied().unwrap_or(Nature::Clean)
    }

    pub(super) fn is_in_base(&self, pr: PrNumber) -> bool {
        matches!(self.nature(pr), Nature::InBaseFrom(base) if base <= self.bases)
    }

    pub(super) fn pick(&self, pr: PrNumber, head: &CommitSha, onto: &str) -> PickOutcome {
        match self.nature(pr) {
            _ if !self.applies(pr, head) => PickOutcome::Conflict {
                commit: sha("commit"),
                conflicts: vec![Conflict {
                    path: "default.nix".into(),
                    kind: ConflictKind::BothModified,
                    versions: Versions::default(),
                }],
                renames: Renames::NotNeeded,
            },
            _ if self.is_in_base(pr) => PickOutcome::Contained,
            _ => PickOutcome::Picked {
                commits: vec![PickedCommit {
                    source: head.clone(),
                    commit: sha(&format!("{onto} {head}")),
                    patch: self.patch(pr, head),
                    verbatim: self.nature(pr) != Nature::ChangesWithBase,
                }],
                renames: Renames::NotNeeded,
            },
        }
    }

    /// What a head changes on the present base.
    pub(super) fn patch(&self, pr: PrNumber, head: &CommitSha) -> PatchId {
        let on = match self.nature(pr) {
            Nature::ChangesWithBase => self.bases,
            _ => 0,
        };
        Sha256::of(format!("{head} on {on}").as_bytes()).into()
    }

    pub(super) fn applies(&self, pr: PrNumber, head: &CommitSha) -> bool {
        match self.nature(pr) {
            Nature::Conflicts => false,
            Nature::ConflictsOncePushed => is_first(pr, head),
            _ => true,
        }
    }

    pub(super) fn assemble(&self, spec: &ChainSpec) -> Assembly {
        let mut onto = spec.base.to_string();
        let pick = |pick: &ApprovedPick| {
            let outcome = self.pick(pick.pr, &pick.head, &onto);
            if let PickOutcome::Picked { commits, .. } = &outcome {
                onto = commits[0].commit.to_string();
            }
            PickResult {
                pr: pick.pr,
                head: pick.head.clone(),
                outcome,
            }
        };
        Assembly {
            picks: spec.picks.iter().map(pick).collect(),
        }
    }

    /// The build of a commit fails if the picks up to it do not go together.
    pub(super) fn build(&self, rev: &CommitSha) -> BuildReport {
        let chain = self.facts.assemblies.values().find_map(|assembly| {
            let applied: Vec<_> = assembly.applied().collect();
            let at = applied.iter().position(|(_, tip)| *tip == rev)?;
            Some(
                applied[..=at]
                    .iter()
                    .map(|(pick, _)| (pick.pr, pick.head.clone()))
                    .collect::<Vec<_>>(),
            )
        });
        if self.goes_together(&chain.expect("only commits of chains are built")) {
            built("job")
        } else {
            failed("job", FailureCause::Builder)
        }
    }

    pub(super) fn goes_together(&self, picks: &[(PrNumber, CommitSha)]) -> bool {
        let is_before = |at: usize, pr: u64| picks[..at].iter().any(|(it, _)| it.0 == pr);
        picks
            .iter()
            .enumerate()
            .all(|(at, (pr, head))| match self.nature(*pr) {
                Nature::Breaks => false,
                Nature::BreaksOncePushed => is_first(*pr, head),
                Nature::BreaksWith(other) => !is_before(at, other),
                Nature::Clean
                | Nature::Conflicts
                | Nature::ConflictsOncePushed
                | Nature::ChangesWithBase
                | Nature::InBaseFrom(_) => true,
            })
    }

    /// Carries a step out as the crates and the store do it: a step that is out of date by now
    /// changes nothing.
    pub(super) fn act(&mut self, step: &Step) {
        let base = self.facts.base.clone().unwrap();
        match step {
            Step::Assess {
                pr,
                head,
                base: of,
                resolved,
            } if *of == base.rev => {
                let outcome = self.pick(*pr, head, base.rev.as_str());
                let input = input(*pr, head, resolved);
                self.facts.assessments.insert(input, outcome);
            }
            Step::Investigate {
                pr,
                head,
                base: of,
                resolved,
            } if *of == base.rev => {
                self.facts.investigated.insert(input(*pr, head, resolved));
            }
            Step::Assemble(spec) if spec.base == base.rev => {
                let assembly = self.assemble(spec);
                self.facts.assemblies.insert(spec.id(), assembly);
            }
            Step::Build { rev, base: of } if *of == base.rev => {
                let attempt = Attempt {
                    at: self.now,
                    report: self.build(rev),
                };
                self.facts
                    .builds
                    .entry(rev.clone())
                    .or_default()
                    .attempts
                    .push(attempt);
            }
            Step::Assess { .. }
            | Step::Investigate { .. }
            | Step::Assemble(_)
            | Step::Build { .. } => {}
            Step::Reserve {
                seq,
                base,
                tip,
                picks,
            } => self.reserve(*seq, base, tip, picks),
            Step::Stage(seq) => {
                let at = self.now;
                self.advance(*seq, |state| match state {
                    ReleaseState::Reserved => ReleaseState::Sealed { at },
                    other => other,
                });
            }
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
                    ReleaseState::Reserved => ReleaseState::Abandoned { at, reason },
                    other => other,
                });
            }
            Step::RecordSuperseded {
                pr,
                base,
                lag_seconds,
            } => {
                if !is_recorded_as_superseded(&self.facts, *pr) {
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
        }
    }

    pub(super) fn reserve(
        &mut self,
        seq: ReleaseSeq,
        base: &Base,
        tip: &CommitSha,
        picks: &[ReleasedPick],
    ) {
        if self.facts.releases.iter().any(|release| release.seq == seq) {
            return;
        }
        self.check_that_no_fix_is_lost(picks);
        let rev = sha(&format!("release {seq} {tip}"));
        self.facts.releases.push(Release {
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

    pub(super) fn advance(
        &mut self,
        seq: ReleaseSeq,
        to: impl FnOnce(ReleaseState) -> ReleaseState,
    ) {
        let release = self
            .facts
            .releases
            .iter_mut()
            .find(|release| release.seq == seq)
            .unwrap();
        release.state = to(release.state.clone());
    }

    /// Carries out planned steps, `order` saying which first, until none is planned.
    pub(super) fn settle(&mut self, order: usize) {
        for round in 0..1_000 {
            let steps = self.plan().steps;
            if steps.is_empty() {
                return;
            }
            self.now = self.now.plus_seconds(1);
            self.act(&steps[(order + round) % steps.len()]);
            self.check();
        }
        panic!("no rest after 1000 steps: {:?}", self.plan());
    }

    /// What must hold at every moment.
    pub(super) fn check(&self) {
        let releases = &self.facts.releases;
        assert!(releases.windows(2).all(|pair| pair[0].seq < pair[1].seq));
        let open = releases.iter().filter(|r| {
            matches!(
                r.state,
                ReleaseState::Reserved | ReleaseState::Sealed { .. }
            )
        });
        assert!(open.count() <= 1, "two releases under way at once");
        let published: Vec<_> = releases
            .iter()
            .filter(|r| r.published_at().is_some())
            .collect();
        assert!(
            published
                .windows(2)
                .all(|p| p[0].base.rev_count <= p[1].base.rev_count)
        );
        for release in published {
            let picks = release.picks.iter();
            let picks: Vec<_> = picks.map(|pick| (pick.pr, pick.head.clone())).collect();
            assert!(self.goes_together(&picks), "a release that does not build");
        }
    }

    /// A fix that servers have stays in the next release, unless it is in the base, is not wanted
    /// any more, or may not go with the others.
    pub(super) fn check_that_no_fix_is_lost(&self, picks: &[ReleasedPick]) {
        let released = self.facts.current_release().map(|it| it.picks.as_slice());
        for had in released.unwrap_or_default() {
            let is_kept = picks.iter().any(|pick| pick.pr == had.pr);
            let always_goes = match self.nature(had.pr) {
                Nature::Clean => self.is_wanted(had),
                Nature::InBaseFrom(_) => self.is_wanted(had) && !self.is_in_base(had.pr),
                // Whatever is wrong with a newer head.
                Nature::ConflictsOncePushed | Nature::BreaksOncePushed => {
                    self.approved_at(had.pr, &had.head).is_some()
                }
                Nature::ChangesWithBase => {
                    self.is_covered(had.pr, &self.facts.candidates[&had.pr].head)
                }
                Nature::Conflicts | Nature::Breaks | Nature::BreaksWith(_) => false,
            };
            assert!(
                is_kept || !always_goes,
                "{} is taken away from servers",
                had.pr
            );
        }
    }

    /// Whether the head that servers have, or the current one, is approved.
    pub(super) fn is_wanted(&self, had: &ReleasedPick) -> bool {
        let now = &self.facts.candidates[&had.pr].head;
        [now, &had.head]
            .iter()
            .any(|head| self.approved_at(had.pr, head).is_some())
    }

    /// Whether enough people approved of what a head changes on the present base.
    pub(super) fn is_covered(&self, pr: PrNumber, head: &CommitSha) -> bool {
        let candidate = &self.facts.candidates[&pr];
        let PickOutcome::Picked { commits, .. } = self.pick(pr, head, "") else {
            return true;
        };
        match Standing::of_head(candidate, head, &self.facts.policy, &self.facts.log) {
            Standing::Approved { approvals, .. } => {
                approvals.iter().filter(|it| it.covers(&commits)).count() >= 2
            }
            Standing::Pending { .. } | Standing::Vetoed { .. } => false,
        }
    }

    /// When a head was approved, if it is.
    pub(super) fn approved_at(&self, pr: PrNumber, head: &CommitSha) -> Option<Timestamp> {
        let candidate = &self.facts.candidates[&pr];
        match Standing::of_head(candidate, head, &self.facts.policy, &self.facts.log) {
            Standing::Approved { at, .. } => Some(at),
            Standing::Pending { .. } | Standing::Vetoed { .. } => None,
        }
    }

    /// The approved heads of a pull request, with the time of approval: the current one, and then
    /// the one that servers have.
    pub(super) fn approved_heads(&self, pr: PrNumber) -> Vec<(Timestamp, PrNumber, CommitSha)> {
        let released = self.facts.current_release();
        let released = released.map_or(&[][..], |release| &release.picks);
        let had = released.iter().filter(|pick| pick.pr == pr);
        let mut heads: Vec<_> = std::iter::once(&self.facts.candidates[&pr].head)
            .chain(had.map(|pick| &pick.head))
            .filter_map(|head| Some((self.approved_at(pr, head)?, pr, head.clone())))
            .collect();
        heads.dedup();
        heads
    }

    /// What the current release must hold in the end, worked out without any planning: each
    /// approved pick that goes with those before it; where a newer head does not, the one that
    /// servers have.
    pub(super) fn expected(&self) -> Vec<PrNumber> {
        let mut heads: Vec<_> = (1..=PRS)
            .map(|pr| self.approved_heads(PrNumber(pr)))
            .filter(|heads| !heads.is_empty())
            .collect();
        loop {
            heads.sort_by_key(|heads| (heads[0].0, heads[0].1));
            let (kept, dropped) = self.kept(&heads);
            let falls_back = dropped.into_iter().find(|at| heads[*at].len() > 1);
            match falls_back {
                Some(at) => drop(heads[at].remove(0)),
                None => return kept.into_iter().map(|(pr, _)| pr).collect(),
            }
        }
    }

    /// The picks that go together, by their first heads; and which of them do not, those that do
    /// not apply first.
    pub(super) fn kept(
        &self,
        heads: &[Vec<(Timestamp, PrNumber, CommitSha)>],
    ) -> (Vec<(PrNumber, CommitSha)>, Vec<usize>) {
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        let (mut stale, mut breaking) = (Vec::new(), Vec::new());
        for (at, heads) in heads.iter().enumerate() {
            let (_, pr, head) = &heads[0];
            let with = [kept.as_slice(), &[(*pr, head.clone())]].concat();
            if !self.applies(*pr, head) {
                dropped.push(at);
            } else if self.is_in_base(*pr) {
            } else if !self.is_covered(*pr, head) {
                stale.push(at);
            } else if self.goes_together(&with) {
                kept = with;
            } else {
                breaking.push(at);
            }
        }
        dropped.extend(stale);
        dropped.extend(breaking);
        (kept, dropped)
    }

    pub(super) fn released(&self) -> Vec<PrNumber> {
        let release = self
            .facts
            .current_release()
            .expect("there is always a release in the end");
        assert_eq!(release.base.rev, self.facts.base.as_ref().unwrap().rev);
        release.picks.iter().map(|pick| pick.pr).collect()
    }
}

pub(super) fn input(pr: PrNumber, head: &CommitSha, resolved: &ResolvedSet) -> PickInput {
    PickInput {
        pr,
        head: head.clone(),
        resolved: resolved.id(),
    }
}

/// Whether a head is the one that the pull request was opened with.
pub(super) fn is_first(pr: PrNumber, head: &CommitSha) -> bool {
    *head == sha(&format!("{pr}@0"))
}

pub(super) fn natures() -> impl Strategy<Value = Vec<Nature>> {
    let nature = prop_oneof![
        3 => Just(Nature::Clean),
        1 => Just(Nature::Conflicts),
        1 => Just(Nature::Breaks),
        1 => Just(Nature::ConflictsOncePushed),
        1 => Just(Nature::BreaksOncePushed),
        1 => (1..=PRS).prop_map(Nature::BreaksWith),
        1 => (0..3u64).prop_map(Nature::InBaseFrom),
        1 => Just(Nature::ChangesWithBase),
    ];
    prop::collection::vec(nature, PRS as usize)
}

pub(super) fn events() -> impl Strategy<Value = Vec<Event>> {
    let who = 0..PEOPLE.len();
    let event = prop_oneof![
        6 => (who.clone(), 1..=PRS).prop_map(|(by, pr)| Event::Approve(by, pr)),
        1 => (who.clone(), 1..=PRS).prop_map(|(by, pr)| Event::Veto(by, pr)),
        1 => (who, 1..=PRS).prop_map(|(by, pr)| Event::Withdraw(by, pr)),
        2 => (1..=PRS).prop_map(Event::Push),
        1 => Just(Event::AdvanceBase),
        12 => (any::<usize>(), any::<bool>(), any::<bool>())
            .prop_map(|(which, fails, twice)| Event::Act { which, fails, twice }),
    ];
    prop::collection::vec(event, 0..60)
}

pub(super) fn approve(world: &mut World, pr: u64) {
    world.event(&Event::Approve(0, pr));
    world.event(&Event::Approve(1, pr));
}
