//! What a question comes to.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use picket_domain::{Sha256, Timestamp};
use picket_publisher::{PublicKey, SecretKey, Signature};

use crate::form::{self, Malformed};
use crate::journal::{Peer, Subject};
use crate::ledger::{Ledger, Refusal};
use crate::open_error::OpenError;
use crate::protocol::{Answer, Kind};
use crate::rules::Rules;

/// Holds keys, and signs with every one of them what it may.
#[derive(Debug)]
pub struct Signer {
    keys: Vec<SecretKey>,
    rules: Rules,
    ledger: Mutex<Ledger>,
}

impl Signer {
    /// A signer that keeps what it has to remember in this folder: `state.json`, what it signed of each
    /// channel; `paths`, which store paths, and with which content; `release-log`, the entries of
    /// the release log; `log.jsonl`, all that it signed and
    /// refused. No other one works in the folder meanwhile.
    ///
    /// # Errors
    /// Where there is no key or two have one name, another signer works in the folder, or something in it
    /// cannot be read.
    pub fn open(keys: Vec<SecretKey>, dir: &Path, rules: Rules) -> Result<Self, OpenError> {
        if keys.is_empty() {
            return Err(OpenError::NoKey);
        }
        let mut names = BTreeSet::new();
        if let Some(key) = keys.iter().find(|key| !names.insert(key.name())) {
            return Err(OpenError::TwoKeys(key.name().to_string()));
        }
        let public: Vec<_> = keys.iter().map(SecretKey::public).collect();
        Ok(Self {
            ledger: Mutex::new(Ledger::open(dir, &public)?),
            keys,
            rules,
        })
    }

    /// The keys that clients are told.
    pub fn public_keys(&self) -> Vec<PublicKey> {
        self.keys.iter().map(SecretKey::public).collect()
    }

    /// Blocks, for as long as it takes to write it down.
    pub(crate) fn answer(&self, peer: Peer, kind: Kind, body: &[u8], now: Timestamp) -> Answer {
        let signed = match kind {
            Kind::Paths => self.paths(peer, body, now),
            Kind::Release => self.release(peer, body, now),
            Kind::Latest => self.latest(peer, body, now),
            Kind::Log => self.log(peer, body, now),
        };
        match signed {
            Ok(signatures) => Answer::Signed(signatures),
            Err(Refusal::Refused(why)) => Answer::Refused(why),
            Err(Refusal::Unknown(why)) => Answer::Unknown(why),
            Err(Refusal::Hindered(error)) => {
                tracing::error!("cannot write down what is to be signed: {error}");
                Answer::Hindered(format!("it cannot write down what it signs: {error}"))
            }
        }
    }

    /// Writes down that this is not read at all.
    pub(crate) fn turn_away(&self, peer: Peer, head: &[u8], why: String, now: Timestamp) -> Answer {
        self.ledger()
            .refuse(peer, now, &Subject::unreadable(head), why.clone());
        Answer::Refused(why)
    }

    fn paths(
        &self,
        peer: Peer,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<Vec<Signature>>, Refusal> {
        let paths = form::paths(body, &self.rules.store_dir);
        let paths = paths.map_err(|it| self.malformed(peer, it, now))?;
        self.ledger().paths(peer, &paths, now)?;
        Ok(paths
            .iter()
            .map(|it| self.sign(it.as_str().as_bytes()))
            .collect())
    }

    fn release(
        &self,
        peer: Peer,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<Vec<Signature>>, Refusal> {
        let manifest = form::release(body).map_err(|it| self.malformed(peer, it, now))?;
        let sha256 = Sha256::of(body);
        self.ledger()
            .release(peer, &manifest, sha256, &self.rules, now)?;
        Ok(vec![self.sign(body)])
    }

    fn latest(
        &self,
        peer: Peer,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<Vec<Signature>>, Refusal> {
        let latest = form::latest(body).map_err(|it| self.malformed(peer, it, now))?;
        self.ledger().latest(peer, &latest, &self.rules, now)?;
        Ok(vec![self.sign(body)])
    }

    fn log(&self, peer: Peer, body: &[u8], now: Timestamp) -> Result<Vec<Vec<Signature>>, Refusal> {
        let log = form::log(body).map_err(|it| self.malformed(peer, it, now))?;
        let checkpoint = self.ledger().log(peer, &log, &self.rules, now)?;
        Ok(vec![self.sign(checkpoint.to_text().as_bytes())])
    }

    fn malformed(&self, peer: Peer, it: Malformed<'_>, now: Timestamp) -> Refusal {
        let subject = Subject::unreadable(it.bytes);
        self.ledger().refuse(peer, now, &subject, it.why)
    }

    fn sign(&self, message: &[u8]) -> Vec<Signature> {
        self.keys.iter().map(|key| key.sign(message)).collect()
    }

    /// What is in it is changed after it was written: a panic in between leaves what was there before.
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
