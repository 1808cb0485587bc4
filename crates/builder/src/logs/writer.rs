//! Writing logs while builds run.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use picket_domain::{CommitSha, StorePath};

use super::Logs;
use crate::limits::Limits;
use picket_nix::text;

/// How many log files are kept open while builds write to them.
pub(super) const OPEN_MAX: usize = 64;
/// The level of compression: a log shrinks to a tenth already at the quickest.
const LEVEL: i32 = 3;

/// Writes the logs of a revision's running builds.
#[derive(Debug)]
pub(crate) struct LogWriter {
    logs: Logs,
    rev: CommitSha,
    max: u64,
    /// The bytes that all of these logs together may still grow by.
    left: u64,
    /// The files written to last, the newest at the back.
    open: VecDeque<OpenLog>,
}

#[derive(Debug)]
struct OpenLog {
    drv: StorePath,
    file: File,
    bytes: u64,
}

impl LogWriter {
    pub(crate) fn new(logs: Logs, rev: CommitSha, limits: &Limits) -> Self {
        Self {
            logs,
            rev,
            max: limits.log_bytes,
            left: limits.logs_bytes,
            open: VecDeque::new(),
        }
    }

    /// Begins a log; one of an earlier try is replaced.
    pub(crate) fn begin(&mut self, drv: &StorePath) -> io::Result<()> {
        fs::create_dir_all(self.logs.folder(&self.rev))?;
        let file = File::create(self.logs.partial(&self.rev, drv))?;
        match fs::remove_file(self.logs.path(&self.rev, drv)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        self.keep_open(OpenLog {
            drv: drv.clone(),
            file,
            bytes: 0,
        });
        Ok(())
    }

    pub(crate) fn line(&mut self, drv: &StorePath, line: &str) -> io::Result<()> {
        let mut log = match self.open.iter().position(|log| log.drv == *drv) {
            Some(at) => self.open.remove(at).expect("the position was just found"),
            None => self.reopen(drv)?,
        };
        if log.bytes < self.max {
            let mut line = text::clean(line);
            line.push('\n');
            if log.bytes + line.len() as u64 > self.max {
                line = format!("[this log is cut at {} bytes]\n", self.max);
                log.bytes = self.max;
            } else if line.len() as u64 > self.left {
                "[this log is cut: all logs of this build together are too large]\n"
                    .clone_into(&mut line);
                log.bytes = self.max;
            }
            self.left = self.left.saturating_sub(line.len() as u64);
            log.file.write_all(line.as_bytes())?;
            log.bytes += line.len() as u64;
        }
        self.keep_open(log);
        Ok(())
    }

    fn reopen(&self, drv: &StorePath) -> io::Result<OpenLog> {
        let file = OpenOptions::new()
            .append(true)
            .open(self.logs.partial(&self.rev, drv))?;
        Ok(OpenLog {
            drv: drv.clone(),
            bytes: file.metadata()?.len(),
            file,
        })
    }

    fn keep_open(&mut self, log: OpenLog) {
        if self.open.len() == OPEN_MAX {
            self.open.pop_front();
        }
        self.open.push_back(log);
    }

    /// A log to which nothing is written any more.
    pub(crate) fn written(&mut self, drv: &StorePath) -> WrittenLog {
        self.open.retain(|log| log.drv != *drv);
        WrittenLog {
            partial: self.logs.partial(&self.rev, drv),
            packed: self.logs.path(&self.rev, drv),
        }
    }

    #[cfg(test)]
    pub(super) fn open_files(&self) -> usize {
        self.open.len()
    }
}

/// A log to which nothing is written any more.
#[derive(Debug)]
pub(crate) struct WrittenLog {
    partial: PathBuf,
    packed: PathBuf,
}

impl WrittenLog {
    /// Keeps the log compressed from now on, whole or not at all. Takes its time: not for an async
    /// thread.
    pub(crate) fn end(self) -> io::Result<()> {
        let mut plain = match File::open(&self.partial) {
            Ok(file) => file,
            // It printed nothing, since it was not built.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let folder = self.packed.parent().unwrap_or(Path::new("/"));
        let mut packed = tempfile::NamedTempFile::new_in(folder)?;
        zstd::stream::copy_encode(&mut plain, &mut packed, LEVEL)?;
        packed.as_file().sync_all()?;
        packed.persist(&self.packed)?;
        fs::remove_file(self.partial)
    }
}
