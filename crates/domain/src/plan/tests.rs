//! Planning against a small world in which steps fail, repeat and come in any order.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::facts::fixtures::{base, built, candidate, channel, failed, policy, sha};
use crate::*;

const PRS: u64 = 5;
const PEOPLE: [&str; 3] = ["ada", "grace", "edsger"];

/// What a pull request is really like; the world's answers follow from it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Nature {
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
}

#[derive(Debug, Clone)]
enum Event {
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

struct World {
    facts: Facts,
    natures: BTreeMap<PrNumber, Nature>,
    bases: u64,
    now: Timestamp,
}

impl World {
    fn new(natures: &[Nature]) -> Self {
        let candidates = (1..=PRS).map(|pr| (PrNumber(pr), candidate(pr, &format!("{pr}@0"))));
        let facts = Facts {
            policy: policy(2),
            base: Some(base("base0", 100)),
            candidates: candidates.collect(),
            log: Vec::new(),
            assessments: BTreeMap::new(),
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

    fn plan(&self) -> Plan {
        plan(&self.facts, self.now)
    }

    fn event(&mut self, event: &Event) {
        self.now = self.now.plus_seconds(1);
        let (channel, pr) = (channel(), |pr: &u64| PrNumber(*pr));
        match event {
            Event::Approve(by, n) => {
                let head = self.facts.candidates[&pr(n)].head.clone();
                self.decide(
                    *by,
                    Action::Approve {
                        channel,
                        pr: pr(n),
                        head,
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

    fn decide(&mut self, by: usize, action: Action) {
        self.append(Actor::Person(Login::parse(PEOPLE[by]).unwrap()), action);
    }

    fn append(&mut self, actor: Actor, action: Action) {
        let entry = Entry::after(self.facts.log.last(), self.now, actor, action);
        self.facts.log.push(entry);
    }

    /// As the store does it: what was found out about an old base is not a fact any more.
    fn advance_base(&mut self) {
        self.bases += 1;
        self.facts.base = Some(base(&format!("base{}", self.bases), 100 + self.bases));
        self.facts.assessments.clear();
        self.facts.assemblies.clear();
        self.facts.builds.clear();
    }

    fn nature(&self, pr: PrNumber) -> Nature {
        self.natures[&pr]
    }

    fn is_in_base(&self, pr: PrNumber) -> bool {
        matches!(self.nature(pr), Nature::InBaseFrom(base) if base <= self.bases)
    }

    fn pick(&self, pr: PrNumber, head: &CommitSha, onto: &str) -> PickOutcome {
        match self.nature(pr) {
            _ if !self.applies(pr, head) => PickOutcome::Conflict {
                commit: sha("commit"),
                conflicts: vec![Conflict {
                    path: "default.nix".into(),
                    kind: ConflictKind::BothModified,
                }],
            },
            _ if self.is_in_base(pr) => PickOutcome::Contained,
            _ => PickOutcome::Picked {
                commits: vec![sha(&format!("{onto} {head}"))],
            },
        }
    }

    fn applies(&self, pr: PrNumber, head: &CommitSha) -> bool {
        match self.nature(pr) {
            Nature::Conflicts => false,
            Nature::ConflictsOncePushed => is_first(pr, head),
            _ => true,
        }
    }

    fn assemble(&self, spec: &ChainSpec) -> Assembly {
        let mut onto = spec.base.to_string();
        let pick = |pick: &ApprovedPick| {
            let outcome = self.pick(pick.pr, &pick.head, &onto);
            if let PickOutcome::Picked { commits } = &outcome {
                onto = commits[0].to_string();
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
    fn build(&self, rev: &CommitSha) -> BuildReport {
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

    fn goes_together(&self, picks: &[(PrNumber, CommitSha)]) -> bool {
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
                | Nature::InBaseFrom(_) => true,
            })
    }

    /// Carries a step out as the crates and the store do it: a step that is out of date by now
    /// changes nothing.
    fn act(&mut self, step: &Step) {
        let base = self.facts.base.clone().unwrap();
        match step {
            Step::Assess { pr, head, base: of } if *of == base.rev => {
                let outcome = self.pick(*pr, head, base.rev.as_str());
                self.facts.assessments.insert((*pr, head.clone()), outcome);
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
            Step::Assess { .. } | Step::Assemble(_) | Step::Build { .. } => {}
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

    fn reserve(&mut self, seq: ReleaseSeq, base: &Base, tip: &CommitSha, picks: &[ReleasedPick]) {
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

    fn advance(&mut self, seq: ReleaseSeq, to: impl FnOnce(ReleaseState) -> ReleaseState) {
        let release = self
            .facts
            .releases
            .iter_mut()
            .find(|release| release.seq == seq)
            .unwrap();
        release.state = to(release.state.clone());
    }

    /// Carries out planned steps, `order` saying which first, until none is planned.
    fn settle(&mut self, order: usize) {
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
    fn check(&self) {
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
    fn check_that_no_fix_is_lost(&self, picks: &[ReleasedPick]) {
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
    fn is_wanted(&self, had: &ReleasedPick) -> bool {
        let now = &self.facts.candidates[&had.pr].head;
        [now, &had.head]
            .iter()
            .any(|head| self.approved_at(had.pr, head).is_some())
    }

    /// When a head was approved, if it is.
    fn approved_at(&self, pr: PrNumber, head: &CommitSha) -> Option<Timestamp> {
        let candidate = &self.facts.candidates[&pr];
        match Standing::of_head(candidate, head, &self.facts.policy, &self.facts.log) {
            Standing::Approved { at, .. } => Some(at),
            Standing::Pending { .. } | Standing::Vetoed { .. } => None,
        }
    }

    /// The approved heads of a pull request, with the time of approval: the current one, and then
    /// the one that servers have.
    fn approved_heads(&self, pr: PrNumber) -> Vec<(Timestamp, PrNumber, CommitSha)> {
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
    fn expected(&self) -> Vec<PrNumber> {
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
    fn kept(
        &self,
        heads: &[Vec<(Timestamp, PrNumber, CommitSha)>],
    ) -> (Vec<(PrNumber, CommitSha)>, Vec<usize>) {
        let (mut kept, mut dropped, mut breaking) = (Vec::new(), Vec::new(), Vec::new());
        for (at, heads) in heads.iter().enumerate() {
            let (_, pr, head) = &heads[0];
            let with = [kept.as_slice(), &[(*pr, head.clone())]].concat();
            if !self.applies(*pr, head) {
                dropped.push(at);
            } else if self.is_in_base(*pr) {
            } else if self.goes_together(&with) {
                kept = with;
            } else {
                breaking.push(at);
            }
        }
        dropped.extend(breaking);
        (kept, dropped)
    }

    fn released(&self) -> Vec<PrNumber> {
        let release = self
            .facts
            .current_release()
            .expect("there is always a release in the end");
        assert_eq!(release.base.rev, self.facts.base.as_ref().unwrap().rev);
        release.picks.iter().map(|pick| pick.pr).collect()
    }
}

/// Whether a head is the one that the pull request was opened with.
fn is_first(pr: PrNumber, head: &CommitSha) -> bool {
    *head == sha(&format!("{pr}@0"))
}

fn natures() -> impl Strategy<Value = Vec<Nature>> {
    let nature = prop_oneof![
        3 => Just(Nature::Clean),
        1 => Just(Nature::Conflicts),
        1 => Just(Nature::Breaks),
        1 => Just(Nature::ConflictsOncePushed),
        1 => Just(Nature::BreaksOncePushed),
        1 => (1..=PRS).prop_map(Nature::BreaksWith),
        1 => (0..3u64).prop_map(Nature::InBaseFrom),
    ];
    prop::collection::vec(nature, PRS as usize)
}

fn events() -> impl Strategy<Value = Vec<Event>> {
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

proptest! {
    #[test]
    fn whatever_happens_the_wanted_release_is_out_in_the_end(
        natures in natures(),
        events in events(),
        order in any::<u16>(),
    ) {
        let mut world = World::new(&natures);
        for event in &events {
            world.event(event);
            world.check();
        }
        world.settle(order.into());
        prop_assert_eq!(world.released(), world.expected());
    }
}

fn approve(world: &mut World, pr: u64) {
    world.event(&Event::Approve(0, pr));
    world.event(&Event::Approve(1, pr));
}

#[test]
fn the_channel_starts_with_the_base_itself() {
    let mut world = World::new(&[Nature::Clean; 5]);
    world.settle(0);
    assert_eq!(world.released(), []);
    assert_eq!(world.facts.releases.len(), 1);
}

#[test]
fn without_a_base_there_is_nothing_to_do() {
    let mut world = World::new(&[Nature::Clean; 5]);
    world.facts.base = None;
    assert_eq!(
        world.plan(),
        Plan {
            steps: Vec::new(),
            wake_at: None,
            hold: None
        }
    );
}

#[test]
fn a_base_that_went_back_holds_the_channel() {
    let mut world = World::new(&[Nature::Clean; 5]);
    world.advance_base();
    world.settle(0);
    world.facts.base = Some(base("older", 50));
    for step in world.plan().steps {
        world.act(&step);
    }
    let plan = world.plan();
    assert_eq!(plan.steps, []);
    assert!(matches!(plan.hold, Some(Hold::BaseWentBack { .. })));
}

#[test]
fn a_veto_stops_a_reserved_release_and_not_a_sealed_one() {
    let mut world = World::new(&[Nature::Clean; 5]);
    world.settle(0);
    approve(&mut world, 1);
    while world.facts.releases.len() < 2 {
        let step = world.plan().steps.pop().unwrap();
        world.act(&step);
    }
    let mut sealed = World {
        facts: world.facts.clone(),
        natures: world.natures.clone(),
        ..world
    };
    sealed.act(&Step::Stage(ReleaseSeq(2)));
    sealed.event(&Event::Veto(2, 1));
    assert_eq!(sealed.plan().steps, [Step::Publish(ReleaseSeq(2))]);

    world = World {
        natures: sealed.natures.clone(),
        facts: world.facts,
        ..sealed
    };
    world.event(&Event::Veto(2, 1));
    assert!(matches!(world.plan().steps[..], [Step::Abandon { .. }]));
    world.settle(0);
    assert_eq!(world.released(), []);
    assert_eq!(
        world.facts.current_release().unwrap().seq,
        ReleaseSeq(1),
        "nothing new to release"
    );
}

#[test]
fn an_outdated_release_is_followed_by_one_of_the_same_content() {
    let mut world = World::new(&[Nature::Clean; 5]);
    approve(&mut world, 1);
    world.settle(0);
    let outdated = world.facts.current_release().unwrap().seq;
    world.facts.outdated = Some(outdated);
    world.settle(0);
    assert_eq!(world.facts.current_release().unwrap().seq, outdated.next());
    assert_eq!(world.released(), [PrNumber(1)]);
}

#[test]
fn a_culprit_is_found_by_bisection() {
    let mut natures = [Nature::Clean; 5];
    natures[1] = Nature::Breaks;
    let mut world = World::new(&natures);
    (1..=5).for_each(|pr| approve(&mut world, pr));
    world.settle(0);
    assert_eq!(world.released(), [1, 3, 4, 5].map(PrNumber));
    assert!(
        world.facts.builds.len() <= 4,
        "5 picks need no more than 4 builds"
    );
    let resolution = resolve(&world.facts, world.now);
    let status = status(
        &world.facts,
        &resolution,
        &world.facts.candidates[&PrNumber(2)],
    );
    assert!(
        matches!(status, PickStatus::BuildFailed { .. }),
        "{status:?}"
    );
}

#[test]
fn a_fix_that_passes_does_not_wait_for_anothers_build() {
    let mut world = World::new(&[Nature::Clean; 5]);
    world.settle(0);
    approve(&mut world, 1);
    while world.facts.builds.is_empty() {
        let step = world.plan().steps.pop().unwrap();
        world.act(&step);
    }
    approve(&mut world, 2);
    let assemble = world.plan().steps.pop().unwrap();
    world.act(&assemble);
    let steps = world.plan().steps;
    assert!(
        matches!(&steps[..], [Step::Build { .. }, Step::Reserve { picks, .. }]
        if picks.len() == 1 && picks[0].pr == PrNumber(1))
    );
}

#[test]
fn a_new_base_takes_no_fix_away_while_its_build_runs() {
    let mut world = World::new(&[Nature::Clean; 5]);
    approve(&mut world, 1);
    world.settle(0);
    world.advance_base();
    settle_but_for_builds(&mut world);
    let current = world.facts.current_release().unwrap();
    assert!(current.has(PrNumber(1)) && current.base.rev == sha("base0"));
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
}

#[test]
fn a_push_does_not_take_a_released_fix_away() {
    let mut world = World::new(&[Nature::Clean; 5]);
    approve(&mut world, 1);
    world.settle(0);
    let released = world.facts.current_release().unwrap().clone();
    world.event(&Event::Push(1));
    world.settle(0);
    assert_eq!(world.facts.current_release(), Some(&released));
    approve(&mut world, 1);
    world.settle(0);
    let head = &world.facts.candidates[&PrNumber(1)].head;
    assert_eq!(&world.facts.current_release().unwrap().picks[0].head, head);
}

/// Everything is done but the builds, which take long.
fn settle_but_for_builds(world: &mut World) {
    for _ in 0..20 {
        let mut steps = world.plan().steps;
        steps.retain(|step| !matches!(step, Step::Build { .. }));
        let Some(step) = steps.pop() else { return };
        world.act(&step);
    }
}

#[test]
fn a_fix_that_the_new_base_has_takes_no_other_one_away() {
    let mut natures = [Nature::Clean; 5];
    natures[0] = Nature::InBaseFrom(1);
    let mut world = World::new(&natures);
    approve(&mut world, 1);
    approve(&mut world, 2);
    world.settle(0);
    world.advance_base();
    settle_but_for_builds(&mut world);
    let current = world.facts.current_release().unwrap();
    assert!(current.has(PrNumber(2)), "{current:?}");
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(2)]);
}

#[test]
fn an_approved_push_does_not_take_a_released_fix_away_while_its_build_runs() {
    let mut world = World::new(&[Nature::Clean; 5]);
    approve(&mut world, 1);
    world.settle(0);
    let released = world.facts.current_release().unwrap().clone();
    world.event(&Event::Push(1));
    approve(&mut world, 1);
    settle_but_for_builds(&mut world);
    assert_eq!(world.facts.current_release(), Some(&released));
    world.settle(0);
    let head = &world.facts.candidates[&PrNumber(1)].head;
    assert_eq!(&world.facts.current_release().unwrap().picks[0].head, head);
}

#[test]
fn an_approved_push_that_cannot_be_released_leaves_the_released_head() {
    for nature in [Nature::BreaksOncePushed, Nature::ConflictsOncePushed] {
        let mut world = World::new(&[nature; 5]);
        approve(&mut world, 1);
        world.settle(0);
        let released = world.facts.current_release().unwrap().clone();
        world.event(&Event::Push(1));
        approve(&mut world, 1);
        world.settle(0);
        assert_eq!(world.facts.current_release(), Some(&released));
        let resolution = resolve(&world.facts, world.now);
        let candidate = &world.facts.candidates[&PrNumber(1)];
        let status = status(&world.facts, &resolution, candidate);
        let is_named = match nature {
            Nature::BreaksOncePushed => matches!(status, PickStatus::BuildFailed { .. }),
            _ => matches!(status, PickStatus::Conflict { .. }),
        };
        assert!(is_named, "{status:?}");

        world.advance_base();
        world.settle(0);
        let carried = world.facts.current_release().unwrap();
        assert_eq!(carried.picks, released.picks);
        assert_ne!(carried.base, released.base);
    }
}

#[test]
fn a_push_before_the_release_makes_the_approval_stale() {
    let mut world = World::new(&[Nature::Clean; 5]);
    world.settle(0);
    approve(&mut world, 1);
    world.event(&Event::Push(1));
    world.settle(0);
    assert_eq!(world.released(), []);
}

#[test]
fn the_lag_won_is_recorded_once() {
    let mut natures = [Nature::Clean; 5];
    natures[0] = Nature::InBaseFrom(1);
    let mut world = World::new(&natures);
    approve(&mut world, 1);
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
    world.advance_base();
    world.settle(0);
    assert_eq!(world.released(), []);
    world.advance_base();
    world.settle(0);
    let recorded = world
        .facts
        .log
        .iter()
        .filter(|e| e.action.name() == "superseded")
        .count();
    assert_eq!(recorded, 1);
    let resolution = resolve(&world.facts, world.now);
    let status = status(
        &world.facts,
        &resolution,
        &world.facts.candidates[&PrNumber(1)],
    );
    assert!(
        matches!(status, PickStatus::Superseded { .. }),
        "{status:?}"
    );
}
