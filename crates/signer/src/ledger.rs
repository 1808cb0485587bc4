//! What a signer writes down before a signature leaves.

use std::io;
use std::path::{Path, PathBuf};

use picket_domain::{Sha256, Timestamp};
use picket_files::WorkLock;
use picket_publisher::{Fingerprint, Latest, Manifest, PublicKey};
use picket_releaselog::{Checkpoint, Entry};
use tracing::{info, warn};

use crate::form::GrownLog;
use crate::journal::{Journal, Peer, Subject, shortened};
use crate::known_log::{KnownLog, NotGrown};
use crate::known_paths::KnownPaths;
use crate::open_error::{AtPath, OpenError};
use crate::rules::Rules;
use crate::state::{NotStated, State};

/// Why something is not signed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It breaks a rule.
    Refused(String),
    /// It names something that is not known: a release, or entries of a log.
    Unknown(String),
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
    log: KnownLog,
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
            log: KnownLog::open(dir)?,
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
        let stated = Entry::of_release(
            latest.channel.clone(),
            latest.release.clone(),
            latest.seq,
            latest.release_json_sha256,
        );
        let in_log = self.log.has(&stated, latest.release_log.as_ref());
        in_log.map_err(|why| self.refuse(peer, now, &subject, why))?;
        match self.state.with_latest(latest, rules, now) {
            Ok(state) => self.remember(state)?,
            // The client goes on with that release; what comes of it is written down.
            Err(NotStated::UnknownRelease(why)) => return Err(Refusal::Unknown(why)),
            Err(NotStated::Refused(why)) => return Err(self.refuse(peer, now, &subject, why)),
        }
        self.journal.signed(peer, now, &[subject])?;
        let (release, expires) = (&latest.release, latest.expires);
        info!("signs that {release} is current, until {expires}");
        Ok(())
    }

    /// Writes down that the checkpoint of this log is signed, which it gives.
    pub(crate) fn log(
        &mut self,
        peer: Peer,
        log: &GrownLog,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<Checkpoint, Refusal> {
        let grown = self.log.grown(log).and_then(|(new, checkpoint)| {
            new.iter()
                .try_for_each(|entry| self.state.agrees(entry, rules))?;
            Ok((new, checkpoint))
        });
        let (new, checkpoint) = match grown {
            Ok(grown) => grown,
            // The client asks again, with all of it; what comes of that is written down.
            Err(NotGrown::UnknownStart(why)) => return Err(Refusal::Unknown(why)),
            Err(NotGrown::Refused(why)) => {
                let size = log.start.saturating_add(log.entries.len()) as u64;
                let subject = Subject::log(&log.origin, size);
                return Err(self.refuse(peer, now, &subject, why));
            }
        };
        self.log.add(&log.origin, new)?;
        let subject = Subject::checkpoint(&checkpoint);
        self.journal.signed(peer, now, &[subject])?;
        info!("signs the release log with {} entries", checkpoint.size);
        Ok(checkpoint)
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
