//! Whether the release is the channel's current one, as far as the channel's own signed statement says.
//!
//! Three attacks are answered here, in the words of The Update Framework. *Rollback*: the pointer was
//! moved back to a release of before. *Freeze*: a mirror stands still, and shows what was true once.
//! *Mix and match*: pointer and statement are of different states or channels. Without the keys none of
//! them can be made to look right for longer than a statement holds.

use picket_domain::{Sha256, duration};

use super::Verification;
use super::memory::Remembered;
use super::stated::{Found, MissingLatest, StatedRelease};
use crate::latest::Latest;
use crate::manifest::Manifest;

/// Clocks that are further apart are worth a word, in seconds.
const CLOCKS_APART: i64 = 300;

const OLD_STATE: &str = "Install nothing from it before that is cleared up: ask the channel's own address, past any \
     mirror or proxy; if it says the same, tell who runs the channel";

impl Verification<'_> {
    /// Whether the release, whose manifest has this hash, is the channel's current one. A release's own
    /// address was chosen, and gives that release whatever comes later.
    pub(super) fn latest(
        &mut self,
        found: &Found,
        manifest: &Manifest,
        sha256: Sha256,
        before: Option<&Remembered>,
    ) {
        if self.place.asked_for == manifest.name.as_str() {
            if self.terms.missing_latest == MissingLatest::Wrong {
                self.report.problem(
                    "this is the address of one release: whether that is the current one is stated at \
                     the channel's address",
                );
            }
            return;
        }
        match found {
            Found::Absent => self.states_nothing(before),
            Found::NotSigned => {
                let names = self.key_names();
                self.report.problem(format!(
                    "latest.json is not signed by {names}: what it says of the current release counts \
                     for nothing. {OLD_STATE}"
                ));
            }
            Found::Unreadable(reason) => self.report.problem(reason),
            Found::Signed(latest) => self.stated(latest, manifest, sha256),
        }
    }

    fn states_nothing(&mut self, before: Option<&Remembered>) {
        const NOTHING: &str =
            "the channel has no latest.json, which states what its current release is";
        if before.is_some_and(|before| before.latest) {
            self.report.problem(format!(
                "{NOTHING}; it had one when it was verified before. {OLD_STATE}"
            ));
        } else if self.terms.missing_latest == MissingLatest::Wrong {
            self.report.problem(format!("{NOTHING}. {OLD_STATE}"));
        } else {
            self.report.note(format!(
                "{NOTHING}: its Picket is older than that, or somebody takes it away. Whether there is a \
                 newer release than this one cannot be told"
            ));
        }
    }

    fn stated(&mut self, latest: &Latest, manifest: &Manifest, sha256: Sha256) {
        if latest.channel.as_str() != self.place.asked_for {
            self.report.problem(format!(
                "latest.json is that of the channel {}, and {} was asked for. {OLD_STATE}",
                latest.channel, self.place.asked_for
            ));
            return;
        }
        self.report.latest = Some(StatedRelease {
            release: latest.release.clone(),
            seq: latest.seq,
            made: latest.made,
            expires: latest.expires,
        });
        self.in_time(latest);
        let stated = (latest.seq, &latest.release, latest.release_json_sha256);
        if latest.seq > manifest.seq {
            self.report.problem(format!(
                "the address leads to {}, and latest.json says that {} is current, which is newer: the \
                 channel was moved back, or what is in between shows an old state of it. {OLD_STATE}",
                manifest.name, latest.release
            ));
        } else if latest.seq == manifest.seq && stated != (manifest.seq, &manifest.name, sha256) {
            self.report.problem(format!(
                "release {} is {} with a release.json of hash {sha256} here, and latest.json says that it \
                 is {} with one of hash {}: there are two releases of one number. {OLD_STATE}",
                manifest.seq, manifest.name, latest.release, latest.release_json_sha256
            ));
        } else if latest.seq < manifest.seq {
            self.report.note(format!(
                "latest.json still says that {} is current, an earlier release than {}: so it is in the \
                 moment of a publication. If it stays so, tell who runs the channel",
                latest.release, manifest.name
            ));
        }
    }

    fn in_time(&mut self, latest: &Latest) {
        let now = self.terms.now;
        let (left, age) = (latest.seconds_left(now), now.seconds_since(latest.made));
        if left <= 0 {
            self.report.problem(format!(
                "latest.json expired at {}, {} ago by this machine's clock ({now}): nothing was stated of \
                 the current release since {}, or this is a mirror that stands still. {OLD_STATE}",
                latest.expires,
                duration(-left),
                latest.made,
            ));
        } else if age < -CLOCKS_APART {
            self.report.note(format!(
                "latest.json was made at {}, and this machine's clock says {now}: one of the two clocks is \
                 wrong by {}, and an old state may pass for a new one",
                latest.made,
                duration(-age),
            ));
        }
    }
}
