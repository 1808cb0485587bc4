//! Keeping the log: what is to be in it is, its files are whole, and its checkpoint is signed.

use std::fs;
use std::io;
use std::path::Path;

use picket_domain::{ChannelName, ReleaseName};
use picket_files::{WorkLock, read_bounded, remove_dir, remove_leftovers, sync_dir, write_whole};
use picket_releaselog::{Checkpoint, Origin, Tile, Tree, bundle};

use super::checkpoint::{SignedBy, note, read_signed, signed_by};
use super::file::LogFile;
use super::record::{BUNDLE_MAX, Record};
use crate::error::{AtPath, PublishError};
use crate::publisher::Publisher;
use crate::sign::LogToSign;

/// How closely the log's files are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookAtLog {
    /// Whether each is there, with its length.
    AtNames,
    /// At every byte.
    AtBytes,
}

impl Publisher {
    /// Sees to it that every release to which one of these channels was led is in the log, that the log's
    /// files are as they should be, and that its checkpoint is signed by every key. Without
    /// [an origin](Publisher::with_release_log) there is no log, and nothing is done.
    ///
    /// # Errors
    /// [`PublishError::ReleaseLog`] where the log cannot go on as it was signed; where its checkpoint is
    /// not signed; and I/O errors.
    pub fn keep_release_log(
        &self,
        channels: &[ChannelName],
        closely: LookAtLog,
    ) -> Result<(), PublishError> {
        let Some(origin) = &self.log_origin else {
            return Ok(());
        };
        let dir = self.dir.log_dir();
        let _lock = WorkLock::alone(&dir).at(&dir)?;
        self.keep(origin, channels, closely).map(drop)
    }

    /// Enters a release to which its channel is about to be led, which the channel's history says already.
    pub(crate) fn enter(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
    ) -> Result<(), PublishError> {
        let Some(origin) = &self.log_origin else {
            return Ok(());
        };
        let dir = self.dir.log_dir();
        let _lock = WorkLock::alone(&dir).at(&dir)?;
        let channels = std::slice::from_ref(channel);
        let record = self.keep(origin, channels, LookAtLog::AtNames)?;
        self.is_entered(&record, channel, name)?;
        tracing::info!(
            target: "picket::progress",
            release = %name,
            "entered {name} in the release log",
        );
        Ok(())
    }

    /// The caller holds the lock of the log's folder.
    fn keep(
        &self,
        origin: &Origin,
        channels: &[ChannelName],
        closely: LookAtLog,
    ) -> Result<Record, PublishError> {
        let mut record = self.record_as_signed(origin)?;
        if self.add_missing(&mut record, channels)? {
            record.save(&self.dir)?;
        }
        if record.lines.is_empty() {
            return Ok(record);
        }
        let tree = record.tree();
        for tile in Tile::all(tree.size()) {
            self.keep_tile(tile, &tree, &record, closely)?;
        }
        self.keep_checkpoint(&tree, &record)?;
        Ok(record)
    }

    fn keep_tile(
        &self,
        tile: Tile,
        tree: &Tree,
        record: &Record,
        closely: LookAtLog,
    ) -> Result<(), PublishError> {
        let path = self.dir.log_file(LogFile::Tile(tile));
        let content = content(tile, tree, record);
        let there = match closely {
            LookAtLog::AtNames => length(&path)? == Some(content.len() as u64),
            LookAtLog::AtBytes => {
                let read = read_bounded(&path, BUNDLE_MAX).at(&path)?;
                read.as_ref() == Some(&content)
            }
        };
        if there {
            return Ok(());
        }
        let dir = path.parent().unwrap_or(&path);
        fs::create_dir_all(dir).at(dir)?;
        remove_leftovers(dir).at(dir)?;
        write_whole(&path, &content).at(&path)?;
        let root = self.dir.log_dir();
        let above = dir
            .ancestors()
            .skip(1)
            .take_while(|it| it.starts_with(&root));
        for dir in above {
            sync_dir(dir).at(dir)?;
        }
        Ok(())
    }

    fn keep_checkpoint(&self, tree: &Tree, record: &Record) -> Result<(), PublishError> {
        let checkpoint = Checkpoint {
            origin: record.origin.clone(),
            size: tree.size(),
            root: tree.root(tree.size()).expect("a tree has its own root"),
        };
        let before = self.signed_checkpoint()?;
        let keys = self.public_keys();
        if let Some((before, signed)) = &before {
            let is_signed = |key| signed_by(signed, &before.origin, key) == SignedBy::Yes;
            if *before == checkpoint && keys.iter().all(is_signed) {
                return Ok(());
            }
        }
        let known = before.map_or(0, |(it, _)| it.size);
        let signatures = self.signer.sign_checkpoint(&LogToSign {
            checkpoint: &checkpoint,
            entries: &record.lines,
            known: usize::try_from(known).unwrap_or_default(),
        })?;
        let signed = note(&checkpoint, keys, &signatures).to_bytes();
        if let Err(reason) = read_signed(&signed, keys) {
            let reason = format!("the signer signed something else than its checkpoint: {reason}");
            return Err(PublishError::ReleaseLog { reason });
        }
        let path = self.dir.log_file(LogFile::Checkpoint);
        write_whole(&path, &signed).at(&path)?;
        self.remove_partial(tree.size())
    }

    /// What there was of a tile before it was full is not needed once it is: whoever still asks for that
    /// takes the full one.
    fn remove_partial(&self, size: u64) -> Result<(), PublishError> {
        for tile in Tile::all(size).into_iter().filter(|it| it.is_full()) {
            let partial = self.dir.log_dir().join(format!("{tile}.p"));
            remove_dir(&partial).at(&partial)?;
        }
        Ok(())
    }
}

fn content(tile: Tile, tree: &Tree, record: &Record) -> Vec<u8> {
    tile.hashes(tree).unwrap_or_else(|| {
        let entries = tile.entries();
        let (start, end) = (entries.start as usize, entries.end as usize);
        bundle(&record.lines[start..end]).expect("names of channels and releases are short")
    })
}

fn length(path: &Path) -> Result<Option<u64>, PublishError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).at(path),
    }
}
