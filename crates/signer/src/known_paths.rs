//! Which store paths were signed, and with which content.
//!
//! A store path has one content for ever: a second one could be shown to chosen clients in the place of
//! the first. The file has a line of one length for each path, and only ever grows; what a killed process
//! left half written at its end was signed for nobody, and is cut off.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use picket_domain::Sha256;
use picket_publisher::{Fingerprint, PublishedPath};

use crate::open_error::{AtPath, OpenError};

const FILE: &str = "paths";
/// The digits that a store path's name begins with.
const DIGITS: usize = 32;
/// `<digits> <SHA-256 of the NAR> <SHA-256 of the fingerprint>` and a line end.
const LINE: usize = DIGITS + 1 + 64 + 1 + 64 + 1;

type Digits = [u8; DIGITS];

/// What a path was signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Content {
    nar: Sha256,
    fingerprint: Sha256,
}

/// Which store paths were signed: in memory too, some 150 bytes each.
#[derive(Debug)]
pub(crate) struct KnownPaths {
    path: PathBuf,
    file: File,
    length: u64,
    known: HashMap<Digits, Content>,
}

impl KnownPaths {
    pub(crate) fn open(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join(FILE);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.mode(0o600).open(&path).at(&path)?;
        let mut known = HashMap::new();
        let mut lines = BufReader::new(&file);
        let (mut line, mut length) = ([0; LINE], 0);
        while read_line(&mut lines, &mut line).at(&path)? {
            let (digits, content) = content(&line).ok_or_else(|| OpenError::Damaged {
                path: path.clone(),
                reason: format!("what begins at byte {length} is no line"),
            })?;
            known.insert(digits, content);
            length += LINE as u64;
        }
        file.set_len(length).at(&path)?;
        Ok(Self {
            path,
            file,
            length,
            known,
        })
    }

    /// Whether a path may be signed with this content.
    pub(crate) fn allows(&self, fingerprint: &Fingerprint) -> Result<(), String> {
        match self.known.get(&digits(fingerprint.path().hash_part())) {
            Some(known) if *known != Content::of(fingerprint) => {
                Err(self.differs(fingerprint.path()))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether a release may say this of a path. A path that is not known was signed before there was a
    /// signer, or by its key elsewhere.
    pub(crate) fn agrees(&self, published: &PublishedPath) -> Result<(), String> {
        match self.known.get(&digits(published.path.hash_part())) {
            Some(known) if known.nar != published.nar_hash => Err(self.differs(&published.path)),
            Some(_) | None => Ok(()),
        }
    }

    fn differs(&self, path: &picket_domain::StorePath) -> String {
        format!(
            "{path} was signed before with another content: its build is not reproducible, or somebody \
             means to replace it. If it is known why, and the first one was given to nobody, stop the \
             signer and take the line of {} out of {}",
            path.hash_part(),
            self.path.display()
        )
    }

    /// Writes down those that are new. All of them are [allowed](Self::allows), and none is there twice
    /// with two contents.
    pub(crate) fn add(&mut self, fingerprints: &[Fingerprint]) -> io::Result<()> {
        let mut new = HashMap::new();
        let mut lines = String::new();
        for fingerprint in fingerprints {
            let digits = digits(fingerprint.path().hash_part());
            let content = Content::of(fingerprint);
            if !self.known.contains_key(&digits) && new.insert(digits, content).is_none() {
                let part = fingerprint.path().hash_part();
                lines += &format!("{part} {} {}\n", content.nar, content.fingerprint);
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        // Where a write fails half way, the next one begins at the same place.
        self.file.write_all_at(lines.as_bytes(), self.length)?;
        self.file.sync_data()?;
        self.length += lines.len() as u64;
        self.known.extend(new);
        Ok(())
    }
}

impl Content {
    fn of(fingerprint: &Fingerprint) -> Self {
        Self {
            nar: fingerprint.nar_hash(),
            fingerprint: Sha256::of(fingerprint.as_str().as_bytes()),
        }
    }
}

/// A store path's hash part has so many digits.
fn digits(hash_part: &str) -> Digits {
    let mut digits = [0; DIGITS];
    digits.copy_from_slice(hash_part.as_bytes());
    digits
}

/// Not where what is left is no whole line.
fn read_line(from: &mut impl Read, line: &mut [u8; LINE]) -> io::Result<bool> {
    match from.read_exact(line) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn content(line: &[u8; LINE]) -> Option<(Digits, Content)> {
    let text = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let mut parts = text.split(' ');
    let part = parts.next()?.as_bytes().try_into().ok()?;
    let content = Content {
        nar: parts.next()?.parse().ok()?,
        fingerprint: parts.next()?.parse().ok()?,
    };
    parts.next().is_none().then_some((part, content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{fingerprint, published};

    #[test]
    fn a_path_has_one_content_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let mut paths = KnownPaths::open(dir.path()).unwrap();
        let (one, two) = (fingerprint("one", b"1"), fingerprint("two", b"2"));
        paths.add(&[one.clone(), two.clone(), one.clone()]).unwrap();
        paths.add(std::slice::from_ref(&two)).unwrap();
        let again = KnownPaths::open(dir.path()).unwrap();
        assert_eq!(again.known.len(), 2);
        for paths in [&paths, &again] {
            assert_eq!(paths.allows(&one), Ok(()));
            assert_eq!(paths.allows(&fingerprint("three", b"3")), Ok(()));
            let refused = paths.allows(&fingerprint("one", b"other")).unwrap_err();
            assert!(refused.contains("another content"), "{refused}");
            assert_eq!(paths.agrees(&published("one", b"1")), Ok(()));
            assert_eq!(paths.agrees(&published("three", b"3")), Ok(()));
            assert!(paths.agrees(&published("two", b"1")).is_err());
        }
    }

    #[test]
    fn what_a_killed_process_left_is_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let mut paths = KnownPaths::open(dir.path()).unwrap();
        paths.add(&[fingerprint("one", b"1")]).unwrap();
        let file = dir.path().join(FILE);
        let whole = std::fs::read(&file).unwrap();
        for cut in 1..LINE {
            let torn = [&whole[..], &whole[..cut]].concat();
            std::fs::write(&file, torn).unwrap();
            let mut paths = KnownPaths::open(dir.path()).unwrap();
            paths.add(&[fingerprint("two", b"2")]).unwrap();
            let read = std::fs::read(&file).unwrap();
            assert_eq!(read.len(), 2 * LINE);
            assert_eq!(KnownPaths::open(dir.path()).unwrap().known.len(), 2);
        }
    }

    #[test]
    fn what_no_signer_wrote_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), "x".repeat(LINE)).unwrap();
        let error = KnownPaths::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains("at byte 0 is no line"), "{error}");
    }
}
