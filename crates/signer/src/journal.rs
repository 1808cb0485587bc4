//! The signer's log: a line of JSON for everything that was signed or refused.
//!
//! Lines are appended before a signature leaves; nothing is signed that is not there. The file is
//! opened for each question: whoever moves it away gets a new one.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use picket_domain::{ChannelName, ReleaseName, ReleaseSeq, Sha256, StorePath, Timestamp};
use picket_publisher::{Fingerprint, Latest, Manifest};
use picket_releaselog::{Checkpoint, Origin};
use serde::Serialize;

const FILE: &str = "log.jsonl";
/// No reason is longer, in bytes: part of it is what a client sent.
const REASON_MAX: usize = 600;
/// So many refusals are written down in a minute; the others are counted, since a client could fill the
/// disk with them.
const REFUSALS_A_MINUTE: u32 = 60;

/// Who asked, as the kernel says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Peer {
    pub(crate) uid: u32,
    pub(crate) pid: Option<i32>,
}

/// What was asked for.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Subject<'a> {
    /// A store path.
    Path {
        path: &'a StorePath,
        nar_hash: Sha256,
    },
    /// A release.
    Release {
        channel: &'a ChannelName,
        release: &'a ReleaseName,
        seq: ReleaseSeq,
        sha256: Sha256,
    },
    /// A statement of which release is current.
    Latest {
        channel: &'a ChannelName,
        release: &'a ReleaseName,
        seq: ReleaseSeq,
        release_json_sha256: Sha256,
        expires: Timestamp,
    },
    /// How far the release log was signed.
    Log {
        origin: &'a Origin,
        size: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        root: Option<Sha256>,
    },
    /// Bytes that are nothing of this.
    Unreadable { bytes: usize, sha256: Sha256 },
}

impl<'a> Subject<'a> {
    pub(crate) fn path(fingerprint: &'a Fingerprint) -> Self {
        Self::Path {
            path: fingerprint.path(),
            nar_hash: fingerprint.nar_hash(),
        }
    }

    pub(crate) fn release(manifest: &'a Manifest, sha256: Sha256) -> Self {
        Self::Release {
            channel: &manifest.channel,
            release: &manifest.name,
            seq: manifest.seq,
            sha256,
        }
    }

    pub(crate) fn latest(latest: &'a Latest) -> Self {
        Self::Latest {
            channel: &latest.channel,
            release: &latest.release,
            seq: latest.seq,
            release_json_sha256: latest.release_json_sha256,
            expires: latest.expires,
        }
    }

    /// A checkpoint that is signed.
    pub(crate) fn checkpoint(checkpoint: &'a Checkpoint) -> Self {
        Self::Log {
            origin: &checkpoint.origin,
            size: checkpoint.size,
            root: Some(checkpoint.root),
        }
    }

    /// A log of which none is.
    pub(crate) fn log(origin: &'a Origin, size: u64) -> Self {
        let root = None;
        Self::Log { origin, size, root }
    }

    pub(crate) fn unreadable(bytes: &[u8]) -> Self {
        Self::Unreadable {
            bytes: bytes.len(),
            sha256: Sha256::of(bytes),
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Signed,
    Refused,
}

#[derive(Serialize)]
struct Line<'a> {
    at: Timestamp,
    #[serde(flatten)]
    peer: Peer,
    outcome: Outcome,
    #[serde(flatten)]
    subject: &'a Subject<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    /// Refusals before this one that are not written down.
    #[serde(skip_serializing_if = "Option::is_none")]
    unlisted: Option<u64>,
}

/// As much of a reason as is written down, and told.
pub(crate) fn shortened(mut why: String) -> String {
    why.truncate(why.floor_char_boundary(REASON_MAX));
    why
}

/// Where it is written.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    /// The minute of the last refusal, and how many were written down in it.
    minute: (i64, u32),
    unlisted: u64,
}

impl Journal {
    /// That of a folder. A line that a killed process began is ended.
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        let path = dir.join(FILE);
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let mut file = options.mode(0o640).open(&path)?;
        let length = file.seek(SeekFrom::End(0))?;
        if length > 0 {
            let mut last = [0];
            file.seek(SeekFrom::Start(length - 1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        Ok(Self {
            path,
            minute: (0, 0),
            unlisted: 0,
        })
    }

    /// Writes down what is about to be signed.
    pub(crate) fn signed(
        &self,
        peer: Peer,
        now: Timestamp,
        subjects: &[Subject<'_>],
    ) -> io::Result<()> {
        let mut lines = Vec::new();
        for subject in subjects {
            let line = Line {
                at: now,
                peer,
                outcome: Outcome::Signed,
                subject,
                why: None,
                unlisted: None,
            };
            serde_json::to_writer(&mut lines, &line)?;
            lines.push(b'\n');
        }
        self.append(&lines)
    }

    /// Writes down what is refused, unless there was too much of it lately.
    pub(crate) fn refused(
        &mut self,
        peer: Peer,
        now: Timestamp,
        subject: &Subject<'_>,
        why: &str,
    ) -> io::Result<()> {
        let minute = now.as_unix().div_euclid(60);
        if self.minute.0 != minute {
            self.minute = (minute, 0);
        }
        if self.minute.1 >= REFUSALS_A_MINUTE {
            self.unlisted += 1;
            return Ok(());
        }
        let line = Line {
            at: now,
            peer,
            outcome: Outcome::Refused,
            subject,
            why: Some(why),
            unlisted: (self.unlisted > 0).then_some(self.unlisted),
        };
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        self.append(&bytes)?;
        self.minute.1 += 1;
        self.unlisted = 0;
        Ok(())
    }

    fn append(&self, lines: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options
            .append(true)
            .create(true)
            .mode(0o640)
            .open(&self.path)?;
        let before = file.metadata()?.len();
        let written = file.write_all(lines).and_then(|()| file.sync_data());
        if written.is_err() {
            // Nothing is signed then, so that nothing of it is to stay; where it does, a line is torn.
            file.set_len(before)?;
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::fingerprint;

    const PEER: Peer = Peer {
        uid: 990,
        pid: Some(4),
    };

    fn read(dir: &Path) -> String {
        std::fs::read_to_string(dir.join(FILE)).unwrap()
    }

    #[test]
    fn each_has_a_line_after_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), "{\"at\":1,").unwrap();
        let mut journal = Journal::open(dir.path()).unwrap();
        let (one, two) = (fingerprint("one", b"1"), fingerprint("two", b"2"));
        let at = Timestamp::from_unix(1_785_600_000);
        let subjects = [Subject::path(&one), Subject::path(&two)];
        journal.signed(PEER, at, &subjects).unwrap();
        let nothing = Subject::unreadable(b"?");
        let why = shortened("x".to_owned() + &"ä".repeat(9_000));
        journal.refused(PEER, at, &nothing, &why).unwrap();
        Journal::open(dir.path()).unwrap();
        let said = read(dir.path()).replace(&"ä".repeat(299), "(long)");
        insta::assert_snapshot!(said, @r#"
        {"at":1,
        {"at":1785600000,"uid":990,"pid":4,"outcome":"signed","kind":"path","path":"/nix/store/7692c3ad3540bb803c020b3azz66cd88-one","nar_hash":"6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"}
        {"at":1785600000,"uid":990,"pid":4,"outcome":"signed","kind":"path","path":"/nix/store/3fc4ccfz745870z2c0d99f71f30ff065-two","nar_hash":"d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35"}
        {"at":1785600000,"uid":990,"pid":4,"outcome":"refused","kind":"unreadable","bytes":1,"sha256":"8a8de823d5ed3e12746a62ef169bcf372be0ca44f0a1236abc35df05d96928e1","why":"x(long)"}
        "#);
    }

    #[test]
    fn refusals_do_not_fill_the_disk_and_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(dir.path()).unwrap();
        let mut refuse = |at: i64| {
            let nothing = Subject::unreadable(b"?");
            let at = Timestamp::from_unix(at);
            journal.refused(PEER, at, &nothing, "no").unwrap();
        };
        (0..1_000).for_each(|_| refuse(59));
        refuse(60);
        let said = read(dir.path());
        assert_eq!(said.lines().count(), 61);
        assert!(
            said.ends_with("\"why\":\"no\",\"unlisted\":940}\n"),
            "{said}"
        );
    }

    #[test]
    fn a_log_that_was_moved_away_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        std::fs::rename(dir.path().join(FILE), dir.path().join("old")).unwrap();
        let one = fingerprint("one", b"1");
        let at = Timestamp::from_unix(1);
        journal.signed(PEER, at, &[Subject::path(&one)]).unwrap();
        assert_eq!(read(dir.path()).lines().count(), 1);
    }
}
