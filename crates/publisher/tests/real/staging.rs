//! The order of a release: nothing is signed, nor seen, before it must go out.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use picket_domain::ReleaseSeq;
use picket_publisher::{CheckError, PublishError, PublishedPaths, ReleaseFile, StagedPlace};

use crate::world::{NOW, World, channel, contents, release};

fn staged_dir(world: &World, seq: u64) -> PathBuf {
    let releases = world.public().release_dir(&channel(), &release(seq).name);
    let staging = releases.parent().unwrap().join(".staged");
    staging.join(release(seq).name.as_str())
}

#[test]
fn a_staged_release_is_neither_seen_nor_signed() {
    let world = World::new();
    let (publisher, release) = (world.publisher(&["k"]), release(1));
    let staged = world.stage(&publisher, &release);
    assert_eq!(staged.place, StagedPlace::Hidden);
    let public = world.public();
    assert!(!public.release_dir(&channel(), &release.name).exists());
    assert!(public.releases(&channel()).unwrap().is_empty());
    let signature = ReleaseFile::Signature.file_name();
    let files = contents(public.root());
    assert!(!files.keys().any(|path| path.ends_with(signature)));
    let staging = staged_dir(&world, 1).parent().unwrap().to_owned();
    let mode = fs::metadata(staging).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let early = publisher.flip(&channel(), &release.name).unwrap_err();
    assert!(matches!(early, PublishError::Incomplete { .. }), "{early}");

    publisher
        .check_staged(&channel(), &release.name, NOW)
        .unwrap();
    for _ in 0..2 {
        publisher.reveal(&channel(), &release.name).unwrap();
        publisher
            .check_revealed(&channel(), &release.name, NOW)
            .unwrap();
        assert!(!staged_dir(&world, 1).exists());
    }
}

#[test]
fn what_is_staged_is_replaced_where_it_is_damaged_or_another() {
    let world = World::new();
    let (publisher, release) = (world.publisher(&["k"]), release(1));
    world.stage(&publisher, &release);
    let whole = contents(&staged_dir(&world, 1));
    let page = staged_dir(&world, 1).join("index.html");
    for file in ["nixexprs.tar.xz", "release.json", "index.html"] {
        fs::write(staged_dir(&world, 1).join(file), "damaged").unwrap();
        let problem = publisher.check_staged(&channel(), &release.name, NOW);
        assert!(matches!(problem, Err(CheckError::Incomplete(_))), "{file}");
        publisher.reveal(&channel(), &release.name).unwrap_err();
        world.stage(&publisher, &release);
        assert!(contents(&staged_dir(&world, 1)) == whole, "{file}");
    }
    assert!(page.exists());
    let published = PublishedPaths::default();
    let other = world.try_stage(&publisher, &release, &published, "http://other/");
    let url = other.unwrap().manifest.binary_cache_url;
    assert_eq!(url.as_str(), "http://other/");
}

#[test]
fn a_damaged_release_that_was_never_current_is_made_again() {
    let world = World::new();
    let (publisher, release) = (world.publisher(&["k"]), release(1));
    world.release(&publisher, &release);
    let dir = world.public().release_dir(&channel(), &release.name);
    let whole = contents(&dir);
    fs::write(dir.join("release.json.sig"), "").unwrap();
    publisher.reveal(&channel(), &release.name).unwrap_err();
    assert_eq!(world.stage(&publisher, &release).place, StagedPlace::Hidden);
    publisher.reveal(&channel(), &release.name).unwrap();
    assert!(contents(&dir) == whole);

    publisher.flip(&channel(), &release.name).unwrap();
    fs::write(dir.join("release.json.sig"), "").unwrap();
    let published = PublishedPaths::default();
    let again = world.try_stage(&publisher, &release, &published, "http://127.0.0.1/cache");
    assert!(matches!(again, Err(PublishError::Incomplete { .. })));
}

#[test]
fn what_is_given_up_is_gone_and_what_was_current_stays() {
    let world = World::new();
    let publisher = world.publisher(&["k"]);
    assert_eq!(publisher.highest_seq(&channel()).unwrap(), None);
    let [one, two, three, four] = [1, 2, 3, 4].map(release);
    for release in [&one, &three] {
        world.release(&publisher, release);
        publisher.flip(&channel(), &release.name).unwrap();
    }
    assert_eq!(
        publisher.highest_seq(&channel()).unwrap(),
        Some(ReleaseSeq(3))
    );
    // Revealed and never current, though its number is lower than the current one's.
    world.release(&publisher, &two);
    world.stage(&publisher, &four);
    for release in [&one, &three] {
        let kept = publisher.discard(&channel(), &release.name).unwrap_err();
        assert!(matches!(kept, PublishError::WasCurrent(_)), "{kept}");
    }
    publisher.discard(&channel(), &two.name).unwrap();
    publisher.discard(&channel(), &two.name).unwrap();
    let left = world.public().releases(&channel()).unwrap();
    assert_eq!(left, [one.name.clone(), three.name.clone()]);

    world.release(&publisher, &two);
    let keep = BTreeSet::from([four.name.clone()]);
    let swept = publisher.sweep(&channel(), &keep).unwrap();
    assert_eq!(swept, [two.name]);
    assert!(staged_dir(&world, 4).exists());
    let swept = publisher.sweep(&channel(), &BTreeSet::new()).unwrap();
    assert_eq!(swept, [four.name]);
    assert!(!staged_dir(&world, 4).exists());
    assert_eq!(world.public().releases(&channel()).unwrap(), left);
}

#[test]
fn what_a_killed_publisher_left_half_written_is_not_revealed() {
    let world = World::new();
    let (publisher, release) = (world.publisher(&["k"]), release(1));
    world.stage(&publisher, &release);
    let staged = staged_dir(&world, 1);
    let half = staged.parent().unwrap().join(".tmp-half");
    fs::create_dir(&half).unwrap();
    fs::write(staged.join(".tmp-signature"), "k:half").unwrap();
    world.stage(&publisher, &release);
    assert!(!half.exists());
    publisher.reveal(&channel(), &release.name).unwrap();
    let dir = world.public().release_dir(&channel(), &release.name);
    assert_eq!(contents(&dir).len(), ReleaseFile::ALL.len());
}
