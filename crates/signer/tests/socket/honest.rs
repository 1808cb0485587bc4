//! Clients that mean well.

use picket_publisher::{Sign, SignError};
use picket_signer::{Client, ClientError, Limits, OpenError, Rules, Signer};

use crate::world::{World, files_of, fingerprint, key, latest, logged, manifest, public};

#[test]
fn what_is_asked_for_is_signed_by_every_key() {
    let world = World::with(&["k-1", "k-2"]);
    let client = world.client();
    assert_eq!(client.public_keys(), [public("k-1"), public("k-2")]);
    client.can_sign().unwrap();

    let paths = [fingerprint("one", b"1"), fingerprint("two", b"2")];
    let signed = client.sign_paths(&paths).unwrap();
    let (release, statement) = (manifest(12).to_bytes(), latest(12).to_bytes());
    let files = [
        (&release, client.sign_release(&release).unwrap()),
        (
            &statement,
            client.sign_latest(&statement, &release).unwrap(),
        ),
    ];
    let paths = paths.iter().map(|it| it.as_str().as_bytes()).zip(signed);
    let files = files.into_iter().map(|(file, by)| (file.as_slice(), by));
    for (message, signatures) in paths.chain(files) {
        let by_held = ["k-1", "k-2"].map(|name| key(name).sign(message));
        assert_eq!(signatures, by_held);
    }
    assert_eq!(
        world.log(),
        logged(&[
            ("signed", "path"),
            ("signed", "path"),
            ("signed", "release"),
            ("signed", "latest")
        ])
    );
    assert_eq!(
        files_of(&world.state()),
        [".lock", "log.jsonl", "paths", "release-log", "state.json"]
    );
}

#[test]
fn many_paths_take_few_questions() {
    let world = World::with(&["k-1"]);
    let client = world.client();
    assert_eq!(client.sign_paths(&[]), Ok(Vec::new()));
    let many: Vec<_> = (0..2_500)
        .map(|number| fingerprint(&format!("path-{number}"), b"nar"))
        .collect();
    let signed = client.sign_paths(&many).unwrap();
    assert_eq!(signed.len(), many.len());
    assert!(public("k-1").verify(many[2_499].as_str().as_bytes(), &signed[2_499][0]));
    assert_eq!(world.log().len(), many.len());
}

/// The same keys signed it before there was a signer.
#[test]
fn a_channel_that_was_there_before_is_taken_over() {
    let world = World::with(&["k-1"]);
    let (client, release) = (world.client(), manifest(120).to_bytes());
    let statement = latest(120).to_bytes();
    client.sign_latest(&statement, &release).unwrap();
    let expected = [("signed", "release"), ("signed", "latest")];
    assert_eq!(world.log(), logged(&expected));
    client
        .sign_latest(&statement, b"it is not sent again")
        .unwrap();
}

/// A power cut between the state and the signature: whoever asks again gets it.
#[test]
fn a_restart_signs_the_same_again_and_nothing_else() {
    let mut world = World::with(&["k-1"]);
    let client = world.client();
    let (one, release) = (fingerprint("one", b"1"), manifest(5).to_bytes());
    let paths = client.sign_paths(std::slice::from_ref(&one)).unwrap();
    let signed = client.sign_release(&release).unwrap();
    world.stop();
    let gone = client.sign_release(&release).unwrap_err();
    assert!(matches!(gone, SignError::Unreachable { .. }), "{gone}");
    assert_eq!(client.can_sign().unwrap_err(), gone);

    world.start(&["k-1"], Limits::default());
    // What it refuses comes first: it remembers, and is not told again.
    for lower in [manifest(4), manifest(0)] {
        let refused = client.sign_release(&lower.to_bytes()).unwrap_err();
        assert!(matches!(refused, SignError::Refused(_)), "{refused}");
    }
    let other = client.sign_paths(&[fingerprint("one", b"2")]).unwrap_err();
    assert!(matches!(other, SignError::Refused(_)), "{other}");
    assert_eq!(client.sign_release(&release).unwrap(), signed);
    assert_eq!(client.sign_paths(&[one]).unwrap(), paths);
}

#[test]
fn public_keys_are_kept_for_the_time_that_the_signer_is_away() {
    let mut world = World::with(&["k-1"]);
    world.client();
    world.stop();
    let client = world.client();
    assert_eq!(client.public_keys(), [public("k-1")]);
    assert!(matches!(
        client.can_sign(),
        Err(SignError::Unreachable { .. })
    ));
    // With other keys than this process tells clients of, it is of no use to it.
    world.start(&["k-1", "k-2"], Limits::default());
    let error = client.can_sign().unwrap_err().to_string();
    assert!(error.contains("k-1, k-2"), "{error}");
    assert_eq!(world.client().public_keys().len(), 2);
    world.stop();
    assert_eq!(world.client().public_keys().len(), 2);

    std::fs::write(world.kept(), "nonsense").unwrap();
    let damaged = Client::open(&world.socket(), &world.kept()).unwrap_err();
    assert!(matches!(damaged, ClientError::Damaged { .. }), "{damaged}");
    std::fs::remove_file(world.kept()).unwrap();
    let never = Client::open(&world.socket(), &world.kept()).unwrap_err();
    let says = never.to_string();
    assert!(says.contains("start `picket sign-server` first"), "{says}");
}

#[test]
fn a_folder_is_one_signers() {
    let world = World::with(&["k-1"]);
    let open = |keys: &[&str]| {
        let keys = keys.iter().map(|name| key(name)).collect();
        Signer::open(keys, &world.state(), Rules::default()).map(drop)
    };
    assert!(matches!(open(&["k-1"]), Err(OpenError::Busy(_))));
    assert!(matches!(open(&[]), Err(OpenError::NoKey)));
    assert!(matches!(open(&["k", "k"]), Err(OpenError::TwoKeys(_))));
}
