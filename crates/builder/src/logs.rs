//! Build logs: one file for each derivation that was built for a revision.
//!
//! `<state folder>/logs/<revision>/<derivation>.log`. While the build runs, the file ends in
//! `.log.part`; a build that was killed leaves it so. What is written is clean: no escape
//! sequences, no control characters.

use std::collections::{BTreeSet, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use picket_domain::{CommitSha, StorePath};

use crate::text;

/// How many log files are kept open while builds write to them.
const OPEN_MAX: usize = 64;

/// The kept logs, to be read. Needs no Nix.
#[derive(Debug, Clone)]
pub struct Logs {
    dir: PathBuf,
}

/// A kept log.
#[derive(Debug)]
pub struct Log {
    /// The log: UTF-8 but for where it was cut off.
    pub file: File,
    /// Its size when it was opened.
    pub bytes: u64,
    /// Whether the build has ended.
    pub complete: bool,
}

impl Logs {
    /// The logs in a builder's state folder.
    pub fn new(state_dir: &Path) -> Self {
        Self {
            dir: state_dir.join("logs"),
        }
    }

    /// The log of a derivation that was built for a revision; `None`: there is none, since the
    /// derivation was not built, or for another revision.
    ///
    /// # Errors
    /// Where it is there and cannot be read.
    pub fn open(&self, rev: &CommitSha, drv: &StorePath) -> io::Result<Option<Log>> {
        for (path, complete) in [(self.path(rev, drv), true), (self.partial(rev, drv), false)] {
            match File::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
                Ok(file) => {
                    let bytes = file.metadata()?.len();
                    return Ok(Some(Log {
                        file,
                        bytes,
                        complete,
                    }));
                }
            }
        }
        Ok(None)
    }

    /// The end of a log, at most so many bytes; empty where there is no log.
    ///
    /// # Errors
    /// Where it is there and cannot be read.
    pub fn tail(&self, rev: &CommitSha, drv: &StorePath, max: usize) -> io::Result<String> {
        let Some(mut log) = self.open(rev, drv)? else {
            return Ok(String::new());
        };
        // One byte more tells whether the text begins with a line.
        let start = log.bytes.saturating_sub(max as u64 + 1);
        log.file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        log.file.take(max as u64 + 1).read_to_end(&mut bytes)?;
        let end = String::from_utf8_lossy(&bytes);
        Ok(text::tail(&end, max).to_owned())
    }

    /// Removes all logs of a revision.
    ///
    /// # Errors
    /// Where they are there and cannot be removed.
    pub fn remove(&self, rev: &CommitSha) -> io::Result<()> {
        remove_dir(&self.dir.join(rev.as_str()))
    }

    fn path(&self, rev: &CommitSha, drv: &StorePath) -> PathBuf {
        self.dir
            .join(rev.as_str())
            .join(format!("{}.log", drv.base_name()))
    }

    fn partial(&self, rev: &CommitSha, drv: &StorePath) -> PathBuf {
        let mut path = self.path(rev, drv);
        path.as_mut_os_string().push(".part");
        path
    }
}

/// Removes a folder; one that is not there is fine.
pub(crate) fn remove_dir(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Writes the logs of a revision's running builds.
#[derive(Debug)]
pub(crate) struct LogWriter {
    logs: Logs,
    rev: CommitSha,
    max: u64,
    /// The files written to last, the newest at the back.
    open: VecDeque<OpenLog>,
    begun: BTreeSet<StorePath>,
}

#[derive(Debug)]
struct OpenLog {
    drv: StorePath,
    file: File,
    bytes: u64,
}

impl LogWriter {
    pub(crate) fn new(logs: Logs, rev: CommitSha, max: u64) -> Self {
        Self {
            logs,
            rev,
            max,
            open: VecDeque::new(),
            begun: BTreeSet::new(),
        }
    }

    /// Begins a log; one of an earlier try is replaced.
    pub(crate) fn begin(&mut self, drv: &StorePath) -> io::Result<()> {
        let path = self.logs.partial(&self.rev, drv);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        let file = File::create(path)?;
        self.begun.insert(drv.clone());
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
            }
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

    /// Ends all logs.
    pub(crate) fn finish(self) -> io::Result<()> {
        for drv in &self.begun {
            let partial = self.logs.partial(&self.rev, drv);
            File::open(&partial)?.sync_all()?;
            fs::rename(&partial, self.logs.path(&self.rev, drv))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rev() -> CommitSha {
        CommitSha::parse(&"a".repeat(40)).unwrap()
    }

    fn drv(name: &str) -> StorePath {
        StorePath::parse(&format!("/nix/store/{}-{name}.drv", "0".repeat(32))).unwrap()
    }

    fn read(logs: &Logs, drv: &StorePath) -> (String, bool) {
        let mut log = logs.open(&rev(), drv).unwrap().unwrap();
        let mut content = String::new();
        log.file.read_to_string(&mut content).unwrap();
        assert_eq!(log.bytes, content.len() as u64);
        (content, log.complete)
    }

    #[test]
    fn a_log_can_be_read_while_and_after_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let logs = Logs::new(dir.path());
        assert!(logs.open(&rev(), &drv("x")).unwrap().is_none());
        assert_eq!(logs.tail(&rev(), &drv("x"), 10).unwrap(), "");

        let mut writer = LogWriter::new(logs.clone(), rev(), 1000);
        writer.begin(&drv("x")).unwrap();
        writer.line(&drv("x"), "\u{1b}[1mone\u{1b}[0m").unwrap();
        assert_eq!(read(&logs, &drv("x")), ("one\n".into(), false));
        writer.line(&drv("x"), "two").unwrap();
        writer.finish().unwrap();
        assert_eq!(read(&logs, &drv("x")), ("one\ntwo\n".into(), true));
        assert_eq!(logs.tail(&rev(), &drv("x"), 5).unwrap(), "two\n");
        logs.remove(&rev()).unwrap();
        logs.remove(&rev()).unwrap();
        assert!(logs.open(&rev(), &drv("x")).unwrap().is_none());
    }

    #[test]
    fn many_logs_are_written_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let logs = Logs::new(dir.path());
        let mut writer = LogWriter::new(logs.clone(), rev(), 1000);
        let drvs: Vec<_> = (0..3 * OPEN_MAX).map(|n| drv(&format!("d{n}"))).collect();
        for drv in &drvs {
            writer.begin(drv).unwrap();
        }
        for round in 0..2 {
            for drv in &drvs {
                writer.line(drv, &format!("round {round}")).unwrap();
            }
        }
        assert!(writer.open.len() <= OPEN_MAX);
        writer.finish().unwrap();
        for drv in &drvs {
            assert_eq!(read(&logs, drv), ("round 0\nround 1\n".into(), true));
        }
    }

    #[test]
    fn a_log_is_bounded_and_a_new_try_replaces_it() {
        let dir = tempfile::tempdir().unwrap();
        let logs = Logs::new(dir.path());
        let mut writer = LogWriter::new(logs.clone(), rev(), 10);
        writer.begin(&drv("x")).unwrap();
        for _ in 0..100 {
            writer.line(&drv("x"), "12345678").unwrap();
        }
        writer.finish().unwrap();
        let (content, _) = read(&logs, &drv("x"));
        assert_eq!(content, "12345678\n[this log is cut at 10 bytes]\n");

        let mut writer = LogWriter::new(logs.clone(), rev(), 10);
        writer.begin(&drv("x")).unwrap();
        writer.finish().unwrap();
        assert_eq!(read(&logs, &drv("x")), (String::new(), true));
    }
}
