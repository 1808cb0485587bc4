//! The publisher.

use std::sync::Arc;

use picket_releaselog::Origin;

use crate::error::PublishError;
use crate::key::{PublicKey, SecretKey};
use crate::public_dir::PublicDir;
use crate::settings::CacheSettings;
use crate::sign::{HeldKeys, Sign};
use crate::tarball::KeptBlocks;
use crate::upstream::answers::AnswersFile;
use crate::upstream::list::KeptLists;
use crate::verified::VerifiedFile;

/// Writes the public folder. Every step can be killed at any instruction and done again.
#[derive(Debug)]
pub struct Publisher {
    pub(crate) dir: PublicDir,
    pub(crate) signer: Arc<dyn Sign>,
    pub(crate) settings: CacheSettings,
    pub(crate) verified: VerifiedFile,
    pub(crate) answers: AnswersFile,
    pub(crate) lists: KeptLists,
    pub(crate) blocks: KeptBlocks,
    /// What the release log is called if it begins now; `None`: there is none.
    pub(crate) log_origin: Option<Origin>,
}

impl Publisher {
    /// A publisher that signs with every one of these keys, which it holds itself.
    ///
    /// # Errors
    /// [`PublishError::NoKey`] where there is none.
    pub fn new(
        dir: PublicDir,
        keys: Vec<SecretKey>,
        settings: CacheSettings,
    ) -> Result<Self, PublishError> {
        if keys.is_empty() {
            return Err(PublishError::NoKey);
        }
        Ok(Self::signed_by(
            Arc::new(HeldKeys::new(keys)),
            dir,
            settings,
        ))
    }

    /// A publisher that has another sign.
    pub fn signed_by(signer: Arc<dyn Sign>, dir: PublicDir, settings: CacheSettings) -> Self {
        Self {
            verified: VerifiedFile::in_dir(dir.records_dir()),
            answers: AnswersFile::in_dir(dir.records_dir(), settings.upstream_days),
            lists: KeptLists::in_dir(dir.records_dir()),
            blocks: KeptBlocks::in_dir(&dir.records_dir()),
            dir,
            signer,
            settings,
            log_origin: None,
        }
    }

    /// The same, with a release log. One that is there already keeps the name that it has.
    #[must_use]
    pub fn with_release_log(self, origin: Origin) -> Self {
        let log_origin = Some(origin);
        Self { log_origin, ..self }
    }

    /// The folder that it writes.
    pub fn dir(&self) -> &PublicDir {
        &self.dir
    }

    /// Who signs.
    pub fn signer(&self) -> &dyn Sign {
        &*self.signer
    }

    /// The keys that clients are told.
    pub fn public_keys(&self) -> &[PublicKey] {
        self.signer.public_keys()
    }
}
