//! In which order a mirror is written, and where a run may break off.

use std::collections::BTreeMap;

use picket_bucket::{Depth, RECORD};

use crate::recorder::{Change, Recorder};
use crate::world::{Copied, World, channel, is_whole, write};

/// A large NAR comes in parts.
const LARGE: usize = 9 << 20;

/// What a reader sees after each change, one by one.
fn replay(mut copied: Copied, changes: &[Change]) -> Copied {
    for change in changes {
        match change {
            Change::Written(key, bytes) => {
                copied.insert(key.clone(), bytes.to_vec());
            }
            Change::Removed(key) => {
                copied.remove(key);
            }
        }
        is_whole(&copied);
    }
    copied
}

/// What is to be there in the end.
async fn is_copy_of(recorder: &Recorder, world: &World) {
    let mut content = recorder.content().await;
    is_whole(&content);
    content.remove(RECORD).expect("there is a record");
    content.retain(|key, _| !key.starts_with("channels/"));
    let (here, there): (Vec<_>, Vec<_>) = (
        world.files().into_keys().collect(),
        content.keys().cloned().collect(),
    );
    assert_eq!(here, there);
    assert!(world.files() == content, "the bytes differ");
}

/// The world as it goes on: three releases, of which the first is collected, and statements between.
fn next(world: &World, step: usize) {
    match step {
        0 => world.publish(1, &["a", "b"]),
        1 => {
            world.path("large", LARGE);
            world.publish(2, &["b", "large"]);
        }
        2 => world.state(&channel(), 2, "again"),
        3 => {
            world.collect(1, &["a"]);
            world.publish(3, &["b", "c"]);
        }
        other => unreachable!("{other}"),
    }
}

#[tokio::test]
async fn a_reader_is_led_to_what_is_whole_after_every_single_change() {
    let (world, recorder) = (World::empty(), Recorder::new());
    let mirror = recorder.mirror(&world.public);
    let mut copied = Copied::new();
    for step in 0..4 {
        next(&world, step);
        let report = mirror.update(Depth::Record).await.unwrap();
        assert!(!report.is_nothing(), "step {step}");
        let changes = recorder.take_changes();
        copied = replay(copied, &changes);
        is_copy_of(&recorder, &world).await;
    }
    assert!(copied == recorder.content().await);
}

/// After one that lagged by more than one statement, too.
#[tokio::test]
async fn a_mirror_that_lags_is_signed_at_every_instant() {
    let (world, recorder) = (World::new(), Recorder::new());
    let mirror = recorder.mirror(&world.public);
    mirror.update(Depth::Listing).await.unwrap();
    let copied = replay(Copied::new(), &recorder.take_changes());
    for when in ["second", "third", "fourth"] {
        world.state(&channel(), 1, when);
    }
    mirror.update(Depth::Record).await.unwrap();
    replay(copied, &recorder.take_changes());
    is_copy_of(&recorder, &world).await;
}

#[tokio::test]
async fn wherever_a_run_breaks_off_the_next_one_goes_on() {
    for broken_off in 0.. {
        let (world, recorder) = (World::empty(), Recorder::new());
        let mirror = recorder.mirror(&world.public);
        let mut copied = Copied::new();
        let mut writes: BTreeMap<String, usize> = BTreeMap::new();
        let mut is_through = true;
        for step in 0..4 {
            next(&world, step);
            recorder.breaks_off_after(broken_off);
            is_through &= mirror.update(Depth::Record).await.is_ok();
            recorder.breaks_off_after(usize::MAX);
            mirror.update(Depth::Record).await.unwrap();
            let changes = recorder.take_changes();
            for change in &changes {
                if let Change::Written(key, _) = change {
                    *writes.entry(key.clone()).or_default() += 1;
                }
            }
            copied = replay(copied, &changes);
            is_copy_of(&recorder, &world).await;
        }
        // What came is not sent again.
        let once = |key: &&String| key.starts_with("cache/nar/") || key.starts_with("releases/");
        for key in writes.keys().filter(once) {
            assert_eq!(writes[key], 1, "{key}, broken off after {broken_off}");
        }
        if is_through {
            assert!(broken_off > 20, "it breaks off nowhere");
            break;
        }
    }
}

#[tokio::test]
async fn where_nothing_is_new_hardly_anything_is_asked() {
    let (world, recorder) = (World::new(), Recorder::new());
    let mirror = recorder.mirror(&world.public);
    let first = mirror.update(Depth::Listing).await.unwrap();
    assert_eq!((first.written, first.objects, first.unchanged), (17, 17, 0));
    recorder.take_changes();
    recorder.take_requests();
    let second = mirror.update(Depth::Record).await.unwrap();
    assert!(second.is_nothing(), "{second:?}");
    assert_eq!((second.unchanged, recorder.take_requests()), (17, 1));
    let third = mirror.update(Depth::Listing).await.unwrap();
    // The record, a list for each of four folders, and where the channel leads.
    assert_eq!((third.is_nothing(), recorder.take_requests()), (true, 6));
    assert_eq!(recorder.take_changes(), []);
}

#[tokio::test]
async fn what_changed_is_written_and_nothing_else() {
    let (world, recorder) = (World::new(), Recorder::new());
    let mirror = recorder.mirror(&world.public);
    mirror.update(Depth::Listing).await.unwrap();
    recorder.take_changes();
    // The same bytes, written anew: looked at here, and not sent.
    let info = world.public.root().join("cache/nix-cache-info");
    write(&info, "StoreDir: /nix/store\n");
    let report = mirror.update(Depth::Record).await.unwrap();
    assert_eq!((report.written, report.unchanged), (0, 17));
    // One more byte.
    write(&info, "StoreDir: /nix/store\n\n");
    let report = mirror.update(Depth::Record).await.unwrap();
    assert_eq!((report.written, report.written_bytes), (1, 22));
    let changes = recorder.take_changes();
    let keys = changes.iter().filter_map(|change| match change {
        Change::Written(key, _) if key != RECORD => Some(key.as_str()),
        Change::Written(..) => None,
        Change::Removed(key) => Some(key.as_str()),
    });
    assert_eq!(keys.collect::<Vec<_>>(), ["cache/nix-cache-info"]);
    is_copy_of(&recorder, &world).await;
}

#[tokio::test]
async fn what_was_taken_away_there_comes_again_and_what_is_strange_stays() {
    let (world, recorder) = (World::new(), Recorder::new());
    let mirror = recorder.mirror(&world.public);
    for key in [
        "index.html",
        "cache/foreign",
        "releases/other/x",
        "latest/other/latest.json",
    ] {
        recorder.put_by_hand(key, "theirs").await;
    }
    mirror.update(Depth::Listing).await.unwrap();
    let lost = "releases/nixos-26.05-sec/nixos-26.05.1000.1.abcdef1/release.json";
    recorder.remove_by_hand(lost).await;
    recorder.remove_by_hand("channels/nixos-26.05-sec").await;
    recorder
        .remove_by_hand("latest/nixos-26.05-sec/latest.json")
        .await;
    let report = mirror.update(Depth::Listing).await.unwrap();
    assert_eq!(
        (report.written, report.moved.len(), report.stated.len()),
        (1, 1, 1)
    );
    world.collect(1, &["a", "b"]);
    world.publish(2, &["c"]);
    let report = mirror.update(Depth::Listing).await.unwrap();
    assert_eq!(report.removed, 14);
    let content = recorder.content().await;
    is_whole(&content);
    for key in [
        "index.html",
        "cache/foreign",
        "releases/other/x",
        "latest/other/latest.json",
    ] {
        assert_eq!(content[key], b"theirs", "{key}");
    }
    assert!(!content.contains_key(lost));
}

#[tokio::test]
async fn a_preview_writes_nothing_and_tells_what_comes() {
    let (world, recorder) = (World::new(), Recorder::new());
    let mirror = recorder.mirror(&world.public);
    let preview = mirror.preview().await.unwrap();
    assert_eq!(recorder.take_changes(), []);
    let report = mirror.update(Depth::Listing).await.unwrap();
    assert_eq!(preview, report);
}

/// One channel whose pointer leads astray keeps no other from being led on.
#[tokio::test]
async fn a_channel_that_cannot_be_read_holds_no_other_up() {
    let (world, recorder) = (World::new(), Recorder::new());
    let other = picket_domain::ChannelName::parse("nixos-25.11-sec").unwrap();
    world.publish_in(&other, 1, &["c"]);
    let mirror = recorder.mirror(&world.public);
    mirror.update(Depth::Listing).await.unwrap();
    let pointer = world.public.root().join("channels/nixos-25.11-sec");
    std::fs::remove_file(&pointer).unwrap();
    std::os::unix::fs::symlink("/etc/nixos", &pointer).unwrap();
    world.publish(2, &["a"]);
    let error = mirror.update(Depth::Record).await.unwrap_err();
    assert_eq!(error.to_string(), "the public folder cannot be read");
    let content = recorder.content().await;
    is_whole(&content);
    let pointer = |name: &str| String::from_utf8(content[&format!("channels/{name}")].clone());
    assert!(pointer("nixos-26.05-sec").unwrap().contains("1000.2."));
    assert!(pointer("nixos-25.11-sec").unwrap().contains("1000.1."));
}
