//! What a signer writes down before a signature leaves.

use std::io;
use std::path::{Path, PathBuf};

use picket_domain::{Sha256, Timestamp};
use picket_files::WorkLock;
use picket_publisher::{Fingerprint, Latest, Manifest, PublicKey};
use tracing::{info, warn};

use crate::journal::{Journal, Peer, Subject, shortened};
use crate::known_paths::KnownPaths;
use crate::open_error::{AtPath, OpenError};
use crate::rules::Rules;
use crate::state::{NotStated, State};

/// Why something is not signed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It breaks a rule.
    Refused(String),
    /// It is a statement, and names a release that is not known.
    UnknownRelease(String),
    /// It could not be written down.
    Hindered(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Hindered(error)
    }
}

/// The files of a signer's folder, which it alone works in.
#[derive(Debug)]
pub(crate) struct Ledger {
    dir: PathBuf,
    state: State,
    paths: KnownPaths,
    journal: Journal,
    _alone: WorkLock,
}

impl Ledger {
    pub(crate) fn open(dir: &Path, keys: &[PublicKey]) -> Result<Self, OpenError> {
        let alone = WorkLock::try_alone(dir).at(dir)?;
        let alone = alone.ok_or_else(|| OpenError::Busy(dir.to_owned()))?;
        Ok(Self {
            state: State::load(dir, keys)?,
            paths: KnownPaths::open(dir)?,
            journal: Journal::open(dir).at(dir)?,
            dir: dir.to_owned(),
            _alone: alone,
        })
    }

    /// Writes down that these store paths are signed; all of them or none.
    pub(crate) fn paths(
        &mut self,
        peer: Peer,
        fingerprints: &[Fingerprint],
        now: Timestamp,
    ) -> Result<(), Refusal> {
        for fingerprint in fingerprints {
            if let Err(why) = self.paths.allows(fingerprint) {
                return Err(self.refuse(peer, now, &Subject::path(fingerprint), why));
            }
        }
        self.paths.add(fingerprints)?;
        let subjects: Vec<_> = fingerprints.iter().map(Subject::path).collect();
        Ok(self.journal.signed(peer, now, &subjects)?)
    }

    /// Writes down that this release is signed.
    pub(crate) fn release(
        &mut self,
        peer: Peer,
        manifest: &Manifest,
        sha256: Sha256,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let subject = Subject::release(manifest, sha256);
        let mut paths = manifest.store_paths.iter();
        let state = paths
            .try_for_each(|path| self.paths.agrees(path))
            .and_then(|()| self.state.with_release(manifest, sha256, rules))
            .map_err(|why| self.refuse(peer, now, &subject, why))?;
        self.remember(state)?;
        self.journal.signed(peer, now, &[subject])?;
        info!("signs the release {}", manifest.folder());
        Ok(())
    }

    /// Writes down that this statement is signed.
    pub(crate) fn latest(
        &mut self,
        peer: Peer,
        latest: &Latest,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let subject = Subject::latest(latest);
        match self.state.with_latest(latest, rules, now) {
            Ok(state) => self.remember(state)?,
            // The client goes on with that release; what comes of it is written down.
            Err(NotStated::UnknownRelease(why)) => return Err(Refusal::UnknownRelease(why)),
            Err(NotStated::Refused(why)) => return Err(self.refuse(peer, now, &subject, why)),
        }
        self.journal.signed(peer, now, &[subject])?;
        let (release, expires) = (&latest.release, latest.expires);
        info!("signs that {release} is current, until {expires}");
        Ok(())
    }

    /// Writes down that this is refused.
    pub(crate) fn refuse(
        &mut self,
        peer: Peer,
        now: Timestamp,
        subject: &Subject<'_>,
        why: String,
    ) -> Refusal {
        let why = shortened(why);
        warn!(uid = peer.uid, pid = peer.pid, why, "refused to sign");
        match self.journal.refused(peer, now, subject, &why) {
            Ok(()) => Refusal::Refused(why),
            Err(error) => Refusal::Hindered(error),
        }
    }

    fn remember(&mut self, state: State) -> io::Result<()> {
        if state != self.state {
            state.save(&self.dir)?;
            self.state = state;
        }
        Ok(())
    }
}
