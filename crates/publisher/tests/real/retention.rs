//! What outlives its policy goes, and nothing that anybody needs.

use std::fs;

use picket_domain::{Release, Timestamp};
use picket_files::WorkLock;
use picket_publisher::{
    CacheFile, Collected, PublishError, Publisher, RecordState, ReleaseRecord, RetentionPlan,
    RetentionPolicy, Upstream, WhyGone,
};

use crate::world::{NOW, World, age, channel, contents, release};

const DAY: i64 = 86_400;

fn record(release: &Release, published: Timestamp) -> ReleaseRecord {
    ReleaseRecord {
        channel: channel(),
        name: release.name.clone(),
        seq: release.seq,
        state: RecordState::Published(published),
    }
}

fn policy() -> RetentionPolicy {
    RetentionPolicy {
        keep_days: 40,
        keep_releases: 1,
        path_days: 30,
    }
}

/// Two releases: the first one has `lib` and `app`, the second one `libc` alone.
fn two_releases(world: &World, publisher: &Publisher) -> [ReleaseRecord; 2] {
    let [one, two] = [1, 2].map(release);
    world.release(publisher, &one);
    publisher.flip(&channel(), &one.name).unwrap();
    let libc: Vec<_> = world
        .closure()
        .into_iter()
        .filter(|info| info.path == *world.path("libc"))
        .collect();
    let published = publisher.publish_paths(&libc, &Upstream::none()).unwrap();
    world
        .try_stage(publisher, &two, &published, "http://127.0.0.1/cache")
        .unwrap();
    publisher.reveal(&channel(), &two.name).unwrap();
    publisher.flip(&channel(), &two.name).unwrap();
    age(&world.public().cache_dir());
    [record(&one, NOW), record(&two, NOW)]
}

fn plan(publisher: &Publisher, records: &[ReleaseRecord], day: i64) -> RetentionPlan {
    let now = NOW.plus_seconds(day * DAY);
    publisher.retention_plan(records, policy(), now).unwrap()
}

fn narinfo_exists(world: &World, name: &str) -> bool {
    let file = CacheFile::narinfo_of(world.path(name));
    world.public().cache_file(&file).exists()
}

#[test]
fn what_killed_ones_left_goes_when_nobody_is_at_work() {
    let world = World::new();
    let publisher = world.publisher(&["k"]);
    publisher.remove_leftovers().unwrap();
    two_releases(&world, &publisher);
    let (root, cache) = (world.public().root().to_owned(), world.public().cache_dir());
    let left = [
        root.join("releases")
            .join(channel().as_str())
            .join(".tmp-release"),
        cache.join(".tmp-narinfo"),
        cache.join("nar/.tmp-nar"),
    ];
    fs::create_dir(&left[0]).unwrap();
    fs::write(left[0].join("git-revision"), "half removed").unwrap();
    left[1..]
        .iter()
        .for_each(|file| fs::write(file, "half").unwrap());
    let are_there = || left.iter().filter(|it| it.exists()).count();
    let at_work = WorkLock::join(&cache, &[]).unwrap();
    publisher.remove_leftovers().unwrap();
    assert_eq!(are_there(), 3);
    drop(at_work);
    publisher.remove_leftovers().unwrap();
    assert_eq!(are_there(), 0);
}

#[test]
fn a_release_goes_with_what_it_alone_needs_and_leaves_a_note() {
    let world = World::new();
    let publisher = world.publisher(&["k"]);
    let records = two_releases(&world, &publisher);
    assert!(plan(&publisher, &records, 40).is_empty());
    let planned = plan(&publisher, &records, 41);
    let counts = (
        planned.releases.len(),
        planned.paths.len(),
        planned.nars.len(),
    );
    assert_eq!(counts, (1, 2, 2));
    assert!(planned.bytes() > 0);
    let now = NOW.plus_seconds(41 * DAY);
    let collected = publisher.collect(&planned, now).unwrap();
    let expected = Collected::Removed {
        releases: 1,
        paths: 2,
        nars: 2,
    };
    assert_eq!(collected, expected);
    assert!(narinfo_exists(&world, "libc") && !narinfo_exists(&world, "lib"));
    let public = world.public();
    assert!(!public.release_dir(&channel(), &records[0].name).exists());
    let gone = public.gone(&channel(), &records[0].name).unwrap().unwrap();
    assert_eq!((gone.at, gone.why), (now, WhyGone::Superseded));
    assert_eq!(public.gone(&channel(), &records[1].name).unwrap(), None);
    publisher
        .check_revealed(&channel(), &records[1].name, NOW)
        .unwrap();
    assert!(plan(&publisher, &records, 41).is_empty());
}

#[test]
fn what_is_needed_again_by_then_stays() {
    let world = World::new();
    let publisher = world.publisher(&["k"]);
    let records = two_releases(&world, &publisher);
    let planned = plan(&publisher, &records, 41);
    let three = release(3);
    world.stage(&publisher, &three);
    age(&world.public().cache_dir());
    let now = NOW.plus_seconds(41 * DAY);
    let collected = publisher.collect(&planned, now).unwrap();
    let expected = Collected::Removed {
        releases: 1,
        paths: 0,
        nars: 0,
    };
    assert_eq!(collected, expected);
    publisher
        .check_staged(&channel(), &three.name, NOW)
        .unwrap();
}

#[test]
fn a_path_that_was_just_published_is_not_old() {
    let world = World::new();
    let publisher = world.publisher(&["k"]);
    let records = two_releases(&world, &publisher);
    let planned = plan(&publisher, &records, 41);
    // No manifest names it yet: its release is about to be staged.
    publisher
        .publish_paths(&world.closure(), &world.upstream())
        .unwrap();
    let now = Timestamp::now();
    publisher.collect(&planned, now).unwrap();
    assert!(narinfo_exists(&world, "lib") && narinfo_exists(&world, "app"));
}

#[test]
fn nothing_is_collected_while_somebody_publishes() {
    let world = World::new();
    let publisher = world.publisher(&["k"]);
    let records = two_releases(&world, &publisher);
    let planned = plan(&publisher, &records, 41);
    let before = contents(world.public().root());
    let _working = WorkLock::join(&world.public().cache_dir(), &[]).unwrap();
    let now = NOW.plus_seconds(41 * DAY);
    assert_eq!(publisher.collect(&planned, now).unwrap(), Collected::Busy);
    assert!(contents(world.public().root()) == before);
}

#[test]
fn what_is_withdrawn_says_why_and_the_current_release_is_not() {
    let world = World::new();
    let publisher = world.publisher(&["k"]);
    let [one, two] = two_releases(&world, &publisher);
    let withdraw = |name| publisher.withdraw(&channel(), name, "it breaks sshd", NOW);
    let error = withdraw(&two.name).unwrap_err();
    assert!(matches!(error, PublishError::IsCurrent(_)), "{error}");
    withdraw(&one.name).unwrap();
    withdraw(&one.name).unwrap();
    let public = world.public();
    assert!(!public.release_dir(&channel(), &one.name).exists());
    let gone = public.gone(&channel(), &one.name).unwrap().unwrap();
    assert!(gone.to_string().ends_with(": it breaks sshd"), "{gone}");
    assert!(
        narinfo_exists(&world, "lib"),
        "its paths stay for their days"
    );
}
