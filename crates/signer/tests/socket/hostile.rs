//! Clients that do not mean well: a service that somebody took over may say whatever it likes.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use picket_domain::{ReleaseSeq, Timestamp};
use picket_publisher::{Latest, Sign, SignError};
use picket_signer::Limits;
use picket_signer::protocol::{PATHS_BYTES_MAX, PREFACE};

use crate::world::{World, fingerprint, latest, logged, manifest, public};

/// Says this, and hears all that the server says until it ends.
fn say(mut stream: UnixStream, bytes: &[u8]) -> Vec<(char, String)> {
    // The server may end before it has heard all.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    heard(&mut stream)
}

/// The frames that come until the server ends, with or without a word: what each is, and its text.
fn heard(stream: &mut UnixStream) -> Vec<(char, String)> {
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    let (mut left, mut frames) = (said.as_slice(), Vec::new());
    while let [kind, a, b, c, d, rest @ ..] = left {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let (body, rest) = rest.split_at(length);
        let text = String::from_utf8_lossy(body).into_owned();
        frames.push((char::from(*kind), text));
        left = rest;
    }
    frames
}

/// The words with which the server turns somebody away; it says nothing else but its keys.
fn turned_away(frames: Vec<(char, String)>) -> String {
    let mut frames = frames.into_iter().filter(|(kind, _)| *kind != 'K');
    match (frames.next(), frames.next()) {
        (Some(('R', why)), None) => why,
        other => panic!("{other:?}"),
    }
}

fn question(kind: u8, length: usize, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(length).unwrap().to_be_bytes();
    [&PREFACE[..], &[kind], &length, body].concat()
}

fn whole(kind: u8, body: &[u8]) -> Vec<u8> {
    question(kind, body.len(), body)
}

fn refused<T: std::fmt::Debug>(signed: Result<T, SignError>) -> String {
    match signed {
        Err(SignError::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// The server has a good client, and serves it.
fn serves(world: &World) {
    world.client().can_sign().unwrap();
}

#[test]
fn raw_bytes_are_never_signed() {
    let world = World::with(&["k-1"]);
    let path = format!("{}\n", fingerprint("one", b"1"));
    let (release, statement) = (manifest(3).to_bytes(), latest(3).to_bytes());
    for (kind, body) in [
        (b'p', &b"anything"[..]),
        (b'p', b"1;/etc/passwd;sha256:0;1;\n"),
        (b'p', &path.as_bytes()[1..]),
        (b'p', &release),
        (b'p', &statement),
        (b'r', path.as_bytes()),
        (b'r', &statement),
        (b'r', b"{}"),
        (b'r', &[0xff; 64]),
        (b'l', path.as_bytes()),
        (b'l', &release),
        (b'l', b""),
        (b'c', path.as_bytes()),
        (b'c', &release),
        (b'c', &statement),
        (b'c', b""),
        (b'c', b"sec.example/release-log\n00\n"),
        (b'c', b"sec.example/release-log\n0\n{}\n"),
        (b'c', b"sec.example/release-log\n0"),
        (b'c', b"1;/nix/store/x;\n0\n"),
        (b's', path.as_bytes()),
        (0, b"anything"),
    ] {
        turned_away(say(world.raw(), &whole(kind, body)));
    }
    assert!(world.log().iter().all(|(outcome, _)| outcome == "refused"));
    assert_eq!(world.log().len(), 22);
}

/// All that it knows how to ask for, in the wrong way.
#[test]
fn what_was_signed_is_not_undone() {
    let world = World::with(&["k-1"]);
    let client = world.client();
    let signed = [10, 11, 12].map(|seq| manifest(seq).to_bytes());
    for release in &signed {
        client.sign_release(release).unwrap();
    }
    let [_, eleven, twelve] = &signed;
    client.sign_paths(&[fingerprint("one", b"1")]).unwrap();
    client.sign_latest(&latest(11).to_bytes(), eleven).unwrap();

    // A lower number, and another release under one that is taken.
    let why = refused(client.sign_release(&manifest(9).to_bytes()));
    assert!(why.contains("numbers only grow"), "{why}");
    let mut other = manifest(12);
    other.created = Timestamp::from_unix(1);
    let why = refused(client.sign_release(&other.to_bytes()));
    assert!(why.contains("is taken"), "{why}");
    // Keys and paths of its own.
    let mut other = manifest(13);
    other.public_keys.push(public("k-2"));
    let why = refused(client.sign_release(&other.to_bytes()));
    assert!(why.contains("none of ours"), "{why}");
    let mut other = manifest(13);
    other.store_paths[0].nar_hash = picket_domain::Sha256::of(b"2");
    let why = refused(client.sign_release(&other.to_bytes()));
    assert!(why.contains("another content"), "{why}");
    let why = refused(client.sign_paths(&[fingerprint("one", b"2")]));
    assert!(why.contains("another content"), "{why}");
    // One bad path keeps all of its question from being signed.
    let some = [fingerprint("new", b"1"), fingerprint("one", b"2")];
    refused(client.sign_paths(&some));
    // A statement that goes back, that is of no release, and that holds for ever.
    let why = refused(client.sign_latest(&latest(10).to_bytes(), &signed[0]));
    assert!(why.contains("only goes forward"), "{why}");
    let why = refused(client.sign_latest(&latest(9).to_bytes(), &manifest(9).to_bytes()));
    assert!(why.contains("only goes forward"), "{why}");
    let of_another = Latest {
        seq: ReleaseSeq(12),
        ..latest(11)
    };
    let why = refused(client.sign_latest(&of_another.to_bytes(), twelve));
    assert!(why.contains("was signed under that number"), "{why}");
    let for_ever = Latest {
        expires: Timestamp::now().plus_seconds(10 * 365 * 86_400),
        ..latest(12)
    };
    let why = refused(client.sign_latest(&for_ever.to_bytes(), twelve));
    assert!(why.contains("more than 72 hours"), "{why}");

    assert_eq!(
        world.log(),
        logged(
            &[
                &[("signed", "release"); 3][..],
                &[("signed", "path"), ("signed", "latest")],
                &[("refused", "release"); 4],
                &[("refused", "path"); 2],
                &[("refused", "latest"); 4],
            ]
            .concat()
        )
    );
    client.sign_latest(&latest(12).to_bytes(), twelve).unwrap();
}

#[test]
fn what_is_too_long_is_refused_by_its_length() {
    let world = World::with(&["k-1"]);
    for (kind, length) in [
        (b'p', PATHS_BYTES_MAX + 1),
        (b'r', u32::MAX as usize),
        (b'l', 1 << 20),
    ] {
        let said = turned_away(say(world.raw(), &question(kind, length, b"begins")));
        assert!(said.contains("bytes are too many"), "{said}");
    }
    let line = format!("{}\n", fingerprint("one", b"1"));
    let many = line.repeat(1_001);
    let said = turned_away(say(world.raw(), &whole(b'p', many.as_bytes())));
    assert!(
        said.contains("more than 1000 store paths at once"),
        "{said}"
    );
    serves(&world);
}

#[test]
fn other_protocols_are_turned_away() {
    let world = World::with(&["k-1"]);
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..],
        b"picket-signer 2\n",
        &[0; 16],
    ] {
        let said = turned_away(say(world.raw(), bytes));
        assert!(said.contains("version 1"), "{said}");
    }
    // Whoever ends in the middle hears nothing, and nothing comes of it.
    assert_eq!(say(world.raw(), b"picket"), []);
    let cut = say(world.raw(), &question(b'p', 100, b"1;/nix/store/"));
    assert!(cut.iter().all(|(kind, _)| *kind == 'K'), "{cut:?}");
    assert!(world.log().iter().all(|(outcome, _)| outcome == "refused"));
    serves(&world);
}

#[test]
fn who_is_slow_holds_up_nobody_and_is_given_up() {
    let short = Duration::from_secs(1);
    let world = World::within(
        &["k-1"],
        Limits {
            rest: short,
            transfer: short,
            ..Limits::default()
        },
    );
    let mut silent = world.raw();
    let mut slow = world.raw();
    slow.write_all(&question(b'r', 1 << 20, b"{")).unwrap();
    // It asks and never listens: the answers fill the socket.
    let mut deaf = world.raw();
    let many: Vec<_> = (0..1_000)
        .map(|number| fingerprint(&format!("path-{number}"), b"nar").to_string() + "\n")
        .collect();
    let asks = whole(b'p', many.concat().as_bytes());
    deaf.set_write_timeout(Some(short)).unwrap();
    deaf.write_all(&asks).unwrap();
    while deaf.write_all(&asks[PREFACE.len()..]).is_ok() {}
    serves(&world);
    for given_up in [&mut silent, &mut slow] {
        let said = heard(given_up);
        assert!(said.iter().all(|(kind, _)| *kind == 'K'), "{said:?}");
    }
    serves(&world);
}

#[test]
fn connections_are_bounded_and_those_that_end_make_room() {
    let world = World::within(
        &["k-1"],
        Limits {
            of_one_user: 4,
            ..Limits::default()
        },
    );
    let mut held: Vec<_> = (0..4).map(|_| world.raw()).collect();
    for stream in &mut held {
        stream.write_all(PREFACE).unwrap();
        let mut kind = [0];
        stream.read_exact(&mut kind).unwrap();
        assert_eq!(&kind, b"K");
    }
    let said = turned_away(say(world.raw(), PREFACE));
    assert!(said.contains("too many connections"), "{said}");
    drop(held);
    // The server notices a moment later that they have ended.
    while say(world.raw(), PREFACE)
        .iter()
        .any(|(kind, _)| *kind == 'R')
    {}
    serves(&world);
}

#[test]
fn a_full_disk_signs_nothing() {
    let world = World::with(&["k-1"]);
    let client = world.client();
    // What is to be written cannot be: a folder is in the way.
    let log = world.state().join("log.jsonl");
    std::fs::remove_file(&log).unwrap();
    std::fs::create_dir(&log).unwrap();
    let release = manifest(1).to_bytes();
    let hindered = client.sign_release(&release).unwrap_err();
    assert!(matches!(hindered, SignError::Hindered(_)), "{hindered}");
    let hindered = client.sign_paths(&[fingerprint("one", b"1")]).unwrap_err();
    assert!(matches!(hindered, SignError::Hindered(_)), "{hindered}");
    std::fs::remove_dir(&log).unwrap();
    client.sign_release(&release).unwrap();
    client.sign_paths(&[fingerprint("one", b"1")]).unwrap();
}
