//! What may be released, and what becomes of a release that cannot be finished.

use super::world::{Event, Nature, World, approve};
use super::*;

/// A world in which release 2, with pull request 1, has a number.
fn reserved() -> World {
    let mut world = World::new(&[Nature::Clean; 5]);
    world.settle(0);
    approve(&mut world, 1);
    while world.facts.releases.len() < 2 {
        let step = world.plan().steps.pop().unwrap();
        world.act(&step);
    }
    world
}

/// A world in which that release is sealed.
fn sealed() -> World {
    let mut world = reserved();
    world.act(&Step::Stage(ReleaseSeq(2)));
    world.act(&Step::Stage(ReleaseSeq(2)));
    assert_eq!(world.plan().steps, [Step::Publish(ReleaseSeq(2))]);
    world
}

fn reason_to_abandon(world: &World) -> String {
    match &world.plan().steps[..] {
        [Step::Abandon { reason, .. }] => reason.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_veto_stops_a_reserved_release() {
    let mut world = reserved();
    world.event(&Event::Veto(2, 1));
    assert!(reason_to_abandon(&world).contains("not approved any more"));
    world.settle(0);
    assert_eq!(world.released(), []);
    let current = world.facts.current_release().unwrap();
    assert_eq!(current.seq, ReleaseSeq(1), "nothing new to release");
}

#[test]
fn a_veto_while_a_release_is_staged_stops_it() {
    let mut world = reserved();
    world.act(&Step::Stage(ReleaseSeq(2)));
    world.event(&Event::Veto(2, 1));
    world.act(&Step::Stage(ReleaseSeq(2)));
    assert!(reason_to_abandon(&world).contains("not approved any more"));
}

#[test]
fn a_veto_after_the_seal_says_that_the_release_is_out_and_the_next_one_follows() {
    let mut world = sealed();
    world.event(&Event::Veto(2, 1));
    assert_eq!(world.plan().steps, [Step::Publish(ReleaseSeq(2))]);
    insta::assert_snapshot!(
        pick_state(&world, 1).reason().replace(&*released_name(&world, 2), "RELEASE"),
        @"edsger: no; RELEASE is out with it, and the next release goes without it"
    );
    world.settle(0);
    assert_eq!(world.released(), []);
    assert_eq!(world.facts.current_release().unwrap().seq, ReleaseSeq(3));
}

fn released_name(world: &World, seq: u64) -> String {
    let release = world.facts.releases.get(ReleaseSeq(seq));
    release.unwrap().name.to_string()
}

#[test]
fn a_policy_by_which_the_build_does_not_pass_gives_the_release_up() {
    let mut world = reserved();
    world.facts.under_way = Arc::default();
    assert!(reason_to_abandon(&world).contains("no build of it that passes"));
}

#[test]
fn a_release_that_fails_is_given_up_and_the_next_number_is_taken() {
    let mut world = reserved();
    for failures in 1..=3 {
        world.facts.machine.failing = Some(FailingRelease {
            seq: ReleaseSeq(2),
            failures,
            error: "the disk is on fire".to_owned(),
        });
        if failures < 3 {
            assert_eq!(world.plan().steps, [Step::Stage(ReleaseSeq(2))]);
        }
    }
    assert_eq!(
        reason_to_abandon(&world),
        "it failed 3 times: the disk is on fire"
    );
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
    assert_eq!(world.facts.current_release().unwrap().seq, ReleaseSeq(3));
}

#[test]
fn content_that_fails_again_and_again_is_a_hold_and_is_tried_less_and_less() {
    let mut world = reserved();
    for seq in 2..5 {
        let (seq, reason) = (ReleaseSeq(seq), "no".to_owned());
        world.act(&Step::Abandon { seq, reason });
        if world.plan().steps.is_empty() {
            world.now = world.plan().wake_at.unwrap();
        }
        let step = world.plan().steps.pop().unwrap();
        world.act(&step);
    }
    let (seq, reason) = (ReleaseSeq(5), "no".to_owned());
    world.act(&Step::Abandon { seq, reason });
    let plan = world.plan();
    assert_eq!(plan.steps, []);
    assert_eq!(plan.wake_at, Some(world.now.plus_seconds(240)));
    assert!(matches!(
        plan.holds[..],
        [Hold::CannotRelease { tries: 4, .. }]
    ));
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
    assert_eq!(world.plan().holds, []);
}

#[test]
fn a_database_from_a_backup_goes_on_after_what_clients_have() {
    let mut world = sealed();
    world.facts.machine.public = Some(ReleaseSeq(9));
    assert!(reason_to_abandon(&world).contains("release 9 already"));
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
    assert_eq!(world.facts.current_release().unwrap().seq, ReleaseSeq(10));
}

#[test]
fn more_approvals_asked_for_take_no_released_fix_away() {
    let mut world = World::new(&[Nature::Clean; 5]);
    approve(&mut world, 1);
    world.settle(0);
    approve(&mut world, 2);
    world.facts.policy.required_approvals = 3;
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
    assert!(matches!(
        pick_state(&world, 2),
        PickStatus::AwaitingApproval { missing: 1, .. }
    ));
    world.advance_base();
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
    world.event(&Event::Withdraw(0, 1));
    world.settle(0);
    assert_eq!(world.released(), [], "somebody took an approval back");
}
