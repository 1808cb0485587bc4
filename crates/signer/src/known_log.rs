//! The release log as far as it was signed.
//!
//! A log only grows: an entry that was signed stays what it is and where it is. Else the log that some
//! clients are shown could be another one than that of all others. So the entries are kept here too, one a
//! line below a line that names the log; the file only ever grows, and what a killed process left half
//! written at its end was signed for nobody, and is cut off.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use picket_publisher::LoggedAs;
use picket_releaselog::{Checkpoint, Entry, Origin, Tree};
use serde::{Deserialize, Serialize};

use crate::form::GrownLog;
use crate::open_error::{AtPath, OpenError};

const FILE: &str = "release-log";
const FORMAT: u32 = 1;
/// No more entries than this are remembered: who asks may make them up.
const ENTRIES_MAX: usize = 1_000_000;

/// The first line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: u32,
    origin: Origin,
}

/// Why a checkpoint is not signed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotGrown {
    /// What comes before the entries that were given was not signed here.
    UnknownStart(String),
    /// Anything else.
    Refused(String),
}

impl From<String> for NotGrown {
    fn from(why: String) -> Self {
        Self::Refused(why)
    }
}

/// The entries of the log as far as it was signed: in memory too, some 400 bytes each.
#[derive(Debug)]
pub(crate) struct KnownLog {
    file: File,
    length: u64,
    origin: Option<Origin>,
    entries: Vec<Entry>,
    tree: Tree,
}

impl KnownLog {
    pub(crate) fn open(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join(FILE);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.mode(0o600).open(&path).at(&path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).at(&path)?;
        let whole = bytes
            .iter()
            .rposition(|it| *it == b'\n')
            .map_or(0, |it| it + 1);
        bytes.truncate(whole);
        let damaged = |reason| OpenError::Damaged {
            path: path.clone(),
            reason,
        };
        let (origin, entries) = parse(&bytes).map_err(damaged)?;
        Ok(Self {
            file,
            length: whole as u64,
            origin,
            tree: Tree::of_entries(entries.iter().map(Entry::to_line)),
            entries,
        })
    }

    /// The entries that are new in this log, and its checkpoint.
    ///
    /// # Errors
    /// Why that is not signed.
    pub(crate) fn grown<'a>(
        &self,
        log: &'a GrownLog,
    ) -> Result<(&'a [Entry], Checkpoint), NotGrown> {
        if let Some(known) = self.origin.as_ref().filter(|it| **it != log.origin) {
            return Err(NotGrown::Refused(format!(
                "the log is called {known}, and is not signed as {}",
                log.origin
            )));
        }
        let before = self.entries.get(log.start..).ok_or_else(|| {
            NotGrown::UnknownStart(format!(
                "{} entries were signed here, and these come after {}",
                self.entries.len(),
                log.start
            ))
        })?;
        let pairs = (log.start..).zip(before.iter().zip(&log.entries));
        if let Some((index, (was, is))) = { pairs }.find(|(_, (was, is))| was != is) {
            return Err(NotGrown::Refused(format!(
                "a log only grows: entry {index} was signed as {}, and now is {}",
                was.to_line(),
                is.to_line()
            )));
        }
        let new = log.entries.get(before.len()..).ok_or_else(|| {
            NotGrown::Refused(format!(
                "a log only grows: {} entries were signed, and now there are {}",
                self.entries.len(),
                log.start + log.entries.len()
            ))
        })?;
        self.each_number_is_one_release(new)?;
        let mut tree = self.tree.clone();
        for entry in new {
            tree.push(entry.to_line().as_bytes());
        }
        let size = tree.size();
        let root = tree.root(size).expect("a tree has its own root");
        let origin = log.origin.clone();
        Ok((new, Checkpoint { origin, size, root }))
    }

    fn each_number_is_one_release(&self, new: &[Entry]) -> Result<(), String> {
        if self.entries.len() + new.len() > ENTRIES_MAX {
            return Err(format!("a log has at most {ENTRIES_MAX} entries"));
        }
        if new.is_empty() {
            return Ok(());
        }
        let mut taken = HashSet::new();
        let mut all = self.entries.iter().chain(new);
        match all.find(|it| !taken.insert((&it.channel, it.seq))) {
            Some(Entry { channel, seq, .. }) => {
                Err(format!("release {seq} of {channel} is in the log already"))
            }
            None => Ok(()),
        }
    }

    /// Whether a statement may name the release as it does. As long as nothing was signed of a log here,
    /// the log may have been signed elsewhere.
    pub(crate) fn has(&self, stated: &Entry, place: Option<&LoggedAs>) -> Result<(), String> {
        let Some(origin) = &self.origin else {
            return Ok(());
        };
        let release = &stated.release;
        let place = place.ok_or_else(|| {
            format!("it does not say where the release log {origin} has {release}")
        })?;
        let index = usize::try_from(place.index).unwrap_or(usize::MAX);
        if place.origin == *origin && self.entries.get(index) == Some(stated) {
            return Ok(());
        }
        Err(format!(
            "it says that {release} is entry {} of {}, and that was not signed",
            place.index, place.origin
        ))
    }

    /// Writes new entries down: those that [`KnownLog::grown`] gave.
    pub(crate) fn add(&mut self, origin: &Origin, new: &[Entry]) -> io::Result<()> {
        if self.origin.is_some() && new.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        if self.origin.is_none() {
            let origin = origin.clone();
            let head = Head {
                format: FORMAT,
                origin,
            };
            text = serde_json::to_string(&head)? + "\n";
        }
        for entry in new {
            text += &entry.to_line();
            text.push('\n');
        }
        // What an earlier write left that failed half way.
        self.file.set_len(self.length)?;
        self.file.write_all_at(text.as_bytes(), self.length)?;
        self.file.sync_data()?;
        self.length += text.len() as u64;
        self.origin.get_or_insert_with(|| origin.clone());
        for entry in new {
            self.tree.push(entry.to_line().as_bytes());
            self.entries.push(entry.clone());
        }
        Ok(())
    }
}

fn parse(bytes: &[u8]) -> Result<(Option<Origin>, Vec<Entry>), String> {
    let mut lines = bytes.split_inclusive(|it| *it == b'\n');
    let Some(head) = lines.next() else {
        return Ok((None, Vec::new()));
    };
    let head: Head = serde_json::from_slice(head).map_err(|error| error.to_string())?;
    if head.format != FORMAT {
        return Err(format!(
            "it has format {}, and {FORMAT} is known",
            head.format
        ));
    }
    let lines = lines.map(|line| Entry::parse(line.strip_suffix(b"\n").unwrap_or(line)));
    Ok((Some(head.origin), lines.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{entry, grown_log};

    fn signed(dir: &Path, numbers: &[u64]) -> KnownLog {
        let mut known = KnownLog::open(dir).unwrap();
        let log = grown_log(0, numbers);
        let (new, _) = known.grown(&log).unwrap();
        known.add(&log.origin, new).unwrap();
        known
    }

    fn refused(known: &KnownLog, log: &GrownLog) -> String {
        match known.grown(log) {
            Err(NotGrown::Refused(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_log_grows_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let first = signed(dir.path(), &[1, 2]);
        for known in [first, KnownLog::open(dir.path()).unwrap()] {
            for (log, added) in [
                (grown_log(0, &[1, 2]), 0),
                (grown_log(0, &[1, 2, 3]), 1),
                (grown_log(2, &[3, 4]), 2),
                (grown_log(2, &[]), 0),
            ] {
                let (new, checkpoint) = known.grown(&log).unwrap();
                assert_eq!(new.len(), added);
                assert_eq!(checkpoint.size, 2 + added as u64);
                let lines = (1..=checkpoint.size).map(|seq| entry(seq).to_line());
                let root = Tree::of_entries(lines).root(checkpoint.size);
                assert_eq!(Some(checkpoint.root), root);
            }
            let later = grown_log(3, &[4]);
            let later = known.grown(&later);
            assert!(matches!(later, Err(NotGrown::UnknownStart(_))), "{later:?}");
        }
    }

    #[test]
    fn a_log_that_does_not_grow_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let known = signed(dir.path(), &[1, 2]);
        let why = refused(&known, &grown_log(0, &[1]));
        assert_eq!(
            why,
            "a log only grows: 2 entries were signed, and now there are 1"
        );
        let why = refused(&known, &grown_log(0, &[1, 3]));
        assert!(
            why.starts_with("a log only grows: entry 1 was signed as {"),
            "{why}"
        );
        let why = refused(&known, &grown_log(2, &[3, 1]));
        assert!(why.ends_with("is in the log already"), "{why}");
        let mut other = grown_log(2, &[3]);
        other.origin = Origin::parse("other.example/release-log").unwrap();
        let why = refused(&known, &other);
        assert!(why.contains("is not signed as other.example"), "{why}");
    }

    #[test]
    fn a_statement_names_a_release_that_is_in_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let place = |index| LoggedAs {
            origin: grown_log(0, &[]).origin,
            index,
        };
        let none = KnownLog::open(dir.path()).unwrap();
        assert_eq!(none.has(&entry(2), Some(&place(1))), Ok(()));
        assert_eq!(none.has(&entry(2), None), Ok(()));
        let known = signed(dir.path(), &[1, 2]);
        assert_eq!(known.has(&entry(2), Some(&place(1))), Ok(()));
        for (stated, place) in [
            (entry(2), None),
            (entry(2), Some(place(0))),
            (entry(3), Some(place(2))),
        ] {
            assert!(known.has(&stated, place.as_ref()).is_err(), "{stated:?}");
        }
    }

    #[test]
    fn what_a_killed_process_left_is_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        signed(dir.path(), &[1]);
        let file = dir.path().join(FILE);
        let whole = std::fs::read(&file).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&file, &whole[..cut]).unwrap();
            let known = signed(dir.path(), &[1]);
            assert_eq!(known.entries, [entry(1)]);
            assert_eq!(std::fs::read(&file).unwrap(), whole);
        }
        std::fs::write(&file, "x\n").unwrap();
        assert!(KnownLog::open(dir.path()).is_err());
    }
}
