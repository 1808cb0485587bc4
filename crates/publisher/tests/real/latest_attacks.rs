//! What somebody can do who has the public folder, or is in between, and has no key: the attacks that
//! The Update Framework names, against `verify`.

use std::fs;
use std::path::Path;

use picket_domain::{ChannelName, ReleaseName, Timestamp};
use picket_publisher::{
    Latest, LatestFile, MissingLatest, Publisher, ReleaseFile, VerifyTerms, verify_by,
};
use url::Url;

use crate::latest::{THREE_DAYS, file, look, look_by, point_at, state, two_releases};
use crate::world::{NOW, World, channel, key, release};

/// A world whose second release is the current one, stated now.
fn at_the_second() -> (World, Publisher) {
    let (world, publisher) = two_releases();
    publisher.flip(&channel(), &release(2).name).unwrap();
    state(&publisher, NOW);
    (world, publisher)
}

/// Puts a statement there that is signed by this key.
fn put(world: &World, latest: &Latest, signed_by: &str) {
    let bytes = latest.to_bytes();
    let signature = format!("{}\n", key(signed_by).sign(&bytes));
    fs::write(file(world, LatestFile::Statement), bytes).unwrap();
    fs::write(file(world, LatestFile::Signature), signature).unwrap();
}

fn stated(world: &World) -> Latest {
    world.public().latest(&channel()).unwrap().unwrap()
}

/// The one problem that a look finds.
async fn the_problem(world: &World, now: Timestamp) -> String {
    let report = look(world, now).await;
    let [problem] = report.problems.as_slice() else {
        panic!("{report}");
    };
    assert!(problem.contains("Install nothing from it"), "{problem}");
    problem.clone()
}

/// Rollback: the pointer alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pointer_that_was_moved_back_is_found() {
    let (world, _) = at_the_second();
    point_at(&world, 1);
    let problem = the_problem(&world, NOW).await;
    let told = format!(
        "the address leads to {}, and latest.json says that {} is current, which is newer",
        release(1).name,
        release(2).name
    );
    assert!(problem.starts_with(&told), "{problem}");
}

/// Rollback: the pointer and the statement of then. It is true until it expires, and no longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_state_is_found_when_its_statement_expires() {
    let (world, publisher) = two_releases();
    state(&publisher, NOW);
    let old = LatestFile::ALL.map(|it| fs::read(file(&world, it)).unwrap());
    publisher.flip(&channel(), &release(2).name).unwrap();
    let later = NOW.plus_seconds(3_600);
    state(&publisher, later);

    for (it, content) in LatestFile::ALL.into_iter().zip(&old) {
        fs::write(file(&world, it), content).unwrap();
    }
    let replayed = look(&world, later).await;
    assert!(
        replayed.is_good(),
        "a later release than it says: {replayed}"
    );
    assert!(
        replayed.notes[0].starts_with("latest.json still says"),
        "{replayed}"
    );

    point_at(&world, 1);
    let last = NOW.plus_seconds(THREE_DAYS - 1);
    assert!(look(&world, last).await.is_good());
    let problem = the_problem(&world, NOW.plus_seconds(THREE_DAYS + 60)).await;
    assert!(problem.starts_with("latest.json expired at "), "{problem}");
    assert!(
        problem.contains("1 min ago by this machine's clock"),
        "{problem}"
    );
    assert!(problem.contains("a mirror that stands still"), "{problem}");
}

/// Freeze: all is as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mirror_that_stands_still_is_found() {
    let (world, publisher) = at_the_second();
    let after = NOW.plus_seconds(THREE_DAYS);
    let problem = the_problem(&world, after).await;
    assert!(problem.starts_with("latest.json expired at "), "{problem}");
    state(&publisher, after);
    assert!(look(&world, after).await.is_good(), "stated anew");
    let slow = look(&world, NOW).await;
    assert!(slow.is_good(), "{slow}");
    assert!(
        slow.notes[0].contains("one of the two clocks is wrong by 3 d"),
        "{slow}"
    );
}

/// Mix and match: what is of another channel, or signed as something else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_elsewhere_is_found() {
    let (world, _) = at_the_second();
    let good = stated(&world);
    let other = Latest {
        channel: ChannelName::parse("nixos-25.11-sec").unwrap(),
        ..good.clone()
    };
    put(&world, &other, "ours-1");
    let problem = the_problem(&world, NOW).await;
    assert!(
        problem.starts_with("latest.json is that of the channel nixos-25.11-sec"),
        "{problem}"
    );

    let fork = Latest {
        release: ReleaseName::parse("nixos-26.05.715880.2.0123456789ab").unwrap(),
        ..good.clone()
    };
    let rewritten = Latest {
        release_json_sha256: picket_domain::Sha256::of(b"another"),
        ..good.clone()
    };
    for latest in [fork, rewritten] {
        put(&world, &latest, "ours-1");
        let problem = the_problem(&world, NOW).await;
        assert!(problem.contains("two releases of one number"), "{problem}");
    }

    let release_file = |it| {
        world
            .public()
            .release_file(&channel(), &release(2).name, it)
    };
    for (from, to) in [
        (ReleaseFile::Manifest, LatestFile::Statement),
        (ReleaseFile::Signature, LatestFile::Signature),
    ] {
        fs::copy(release_file(from), file(&world, to)).unwrap();
    }
    let report = look(&world, NOW).await;
    let says = "latest.json cannot be read: missing field `kind`";
    assert!(report.problems[0].starts_with(says), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_forged_is_found() {
    let (world, _) = at_the_second();
    let good = stated(&world);
    let signature = fs::read(file(&world, LatestFile::Signature)).unwrap();
    let longer = Latest {
        expires: good.expires.plus_seconds(THREE_DAYS),
        ..good.clone()
    };
    put(&world, &longer, "theirs-1");
    let says = "latest.json is not signed by ours-1";
    assert!(the_problem(&world, NOW).await.starts_with(says));
    fs::write(file(&world, LatestFile::Signature), signature).unwrap();
    assert!(the_problem(&world, NOW).await.starts_with(says));
    fs::remove_file(file(&world, LatestFile::Signature)).unwrap();
    assert!(the_problem(&world, NOW).await.starts_with(says));
    put(&world, &longer, "ours-1");
    assert!(
        look(&world, NOW).await.is_good(),
        "it is the key that counts"
    );
}

/// Taking the statement away is noticed where it is asked for, or was seen before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_is_taken_away_is_found() {
    let (world, _) = at_the_second();
    let keys = [key("ours-1").public()];
    let seen = world.dir.path().join("seen.json");
    let plain = VerifyTerms {
        now: NOW,
        ..VerifyTerms::of(&keys)
    };
    let strict = VerifyTerms {
        missing_latest: MissingLatest::Wrong,
        ..plain.clone()
    };
    let remembering = VerifyTerms {
        state: Some(&seen),
        ..plain.clone()
    };
    assert!(look_by(&world, &strict).await.is_good());
    assert!(look_by(&world, &remembering).await.is_good());
    fs::remove_file(file(&world, LatestFile::Statement)).unwrap();
    let noted = look_by(&world, &plain).await;
    assert!(noted.is_good(), "{noted}");
    assert!(
        noted.notes[0].starts_with("the channel has no latest.json"),
        "{noted}"
    );
    let asked_for = look_by(&world, &strict).await;
    assert!(
        asked_for.problems[0].starts_with("the channel has no latest.json"),
        "{asked_for}"
    );
    let was_there = look_by(&world, &remembering).await;
    assert!(
        was_there.problems[0].contains("it had one when it was verified before"),
        "{was_there}"
    );
}

fn remembered(seen: &Path) -> serde_json::Value {
    let all: serde_json::Value = serde_json::from_slice(&fs::read(seen).unwrap()).unwrap();
    all["channels"][channel().as_str()].clone()
}

/// Who remembers needs no statement to notice a rollback.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_seen_before_is_not_gone_below() {
    let (world, publisher) = two_releases();
    let keys = [key("ours-1").public()];
    let seen = world.dir.path().join("seen.json");
    let terms = VerifyTerms {
        now: NOW,
        state: Some(&seen),
        ..VerifyTerms::of(&keys)
    };
    let first = look_by(&world, &terms).await;
    assert!(first.is_good() && first.latest.is_none(), "{first}");
    assert_eq!(remembered(&seen)["seq"], 1);
    publisher.flip(&channel(), &release(2).name).unwrap();
    assert!(look_by(&world, &terms).await.is_good());
    let second = remembered(&seen);
    assert_eq!(second["seq"], 2);

    point_at(&world, 1);
    let back = look_by(&world, &terms).await;
    let told = format!("and {}, its release 2, was here before", release(2).name);
    assert!(
        back.problems.len() == 1 && back.problems[0].contains(&told),
        "{back}"
    );
    assert_eq!(remembered(&seen), second, "what was seen is not forgotten");

    point_at(&world, 2);
    let text = fs::read_to_string(&seen).unwrap();
    let hash = second["release_json_sha256"].as_str().unwrap();
    fs::write(&seen, text.replace(hash, &"0".repeat(64))).unwrap();
    let rewritten = look_by(&world, &terms).await;
    assert!(
        rewritten.problems[0].starts_with("release 2 is not the one that it was"),
        "{rewritten}"
    );
    fs::write(&seen, "{").unwrap();
    let unreadable = look_by(&world, &terms).await;
    assert!(
        unreadable.problems[0].contains("remove it to begin anew"),
        "{unreadable}"
    );
    assert_eq!(fs::read_to_string(&seen).unwrap(), "{");
}

/// Who asks for one release gets it, and asks for nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_of_a_release_says_nothing_of_the_current_one() {
    let (world, url) = crate::verify::served().await;
    let keys = [key("ours-1").public()];
    let seen = world.dir.path().join("seen.json");
    let plain = VerifyTerms {
        state: Some(&seen),
        ..VerifyTerms::of(&keys)
    };
    let folder = format!("/releases/{}/{}", channel(), release(1).name);
    let folder: Url = url.join(&folder).unwrap();
    let report = verify_by(&folder, &plain).await;
    assert!(report.is_good() && report.notes.is_empty(), "{report}");
    assert!(!seen.exists());
    let strict = VerifyTerms {
        missing_latest: MissingLatest::Wrong,
        ..plain
    };
    let report = verify_by(&folder, &strict).await;
    assert!(
        report.problems[0].starts_with("this is the address of one release"),
        "{report}"
    );
    assert!(verify_by(&url, &strict).await.is_good());
    assert!(seen.exists());
}
