//! The release log: what is entered when, and what becomes of damage.

use std::fs;
use std::path::PathBuf;

use picket_domain::Sha256;
use picket_publisher::{LogFile, LookAtLog, Origin, PublishError, Publisher, Stated};
use picket_releaselog::{Entry, Kind, SignedNote, Tile};

use crate::latest::{look, state};
use crate::world::{NOW, World, channel, contents, release};

pub(crate) fn origin() -> Origin {
    Origin::parse("sec.example/release-log").unwrap()
}

pub(crate) fn logging(world: &World, keys: &[&str]) -> Publisher {
    world.publisher(keys).with_release_log(origin())
}

/// A world in which two releases were current, one after the other, and the second one is stated.
pub(crate) fn two_entered() -> (World, Publisher) {
    let world = World::new();
    let publisher = logging(&world, &["ours-1"]);
    for seq in [1, 2] {
        world.release(&publisher, &release(seq));
        publisher.flip(&channel(), &release(seq).name).unwrap();
    }
    assert_eq!(state(&publisher, NOW), Stated::Made);
    (world, publisher)
}

pub(crate) fn path(world: &World, file: LogFile) -> PathBuf {
    world.public().log_file(file)
}

/// The entry of a release as it lies in the public folder.
pub(crate) fn entry(world: &World, seq: u64) -> Entry {
    let release = release(seq);
    let folder = world.public().release_dir(&channel(), &release.name);
    let sha256 = Sha256::of(&fs::read(folder.join("release.json")).unwrap());
    Entry::of_release(channel(), release.name, release.seq, sha256)
}

fn tile(kind: Kind, width: u64) -> LogFile {
    let index = 0;
    LogFile::Tile(Tile { kind, index, width })
}

fn record(world: &World) -> PathBuf {
    world.public().root().join("release-log/.entries")
}

fn keep(publisher: &Publisher, closely: LookAtLog) -> Result<(), PublishError> {
    publisher.keep_release_log(&[channel()], closely)
}

#[tokio::test]
async fn each_release_is_entered_before_its_channel_is_led_to_it() {
    let world = World::new();
    let publisher = logging(&world, &["ours-1"]);
    keep(&publisher, LookAtLog::AtNames).unwrap();
    assert!(
        !path(&world, LogFile::Checkpoint).exists(),
        "nothing to sign"
    );
    world.release(&publisher, &release(1));
    keep(&publisher, LookAtLog::AtNames).unwrap();
    assert!(!record(&world).exists(), "it is revealed, and not current");
    publisher.flip(&channel(), &release(1).name).unwrap();
    let first = fs::read_to_string(path(&world, LogFile::Checkpoint)).unwrap();
    assert!(first.starts_with("sec.example/release-log\n1\n"), "{first}");

    world.release(&publisher, &release(2));
    publisher.flip(&channel(), &release(2).name).unwrap();
    state(&publisher, NOW);
    let lines = fs::read_to_string(record(&world)).unwrap();
    let [one, two] = [1, 2].map(|seq| entry(&world, seq).to_line());
    let head = r#"{"format":1,"origin":"sec.example/release-log"}"#;
    assert_eq!(lines, format!("{head}\n{one}\n{two}\n"));
    let report = look(&world, NOW).await;
    assert!(report.is_good(), "{report}");
    let logged = report.release_log.clone().unwrap();
    assert_eq!((logged.index, logged.size), (1, 2));
    let said = report.to_string();
    assert!(
        said.contains("\nentry 1 of 2 of the release log sec.example/release-log\n"),
        "{said}"
    );
    let latest = world.public().latest(&channel()).unwrap().unwrap();
    assert_eq!(latest.release_log.unwrap().index, 1);
}

#[tokio::test]
async fn releases_from_before_there_was_a_log_are_entered_once() {
    let world = World::new();
    let before = world.publisher(&["ours-1"]);
    for seq in [1, 2] {
        world.release(&before, &release(seq));
        before.flip(&channel(), &release(seq).name).unwrap();
    }
    state(&before, NOW);
    let report = look(&world, NOW).await;
    assert!(report.is_good() && report.release_log.is_none(), "{report}");
    // One that was revealed, and to which nobody was led.
    world.release(&before, &release(3));

    let publisher = logging(&world, &["ours-1"]);
    let error = publisher.state_latest(&channel(), None, &crate::latest::terms(), NOW);
    assert!(
        matches!(error, Err(PublishError::ReleaseLog { .. })),
        "{error:?}"
    );
    for _ in 0..2 {
        keep(&publisher, LookAtLog::AtBytes).unwrap();
        let lines = fs::read_to_string(record(&world)).unwrap();
        let entries: Vec<_> = lines.lines().skip(1).collect();
        assert_eq!(entries, [1, 2].map(|seq| entry(&world, seq).to_line()));
    }
    assert_eq!(state(&publisher, NOW), Stated::Made);
    // What is in the log stays there when its release is gone.
    let folder = world.public().release_dir(&channel(), &release(1).name);
    fs::remove_dir_all(folder).unwrap();
    keep(&publisher, LookAtLog::AtBytes).unwrap();
    let logged = look(&world, NOW).await.release_log.unwrap();
    assert_eq!((logged.index, logged.size), (1, 2));
}

#[test]
fn damaged_files_are_made_again_from_the_entries() {
    let (world, publisher) = two_entered();
    let dir = world.public().root().join("release-log");
    let whole = contents(&dir);
    for (file, content, closely) in [
        (tile(Kind::Hashes(0), 2), None, LookAtLog::AtNames),
        (tile(Kind::Entries, 2), Some(&b"x"[..]), LookAtLog::AtNames),
        (tile(Kind::Hashes(0), 2), Some(&[7; 64]), LookAtLog::AtBytes),
        (LogFile::Checkpoint, None, LookAtLog::AtNames),
        (LogFile::Checkpoint, Some(b"x"), LookAtLog::AtNames),
    ] {
        let path = path(&world, file);
        match content {
            Some(content) => fs::write(&path, content).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        assert_ne!(contents(&dir), whole);
        keep(&publisher, closely).unwrap();
        assert_eq!(contents(&dir), whole, "{file}");
    }
    for content in [None, Some("x\n"), Some("{\"format\":1,\"origin\":\"a\"}\n")] {
        match content {
            Some(content) => fs::write(record(&world), content).unwrap(),
            None => fs::remove_file(record(&world)).unwrap(),
        }
        keep(&publisher, LookAtLog::AtNames).unwrap();
        assert_eq!(contents(&dir), whole, "{content:?}");
    }
}

/// Nothing is written, nothing is signed, and no release is published.
#[test]
fn a_log_that_is_not_the_one_that_was_signed_does_not_go_on() {
    let (world, publisher) = two_entered();
    let checkpoint = fs::read(path(&world, LogFile::Checkpoint)).unwrap();
    let lines = fs::read_to_string(record(&world)).unwrap();
    world.release(&publisher, &release(3));
    let refused = || {
        let error = publisher.flip(&channel(), &release(3).name).unwrap_err();
        let signed = fs::read(path(&world, LogFile::Checkpoint)).unwrap();
        assert_eq!(signed, checkpoint);
        let current = world.public().current(&channel()).unwrap();
        assert_eq!(current, Some(release(2).name));
        let root = world.public().root().display().to_string();
        error.to_string().replace(&root, "public")
    };
    fs::write(record(&world), lines.replace("\"seq\":2", "\"seq\":7")).unwrap();
    insta::assert_snapshot!(refused(), @"the release log cannot go on: public/release-log/.entries and the checkpoint are of two logs: what was signed is not what is written down. Restore the folder release-log from a backup; nothing is published before, since a log that goes back is refused by every client that saw it");
    fs::remove_file(record(&world)).unwrap();
    fs::remove_file(path(&world, tile(Kind::Entries, 2))).unwrap();
    insta::assert_snapshot!(refused(), @"the release log cannot go on: fewer than 2 entries are written down, and the tiles do not hold them either. Restore the folder release-log from a backup; nothing is published before, since a log that goes back is refused by every client that saw it");
    fs::write(path(&world, LogFile::Checkpoint), "x").unwrap();
    let error = keep(&publisher, LookAtLog::AtNames)
        .unwrap_err()
        .to_string();
    assert!(error.contains("is signed by no key of ours"), "{error}");
    fs::write(record(&world), &lines).unwrap();
    publisher.flip(&channel(), &release(3).name).unwrap();
    let signed = fs::read_to_string(path(&world, LogFile::Checkpoint)).unwrap();
    assert!(signed.contains("\n3\n"), "{signed}");
}

#[test]
fn a_number_that_was_entered_is_no_other_release() {
    let (world, publisher) = two_entered();
    let manifest = world.public().release_dir(&channel(), &release(2).name);
    let manifest = manifest.join("release.json");
    let mut bytes = fs::read(&manifest).unwrap();
    bytes.push(b' ');
    let key = crate::world::key("ours-1");
    fs::write(&manifest, &bytes).unwrap();
    let signature = format!("{}\n", key.sign(&bytes));
    fs::write(manifest.with_extension("json.sig"), signature).unwrap();
    crate::latest::point_at(&world, 1);
    let error = publisher.flip(&channel(), &release(2).name).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("entry 1 says that release 2 of "), "{error}");
}

#[test]
fn every_key_signs_while_one_replaces_another() {
    let (world, _) = two_entered();
    let both = logging(&world, &["ours-1", "ours-2"]);
    keep(&both, LookAtLog::AtNames).unwrap();
    let read = || SignedNote::parse(&fs::read(path(&world, LogFile::Checkpoint)).unwrap());
    let note = read().unwrap();
    assert_eq!(note.signatures.len(), 2);
    let names: Vec<_> = note.signatures.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, [origin().as_str(); 2]);
    assert_ne!(note.signatures[0].id, note.signatures[1].id);
    let new = logging(&world, &["ours-2"]);
    keep(&new, LookAtLog::AtNames).unwrap();
    assert_eq!(
        read().unwrap(),
        note,
        "who has the old key can check it, too"
    );
}
