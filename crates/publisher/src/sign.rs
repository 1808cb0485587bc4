//! Who signs: keys in this process, or a process that holds them.

use std::fmt::Debug;

use picket_releaselog::Checkpoint;
use thiserror::Error;

use crate::fingerprint::Fingerprint;
use crate::key::{PublicKey, SecretKey, Signature};

/// Signs what a channel consists of, and nothing else: store paths, releases, which release is the
/// current one, and the log of releases. Every method blocks.
pub trait Sign: Debug + Send + Sync {
    /// The keys that clients are told; never empty.
    fn public_keys(&self) -> &[PublicKey];

    /// Whether it could sign now.
    ///
    /// # Errors
    /// Why it could not.
    fn can_sign(&self) -> Result<(), SignError>;

    /// The signatures of these store paths, in their order; of each by every key.
    ///
    /// # Errors
    /// Where one of them is not signed: then none is.
    fn sign_paths(&self, fingerprints: &[Fingerprint]) -> Result<Vec<Vec<Signature>>, SignError>;

    /// The signatures of a release by every key: over the bytes of its `release.json`.
    ///
    /// # Errors
    /// Where it is not signed.
    fn sign_release(&self, manifest: &[u8]) -> Result<Vec<Signature>, SignError>;

    /// The signatures of a `latest.json` by every key. `manifest` is the `release.json` of the release
    /// that it names.
    ///
    /// # Errors
    /// Where it is not signed.
    fn sign_latest(&self, statement: &[u8], manifest: &[u8]) -> Result<Vec<Signature>, SignError>;

    /// The signatures of a checkpoint of the release log by every key, in their order.
    ///
    /// # Errors
    /// Where it is not signed.
    fn sign_checkpoint(&self, log: &LogToSign<'_>) -> Result<Vec<Signature>, SignError>;
}

/// A checkpoint of the release log, and what it is a checkpoint of.
#[derive(Debug, Clone, Copy)]
pub struct LogToSign<'a> {
    /// What is to be signed: its text.
    pub checkpoint: &'a Checkpoint,
    /// All entries, as they are hashed. Only what comes after those that were signed is new.
    pub entries: &'a [String],
    /// So many of them a checkpoint before this one had, as far as is known.
    pub known: usize,
}

/// Why something was not signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignError {
    /// The process that holds the keys cannot be asked.
    #[error(
        "the signer at {place} cannot be asked: {reason}; what is published is served all the same"
    )]
    Unreachable {
        /// Where it is expected.
        place: String,
        /// What went wrong.
        reason: String,
    },
    /// It does not sign this.
    #[error("the signer does not sign this: {0}")]
    Refused(String),
    /// It would, and cannot at the moment: its disk is full, say.
    #[error("the signer cannot sign at the moment: {0}")]
    Hindered(String),
    /// It has other keys than it had when this process asked for them.
    #[error("the signer has other keys now ({now}) than when this process asked for them ({then})")]
    OtherKeys {
        /// The names of its keys.
        now: String,
        /// The names of those that it had.
        then: String,
    },
}

impl SignError {
    /// Whether the same could be signed later, as it is.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Hindered(_) | Self::OtherKeys { .. } => true,
            Self::Refused(_) => false,
        }
    }
}

/// Keys in this process.
#[derive(Debug)]
pub(crate) struct HeldKeys {
    keys: Vec<SecretKey>,
    public: Vec<PublicKey>,
}

impl HeldKeys {
    pub(crate) fn new(keys: Vec<SecretKey>) -> Self {
        let public = keys.iter().map(SecretKey::public).collect();
        Self { keys, public }
    }

    fn sign(&self, message: &[u8]) -> Vec<Signature> {
        self.keys.iter().map(|key| key.sign(message)).collect()
    }
}

impl Sign for HeldKeys {
    fn public_keys(&self) -> &[PublicKey] {
        &self.public
    }

    fn can_sign(&self) -> Result<(), SignError> {
        Ok(())
    }

    fn sign_paths(&self, fingerprints: &[Fingerprint]) -> Result<Vec<Vec<Signature>>, SignError> {
        let sign = |it: &Fingerprint| self.sign(it.as_str().as_bytes());
        Ok(fingerprints.iter().map(sign).collect())
    }

    fn sign_release(&self, manifest: &[u8]) -> Result<Vec<Signature>, SignError> {
        Ok(self.sign(manifest))
    }

    fn sign_latest(&self, statement: &[u8], _manifest: &[u8]) -> Result<Vec<Signature>, SignError> {
        Ok(self.sign(statement))
    }

    /// That the log only grows is what the publisher sees to: where the keys are with it, nobody else could.
    fn sign_checkpoint(&self, log: &LogToSign<'_>) -> Result<Vec<Signature>, SignError> {
        Ok(self.sign(log.checkpoint.to_text().as_bytes()))
    }
}
