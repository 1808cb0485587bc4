//! What is known of one tree is carried over to the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use picket_impact::{Progress, Setting};

use crate::world::{ALL, APP, PATIENCE, World, told};

#[test]
fn a_base_near_a_known_one_is_not_evaluated_as_a_whole() {
    let world = World::new();
    let app = |version: &str| APP.replace("version = \"1\"", &format!("version = \"{version}\""));
    let all = |version: &str| {
        let new = format!("aaron = mk {{ pname = \"aaron\"; version = \"{version}\"; }};");
        ALL.replace("  tool = tool1;", &format!("  tool = tool1;\n  {new}"))
    };
    let first = world.commit(&[]);
    let (app2, app3, all2, all3) = (app("2"), app("3"), all("7"), all("8"));
    let second: &[_] = &[
        ("pkgs/app/default.nix", Some(app2.as_str())),
        ("pkgs/all.nix", Some(all2.as_str())),
    ];
    let third: &[_] = &[
        ("pkgs/app/default.nix", Some(app3.as_str())),
        ("pkgs/all.nix", Some(all3.as_str())),
    ];
    let (second, third) = (world.commit(&[second]), world.commit(&[third]));
    let known = world.laboratory(world.setting());
    known.estimate(&first, &second, PATIENCE).unwrap();

    let evaluated = Arc::new(AtomicUsize::new(0));
    let most = Arc::clone(&evaluated);
    let counted = world
        .laboratory(world.setting())
        .telling(move |Progress { all, .. }| {
            most.fetch_max(all, Ordering::Relaxed);
        });
    let estimate = counted.estimate(&second, &third, PATIENCE).unwrap();
    assert!(estimate.base_seconds.is_some());
    let all = ALL.matches(" = ").count();
    assert!(evaluated.load(Ordering::Relaxed) < all / 2);

    let exact = counted.exact(&second, &third, estimate).unwrap();
    let expected = ["~ aaron 7>8", "~ app 2>3", "~ note 1>1", "~ user 1>1"];
    assert_eq!(told(&exact), expected);
}

#[test]
fn a_cache_without_room_is_emptied_and_goes_on() {
    let world = World::new();
    let setting = || Setting {
        cache_bytes: 0,
        ..world.setting()
    };
    let versions = ["1", "2", "3", "4"].map(|version| {
        let app = APP.replace("version = \"1\"", &format!("version = \"{version}\""));
        world.commit(&[&[("pkgs/app/default.nix", Some(app.as_str()))]])
    });
    for pair in versions.windows(2) {
        let impact = world.between(setting(), &pair[0], &pair[1]);
        assert_eq!(told(&impact).len(), 3);
    }
    let kept = std::fs::read_dir(world.path().join("cache/index")).unwrap();
    let kept: Vec<_> = kept.map(|it| it.unwrap().file_name()).collect();
    assert!(kept.len() <= 4, "two files of two bases: {kept:?}");
}
