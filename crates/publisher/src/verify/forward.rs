//! A channel only goes forward: the release is compared with what was seen before.

use picket_domain::Sha256;

use super::Verification;
use super::memory::{Memory, Remembered, SeenLog, keep};
use crate::manifest::Manifest;

impl Verification<'_> {
    /// What was seen of the channel before. That it cannot be read is a problem: it would have told
    /// whether the channel went back.
    pub(super) fn recall(&mut self, manifest: &Manifest) -> Option<Remembered> {
        let path = self.terms.state?;
        if self.place.asked_for == manifest.name.as_str() {
            return None;
        }
        match Memory::load(path) {
            Ok(memory) => memory.of(&manifest.channel).cloned(),
            Err(reason) => {
                self.report.problem(format!(
                    "what was seen before cannot be read, so that nothing tells whether the channel went \
                     back: {reason}. Mend the file, or remove it to begin anew"
                ));
                None
            }
        }
    }

    /// Compares the release with the one that was seen before.
    pub(super) fn goes_forward(
        &mut self,
        manifest: &Manifest,
        sha256: Sha256,
        before: &Remembered,
    ) {
        if manifest.seq < before.seq {
            self.report.problem(format!(
                "{} is release {} of the channel, and {}, its release {}, was here before: the channel \
                 was moved back. Install nothing from it; a channel's numbers only grow, so ask who runs \
                 it what happened",
                manifest.name, manifest.seq, before.release, before.seq
            ));
        } else if manifest.seq == before.seq && sha256 != before.release_json_sha256 {
            self.report.problem(format!(
                "release {} is not the one that it was: release.json had the hash {} before and has \
                 {sha256} now. Install nothing from it; releases never change, so ask who runs the channel \
                 what happened",
                manifest.seq, before.release_json_sha256
            ));
        }
    }

    /// Remembers a release in which nothing is wrong.
    pub(super) fn remember(&mut self, manifest: &Manifest, sha256: Sha256) {
        let Some(path) = self.terms.state else { return };
        if !self.report.is_good() {
            return;
        }
        let logged = self.report.release_log.as_ref();
        let release = Remembered {
            seq: manifest.seq,
            release: manifest.name.clone(),
            release_json_sha256: sha256,
            latest: self.report.latest.is_some(),
            release_log: logged.map(|it| it.origin.clone()),
        };
        let log = logged.map(|it| {
            let (size, root) = (it.size, it.root);
            (&it.origin, SeenLog { size, root })
        });
        // A release's own address tells nothing of what its channel gives.
        let is_of_channel = self.place.asked_for != manifest.name.as_str();
        let release = is_of_channel.then_some((&manifest.channel, release));
        if let Err(reason) = keep(path, release, log) {
            self.report.problem(format!(
                "that this release was seen cannot be written down: {reason}"
            ));
        }
    }
}
