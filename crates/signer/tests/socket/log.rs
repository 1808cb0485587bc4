//! The release log: what was signed of it stays as it is.

use picket_domain::Sha256;
use picket_publisher::{LogToSign, LoggedAs, Sign, SignError, Signature};
use picket_releaselog::{Checkpoint, Entry, Origin, Tree};
use picket_signer::{Client, Limits};

use crate::world::{World, latest, logged, manifest, public};

fn origin() -> Origin {
    Origin::parse("sec.example/release-log").unwrap()
}

fn entry(seq: u64) -> String {
    let manifest = manifest(seq);
    let sha256 = Sha256::of(&manifest.to_bytes());
    Entry::of_release(manifest.channel, manifest.name, manifest.seq, sha256).to_line()
}

/// A log with these entries, of which so many were signed, as far as the client knows.
fn sign(client: &Client, entries: &[String], known: usize) -> Result<Vec<Signature>, SignError> {
    let tree = Tree::of_entries(entries);
    let checkpoint = Checkpoint {
        origin: origin(),
        size: tree.size(),
        root: tree.root(tree.size()).unwrap(),
    };
    let signed = client.sign_checkpoint(&LogToSign {
        checkpoint: &checkpoint,
        entries,
        known,
    })?;
    for signature in &signed {
        let key = public(signature.key_name().as_str());
        assert!(key.verify(checkpoint.to_text().as_bytes(), signature));
    }
    Ok(signed)
}

fn refused<T: std::fmt::Debug>(signed: Result<T, SignError>) -> String {
    match signed {
        Err(SignError::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_log_only_grows_also_after_a_restart() {
    let mut world = World::with(&["k-1", "k-2"]);
    let client = world.client();
    let all: Vec<_> = (1..=4).map(entry).collect();
    assert_eq!(sign(&client, &all[..2], 0).unwrap().len(), 2);
    world.stop();
    world.start(&["k-1", "k-2"], Limits::default());
    // What was written down before a power cut is asked for again.
    sign(&client, &all[..2], 0).unwrap();
    sign(&client, &all[..2], 2).unwrap();
    let why = refused(sign(&client, &[all[0].clone(), entry(9)], 1));
    assert!(
        why.starts_with("a log only grows: entry 1 was signed as "),
        "{why}"
    );
    let why = refused(sign(&client, &all[..1], 0));
    assert!(
        why.contains("2 entries were signed, and now there are 1"),
        "{why}"
    );
    sign(&client, &all[..3], 2).unwrap();
    // A client that knows of more than the signer does gives all of it.
    sign(&client, &all, 4).unwrap();
    let mut expected = vec![("signed", "log"); 3];
    expected.extend([("refused", "log"); 2]);
    expected.extend([("signed", "log"); 2]);
    assert_eq!(world.log(), logged(&expected));
}

#[test]
fn an_entry_says_of_a_release_what_was_signed() {
    let world = World::with(&["k-1"]);
    let client = world.client();
    client.sign_release(&manifest(3).to_bytes()).unwrap();
    let other = entry(3).replace(
        &Sha256::of(&manifest(3).to_bytes()).to_string(),
        &"0".repeat(64),
    );
    let why = refused(sign(&client, &[other], 0));
    assert!(
        why.contains("is not what was signed under the number 3"),
        "{why}"
    );
    let why = refused(sign(&client, &[entry(4)], 0));
    assert!(why.ends_with("was not signed here"), "{why}");
    sign(&client, &[entry(2), entry(3)], 0).unwrap();
}

#[test]
fn once_there_is_a_log_only_what_is_in_it_is_stated() {
    let world = World::with(&["k-1"]);
    let client = world.client();
    let release = manifest(3).to_bytes();
    client.sign_release(&release).unwrap();
    client.sign_latest(&latest(3).to_bytes(), &release).unwrap();
    sign(&client, &[entry(2), entry(3)], 0).unwrap();
    let state = |index: Option<u64>, origin: Origin| {
        let mut latest = latest(3);
        latest.release_log = index.map(|index| LoggedAs { origin, index });
        client.sign_latest(&latest.to_bytes(), &release)
    };
    let why = refused(state(None, origin()));
    assert!(why.contains("does not say where the release log"), "{why}");
    let why = refused(state(Some(0), origin()));
    assert!(why.ends_with("and that was not signed"), "{why}");
    let why = refused(state(Some(1), Origin::parse("other.example").unwrap()));
    assert!(why.contains("entry 1 of other.example"), "{why}");
    state(Some(1), origin()).unwrap();
}
