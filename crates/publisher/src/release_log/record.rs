//! The file in which the log's truth is.

use picket_domain::{ChannelName, ReleaseSeq};
use picket_files::{read_bounded, write_whole};
use picket_releaselog::{
    Checkpoint, Entry, Kind, NOTE_MAX, Origin, SignedNote, Tile, Tree, entries_of_bundle,
};
use serde::{Deserialize, Serialize};

use super::checkpoint::read_signed;
use super::file::LogFile;
use crate::error::{AtPath, PublishError};
use crate::public_dir::PublicDir;
use crate::publisher::Publisher;

const FORMAT: u32 = 1;
/// A hundred thousand releases fit.
const SIZE_MAX: u64 = 64 << 20;
/// No tile of entries is longer: 256 of the longest.
pub(crate) const BUNDLE_MAX: u64 = 256 * (2 + 65_535);

/// The first line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: u32,
    origin: Origin,
}

/// All entries of the log, as they are written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(super) origin: Origin,
    pub(super) entries: Vec<Entry>,
    /// What is hashed of each.
    pub(super) lines: Vec<String>,
}

impl Record {
    pub(super) fn empty(origin: Origin) -> Self {
        let (entries, lines) = (Vec::new(), Vec::new());
        Self {
            origin,
            entries,
            lines,
        }
    }

    /// The number of the entry that is about the release with this number.
    pub(crate) fn find(&self, channel: &ChannelName, seq: ReleaseSeq) -> Option<(u64, &Entry)> {
        let mut entries = self.entries.iter();
        let index = entries.rposition(|it| it.is_about(channel, seq))?;
        Some((index as u64, &self.entries[index]))
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(super) fn add(&mut self, entry: Entry) {
        self.lines.push(entry.to_line());
        self.entries.push(entry);
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let mut lines = text.strip_suffix('\n').unwrap_or_default().split('\n');
        let head = lines.next().unwrap_or_default();
        let head: Head = serde_json::from_str(head).map_err(|error| error.to_string())?;
        if head.format != FORMAT {
            return Err(format!(
                "it has format {}; this version of picket knows format {FORMAT}",
                head.format
            ));
        }
        let mut record = Self::empty(head.origin);
        for line in lines {
            record.add(Entry::parse(line.as_bytes())?);
        }
        Ok(record)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let head = Head {
            format: FORMAT,
            origin: self.origin.clone(),
        };
        let mut text = serde_json::to_string(&head).expect("a line has no map at all");
        for line in &self.lines {
            text.push('\n');
            text += line;
        }
        text.push('\n');
        text.into_bytes()
    }

    pub(super) fn tree(&self) -> Tree {
        Tree::of_entries(&self.lines)
    }

    /// Writes it down, and with it that each entry has its number for ever.
    pub(super) fn save(&self, dir: &PublicDir) -> Result<(), PublishError> {
        let path = dir.log_record();
        write_whole(&path, &self.to_bytes()).at(&path)
    }
}

impl PublicDir {
    /// The entries as they are written down; `None` before the first one.
    pub(crate) fn log_entries(&self) -> Result<Option<Record>, PublishError> {
        let path = self.log_record();
        let bytes = read_bounded(&path, SIZE_MAX).at(&path)?;
        let record = bytes.map(|bytes| Record::parse(&bytes)).transpose();
        record.map_err(|reason| PublishError::ReleaseLog {
            reason: format!("{} is damaged: {reason}", path.display()),
        })
    }
}

impl Publisher {
    /// The checkpoint that there is, and its note, as far as a key of ours signed it.
    pub(super) fn signed_checkpoint(
        &self,
    ) -> Result<Option<(Checkpoint, SignedNote)>, PublishError> {
        let path = self.dir.log_file(LogFile::Checkpoint);
        let bytes = match read_bounded(&path, NOTE_MAX) {
            Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => None,
            read => read.at(&path)?,
        };
        Ok(bytes.and_then(|bytes| read_signed(&bytes, self.public_keys()).ok()))
    }

    /// The entries, which have to be those that were signed. Where fewer are written down, or nothing can
    /// be read, those in the tiles are as good, since the checkpoint vouches for them.
    pub(super) fn record_as_signed(&self, origin: &Origin) -> Result<Record, PublishError> {
        let found = self.dir.log_entries();
        let Some((checkpoint, _)) = self.signed_checkpoint()? else {
            return self.record_unsigned(found?, origin);
        };
        let is_whole = |record: &Record| {
            record.origin == checkpoint.origin
                && record.tree().root(checkpoint.size) == Some(checkpoint.root)
        };
        let problem = match found {
            Ok(Some(record)) if is_whole(&record) => return Ok(record),
            Ok(Some(record)) if record.lines.len() as u64 >= checkpoint.size => {
                let reason = format!(
                    "{} and the checkpoint are of two logs: what was signed is not what is written \
                     down. Restore the folder release-log from a backup; nothing is published before, \
                     since a log that goes back is refused by every client that saw it",
                    self.dir.log_record().display()
                );
                return Err(PublishError::ReleaseLog { reason });
            }
            Ok(_) => format!("fewer than {} entries are written down", checkpoint.size),
            Err(error @ PublishError::Io { .. }) => return Err(error),
            Err(error) => error.to_string(),
        };
        let record = self.record_of_tiles(&checkpoint)?;
        let record = record.filter(is_whole).ok_or_else(|| {
            let reason = format!(
                "{problem}, and the tiles do not hold them either. Restore the folder release-log \
                 from a backup; nothing is published before, since a log that goes back is refused by \
                 every client that saw it"
            );
            PublishError::ReleaseLog { reason }
        })?;
        tracing::warn!(problem, "takes the release log's entries from its tiles");
        record.save(&self.dir)?;
        Ok(record)
    }

    /// Where no key of ours signed a checkpoint, what is written down counts; a log begins only where there
    /// is nothing of one.
    fn record_unsigned(
        &self,
        found: Option<Record>,
        origin: &Origin,
    ) -> Result<Record, PublishError> {
        let path = self.dir.log_file(LogFile::Checkpoint);
        match found {
            Some(record) => Ok(record),
            None if path.try_exists().at(&path)? => Err(PublishError::ReleaseLog {
                reason: format!(
                    "no entries are written down, and {} is signed by no key of ours. Restore the folder \
                     release-log from a backup",
                    path.display()
                ),
            }),
            None => Ok(Record::empty(origin.clone())),
        }
    }

    fn record_of_tiles(&self, checkpoint: &Checkpoint) -> Result<Option<Record>, PublishError> {
        let mut record = Record::empty(checkpoint.origin.clone());
        let tiles = Tile::all(checkpoint.size).into_iter();
        for tile in tiles.filter(|it| it.kind == Kind::Entries) {
            let path = self.dir.log_file(LogFile::Tile(tile));
            let bytes = read_bounded(&path, BUNDLE_MAX).at(&path)?;
            let entries = bytes.as_deref().and_then(entries_of_bundle);
            for line in entries.into_iter().flatten() {
                match Entry::parse(line) {
                    Ok(entry) => record.add(entry),
                    Err(_) => return Ok(None),
                }
            }
        }
        Ok(Some(record))
    }
}
