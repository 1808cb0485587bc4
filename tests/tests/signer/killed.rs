//! `kill -9` at whatever instant: a signature that left was written down before.

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use picket_domain::{CommitSha, ReleaseSeq, Timestamp};
use picket_publisher::{Manifest, ManifestBase, PublicKey, SecretKey, Sign, SignError};
use picket_signer::Client;
use picket_tests::{Picket, SignServer};
use rand::RngExt;

use crate::program::setting;
use crate::read_log;

const ROUNDS: u64 = 40;

fn manifest(seq: u64, key: &PublicKey, created: i64) -> Result<Vec<u8>> {
    let commit = CommitSha::parse(&"a".repeat(40))?;
    let manifest = Manifest {
        format: 1,
        channel: "nixos-26.05-sec".parse()?,
        name: format!("nixos-26.05.715880.{seq}.aaaaaaaaaaaa").parse()?,
        seq: ReleaseSeq(seq),
        previous: None,
        rev: commit.clone(),
        tip: commit.clone(),
        base: ManifestBase {
            rev: commit,
            rev_count: 715_880,
            version: "26.05".to_owned(),
            release: None,
        },
        created: Timestamp::from_unix(created),
        picks: Vec::new(),
        set_aside: Vec::new(),
        flaky: BTreeSet::new(),
        broken_at_base: BTreeSet::new(),
        waived: BTreeSet::new(),
        files: Default::default(),
        tree: None,
        store_paths: Vec::new(),
        upstream_references: Vec::new(),
        binary_cache_url: "https://sec.example/cache".parse()?,
        public_keys: vec![key.clone()],
    };
    Ok(manifest.to_bytes())
}

/// How long a signature takes that nothing comes between: the longest of these.
fn undisturbed(
    setting: &SignServer,
    kept: &Path,
    manifests: [Result<Vec<u8>>; 3],
) -> Result<Duration> {
    let signer = Picket::sign_server(setting)?;
    let client = Client::open(&setting.socket, kept)?;
    let mut longest = Duration::ZERO;
    for manifest in manifests {
        let start = Instant::now();
        client.sign_release(&manifest?)?;
        longest = longest.max(start.elapsed());
    }
    signer.kill()?;
    Ok(longest)
}

#[test]
fn no_number_is_signed_twice_whenever_it_is_killed() -> Result<()> {
    let (dir, setting) = setting()?;
    let key = SecretKey::read_file(&setting.key)?.public();
    let kept = dir.path().join("kept");
    let first = [1, 2, 3].map(|seq| manifest(seq, &key, 1));
    let undisturbed = undisturbed(&setting, &kept, first)?;
    let (mut out, mut lost) = (0, 0);
    for seq in 4..=ROUNDS {
        let signer = Picket::sign_server(&setting)?;
        let client = Client::open(&setting.socket, &kept)?;
        let (one, other) = (manifest(seq, &key, 1)?, manifest(seq, &key, 2)?);
        // First most kills come before the signature is out, and in the end most after it.
        let latest = undisturbed.mul_f64(seq as f64 / 4.0);
        let asked = thread::scope(|scope| {
            let asking = scope.spawn(|| client.sign_release(&one));
            thread::sleep(rand::rng().random_range(Duration::ZERO..latest));
            signer.kill()?;
            asking.join().map_err(|_| anyhow::anyhow!("it panicked"))
        });
        let asked: Result<Vec<_>, SignError> = asked?;

        let signer = Picket::sign_server(&setting)?;
        match &asked {
            // The other one comes first, and would be signed if nothing had been written down.
            Ok(signatures) => {
                let second = client.sign_release(&other);
                ensure!(matches!(second, Err(SignError::Refused(_))), "{second:?}");
                assert_eq!(&client.sign_release(&one)?, signatures);
                out += 1;
            }
            Err(SignError::Unreachable { .. }) => {
                client.sign_release(&one)?;
                lost += 1;
            }
            Err(error) => anyhow::bail!("{error}"),
        }
        signer.kill()?;
    }
    println!("{out} signatures were out before the kill, {lost} were not");
    ensure!(
        out > 0 && lost > 0,
        "the kills came all before, or all after"
    );
    let signed = read_log(&setting.state)?.into_iter();
    let signed = signed.filter(|line| line["outcome"] == "signed");
    let digests: BTreeSet<_> = signed.map(|line| line["sha256"].to_string()).collect();
    assert_eq!(digests.len() as u64, ROUNDS, "each number was signed once");
    Ok(())
}
