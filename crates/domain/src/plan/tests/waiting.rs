//! Who waits for whom: nobody for somebody else.

use super::world::{Event, Nature, World, approve};
use super::*;

#[test]
fn a_build_that_is_always_killed_holds_nobody_up() {
    let mut natures = [Nature::Clean; 5];
    natures[0] = Nature::IsKilledUntil(1_000_000);
    let mut world = World::new(&natures);
    world.settle_until(|world| world.facts.current_release().is_some());
    approve(&mut world, 1);
    approve(&mut world, 2);
    let began = world.now;
    world.settle_until(|world| world.facts.current_release().unwrap().has(PrNumber(2)));
    let waited = world.now.seconds_since(began);
    assert!(
        waited < 60,
        "{waited} s, before the killed one was tried again"
    );
    assert!(matches!(pick_state(&world, 1), PickStatus::Retrying { .. }));
    world.settle_until(|world| matches!(pick_state(world, 1), PickStatus::GivenUp { .. }));
    insta::assert_snapshot!(
        pick_state(&world, 1).reason().split(" until").next().unwrap(),
        @"the builder fails on job: it was killed; given up"
    );
}

#[test]
fn what_no_machine_builds_and_what_nix_rejects_is_tried_once_and_holds_nobody_up() {
    for nature in [Nature::HasNoMachine, Nature::IsRejected] {
        let mut natures = [Nature::Clean; 5];
        natures[0] = nature;
        let mut world = World::new(&natures);
        world.facts.policy.retry.attempts = 3;
        approve(&mut world, 1);
        approve(&mut world, 2);
        world.settle(0);
        assert_eq!(world.released(), [PrNumber(2)]);
        let tries = world.builds().values().map(|it| it.attempts.len());
        assert_eq!(tries.max(), Some(1), "{nature:?}");
        match (nature, pick_state(&world, 1)) {
            (Nature::HasNoMachine, PickStatus::NoMachine { jobs, .. })
            | (_, PickStatus::BuildFailed { jobs, .. }) => assert_eq!(jobs[0].as_str(), "job"),
            (_, other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_the_team_waives_is_released_and_goes_on_being_so_when_the_waiver_ends() {
    let mut natures = [Nature::Clean; 5];
    natures[0] = Nature::HasNoMachine;
    let mut world = World::new(&natures);
    approve(&mut world, 1);
    world.settle(0);
    assert_eq!(world.released(), []);
    let (channel, jobs) = (channel(), JobPattern::parse("job").unwrap());
    world.decide(
        0,
        Action::Waive {
            channel: channel.clone(),
            jobs: jobs.clone(),
            until: world.now.plus_seconds(1_000),
            reason: "the builder is away".into(),
        },
    );
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
    let waived = world.facts.odd_jobs(world.now).waived;
    assert!(waived.iter().map(JobName::as_str).eq(["job"]));
    let reason = "it is back".into();
    world.decide(
        0,
        Action::EndWaiver {
            channel,
            jobs,
            reason,
        },
    );
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)], "servers keep it");
    // On a new base it would have to be built again, and cannot be.
    world.facts.policy.base_hold = BaseHold::default();
    world.advance_base();
    world.settle_until(|world| !world.plan().holds.is_empty());
    assert!(world.facts.current_release().unwrap().has(PrNumber(1)));
}

#[test]
fn what_the_base_breaks_too_is_released_and_named() {
    let mut natures = [Nature::Clean; 5];
    natures[0] = Nature::IsBrokenAtBase;
    let mut world = World::new(&natures);
    approve(&mut world, 1);
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
    let mut records = world.builds().values();
    let attempt = &records.next().unwrap().attempts[0];
    let named: Vec<_> = attempt.report.broken_at_base().collect();
    assert_eq!(named[0].as_str(), "job");
}

#[test]
fn what_passes_at_the_second_try_is_released_and_named_flaky() {
    let mut natures = [Nature::Clean; 5];
    natures[0] = Nature::IsFlaky;
    let mut world = World::new(&natures);
    approve(&mut world, 1);
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
    let record = world.builds().values().next().unwrap();
    match record.state(world.facts.rules(), None, world.now) {
        BuildState::Passed { flaky, .. } => assert_eq!(flaky[0].as_str(), "job"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_built_while_a_disk_runs_short_and_a_hold_says_so() {
    let mut world = World::new(&[Nature::Clean; 5]);
    approve(&mut world, 1);
    world.facts.machine.disk = Some(DiskShort {
        folder: "/nix/store".into(),
        since: world.now,
        free_bytes: 5 << 20,
        wanted_bytes: 10 << 30,
    });
    world.settle(0);
    assert!(world.builds().is_empty());
    let holds = world.plan().holds;
    insta::assert_snapshot!(
        format!("{}. {}", holds[0].what(), holds[0].remedy()),
        @"the disk of /nix/store runs short: 5 MiB are free, and 10240 are asked for; nothing is built. Free some space, or keep less (section [retention]). It goes on by itself then."
    );
    world.facts.machine.disk = None;
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
}

#[test]
fn a_build_that_a_person_stops_is_set_aside_until_one_asks_for_another_try() {
    let mut world = World::new(&[Nature::Clean; 5]);
    approve(&mut world, 1);
    let rev = world.settle_but_for_builds().unwrap();
    let cancel = Action::CancelBuild {
        channel: channel(),
        rev: rev.clone(),
        reason: "too large for today".to_owned(),
    };
    world.decide(0, cancel);
    approve(&mut world, 2);
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(2)]);
    assert_eq!(pick_state(&world, 1).reason(), "ada stopped its build");
    let channel = channel();
    world.decide(1, Action::RetryBuild { channel, rev });
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1), PrNumber(2)]);
}

#[test]
fn what_failed_by_the_machines_fault_comes_in_its_place_once_it_passes() {
    let mut natures = [Nature::Clean; 5];
    natures[0] = Nature::IsKilledUntil(2_000);
    let mut world = World::new(&natures);
    approve(&mut world, 1);
    approve(&mut world, 2);
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1), PrNumber(2)]);
    assert!(world.now >= Timestamp::from_unix(2_000));
}

#[test]
fn a_later_fix_overtakes_a_build_that_runs_for_long() {
    let mut world = World::new(&[Nature::Clean; 5]);
    world.settle(0);
    approve(&mut world, 1);
    let slow = world.settle_but_for_builds().unwrap();
    world.facts.machine.building.insert(slow.clone(), world.now);
    approve(&mut world, 2);
    assert_eq!(
        world.settle_but_for_builds().as_ref(),
        builds(&world).last()
    );
    assert_eq!(builds(&world).len(), 1, "it is too early to overtake");
    world.now = world.plan().wake_at.unwrap();
    world.settle_but_for_builds();
    let beside = builds(&world).pop().unwrap();
    world.build_now(&beside);
    world.settle_but_for_builds();
    let current = world.facts.current_release().unwrap();
    assert_eq!(prs(current), [2]);
    world.facts.machine.building.clear();
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1), PrNumber(2)]);
}

/// The commits that are to be built.
fn builds(world: &World) -> Vec<CommitSha> {
    let steps = world.plan().steps.into_iter();
    let built = steps.filter_map(|step| match step {
        Step::Build { rev, .. } => Some(rev),
        _ => None,
    });
    built.collect()
}

fn prs(release: &Release) -> Vec<u64> {
    release.picks.iter().map(|pick| pick.pr.0).collect()
}

fn held_world(then: AfterHold) -> World {
    let mut world = World::new(&[
        Nature::Clean,
        Nature::ChangesWithBase,
        Nature::Clean,
        Nature::InBaseFrom(1),
    ]);
    let fix = world.facts.candidates.get_mut(&PrNumber(4)).unwrap();
    Arc::make_mut(fix).named = Advisory::find_all("CVE-2026-1234, CVE-2026-1235");
    world.facts.policy.base_hold = BaseHold {
        seconds: 86_400,
        then,
    };
    world.settle(0);
    approve(&mut world, 1);
    approve(&mut world, 2);
    world.settle(0);
    world.advance_base();
    world.settle_until(|world| !world.plan().holds.is_empty());
    world
}

#[test]
fn a_base_that_would_take_a_fix_away_is_held_back_and_others_go_on() {
    let mut world = held_world(AfterHold::Drop);
    let holds = world.plan().holds;
    insta::assert_snapshot!(
        holds[0].what().replace(sha("base1").short(), "BASE"),
        @"on the stable channel's newest revision BASE, servers would lose fixes that they have: #2 (it changes something else there than what was approved). Meanwhile they lack what that revision fixes: #4 (CVE-2026-1234, CVE-2026-1235)"
    );
    approve(&mut world, 3);
    world.settle_until(|world| world.facts.current_release().unwrap().has(PrNumber(3)));
    let current = world.facts.current_release().unwrap();
    assert_eq!(prs(current), [1, 2, 3]);
    assert_eq!(current.base.rev, sha("base0"));
}

#[test]
fn approving_it_again_lets_the_channel_go_to_the_new_base() {
    let mut world = held_world(AfterHold::Hold);
    approve(&mut world, 2);
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1), PrNumber(2)]);
    assert_eq!(world.plan().holds, []);
}

#[test]
fn after_the_time_that_the_policy_gives_the_channel_goes_on() {
    let mut world = held_world(AfterHold::Drop);
    let until = world.now.plus_seconds(86_400);
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
    assert!(world.now >= until.plus_seconds(-60));
    assert!(matches!(pick_state(&world, 2), PickStatus::Stale { .. }));
}

#[test]
fn a_policy_that_holds_waits_for_a_person() {
    let mut world = held_world(AfterHold::Hold);
    assert_eq!(world.plan().wake_at, None);
    world.now = world.now.plus_seconds(10 * 86_400);
    let current = world.facts.current_release().unwrap().clone();
    world.settle_until(|world| world.plan().steps.is_empty());
    assert_eq!(world.facts.current_release(), Some(&current));
    world.event(&Event::Veto(2, 2));
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
}

#[test]
fn what_the_base_has_leaves_the_chain_and_comes_back_when_it_is_reverted() {
    let mut natures = [Nature::Clean; 5];
    natures[0] = Nature::InBaseFrom(1);
    let mut world = World::new(&natures);
    approve(&mut world, 1);
    approve(&mut world, 2);
    world.settle(0);
    world.advance_base();
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(2)]);
    let on = world.facts.today.as_ref().unwrap();
    let mut chains = on.assemblies.values();
    assert!(chains.any(|chain| chain.picks.len() == 1), "2 alone");
    world.natures.insert(PrNumber(1), Nature::Clean);
    world.advance_base();
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1), PrNumber(2)]);
    let mut log = world.facts.log.of(PrNumber(1)).iter();
    assert!(log.any(|entry| entry.action.name() == "returned"));
    assert!(matches!(pick_state(&world, 1), PickStatus::Released { .. }));
}
