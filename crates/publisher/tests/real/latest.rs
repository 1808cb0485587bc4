//! What is stated of a channel's current release, and when it is stated anew.

use std::fs;
use std::os::unix::fs::symlink;

use picket_domain::{Sha256, Timestamp};
use picket_publisher::{
    Latest, LatestFile, LatestTerms, PublishError, Publisher, Signature, Stated, VerifyReport,
    VerifyTerms, verify_by,
};
use url::Url;

use crate::world::{NOW, World, channel, key, release};

pub(crate) const THREE_DAYS: i64 = 72 * 3_600;

pub(crate) fn terms() -> LatestTerms {
    LatestTerms {
        base_url: Url::parse("https://sec.example/").unwrap(),
        valid_seconds: 72 * 3_600,
    }
}

/// States which release is the channel's current one.
pub(crate) fn state(publisher: &Publisher, now: Timestamp) -> Stated {
    publisher
        .state_latest(&channel(), None, &terms(), now)
        .unwrap()
}

/// The same, where that is to be done.
fn made(publisher: &Publisher, now: Timestamp) -> Latest {
    assert_eq!(state(publisher, now), Stated::Made);
    publisher.dir().latest(&channel()).unwrap().unwrap()
}

/// A world with two releases, of which the first is the current one.
pub(crate) fn two_releases() -> (World, Publisher) {
    let world = World::new();
    let publisher = world.publisher(&["ours-1"]);
    for seq in [1, 2] {
        world.release(&publisher, &release(seq));
    }
    publisher.flip(&channel(), &release(1).name).unwrap();
    (world, publisher)
}

/// Puts the pointer somewhere, as nobody may.
pub(crate) fn point_at(world: &World, seq: u64) {
    let channels = world.public().root().join("channels");
    let pointer = channels.join(channel().as_str());
    fs::remove_file(&pointer).unwrap();
    let target = format!("../releases/{}/{}", channel(), release(seq).name);
    symlink(target, pointer).unwrap();
}

pub(crate) fn file(world: &World, file: LatestFile) -> std::path::PathBuf {
    world.public().latest_file(&channel(), file)
}

/// Verifies the channel in the public folder, at this time.
pub(crate) async fn look(world: &World, now: Timestamp) -> VerifyReport {
    let keys = [key("ours-1").public()];
    let terms = VerifyTerms {
        now,
        ..VerifyTerms::of(&keys)
    };
    look_by(world, &terms).await
}

pub(crate) async fn look_by(world: &World, terms: &VerifyTerms<'_>) -> VerifyReport {
    let local = world.public().root().join(channel().as_str());
    verify_by(&Url::from_file_path(local).unwrap(), terms).await
}

#[test]
fn the_current_release_is_stated_and_again_when_it_is_time() {
    let (world, publisher) = two_releases();
    let latest = made(&publisher, NOW);
    let folder = world.public().release_dir(&channel(), &release(1).name);
    let manifest = fs::read(folder.join("release.json")).unwrap();
    assert_eq!(latest.release, release(1).name);
    assert_eq!(latest.seq, release(1).seq);
    assert_eq!(latest.release_json_sha256, Sha256::of(&manifest));
    assert_eq!(latest.expires, NOW.plus_seconds(THREE_DAYS));
    let channel_url = format!("https://sec.example/{}", channel());
    assert_eq!(latest.url.as_str(), channel_url);
    let folder = format!(
        "https://sec.example/releases/{}/{}",
        channel(),
        latest.release
    );
    assert_eq!(latest.release_url.as_str(), folder);

    let soon = NOW.plus_seconds(12 * 3_600 - 1);
    assert_eq!(state(&publisher, soon), Stated::Holds);
    let later = NOW.plus_seconds(12 * 3_600);
    assert_eq!(made(&publisher, later).made, later);
    publisher.flip(&channel(), &release(2).name).unwrap();
    assert_eq!(made(&publisher, later).release, release(2).name);
}

#[test]
fn a_channel_without_a_release_states_nothing_and_leaves_nothing() {
    let world = World::new();
    let stated = state(&world.publisher(&["ours-1"]), NOW);
    assert_eq!(stated, Stated::NoRelease);
    assert!(!world.public().root().exists());
}

/// As while one key replaces another.
#[test]
fn every_key_signs_it() {
    let (world, publisher) = two_releases();
    state(&publisher, NOW);
    let both = world.publisher(&["ours-1", "ours-2"]);
    made(&both, NOW);
    let statement = fs::read(file(&world, LatestFile::Statement)).unwrap();
    let signatures = fs::read_to_string(file(&world, LatestFile::Signature)).unwrap();
    for name in ["ours-1", "ours-2"] {
        let key = key(name).public();
        let mut lines = signatures.lines();
        let is_its = |line| key.verify(&statement, &Signature::parse(line).unwrap());
        assert!(lines.any(is_its), "{name}: {signatures}");
    }
    assert_eq!(state(&both, NOW), Stated::Holds);
}

/// What is damaged, or was put there by somebody else, is replaced.
#[test]
fn what_is_not_ours_is_made_anew() {
    let (world, publisher) = two_releases();
    state(&publisher, NOW);
    for spoilt in LatestFile::ALL {
        for content in [Vec::new(), vec![b'x'; 100_000]] {
            fs::write(file(&world, spoilt), content).unwrap();
            made(&publisher, NOW);
        }
        fs::remove_file(file(&world, spoilt)).unwrap();
        made(&publisher, NOW);
    }
    assert_eq!(state(&publisher, NOW), Stated::Holds);
}

/// Nobody's pointer is vouched for but the one that Picket moved.
#[test]
fn a_pointer_that_was_moved_back_is_not_vouched_for() {
    let (world, publisher) = two_releases();
    publisher.flip(&channel(), &release(2).name).unwrap();
    state(&publisher, NOW);
    point_at(&world, 1);
    let later = NOW.plus_seconds(THREE_DAYS);
    let refused = |recorded| {
        let error = publisher.state_latest(&channel(), recorded, &terms(), later);
        let error = error.unwrap_err();
        assert!(
            matches!(error, PublishError::PointerWentBack { .. }),
            "{error}"
        );
        let text = error.to_string();
        let (now, before) = (release(1).name, release(2).name);
        assert!(text.contains(&format!("leads to {now}, and clients were led to {before}")));
    };
    refused(None);
    fs::remove_file(file(&world, LatestFile::Statement)).unwrap();
    refused(Some(&release(2)));
    point_at(&world, 2);
    let stated = publisher.state_latest(&channel(), Some(&release(1)), &terms(), later);
    assert_eq!(stated.unwrap(), Stated::Made);
    let latest = world.public().latest(&channel()).unwrap().unwrap();
    assert_eq!(latest.release, release(2).name);
}

#[test]
fn a_release_that_we_did_not_sign_is_not_vouched_for() {
    let (world, _) = two_releases();
    let other = world.publisher(&["other-1"]);
    let error = other
        .state_latest(&channel(), None, &terms(), NOW)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("release.json is not signed by a key of ours"),
        "{error}"
    );
    assert!(!file(&world, LatestFile::Statement).exists());
}

/// A statement never names a release that is not there.
#[test]
fn a_release_that_is_stated_to_be_current_stays() {
    let (world, publisher) = two_releases();
    state(&publisher, NOW);
    publisher.flip(&channel(), &release(2).name).unwrap();
    let withdraw = || publisher.withdraw(&channel(), &release(1).name, "it is bad", NOW);
    let error = withdraw().unwrap_err();
    assert!(matches!(error, PublishError::IsCurrent(_)), "{error}");
    state(&publisher, NOW);
    withdraw().unwrap();
    assert_eq!(
        world.public().releases(&channel()).unwrap(),
        [release(2).name]
    );
}

/// Killed between any two of: the pointer, the signatures, the statement.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_instant_of_a_publication_is_good() {
    let (world, publisher) = two_releases();
    state(&publisher, NOW);
    let before = fs::read(file(&world, LatestFile::Statement)).unwrap();
    publisher.flip(&channel(), &release(2).name).unwrap();
    let report = look(&world, NOW).await;
    assert!(report.is_good(), "{report}");
    let [note] = report.notes.as_slice() else {
        panic!("{report}");
    };
    let told = format!("latest.json still says that {} is current", release(1).name);
    assert!(note.starts_with(&told), "{note}");

    made(&publisher, NOW);
    let after = fs::read(file(&world, LatestFile::Statement)).unwrap();
    fs::write(file(&world, LatestFile::Statement), before).unwrap();
    let report = look(&world, NOW).await;
    assert!(
        report.is_good(),
        "the new signatures hold for it too: {report}"
    );
    // As after a restart.
    assert_eq!(made(&publisher, NOW).release, release(2).name);
    assert_eq!(
        fs::read(file(&world, LatestFile::Statement)).unwrap(),
        after
    );
    let report = look(&world, NOW).await;
    assert!(report.is_good() && report.notes.is_empty(), "{report}");
    let signatures = fs::read_to_string(file(&world, LatestFile::Signature)).unwrap();
    assert_eq!(
        signatures.lines().count(),
        2,
        "of this one, and of the one before"
    );
}
