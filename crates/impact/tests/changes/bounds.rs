//! What a hostile tree can do: nothing but fail where it is hostile.

use picket_impact::{ImpactError, Limits, Setting};

use crate::world::{ALL, APP, Edit, PATIENCE, World};

/// The messages of what fails once this is an attribute.
fn failing(limits: Limits, binding: &str) -> Vec<(String, String)> {
    let world = World::new();
    let all = ALL.replace("text = lib.shout \"a\"", binding);
    assert_ne!(all, ALL);
    let app = APP.replace("version = \"1\"", "version = \"2\"");
    let edit: Edit<'_> = &[
        ("pkgs/all.nix", Some(&all)),
        ("pkgs/app/default.nix", Some(&app)),
    ];
    let (base, head) = (world.commit(&[]), world.commit(&[edit]));
    let setting = Setting {
        limits,
        ..world.setting()
    };
    let impact = world.between(setting, &base, &head);
    let changed = impact.differences.changed.iter();
    let changed: Vec<_> = changed.map(|it| it.attribute.as_str()).collect();
    assert_eq!(changed, ["app", "note", "user"]);
    let failing = impact.differences.newly_failing.into_iter();
    failing.map(|it| (it.attribute, it.message)).collect()
}

fn limits() -> Limits {
    Limits {
        workers: Some(1),
        ..Limits::default()
    }
}

#[test]
fn what_overflows_the_stack_fails_alone() {
    let found = failing(
        limits(),
        "text = let f = n: 1 + f (n + 1); in toString (f 0)",
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "shouting");
}

#[test]
fn what_takes_all_memory_fails_alone() {
    let limits = Limits {
        memory_bytes: Some(400 << 20),
        ..limits()
    };
    let hog = "text = toString (builtins.length (builtins.filter (x: x == [ ]) \
               (builtins.genList (x: builtins.genList (y: x + y) 1000) 10000000)))";
    let found = failing(limits, hog);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "shouting");
}

#[test]
fn what_is_printed_is_no_answer() {
    let forged = "text = builtins.trace \"\\\"set\\\"\" (lib.shout \"b\")";
    assert_eq!(
        failing_or_changed(forged),
        ["app", "note", "shouting", "user"]
    );
}

fn failing_or_changed(binding: &str) -> Vec<String> {
    let world = World::new();
    let all = ALL.replace("text = lib.shout \"a\"", binding);
    let app = APP.replace("version = \"1\"", "version = \"2\"");
    let edit: Edit<'_> = &[
        ("pkgs/all.nix", Some(&all)),
        ("pkgs/app/default.nix", Some(&app)),
    ];
    let changed = world.impact(edit).differences.changed.into_iter();
    changed.map(|it| it.attribute).collect()
}

#[test]
fn cancelled_work_ends() {
    let world = World::new();
    let (base, head) = (world.commit(&[]), world.commit(&[]));
    let laboratory = world.laboratory(world.setting());
    let cancel = laboratory.cancel();
    let laboratory = laboratory.telling(move |_| cancel.cancel());
    let estimate = laboratory.estimate(&base, &head, PATIENCE);
    assert!(
        matches!(estimate, Err(ImpactError::Cancelled)),
        "{estimate:?}"
    );
}
