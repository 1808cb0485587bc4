//! Somebody has the service's user, its files and its socket to the signer, and asks for what they like.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use picket_demo::CHANNEL;
use picket_domain::{ReleaseSeq, Sha256, Timestamp};
use picket_publisher::{Fingerprint, Latest, LoggedAs, Manifest, PublicDir, Sign, SignError};
use picket_signer::{Client, protocol::PREFACE};

use crate::Signed;

struct Attack<'a> {
    signed: &'a Signed,
    client: Client,
    public: PublicDir,
}

/// From all that the service knows, and all that it published.
pub(crate) fn nothing_is_signed_that_the_rules_forbid(signed: &Signed) -> Result<()> {
    let before = signed.log()?.len();
    let kept = signed.stage.dir().join("data/signer-keys");
    let attack = Attack {
        signed,
        client: Client::open(&signed.setting.socket, &kept)?,
        public: PublicDir::new(signed.stage.dir().join("data/public")),
    };
    attack.on_releases()?;
    attack.on_paths()?;
    attack.on_statements()?;
    attack.with_raw_bytes()?;
    let log = signed.log()?;
    let new = &log[before..];
    let refused = new
        .iter()
        .filter(|line| line["outcome"] == "refused")
        .count();
    assert_eq!(refused, 15, "{new:#?}");
    attack.what_it_still_can()
}

fn refused<T: std::fmt::Debug>(signed: Result<T, SignError>, says: &str) -> Result<()> {
    match signed {
        Err(SignError::Refused(why)) if why.contains(says) => Ok(()),
        other => anyhow::bail!("{says}: {other:?}"),
    }
}

impl Attack<'_> {
    /// The `release.json` of the releases that are out, by number.
    fn releases(&self) -> Result<Vec<Vec<u8>>> {
        let channel = CHANNEL.parse()?;
        let mut manifests = Vec::new();
        for name in self.public.releases(&channel)? {
            let file = self
                .public
                .release_dir(&channel, &name)
                .join("release.json");
            let bytes = fs::read(file)?;
            let manifest = Manifest::parse(&bytes).map_err(anyhow::Error::msg)?;
            manifests.push((manifest.seq, bytes));
        }
        manifests.sort();
        Ok(manifests.into_iter().map(|(_, bytes)| bytes).collect())
    }

    fn current(&self) -> Result<Manifest> {
        let bytes = self.releases()?.pop().context("something is out")?;
        Manifest::parse(&bytes).map_err(anyhow::Error::msg)
    }

    fn on_releases(&self) -> Result<()> {
        let releases = self.releases()?;
        ensure!(releases.len() >= 2, "there is an older one");
        let current = self.current()?;
        let sign = |manifest: &Manifest| self.client.sign_release(&manifest.to_bytes());
        // What was signed is signed again: it is the same.
        sign(&current)?;
        refused(self.client.sign_release(&releases[0]), "numbers only grow")?;
        let mut other = current.clone();
        other.picks.clear();
        refused(sign(&other), "is taken")?;
        let mut other = current.clone();
        other.seq = ReleaseSeq(current.seq.0 + 1);
        refused(sign(&other), "and its number")?;
        let mut other = next(&current)?;
        let key = picket_publisher::SecretKey::generate("theirs-1".parse()?)?;
        other.public_keys.push(key.public());
        refused(sign(&other), "none of ours")?;
        let mut other = next(&current)?;
        other.store_paths[0].nar_hash = Sha256::of(b"theirs");
        refused(sign(&other), "another content")?;
        let mut padded = current.to_bytes();
        padded.push(b' ');
        refused(self.client.sign_release(&padded), "not as this version")
    }

    fn on_paths(&self) -> Result<()> {
        let path = self.current()?.store_paths[0].path.clone();
        let parse = |store_dir: &str, text: &str| {
            Fingerprint::parse(store_dir, text).map_err(anyhow::Error::msg)
        };
        let zero = "0".repeat(52);
        let swapped = format!("1;{path};sha256:{zero};1;");
        let swapped = parse(path.store_dir(), &swapped)?;
        refused(self.client.sign_paths(&[swapped]), "another content")?;
        let foreign = format!("1;/gnu/store/{};sha256:{zero};1;", path.base_name());
        let foreign = parse("/gnu/store", &foreign)?;
        refused(self.client.sign_paths(&[foreign]), "is not in")
    }

    fn on_statements(&self) -> Result<()> {
        let releases = self.releases()?;
        let (first, last) = (&releases[0], releases.last().context("there is one")?);
        let latest = self.public.latest(&CHANNEL.parse()?)?;
        let latest = latest.context("something is stated")?;
        let state = |latest: &Latest, manifest: &[u8]| {
            self.client.sign_latest(&latest.to_bytes(), manifest)
        };
        state(&latest, last)?;
        let head = Manifest::parse(first).map_err(anyhow::Error::msg)?;
        let logged = latest.release_log.clone().context("it is in the log")?;
        let silent = Latest {
            release_log: None,
            ..latest.clone()
        };
        refused(state(&silent, last), "does not say where the release log")?;
        let back = Latest {
            // The first release is the log's first entry.
            release_log: Some(LoggedAs { index: 0, ..logged }),
            release: head.name.clone(),
            seq: head.seq,
            release_json_sha256: Sha256::of(first),
            ..latest.clone()
        };
        refused(state(&back, first), "only goes forward")?;
        let for_ever = Latest {
            expires: Timestamp::now().plus_seconds(10 * 365 * 86_400),
            ..latest.clone()
        };
        refused(state(&for_ever, last), "more than 72 hours")?;
        let of_tomorrow = Latest {
            made: Timestamp::now().plus_seconds(86_400),
            expires: Timestamp::now().plus_seconds(2 * 86_400),
            ..latest.clone()
        };
        refused(state(&of_tomorrow, last), "it says that it is of")
    }

    /// The signer does not see what the team approved: so `docs/architecture.md` says. The log tells.
    fn what_it_still_can(&self) -> Result<()> {
        let current = self.current()?;
        let theirs = next(&current)?;
        self.client.sign_release(&theirs.to_bytes())?;
        // What is not in the log for all is stated to nobody.
        let stated = self.public.latest(&CHANNEL.parse()?)?;
        let stated = Latest {
            release: theirs.name.clone(),
            seq: theirs.seq,
            release_json_sha256: Sha256::of(&theirs.to_bytes()),
            ..stated.context("something is stated")?
        };
        let signed = self
            .client
            .sign_latest(&stated.to_bytes(), &theirs.to_bytes());
        refused(signed, "and that was not signed")?;
        let store_dir = current.store_paths[0].path.store_dir().to_owned();
        let path = format!("{store_dir}/{}-theirs", "0".repeat(32));
        let text = format!("1;{path};sha256:{};1;", "0".repeat(52));
        let fingerprint = Fingerprint::parse(&store_dir, &text).map_err(anyhow::Error::msg)?;
        self.client.sign_paths(&[fingerprint])?;
        let log = self.signed.log()?;
        let told = |key: &str, value: &str| {
            let mut lines = log.iter();
            lines.any(|line| line["outcome"] == "signed" && line[key] == value)
        };
        ensure!(
            told("release", theirs.name.as_str()) && told("path", &path),
            "{log:#?}"
        );
        Ok(())
    }

    /// Questions that the client would not put.
    fn with_raw_bytes(&self) -> Result<()> {
        let manifest = self.current()?.to_bytes();
        for (kind, body) in [
            (b'p', &manifest),
            (b'l', &manifest),
            (b'r', &b"a message".to_vec()),
        ] {
            let mut stream = UnixStream::connect(&self.signed.setting.socket)?;
            stream.write_all(PREFACE)?;
            let length = u32::try_from(body.len())?.to_be_bytes();
            stream.write_all(&[&[kind], &length[..], body].concat())?;
            stream.shutdown(std::net::Shutdown::Write)?;
            let mut said = Vec::new();
            stream.read_to_end(&mut said)?;
            let keys = u32::from_be_bytes(said[1..5].try_into()?) as usize;
            assert_eq!((said[0], said[5 + keys]), (b'K', b'R'));
        }
        self.has_no_key()
    }

    /// No file of the service holds it, nor does what the signer tells.
    fn has_no_key(&self) -> Result<()> {
        let key = fs::read_to_string(&self.signed.setting.key)?;
        let mut folders: Vec<PathBuf> = vec![self.signed.stage.dir().join("data")];
        let mut looked = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else if entry.file_type()?.is_file() && entry.metadata()?.len() < 1 << 20 {
                    let bytes = fs::read(entry.path())?;
                    let needle = key.trim().as_bytes();
                    let has_it = bytes.windows(needle.len()).any(|part| part == needle);
                    ensure!(!has_it, "{}", entry.path().display());
                    looked += 1;
                }
            }
        }
        ensure!(looked > 20);
        Ok(())
    }
}

/// A release of their own making, under the next number.
fn next(current: &Manifest) -> Result<Manifest> {
    let seq = ReleaseSeq(current.seq.0 + 1);
    let name = current.name.as_str();
    let name = name.replacen(&format!(".{}.", current.seq), &format!(".{seq}."), 1);
    Ok(Manifest {
        seq,
        name: name.parse()?,
        ..current.clone()
    })
}
