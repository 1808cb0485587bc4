//! Forms in which a channel carries a fix: who has to agree, and when they go.

use crate::*;

use super::world::{Event, Nature, World, approve};
use crate::fixtures::channel;

fn mitigation(text: &str) -> Form {
    Form::Mitigation {
        name: MitigationName::parse("cve-2026-31431").unwrap(),
        settings: Sha256::of(text.as_bytes()).into(),
    }
}

fn choose(world: &mut World, form: &Form) {
    let head = world.facts.candidates[&PrNumber(1)].head.clone();
    let action = Action::ChooseForm {
        channel: channel(),
        pr: PrNumber(1),
        head,
        form: form.clone(),
    };
    world.decide(0, action);
}

fn released_form(world: &World) -> Option<Form> {
    let pick = world.facts.released_pick(PrNumber(1));
    pick.map(|pick| pick.form.clone())
}

fn state(world: &World) -> &'static str {
    let resolution = resolve(&world.facts, world.now);
    status(
        &world.facts,
        &resolution,
        &world.facts.candidates[&PrNumber(1)],
    )
    .name()
}

#[test]
fn another_form_needs_approvals_of_its_own() {
    let mut world = World::new(&[Nature::Clean]);
    world.settle(0);
    approve(&mut world, 1);
    choose(&mut world, &mitigation("{ }"));
    world.settle(0);
    assert_eq!((released_form(&world), state(&world)), (None, "stale"));
    approve(&mut world, 1);
    world.settle(0);
    assert_eq!(released_form(&world), Some(mitigation("{ }")));
    assert_eq!(state(&world), "released");
}

#[test]
fn what_servers_have_stays_until_another_form_is_approved() {
    for (nature, other, named) in [
        (Nature::Clean, mitigation("{ x = 1; }"), "stale"),
        (Nature::Conflicts, Form::AsIs, "conflict"),
    ] {
        let mut world = World::new(&[nature]);
        choose(&mut world, &mitigation("{ }"));
        world.settle(0);
        approve(&mut world, 1);
        world.settle(0);
        let first = world.facts.current_release().unwrap().clone();
        choose(&mut world, &other);
        world.settle(0);
        assert_eq!(world.facts.current_release(), Some(&first));
        assert_eq!(state(&world), named);
        world.advance_base();
        world.settle(0);
        let carried = world.facts.current_release().unwrap();
        assert_eq!(carried.picks, first.picks);
        assert_ne!(carried.base, first.base);
    }
}

#[test]
fn a_form_is_of_one_head() {
    let mut world = World::new(&[Nature::Clean]);
    choose(&mut world, &mitigation("{ }"));
    world.settle(0);
    approve(&mut world, 1);
    world.settle(0);
    world.event(&Event::Push(1));
    world.settle(0);
    assert_eq!(released_form(&world), Some(mitigation("{ }")));
    approve(&mut world, 1);
    world.settle(0);
    assert_eq!(released_form(&world), Some(Form::AsIs));
}

#[test]
fn it_leaves_when_the_base_has_the_fix_even_that_of_a_later_head() {
    for pushes in [false, true] {
        let mut world = World::new(&[Nature::InBaseFrom(1)]);
        choose(&mut world, &mitigation("{ }"));
        world.settle(0);
        approve(&mut world, 1);
        world.settle(0);
        assert_eq!(released_form(&world), Some(mitigation("{ }")));
        if pushes {
            world.event(&Event::Push(1));
            world.settle(0);
        }
        world.advance_base();
        world.settle(0);
        assert_eq!(world.released(), [], "pushed: {pushes}");
        assert!(world.facts.superseded_after(PrNumber(1)).is_some());
    }
}
