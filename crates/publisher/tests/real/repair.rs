//! Damage in the binary cache is found, named, and made good.

use std::fs;
use std::path::{Path, PathBuf};

use picket_domain::StorePath;
use picket_publisher::{
    CacheFile, CacheSettings, CheckError, CheckProblems, PublishError, Publisher,
};

use crate::world::{NOW, World, channel, contents, key, release};

fn narinfo(world: &World, name: &str) -> PathBuf {
    let file = CacheFile::narinfo_of(world.path(name));
    world.public().cache_file(&file)
}

fn nar(world: &World, name: &str) -> PathBuf {
    let text = fs::read_to_string(narinfo(world, name)).unwrap();
    let url = text.lines().find_map(|line| line.strip_prefix("URL: "));
    world.public().cache_dir().join(url.unwrap())
}

fn flip_bit(path: &Path) {
    let mut content = fs::read(path).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(path, content).unwrap();
}

fn problems(publisher: &Publisher) -> CheckProblems {
    match publisher.check_staged(&channel(), &release(1).name, NOW) {
        Err(CheckError::Incomplete(problems)) => problems,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_damaged_is_named_and_made_again() {
    let world = World::new();
    let publisher = world.publisher(&["k"]);
    world.stage(&publisher, &release(1));
    let whole = contents(&world.public().cache_dir());
    type Damage = fn(&Path);
    let damages: [(PathBuf, Damage); 4] = [
        (nar(&world, "app"), flip_bit),
        (nar(&world, "app"), |path| fs::remove_file(path).unwrap()),
        (narinfo(&world, "app"), |path| {
            fs::write(path, "StorePath: /nix").unwrap();
        }),
        (narinfo(&world, "app"), |path| {
            fs::remove_file(path).unwrap();
        }),
    ];
    for (file, damage) in damages {
        damage(&file);
        let found = problems(&publisher);
        assert!(found.others.is_empty(), "{found}");
        let paths: Vec<StorePath> = found.repairable.into_keys().collect();
        assert_eq!(paths, [world.path("app").clone()], "{file:?}");
        publisher.repair(&paths, &world.closure()).unwrap();
        publisher
            .check_staged(&channel(), &release(1).name, NOW)
            .unwrap();
        assert!(contents(&world.public().cache_dir()) == whole, "{file:?}");
    }
}

#[test]
fn publishing_again_writes_a_narinfo_that_cannot_be_read() {
    let world = World::new();
    let publisher = world.publisher(&["k"]);
    world.stage(&publisher, &release(1));
    let whole = contents(&world.public().cache_dir());
    fs::write(narinfo(&world, "lib"), "").unwrap();
    world.stage(&publisher, &release(1));
    assert!(contents(&world.public().cache_dir()) == whole);
}

#[test]
fn what_nix_was_not_asked_for_is_not_repaired() {
    let world = World::new();
    let publisher = world.publisher(&["k"]);
    let paths = [world.path("app").clone()];
    let error = publisher.repair(&paths, &[]).unwrap_err();
    assert!(matches!(error, PublishError::CannotRepair(_)), "{error}");
}

/// A publisher that reads a NAR again after two weeks.
fn patient(world: &World) -> Publisher {
    let settings = CacheSettings {
        store_dir: world.store.store_dir().to_str().unwrap().to_owned(),
        reread_days: 14,
        ..CacheSettings::default()
    };
    Publisher::new(world.public(), vec![key("k")], settings).unwrap()
}

/// Damages a file so that it looks as it did.
fn damage_unseen(path: &Path) {
    let file = fs::File::open(path).unwrap();
    let modified = file.metadata().unwrap().modified().unwrap();
    flip_bit(path);
    file.set_modified(modified).unwrap();
}

#[test]
fn a_nar_is_read_once_in_a_while_and_when_it_looks_changed() {
    let world = World::new();
    let publisher = patient(&world);
    world.stage(&publisher, &release(1));
    let name = release(1).name;
    let check = |at| publisher.check_staged(&channel(), &name, at).is_ok();
    assert!(check(NOW));
    damage_unseen(&nar(&world, "app"));
    assert!(check(NOW.plus_seconds(13 * 86_400)), "it was not read");
    assert!(!check(NOW.plus_seconds(14 * 86_400)), "it was read");
    let closure = world.closure();
    let app = [world.path("app").clone()];
    publisher.repair(&app, &closure).unwrap();
    assert!(check(NOW));
    flip_bit(&nar(&world, "app"));
    assert!(!check(NOW), "it looks changed");
}

#[test]
fn rereading_begins_with_what_was_not_read_for_longest() {
    let world = World::new();
    let publisher = patient(&world);
    world.stage(&publisher, &release(1));
    damage_unseen(&nar(&world, "lib"));
    let mut damaged = Vec::new();
    for turn in 0..3 {
        let report = publisher.reread(1, NOW.plus_seconds(turn)).unwrap();
        assert_eq!(report.nars, 1);
        damaged.extend(report.damaged);
    }
    assert_eq!(damaged, [world.path("lib").clone()]);
    publisher.repair(&damaged, &world.closure()).unwrap();
    let report = publisher.reread(u64::MAX, NOW).unwrap();
    assert_eq!((report.nars, report.damaged.len()), (3, 0));
    fs::write(narinfo(&world, "lib"), "half").unwrap();
    assert_eq!(publisher.reread(0, NOW).unwrap().unreadable.len(), 1);
}

/// No Nix store has it: it is made again from the commit's files.
#[test]
fn a_damaged_tree_is_told_with_its_release() {
    let world = World::new();
    let publisher = patient(&world);
    let release = release(1);
    let manifest = world.release(&publisher, &release);
    let tree = manifest.tree.unwrap().store_path;
    let narinfo = world.public().cache_file(&CacheFile::narinfo_of(&tree));
    let text = fs::read_to_string(narinfo).unwrap();
    let url = text.lines().find_map(|line| line.strip_prefix("URL: "));
    flip_bit(&world.public().cache_dir().join(url.unwrap()));
    let report = publisher.reread(u64::MAX, NOW).unwrap();
    let of = (release.channel.clone(), release.name.clone());
    assert_eq!(report.damaged_trees, [(tree, of)].into());
    assert!(report.damaged.is_empty());
    publisher.repair_tree(&release, &world.tree()).unwrap();
    let report = publisher.reread(u64::MAX, NOW).unwrap();
    assert!(report.damaged_trees.is_empty());
}
