//! People who leave the team and come back, and what may go out meanwhile.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::world::{Event, Nature, PEOPLE, World, approve};
use super::*;

/// What becomes of somebody's place on the team.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// The configuration does not name them any more.
    Left,
    /// It does again, and their account has its name back.
    Back,
    /// Their account goes by another name.
    Renamed,
    /// Another account has their name by now.
    Replaced,
}

pub(super) fn places() -> impl Strategy<Value = Place> {
    prop_oneof![
        2 => Just(Place::Left),
        4 => Just(Place::Back),
        1 => Just(Place::Renamed),
        1 => Just(Place::Replaced),
    ]
}

fn login(who: usize) -> Login {
    Login::parse(PEOPLE[who]).unwrap()
}

impl World {
    pub(super) fn place(&mut self, who: usize, place: Place) {
        let who = login(who);
        let now = Some(self.now);
        let mut member = self.facts.team.get(&who).unwrap().clone();
        match place {
            Place::Left => member.left_at = member.left_at.or(now),
            Place::Renamed => member.renamed_at = member.renamed_at.or(now),
            Place::Back => (member.left_at, member.renamed_at) = (None, None),
            Place::Replaced => {
                member.unbound = Some(Unbinding {
                    at: self.now,
                    entry: self.facts.log.last().map_or(0, |entry| entry.seq),
                });
            }
        }
        let others = PEOPLE.map(|name| Login::parse(name).unwrap());
        let of = |login: Login| {
            let known = self.facts.team.get(&login).unwrap().clone();
            (
                login.clone(),
                if login == who { member.clone() } else { known },
            )
        };
        self.facts.team = Arc::new(others.into_iter().map(of).collect());
    }

    /// Whether a pick may be in a release, worked out without any of the rules: servers have it, or
    /// two of those who are on the team now approved it and nobody objects.
    pub(super) fn may_go_out(&self, pick: &ReleasedPick) -> bool {
        let released = self.facts.released_pick(pick.pr);
        let is_out = released.is_some_and(|released| released.head == pick.head);
        let objects = (0..PEOPLE.len()).any(|who| self.heads_of(who, pick.pr, 0).is_none());
        let approve = (0..PEOPLE.len()).filter(|who| self.approves_now(*who, pick));
        is_out || (approve.count() >= 2 && !objects)
    }

    /// Does all that is planned until a release is being staged.
    fn go_on_until_staging(&mut self) {
        while let (None, Some(step)) = (self.staging, self.plan().steps.first()) {
            self.now = self.now.plus_seconds(1);
            self.act(step);
        }
    }

    fn approves_now(&self, who: usize, pick: &ReleasedPick) -> bool {
        let member = self.facts.team.get(&login(who)).unwrap();
        let since = member.unbound.map_or(0, |unbound| unbound.entry);
        let heads = self.heads_of(who, pick.pr, since).unwrap_or_default();
        self.facts.team.has(&login(who)) && heads.contains(&pick.head)
    }

    /// The heads that somebody approves of since a place in the log; `None` where they object.
    fn heads_of(&self, who: usize, pr: PrNumber, since: u64) -> Option<BTreeSet<CommitSha>> {
        let mut heads = Some(BTreeSet::new());
        let by = Actor::Person(login(who));
        for entry in self.facts.log.of(pr).iter().filter(|it| it.actor == by) {
            match &entry.action {
                Action::Approve { head, .. } => {
                    let heads = heads.get_or_insert_default();
                    if entry.seq > since {
                        heads.insert(head.clone());
                    }
                }
                Action::Veto { .. } => heads = None,
                Action::Withdraw { .. } => heads = Some(BTreeSet::new()),
                Action::ChooseForm { .. } => {}
                other => panic!("no event makes {other:?}"),
            }
        }
        heads
    }

    /// A fix that goes with everything, and of which nobody has said anything since it was first
    /// released, is in every further release, whoever has left since.
    pub(super) fn check_that_nobodys_leaving_takes_a_fix(&self, picks: &[ReleasedPick]) {
        let current = self.facts.current_release();
        let had = current.map_or(&[][..], |current| &current.picks);
        for had in had
            .iter()
            .filter(|had| self.nature(had.pr) == Nature::Clean)
        {
            let mut releases = self.facts.releases.with(had.pr);
            let first = releases
                .find(|it| it.has_as(had.pr, &had.head, &had.form))
                .unwrap();
            let is_news = |entry: &&Arc<Entry>| entry.at > first.reserved_at;
            let is_untouched = self.facts.log.of(had.pr).iter().find(is_news).is_none();
            let is_kept = picks.iter().any(|pick| pick.pr == had.pr);
            assert!(is_kept || !is_untouched, "{} is taken away", had.pr);
        }
    }
}

/// Approvals, people who come and go, and releases that are staged meanwhile.
fn comings_and_goings() -> impl Strategy<Value = Vec<Option<Event>>> {
    let (who, pr) = (0..PEOPLE.len(), 1..=2u64);
    let event = prop_oneof![
        4 => (who.clone(), pr.clone()).prop_map(|(who, pr)| Some(Event::Approve(who, pr))),
        1 => (who.clone(), pr).prop_map(|(who, pr)| Some(Event::Withdraw(who, pr))),
        3 => (who, places()).prop_map(|(who, place)| Some(Event::Team(who, place))),
        4 => Just(None),
        4 => Just(Some(Event::FinishStaging)),
    ];
    prop::collection::vec(event, 0..40)
}

proptest! {
    /// The world itself looks, at each seal, whether enough of those who are on the team approved.
    #[test]
    fn people_may_leave_and_come_back_at_any_moment(events in comings_and_goings()) {
        let mut world = World::new(&[Nature::Clean; 5]);
        for event in events {
            match event {
                Some(event) => world.event(&event),
                None => world.go_on_until_staging(),
            }
            world.check();
        }
        world.settle(0);
        prop_assert_eq!(world.released(), world.expected());
    }
}

#[test]
fn what_somebody_approved_who_left_does_not_go_out() {
    for place in [Place::Left, Place::Renamed, Place::Replaced] {
        let mut world = World::new(&[Nature::Clean; 5]);
        world.settle(0);
        approve(&mut world, 1);
        world.event(&Event::Team(0, place));
        world.settle(0);
        assert_eq!(world.released(), [], "{place:?}");
        assert!(matches!(
            pick_state(&world, 1),
            PickStatus::AwaitingApproval { missing: 1, lapsed, .. } if lapsed.len() == 1
        ));
        world.event(&Event::Approve(2, 1));
        world.settle(0);
        assert_eq!(world.released(), [PrNumber(1)], "{place:?}");
    }
}

#[test]
fn who_comes_back_has_approved_again() {
    let mut world = World::new(&[Nature::Clean; 5]);
    world.settle(0);
    approve(&mut world, 1);
    world.event(&Event::Team(0, Place::Left));
    world.settle(0);
    world.event(&Event::Team(0, Place::Back));
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
}

#[test]
fn somebody_who_leaves_while_a_release_is_staged_stops_it() {
    let mut world = World::new(&[Nature::Clean; 5]);
    world.settle(0);
    approve(&mut world, 1);
    world.settle_until(|world| world.staging.is_some());
    world.event(&Event::Team(0, Place::Left));
    let seq = world.staging.unwrap().0;
    world.act(&Step::Stage(seq));
    let state = &world.facts.releases.get(seq).unwrap().state;
    assert_eq!(*state, ReleaseState::Reserved);
    assert!(matches!(&world.plan().steps[..], [Step::Abandon { .. }]));
    world.settle(0);
    assert_eq!(world.released(), []);
}

#[test]
fn what_is_out_is_not_even_released_anew_when_somebody_leaves() {
    let mut world = World::new(&[Nature::Clean; 5]);
    approve(&mut world, 1);
    world.event(&Event::Approve(2, 1));
    world.event(&Event::Team(2, Place::Renamed));
    world.settle(0);
    let released = world.facts.current_release().cloned();
    for who in 0..3 {
        world.event(&Event::Team(who, Place::Left));
        world.settle(0);
        assert_eq!(world.facts.current_release().cloned(), released);
    }
    world.advance_base();
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
}
