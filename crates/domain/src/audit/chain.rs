//! The log's entries, and the chain of their hashes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::action::Action;
use super::actor::Actor;
use crate::digest::Sha256;
use crate::invalid_id::InvalidId;
use crate::time::Timestamp;

/// The hash of an entry and, through the one before it, of all earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryHash(Sha256);

impl EntryHash {
    /// The hash before the first entry.
    pub const GENESIS: Self = Self(Sha256::from_bytes([0; 32]));
}

impl fmt::Display for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for EntryHash {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.parse().map(Self)
    }
}

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log, from 1, without gaps.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
    /// The hash of the entry before it.
    pub previous: EntryHash,
    /// Its own hash.
    pub hash: EntryHash,
}

/// The part of an entry that its hash covers, in the order in which it is hashed.
#[derive(Serialize)]
struct Sealed<'a> {
    seq: u64,
    at: Timestamp,
    actor: &'a Actor,
    action: &'a Action,
    previous: &'a EntryHash,
}

impl Entry {
    /// The entry that follows `last` (`None`: the first one of a log).
    pub fn after(last: Option<&Self>, at: Timestamp, actor: Actor, action: Action) -> Self {
        let seq = last.map_or(1, |entry| entry.seq + 1);
        let previous = last.map_or(EntryHash::GENESIS, |entry| entry.hash);
        let hash = hash_of(&Sealed {
            seq,
            at,
            actor: &actor,
            action: &action,
            previous: &previous,
        });
        Self {
            seq,
            at,
            actor,
            action,
            previous,
            hash,
        }
    }

    fn expected_hash(&self) -> EntryHash {
        let Self {
            seq,
            at,
            actor,
            action,
            previous,
            ..
        } = self;
        hash_of(&Sealed {
            seq: *seq,
            at: *at,
            actor,
            action,
            previous,
        })
    }
}

fn hash_of(sealed: &Sealed<'_>) -> EntryHash {
    let json = serde_json::to_vec(sealed).expect("an entry has no map with other than text keys");
    EntryHash(Sha256::of(&json))
}

/// Where and why a log is not the one that was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AuditError {
    /// An entry is missing or out of its place.
    #[error("entry {found} stands where entry {expected} should: an entry was removed or moved")]
    Gap {
        /// The place that was due.
        expected: u64,
        /// The place that the entry says it has.
        found: u64,
    },
    /// An entry does not continue the one before it.
    #[error("entry {0} does not continue the entry before it: one of the two was replaced")]
    BrokenLink(u64),
    /// An entry's content is not what its hash was made from.
    #[error("entry {0} was changed after it was written: its hash does not match its content")]
    Changed(u64),
}

/// Checks entries, in the log's order, from the first one, and returns the hash of the last.
///
/// Entries cut off the log's end leave a log that is whole in itself: compare the returned hash
/// with one that was noted elsewhere to find that out.
///
/// # Errors
/// The first entry that breaks the chain.
pub fn verify_chain<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
) -> Result<EntryHash, AuditError> {
    let mut previous = EntryHash::GENESIS;
    for (expected, entry) in (1..).zip(entries) {
        if entry.seq != expected {
            return Err(AuditError::Gap {
                expected,
                found: entry.seq,
            });
        }
        if entry.previous != previous {
            return Err(AuditError::BrokenLink(entry.seq));
        }
        if entry.hash != entry.expected_hash() {
            return Err(AuditError::Changed(entry.seq));
        }
        previous = entry.hash;
    }
    Ok(previous)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::decisions;
    use crate::id::PrNumber;

    fn log() -> Vec<Entry> {
        let nominate = |pr| Action::Nominate {
            pr: PrNumber(pr),
            reason: "looks like a fix".into(),
        };
        decisions(&[
            ("ada", nominate(1)),
            ("grace", nominate(2)),
            ("ada", nominate(3)),
        ])
    }

    #[test]
    fn a_log_as_written_is_whole() {
        let log = log();
        assert_eq!(verify_chain(&log), Ok(log[2].hash));
        assert_eq!(verify_chain([]), Ok(EntryHash::GENESIS));
    }

    #[test]
    fn every_kind_of_tampering_is_found() {
        let mut changed = log();
        changed[1].action = Action::Nominate {
            pr: PrNumber(9),
            reason: "other".into(),
        };
        assert_eq!(verify_chain(&changed), Err(AuditError::Changed(2)));

        let mut removed = log();
        removed.remove(1);
        assert_eq!(
            verify_chain(&removed),
            Err(AuditError::Gap {
                expected: 2,
                found: 3
            })
        );

        let mut replaced = log();
        let first = replaced[0].clone();
        replaced[1] = Entry::after(Some(&first), first.at, Actor::Picket, first.action.clone());
        assert_eq!(verify_chain(&replaced), Err(AuditError::BrokenLink(3)));
    }

    #[test]
    fn an_entrys_text_is_the_one_that_is_hashed_everywhere() {
        insta::assert_snapshot!(
            log()[0].hash,
            @"185a8f83953a86c079247b935ce2510fe58f8606ed3cacff75183c7e195eb3ca"
        );
    }
}
