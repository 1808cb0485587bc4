//! What a signer remembers of channels, and whether it signs the next thing of one.

use std::collections::BTreeMap;
use std::path::Path;

use picket_domain::{ChannelName, ReleaseName, ReleaseSeq, Sha256, Timestamp};
use picket_files::{read_bounded, write_private};
use picket_publisher::{Latest, Manifest, PublicKey};
use picket_releaselog::Entry;
use serde::{Deserialize, Serialize};

use crate::open_error::{AtPath, OpenError};
use crate::rules::Rules;

const FILE: &str = "state.json";
const FORMAT: u32 = 1;
const SIZE_MAX: u64 = 8 << 20;
/// No more channels than this are remembered: who asks may make names up.
const CHANNELS_MAX: usize = 64;
/// So many releases are remembered of a channel: those that may be stated.
const RELEASES_MAX: usize = 64;

/// What a signer remembers of channels: a small file, written whole before a signature leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    format: u32,
    /// The keys that it has or had: what a release may tell clients.
    keys: Vec<PublicKey>,
    channels: BTreeMap<ChannelName, Channel>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Channel {
    /// Releases that were signed, from the one that is stated on; by number.
    signed: Vec<SignedRelease>,
    /// The number of the release that was stated last.
    stated: Option<ReleaseSeq>,
}

/// A release that was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SignedRelease {
    seq: ReleaseSeq,
    name: ReleaseName,
    /// Of its `release.json`.
    sha256: Sha256,
}

/// Why a statement is not signed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotStated {
    /// It names a release that was not signed here.
    UnknownRelease(String),
    /// Anything else.
    Refused(String),
}

impl From<String> for NotStated {
    fn from(why: String) -> Self {
        Self::Refused(why)
    }
}

impl State {
    /// What is remembered in this folder, by a signer that has these keys now.
    pub(crate) fn load(dir: &Path, keys: &[PublicKey]) -> Result<Self, OpenError> {
        let path = dir.join(FILE);
        let mut state = match read_bounded(&path, SIZE_MAX).at(&path)? {
            Some(bytes) => Self::parse(&bytes).map_err(|reason| OpenError::Damaged {
                path: path.clone(),
                reason,
            })?,
            None => Self {
                format: FORMAT,
                keys: Vec::new(),
                channels: BTreeMap::new(),
            },
        };
        let new = keys.iter().filter(|key| !state.keys.contains(key));
        let new: Vec<_> = new.cloned().collect();
        if !new.is_empty() {
            state.keys.extend(new);
            state.save(dir).at(&path)?;
        }
        Ok(state)
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let state: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if state.format == FORMAT {
            return Ok(state);
        }
        Err(format!(
            "it has format {}, and {FORMAT} is known",
            state.format
        ))
    }

    /// Writes it down, for the signer alone.
    pub(crate) fn save(&self, dir: &Path) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        write_private(&dir.join(FILE), &bytes)
    }

    /// What is remembered once this release is signed; `sha256` is that of its `release.json`.
    ///
    /// # Errors
    /// Why it is not signed.
    pub(crate) fn with_release(
        &self,
        manifest: &Manifest,
        sha256: Sha256,
        rules: &Rules,
    ) -> Result<Self, String> {
        rules.has(&manifest.channel)?;
        if let Some(other) = manifest
            .public_keys
            .iter()
            .find(|key| !self.keys.contains(key))
        {
            return Err(format!(
                "it tells clients of a key that is none of ours: {other}"
            ));
        }
        let mut state = self.clone();
        let channel = state.channel(&manifest.channel)?;
        channel.sign(SignedRelease {
            seq: manifest.seq,
            name: manifest.name.clone(),
            sha256,
        })?;
        Ok(state)
    }

    /// What is remembered once this statement is signed.
    ///
    /// # Errors
    /// Why it is not signed.
    pub(crate) fn with_latest(
        &self,
        latest: &Latest,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<Self, NotStated> {
        rules.has(&latest.channel)?;
        rules.soon_expires(latest, now)?;
        let mut state = self.clone();
        state.channel(&latest.channel)?.state(latest)?;
        Ok(state)
    }

    /// Whether an entry of the release log says what was signed, as far as that is known.
    pub(crate) fn agrees(&self, entry: &Entry, rules: &Rules) -> Result<(), String> {
        rules.has(&entry.channel)?;
        let signed = self.channels.get(&entry.channel);
        let signed = signed.map_or(&[][..], |it| &it.signed);
        let (seq, name, sha256) = (entry.seq, &entry.release, entry.release_json_sha256);
        match signed.iter().find(|it| it.seq >= seq) {
            Some(it) if it.seq == seq && (&it.name, it.sha256) != (name, sha256) => Err(format!(
                "{name} with release.json {sha256} is not what was signed under the number {seq}: {} \
                 with {}",
                it.name, it.sha256
            )),
            None if !signed.is_empty() => Err(format!("{name} was not signed here")),
            // The release was signed before there was a signer, or is no longer remembered.
            Some(_) | None => Ok(()),
        }
    }

    fn channel(&mut self, name: &ChannelName) -> Result<&mut Channel, String> {
        if !self.channels.contains_key(name) && self.channels.len() >= CHANNELS_MAX {
            return Err(format!(
                "there are {CHANNELS_MAX} channels already, and {name} is new"
            ));
        }
        Ok(self.channels.entry(name.clone()).or_default())
    }
}

impl Channel {
    fn sign(&mut self, release: SignedRelease) -> Result<(), String> {
        if let Some(before) = self.signed.iter().find(|it| it.seq == release.seq) {
            return if *before == release {
                Ok(())
            } else {
                let (seq, name, sha256) = (release.seq, &before.name, before.sha256);
                Err(format!(
                    "the number {seq} is taken: {name} was signed under it, with release.json {sha256}"
                ))
            };
        }
        if let Some(highest) = self.signed.last().filter(|it| it.seq > release.seq) {
            return Err(format!(
                "numbers only grow: {} comes after {}, which was signed",
                release.name, highest.name
            ));
        }
        self.signed.push(release);
        if self.signed.len() > RELEASES_MAX {
            // The one that is stated is the first, and is stated anew for as long as it is current.
            let goes = usize::from(self.stated == Some(self.signed[0].seq));
            self.signed.remove(goes);
        }
        Ok(())
    }

    fn state(&mut self, latest: &Latest) -> Result<(), NotStated> {
        if let Some(stated) = self.stated.filter(|it| *it > latest.seq) {
            return Err(NotStated::Refused(format!(
                "a channel only goes forward: {} was stated, and {} comes before it",
                stated, latest.seq
            )));
        }
        let signed = self.signed.iter().find(|it| it.seq == latest.seq);
        let signed = signed.ok_or_else(|| {
            NotStated::UnknownRelease(format!("{} was not signed here", latest.release))
        })?;
        if (&signed.name, signed.sha256) != (&latest.release, latest.release_json_sha256) {
            return Err(NotStated::Refused(format!(
                "it names {} with release.json {}, and {} with {} was signed under that number",
                latest.release, latest.release_json_sha256, signed.name, signed.sha256
            )));
        }
        self.stated = Some(latest.seq);
        self.signed.retain(|it| it.seq >= latest.seq);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{CHANNEL, NOW, key, latest, manifest};
    use crate::rules::CLOCKS_DIFFER;

    fn state(dir: &Path) -> State {
        State::load(dir, &[key("k-1").public()]).unwrap()
    }

    fn sign(state: &State, manifest: &Manifest) -> Result<State, String> {
        let sha256 = Sha256::of(&manifest.to_bytes());
        state.with_release(manifest, sha256, &Rules::default())
    }

    fn signed(numbers: &[u64]) -> State {
        let dir = tempfile::tempdir().unwrap();
        let mut state = state(dir.path());
        for seq in numbers {
            state = sign(&state, &manifest(*seq)).unwrap();
        }
        state
    }

    fn say(state: &State, latest: &Latest) -> Result<State, NotStated> {
        state.with_latest(latest, &Rules::default(), NOW)
    }

    fn refused(stated: Result<State, NotStated>) -> String {
        match stated {
            Err(NotStated::Refused(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn numbers_only_grow_and_each_is_one_release() {
        let state = signed(&[12, 14]);
        assert_eq!(
            sign(&state, &manifest(14)),
            Ok(state.clone()),
            "a restart asks again"
        );
        assert_eq!(sign(&state, &manifest(12)), Ok(state.clone()));
        for lower in [0, 11, 13] {
            let why = sign(&state, &manifest(lower)).unwrap_err();
            assert!(why.contains("numbers only grow"), "{why}");
        }
        let mut other = manifest(14);
        other.store_paths.clear();
        let why = sign(&state, &other).unwrap_err();
        assert!(why.contains("the number 14 is taken"), "{why}");
    }

    #[test]
    fn what_was_remembered_is_there_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let written = sign(&state(dir.path()), &manifest(3)).unwrap();
        let written = say(&written, &latest(3, NOW)).unwrap();
        written.save(dir.path()).unwrap();
        assert_eq!(state(dir.path()), written);
        std::fs::write(dir.path().join(FILE), "{\"format\": 2}").unwrap();
        let error = State::load(dir.path(), &[]).unwrap_err();
        assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    }

    #[test]
    fn a_release_tells_of_no_key_that_the_signer_never_had() {
        let dir = tempfile::tempdir().unwrap();
        let mut rotated = manifest(3);
        rotated.public_keys.push(key("k-2").public());
        let why = sign(&state(dir.path()), &rotated).unwrap_err();
        assert!(why.contains("none of ours: k-2:"), "{why}");
        // While one key replaces another, and for what was made before that was over.
        State::load(dir.path(), &[key("k-2").public()]).unwrap();
        assert!(sign(&state(dir.path()), &rotated).is_ok());
    }

    #[test]
    fn a_signer_that_was_told_channels_signs_no_other() {
        let rules = Rules {
            channels: ["nixos-26.11-sec".parse().unwrap()].into(),
            ..Rules::default()
        };
        let state = signed(&[3]);
        let manifest = manifest(3);
        let why = state
            .with_release(&manifest, Sha256::of(b""), &rules)
            .unwrap_err();
        assert!(why.contains("none of the channels"), "{why}");
        let why = refused(state.with_latest(&latest(3, NOW), &rules, NOW));
        assert!(why.contains("none of the channels"), "{why}");
    }

    #[test]
    fn names_that_somebody_makes_up_do_not_fill_the_memory() {
        let mut state = signed(&[]);
        for number in 0..=CHANNELS_MAX {
            let mut other = manifest(1);
            other.channel = format!("x{number}").parse().unwrap();
            match sign(&state, &other) {
                Ok(next) => state = next,
                Err(why) => assert!(why.contains("64 channels already"), "{why}"),
            }
        }
        assert_eq!(state.channels.len(), CHANNELS_MAX);
        let state = signed(&(1..200).collect::<Vec<_>>());
        let channel = &state.channels[&CHANNEL.parse().unwrap()];
        assert_eq!(channel.signed.len(), RELEASES_MAX);
        assert_eq!(channel.signed[0].seq, ReleaseSeq(136));
        let mut state = say(&signed(&[1]), &latest(1, NOW)).unwrap();
        for seq in 2..200 {
            state = sign(&state, &manifest(seq)).unwrap();
        }
        say(&state, &latest(1, NOW)).unwrap();
    }

    #[test]
    fn a_statement_goes_forward_with_what_was_signed() {
        let state = signed(&[3, 4, 5]);
        let state = say(&state, &latest(4, NOW)).unwrap();
        assert_eq!(say(&state, &latest(4, NOW)), Ok(state.clone()));
        let why = refused(say(&state, &latest(3, NOW)));
        assert!(why.contains("only goes forward"), "{why}");
        let unknown = say(&state, &latest(6, NOW)).unwrap_err();
        assert!(
            matches!(unknown, NotStated::UnknownRelease(_)),
            "{unknown:?}"
        );
        let mut other = latest(5, NOW);
        other.release_json_sha256 = Sha256::of(b"other");
        assert!(refused(say(&state, &other)).contains("was signed under that number"));
        let mut other = latest(5, NOW);
        other.release = manifest(4).name;
        assert!(refused(say(&state, &other)).contains("was signed under that number"));
        say(&state, &latest(5, NOW)).unwrap();
    }

    #[test]
    fn a_statement_soon_expires() {
        let state = signed(&[3]);
        let with = |expires: i64| Latest {
            expires: NOW.plus_seconds(expires),
            ..latest(3, NOW)
        };
        for expires in [-1, 0, 72 * 3_600 + 1, 10 * 365 * 86_400] {
            let why = refused(say(&state, &with(expires)));
            assert!(why.contains("more than 72 hours"), "{why}");
        }
        let state = say(&state, &with(60)).unwrap();
        // One that is of tomorrow would hold until the day after.
        let why = refused(say(&state, &latest(3, NOW.plus_seconds(CLOCKS_DIFFER + 1))));
        assert!(why.contains("it says that it is of"), "{why}");
        say(&state, &latest(3, NOW.plus_seconds(CLOCKS_DIFFER))).unwrap();
        say(&state, &latest(3, NOW.plus_seconds(-86_400))).unwrap();
    }
}
