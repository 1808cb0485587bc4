//! Planning against a small world in which steps fail, repeat and come in any order.

mod forms;
mod gate;
mod team;
mod waiting;
mod world;

use proptest::prelude::*;

use super::*;
use crate::fixtures::{base, channel, sha};
use crate::*;
use world::{Event, Nature, World, approve, events, natures};

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
    world.facts.today = None;
    assert_eq!(
        world.plan(),
        Plan {
            steps: Vec::new(),
            wake_at: None,
            holds: Vec::new()
        }
    );
}

#[test]
fn a_base_that_went_back_holds_the_channel() {
    let mut world = World::new(&[Nature::Clean; 5]);
    world.advance_base();
    world.settle(0);
    world.stand_at(base("older", 50));
    for step in world.plan().steps {
        world.act(&step);
    }
    let plan = world.plan();
    assert_eq!(plan.steps, []);
    assert!(matches!(plan.holds[..], [Hold::BaseWentBack { .. }]));
}

#[test]
fn an_outdated_release_is_followed_by_one_of_the_same_content() {
    let mut world = World::new(&[Nature::Clean; 5]);
    approve(&mut world, 1);
    world.settle(0);
    let outdated = world.facts.current_release().unwrap().seq;
    world.facts.machine.outdated = Some(outdated);
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
        world.builds().len() <= 4,
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
    while world.builds().is_empty() {
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
    world.settle_but_for_builds();
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

#[test]
fn a_fix_that_the_new_base_has_takes_no_other_one_away() {
    let mut natures = [Nature::Clean; 5];
    natures[0] = Nature::InBaseFrom(1);
    let mut world = World::new(&natures);
    approve(&mut world, 1);
    approve(&mut world, 2);
    world.settle(0);
    world.advance_base();
    world.settle_but_for_builds();
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
    world.settle_but_for_builds();
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
    assert_eq!(world.facts.log.all_superseded().count(), 1);
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

fn pick_state(world: &World, pr: u64) -> PickStatus {
    let resolution = resolve(&world.facts, world.now);
    status(
        &world.facts,
        &resolution,
        &world.facts.candidates[&PrNumber(pr)],
    )
}

#[test]
fn a_pick_that_changes_something_else_on_a_new_base_waits_for_new_approvals() {
    let mut world = World::new(&[Nature::Clean, Nature::ChangesWithBase]);
    world.settle(0);
    approve(&mut world, 1);
    approve(&mut world, 2);
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1), PrNumber(2)]);
    world.event(&Event::AdvanceBase);
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1)]);
    assert!(matches!(
        pick_state(&world, 2),
        PickStatus::Stale { missing: 2, .. }
    ));
    world.event(&Event::Approve(0, 2));
    assert!(matches!(
        pick_state(&world, 2),
        PickStatus::Stale { missing: 1, .. }
    ));
    world.event(&Event::Approve(1, 2));
    world.settle(0);
    assert_eq!(world.released(), [PrNumber(1), PrNumber(2)]);
}

#[test]
fn a_pull_request_that_stands_on_another_one_is_picked_after_it() {
    let mut world = World::new(&[Nature::Clean, Nature::Clean, Nature::Clean]);
    let below = world.facts.candidates[&PrNumber(3)].head.clone();
    let on_top = world.facts.candidates.get_mut(&PrNumber(1)).unwrap();
    let on_top = Arc::make_mut(on_top);
    let commits = [&below, &on_top.head].map(|sha| SourceCommit {
        sha: sha.clone(),
        subject: String::new(),
        author: String::new(),
        picked_from: Vec::new(),
    });
    on_top.details = Some(Details {
        commits: commits.to_vec(),
        ..Details::default()
    });
    for pr in 1..=3 {
        approve(&mut world, pr);
    }
    let wanted = resolve(&world.facts, world.now).wanted;
    let order: Vec<_> = wanted.iter().map(|pick| pick.pr.0).collect();
    assert_eq!(order, [2, 3, 1]);
}

#[test]
fn what_people_made_of_a_conflict_makes_another_chain_and_another_assessment() {
    let mut world = World::new(&[Nature::Clean]);
    approve(&mut world, 1);
    world.settle(0);
    assert!(world.plan().steps.is_empty());
    let file = ResolvedFile {
        path: "default.nix".into(),
        versions: Versions::default(),
        result: None,
    };
    let resolve = Action::ResolveConflict {
        channel: channel(),
        pr: PrNumber(1),
        commit: sha("commit"),
        by: ResolvedBy::Proposal,
        files: vec![file.clone()],
    };
    world.decide(0, resolve);
    let steps = world.plan().steps;
    let again = steps.iter().any(
        |step| matches!(step, Step::Assess { resolved, .. } if resolved.files() == [file.clone()]),
    );
    assert!(again, "{steps:?}");
    assert!(steps.iter().any(|step| matches!(step, Step::Assemble(_))));
}

#[test]
fn a_conflict_is_investigated_once() {
    let mut world = World::new(&[Nature::Conflicts]);
    world.settle(0);
    let investigated: Vec<_> = world
        .facts
        .today
        .as_ref()
        .unwrap()
        .investigated
        .iter()
        .map(|it| it.pr.0)
        .collect();
    assert_eq!(investigated, [1]);
}

#[test]
fn all_are_estimated_before_one_is_looked_at_exactly() {
    let mut world = World::new(&[
        Nature::Clean,
        Nature::Conflicts,
        Nature::Clean,
        Nature::Conflicts,
        Nature::Conflicts,
    ]);
    world.facts.machine.measures = Some(Certainty::Exact);
    let measured = |steps: &[Step]| {
        let of = |step: &Step| match step {
            Step::Measure { pr, certainty, .. } => Some((pr.0, *certainty)),
            _ => None,
        };
        steps.iter().filter_map(of).collect::<Vec<_>>()
    };
    let mut seen = Vec::new();
    loop {
        let steps = world.plan().steps;
        if steps.is_empty() {
            break;
        }
        seen.extend(measured(&steps));
        steps.iter().for_each(|step| world.act(step));
    }
    let (estimate, exact) = (Certainty::Estimate, Certainty::Exact);
    // What conflicts has no tree to look at.
    assert_eq!(seen, [(1, estimate), (3, estimate), (1, exact), (3, exact)]);
}

#[test]
fn more_people_must_approve_what_rebuilds_much_or_may_do_so() {
    let mut world = World::new(&[Nature::Clean; 5]);
    world.facts.policy.mass_rebuild = Some(MassRebuild {
        over: 250,
        approvals: 3,
    });
    world.settle(0);
    let needed = |world: &World| {
        let candidates = world.facts.candidates.values();
        let needed = candidates.map(|it| world.facts.required_approvals(it, &it.head));
        needed.collect::<Vec<_>>()
    };
    assert_eq!(needed(&world), [3; 5]);
    world.facts.machine.measures = Some(Certainty::Estimate);
    world.settle(0);
    let usual = world.facts.policy.required_approvals;
    assert_eq!(needed(&world), [usual, usual, 3, 3, 3]);
}
