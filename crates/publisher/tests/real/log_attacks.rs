//! What somebody who holds the keys, or stands between, could do with the release log, and what is said of
//! it.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use picket_domain::{ReleaseSeq, Sha256};
use picket_publisher::{LogFile, Origin, VerifyReport, VerifyTerms};
use picket_releaselog::{
    Checkpoint, Entry, Kind, NoteSignature, SignedNote, Tile, Tree, bundle, key_id,
};

use crate::latest::{look_by, state as state_as};
use crate::release_log::{entry, origin, path, two_entered};
use crate::world::{NOW, World, channel, key, release};

/// Puts another log in the place of the one that there is, signed as well.
fn forge(world: &World, origin: &Origin, entries: &[Entry]) {
    let dir = world.public().root().join("release-log");
    if dir.exists() {
        fs::remove_dir_all(dir).unwrap();
    }
    let lines: Vec<_> = entries.iter().map(Entry::to_line).collect();
    let tree = Tree::of_entries(&lines);
    for tile in Tile::all(tree.size()) {
        let content = tile.hashes(&tree).or_else(|| bundle(&lines));
        let path = path(world, LogFile::Tile(tile));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content.unwrap()).unwrap();
    }
    let checkpoint = Checkpoint {
        origin: origin.clone(),
        size: tree.size(),
        root: tree.root(tree.size()).unwrap(),
    };
    let (text, key) = (checkpoint.to_text(), key("ours-1"));
    let [signature, public] = [
        key.sign(text.as_bytes()).to_string(),
        key.public().to_string(),
    ]
    .map(|it| STANDARD.decode(it.split_once(':').unwrap().1).unwrap());
    let name = origin.to_string();
    let id = key_id(&name, public.as_slice().try_into().unwrap());
    let bytes = signature;
    let note = SignedNote {
        text,
        signatures: vec![NoteSignature { name, id, bytes }],
    };
    fs::write(path(world, LogFile::Checkpoint), note.to_bytes()).unwrap();
}

async fn remembering(world: &World, state: &Path) -> VerifyReport {
    let keys = [key("ours-1").public()];
    let terms = VerifyTerms {
        now: NOW,
        state: Some(state),
        ..VerifyTerms::of(&keys)
    };
    look_by(world, &terms).await
}

/// The one thing that is wrong.
async fn wrong(world: &World, state: &Path) -> String {
    let report = remembering(world, state).await;
    let [problem] = &report.problems[..] else {
        panic!("{report}");
    };
    let root = world.public().root().display().to_string();
    without_hashes(&problem.replace(&root, "/public"))
}

/// Those of releases are others in each run.
fn without_hashes(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let digits = word.trim_end_matches([',', '.', ':']);
        if digits.parse::<Sha256>().is_ok() {
            word.replace(digits, "<hash>")
        } else {
            word.to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A release that nobody published.
fn other(world: &World, seq: u64) -> Entry {
    Entry {
        seq: ReleaseSeq(seq),
        release: release(seq).name,
        release_json_sha256: Sha256::of(b"other"),
        ..entry(world, 2)
    }
}

#[tokio::test]
async fn a_log_that_is_not_the_one_that_all_see_is_refused() {
    let (world, _publisher) = two_entered();
    let state = world.dir.path().join("seen.json");
    let good = remembering(&world, &state).await;
    assert!(good.is_good(), "{good}");
    let [one, two] = [1, 2].map(|seq| entry(&world, seq));
    let o = origin();

    forge(&world, &o, &[other(&world, 9), two.clone()]);
    insta::assert_snapshot!(wrong(&world, &state).await, @"the release log is not the one that was seen before: with 2 entries its root was <hash>, and the one that is shown now, with 2 entries, does not begin with them. There are two logs, signed by one key. You may be shown a channel of your own: install nothing from it before that is cleared up. Ask from another place, past any mirror or proxy, and compare the two checkpoints; if they differ, tell everybody who uses the channel");
    forge(
        &world,
        &o,
        &[other(&world, 9), two.clone(), other(&world, 8)],
    );
    insta::assert_snapshot!(wrong(&world, &state).await, @"the release log is not the one that was seen before: with 2 entries its root was <hash>, and the one that is shown now, with 3 entries, does not begin with them. There are two logs, signed by one key. You may be shown a channel of your own: install nothing from it before that is cleared up. Ask from another place, past any mirror or proxy, and compare the two checkpoints; if they differ, tell everybody who uses the channel");
    forge(&world, &o, std::slice::from_ref(&two));
    insta::assert_snapshot!(wrong(&world, &state).await, @"the release log has 1 entry, and had 2 when it was seen before: entries were taken away, or this is an old state of it. You may be shown a channel of your own: install nothing from it before that is cleared up. Ask from another place, past any mirror or proxy, and compare the two checkpoints; if they differ, tell everybody who uses the channel");
    let elsewhere = Origin::parse("other.example/release-log").unwrap();
    forge(&world, &elsewhere, &[one.clone(), two.clone()]);
    insta::assert_snapshot!(wrong(&world, &state).await, @"the release log is other.example/release-log, and the channel has another one, sec.example/release-log, as latest.json says. You may be shown a channel of your own: install nothing from it before that is cleared up. Ask from another place, past any mirror or proxy, and compare the two checkpoints; if they differ, tell everybody who uses the channel");
    fs::remove_dir_all(world.public().root().join("release-log")).unwrap();
    insta::assert_snapshot!(wrong(&world, &state).await, @"there is no release log at file:///public/release-log, and the channel has one, sec.example/release-log, as latest.json says: somebody takes it away. You may be shown a channel of your own: install nothing from it before that is cleared up. Ask from another place, past any mirror or proxy, and compare the two checkpoints; if they differ, tell everybody who uses the channel");

    // An older statement says nothing of a log: what was seen before does.
    let silent = world.publisher(&["ours-1"]);
    state_as(&silent, NOW.plus_seconds(13 * 3_600));
    let said = wrong(&world, &state).await;
    assert!(
        said.contains("as it had when it was verified before"),
        "{said}"
    );

    forge(&world, &o, &[one, two, other(&world, 8)]);
    let grown = remembering(&world, &state).await;
    assert!(grown.is_good(), "{grown}");
    let seen = fs::read_to_string(&state).unwrap();
    assert!(seen.contains("\"size\": 3"), "{seen}");
}

#[tokio::test]
async fn a_release_that_is_not_in_the_log_as_it_is_is_refused() {
    let (world, _publisher) = two_entered();
    let state = world.dir.path().join("nothing-seen.json");
    let [one, two] = [1, 2].map(|seq| entry(&world, seq));
    let o = origin();

    forge(&world, &o, &[one.clone(), other(&world, 2)]);
    insta::assert_snapshot!(wrong(&world, &state).await, @"the release log says that release 2 of nixos-26.05-sec is nixos-26.05.715880.2.82ca722fcd29 with a release.json of hash <hash>, and here it is nixos-26.05.715880.2.82ca722fcd29 with one of hash <hash>. You may be shown a channel of your own: install nothing from it before that is cleared up. Ask from another place, past any mirror or proxy, and compare the two checkpoints; if they differ, tell everybody who uses the channel");
    forge(&world, &o, std::slice::from_ref(&one));
    insta::assert_snapshot!(wrong(&world, &state).await, @"nixos-26.05.715880.2.82ca722fcd29 is not in the release log, which has 1 entry: nobody else sees it. You may be shown a channel of your own: install nothing from it before that is cleared up. Ask from another place, past any mirror or proxy, and compare the two checkpoints; if they differ, tell everybody who uses the channel");
    assert!(!state.exists(), "nothing of this is remembered");

    // Entries that the signed root does not vouch for.
    forge(&world, &o, &[one.clone(), other(&world, 2)]);
    let checkpoint = fs::read(path(&world, LogFile::Checkpoint)).unwrap();
    forge(&world, &o, &[one, two]);
    let whole = fs::read(path(&world, LogFile::Checkpoint)).unwrap();
    fs::write(path(&world, LogFile::Checkpoint), checkpoint).unwrap();
    insta::assert_snapshot!(wrong(&world, &state).await, @"nothing proves that nixos-26.05.715880.2.82ca722fcd29 is in the release log, which has 2 entries: it is among the entries as entry 1, and their hashes do not lead to the root that is signed. You may be shown a channel of your own: install nothing from it before that is cleared up. Ask from another place, past any mirror or proxy, and compare the two checkpoints; if they differ, tell everybody who uses the channel");

    let text = String::from_utf8(whole.clone()).unwrap();
    let tampered = text.replace("release-log\n2\n", "release-log\n3\n");
    fs::write(path(&world, LogFile::Checkpoint), tampered).unwrap();
    insta::assert_snapshot!(wrong(&world, &state).await, @"the checkpoint of the release log at file:///public/release-log counts for nothing: the signature of ours-1 is wrong. It was damaged or replaced, by the server or on the way. You may be shown a channel of your own: install nothing from it before that is cleared up. Ask from another place, past any mirror or proxy, and compare the two checkpoints; if they differ, tell everybody who uses the channel");
    fs::write(path(&world, LogFile::Checkpoint), "<html>").unwrap();
    insta::assert_snapshot!(wrong(&world, &state).await, @"the checkpoint of the release log at file:///public/release-log counts for nothing: there is no empty line before the signatures. It was damaged or replaced, by the server or on the way. You may be shown a channel of your own: install nothing from it before that is cleared up. Ask from another place, past any mirror or proxy, and compare the two checkpoints; if they differ, tell everybody who uses the channel");

    fs::write(path(&world, LogFile::Checkpoint), whole).unwrap();
    for kind in [Kind::Hashes(0), Kind::Entries] {
        let (index, width) = (0, 2);
        let tile = path(&world, LogFile::Tile(Tile { kind, index, width }));
        let content = fs::read(&tile).unwrap();
        fs::remove_file(&tile).unwrap();
        let said = wrong(&world, &state).await;
        assert!(said.starts_with("nothing proves that "), "{said}");
        assert!(said.contains(".p/2 is not there. "), "{said}");
        fs::write(&tile, &content[1..]).unwrap();
        let said = wrong(&world, &state).await;
        assert!(said.contains("than it should. "), "{said}");
        fs::write(&tile, content).unwrap();
    }
    let report = remembering(&world, &state).await;
    assert!(report.is_good(), "{report}");
}

/// As after a log with 256 entries: what was asked for a moment ago is in the full tile.
#[tokio::test]
async fn a_tile_that_is_full_by_now_is_as_good() {
    let (world, publisher) = two_entered();
    let state_file = world.dir.path().join("seen.json");
    let others = (3..=256).map(|seq| other(&world, seq + 1_000));
    let all: Vec<_> = [1, 2]
        .map(|seq| entry(&world, seq))
        .into_iter()
        .chain(others)
        .collect();
    forge(&world, &origin(), &all[..200]);
    let checkpoint = fs::read(path(&world, LogFile::Checkpoint)).unwrap();
    forge(&world, &origin(), &all);
    let full = path(&world, LogFile::Tile(Tile::all(256)[0]));
    assert!(full.ends_with("tile/0/000") && full.exists());
    fs::write(path(&world, LogFile::Checkpoint), checkpoint).unwrap();
    let report = remembering(&world, &state_file).await;
    assert!(report.is_good(), "{report}");
    assert_eq!(report.release_log.unwrap().size, 200);

    // The publisher takes it from there, and removes what was not full.
    forge(&world, &origin(), &all[..255]);
    world.release(&publisher, &release(3));
    publisher.flip(&channel(), &release(3).name).unwrap();
    state_as(&publisher, NOW);
    assert!(full.exists() && !full.with_extension("p").exists());
    let report = remembering(&world, &state_file).await;
    assert!(report.is_good(), "{report}");
    let logged = report.release_log.unwrap();
    assert_eq!((logged.index, logged.size), (255, 256));
}
