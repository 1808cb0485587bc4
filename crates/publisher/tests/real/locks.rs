//! Locks outlive the folder of the release that they are on.

use std::fs;

use picket_domain::{Release, Timestamp};
use picket_publisher::{
    CacheFile, Collected, Manifest, Publisher, RecordState, ReleaseRecord, RetentionPolicy,
    Upstream,
};
use picket_testkit::nix::NixConf;

use crate::world::{NOW, World, age, channel, key, release};

const DAY: i64 = 86_400;

/// Evaluates a release as a flake's lock names it: by its hash, and an address that leads nowhere.
fn evaluate_lock(world: &World, client: &str, manifest: &Manifest) -> Result<String, String> {
    let store = world.store.twin(&world.dir.path().join(client)).unwrap();
    let cache = format!("file://{}", world.public().cache_dir().display());
    let key = key("ours-1").public().to_string();
    let conf = NixConf::substituting(&[&cache], &[&key]).with("max-jobs", "0");
    store.configure(&conf).unwrap();
    let expression = format!(
        r#"(import (builtins.fetchTree {{
          type = "tarball"; url = "file:///nowhere/nixexprs.tar.xz"; narHash = "{}";
        }})).version"#,
        manifest.tree.as_ref().unwrap().sri()
    );
    let arguments = ["--eval", "--read-write-mode", "-E", &expression];
    let evaluated = store.run("nix-instantiate", arguments);
    evaluated.map_err(|error| format!("{error:#}"))
}

fn is_whole(world: &World, client: &str, manifest: &Manifest) {
    let version = evaluate_lock(world, client, manifest).unwrap();
    let expected = format!("\"{}\"", manifest.name.as_str().replace("nixos-", ""));
    assert_eq!(version, expected);
}

/// The first release with all of the closure; the second one with all of it too, or with libc alone.
fn two_releases(world: &World, publisher: &Publisher, alike: bool) -> (Manifest, [Release; 2]) {
    let [one, two] = [1, 2].map(release);
    let manifest = world.release(publisher, &one);
    publisher.flip(&channel(), &one.name).unwrap();
    let mut closure = world.closure();
    closure.retain(|info| alike || info.path == *world.path("libc"));
    let published = publisher.publish_paths(&closure, &Upstream::none());
    world
        .try_stage(publisher, &two, &published.unwrap(), "http://a/cache")
        .unwrap();
    publisher.reveal(&channel(), &two.name).unwrap();
    publisher.flip(&channel(), &two.name).unwrap();
    age(&world.public().cache_dir());
    (manifest, [one, two])
}

fn collect(publisher: &Publisher, releases: &[Release], day: i64) -> Collected {
    let record = |release: &Release| ReleaseRecord {
        channel: channel(),
        name: release.name.clone(),
        seq: release.seq,
        state: RecordState::Published(NOW),
    };
    let records: Vec<_> = releases.iter().map(record).collect();
    let policy = RetentionPolicy {
        keep_days: 40,
        keep_releases: 1,
        path_days: 30,
    };
    let now: Timestamp = NOW.plus_seconds(day * DAY);
    let plan = publisher.retention_plan(&records, policy, now).unwrap();
    publisher.collect(&plan, now).unwrap()
}

fn narinfo_of_tree(manifest: &Manifest) -> CacheFile {
    CacheFile::narinfo_of(&manifest.tree.as_ref().unwrap().store_path)
}

#[test]
fn nix_takes_a_locked_tree_from_the_cache() {
    let world = World::new();
    let publisher = world.publisher(&["ours-1"]);
    let (manifest, releases) = two_releases(&world, &publisher, false);
    collect(&publisher, &releases, 41);
    let folder = world.public().release_dir(&channel(), &manifest.name);
    assert!(!folder.exists());
    is_whole(&world, "client", &manifest);

    let told = || publisher.reread(u64::MAX, NOW).unwrap().lost_trees.len();
    assert_eq!(told(), 0);
    let narinfo = world.public().cache_file(&narinfo_of_tree(&manifest));
    let text = fs::read_to_string(&narinfo).unwrap();
    let url = text.lines().find_map(|line| line.strip_prefix("URL: "));
    fs::write(world.public().cache_dir().join(url.unwrap()), "half").unwrap();
    assert_eq!(told(), 1);
    let addressed = text
        .lines()
        .any(|line| line.starts_with("CA: fixed:r:sha256:"));
    assert!(addressed && text.contains("Sig: ours-1:"), "{text}");
    fs::remove_file(narinfo).unwrap();
    let error = evaluate_lock(&world, "without", &manifest).unwrap_err();
    assert!(error.contains("nowhere"), "{error}");
}

#[test]
fn a_tree_goes_when_nothing_else_of_its_release_is_there() {
    let world = World::new();
    let publisher = world.publisher(&["ours-1"]);
    let (manifest, releases) = two_releases(&world, &publisher, false);
    let removed = |releases, paths, nars| Collected::Removed {
        releases,
        paths,
        nars,
    };
    assert_eq!(collect(&publisher, &releases, 41), removed(1, 2, 2));
    assert_eq!(collect(&publisher, &releases, 71), removed(0, 0, 0));
    assert_eq!(collect(&publisher, &releases, 72), removed(0, 1, 1));
    let narinfo = world.public().cache_file(&narinfo_of_tree(&manifest));
    assert!(!narinfo.exists());
    let notes = world.public().root().join("releases");
    let notes = notes.join(channel().as_str()).join(".trees");
    assert_eq!(fs::read_dir(notes).unwrap().count(), 0);
}

#[test]
fn a_tree_stays_as_long_as_any_path_of_its_release() {
    let world = World::new();
    let publisher = world.publisher(&["ours-1"]);
    let (manifest, releases) = two_releases(&world, &publisher, true);
    collect(&publisher, &releases, 41);
    collect(&publisher, &releases, 4000);
    is_whole(&world, "client", &manifest);
}

/// Its folder is whole, so that nothing else would be written again.
#[test]
fn a_tree_that_the_cache_lost_is_packed_again_with_its_release() {
    let world = World::new();
    let publisher = world.publisher(&["ours-1"]);
    let manifest = world.release(&publisher, &release(1));
    let cache = world.public().cache_dir();
    let narinfo = world.public().cache_file(&narinfo_of_tree(&manifest));
    let text = fs::read_to_string(&narinfo).unwrap();
    let url = text.lines().find_map(|line| line.strip_prefix("URL: "));
    for lost in [narinfo.clone(), cache.join(url.unwrap())] {
        let whole = fs::read(&lost).unwrap();
        fs::write(&lost, &whole[1..]).unwrap();
        world.stage(&publisher, &release(1));
        assert!(fs::read(&lost).unwrap() == whole, "{}", lost.display());
    }
    publisher
        .check_revealed(&channel(), &release(1).name, NOW)
        .unwrap();
    fs::write(world.tree().join(".version"), "another tree").unwrap();
    fs::remove_file(&narinfo).unwrap();
    let published = publisher.publish_paths(&world.closure(), &world.upstream());
    let staged = world.try_stage(
        &publisher,
        &release(1),
        &published.unwrap(),
        "http://127.0.0.1/cache",
    );
    assert!(staged.is_err() && !narinfo.exists());
}
