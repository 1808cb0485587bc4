//! Build logs: one file for each derivation that was built for a revision.
//!
//! `<state folder>/logs/<revision>/<derivation>.log.zst`. While the build runs, the file is plain
//! text and ends in `.log.part`; a build that was killed leaves it so. What is written is clean: no
//! escape sequences, no control characters.

mod part;
mod writer;

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use picket_domain::{CommitSha, StorePath};

use crate::files::remove_dir;
use picket_nix::text;

pub use part::LogPart;
pub(crate) use writer::{LogWriter, WrittenLog};

/// The kept logs, to be read. Needs no Nix.
#[derive(Debug, Clone)]
pub struct Logs {
    dir: PathBuf,
}

/// A kept log.
#[derive(Debug)]
pub enum Log {
    /// The build has not ended, or was killed: plain text, UTF-8 but for where it was cut off.
    Partial(File),
    /// The whole log, compressed with zstd.
    Complete(File),
    /// The whole log as plain text, from when logs were not compressed.
    Plain(File),
}

impl Log {
    /// The log's text, from its start to where it ends now.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn text(self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Partial(file) | Self::Plain(file) => {
                let bytes = file.metadata()?.len();
                Box::new(file.take(bytes))
            }
            Self::Complete(file) => Box::new(zstd::Decoder::new(file)?),
        })
    }

    /// Whether the build has ended.
    pub fn is_complete(&self) -> bool {
        match self {
            Self::Partial(_) => false,
            Self::Complete(_) | Self::Plain(_) => true,
        }
    }
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
        if let Some(file) = open(&self.path(rev, drv))? {
            return Ok(Some(Log::Complete(file)));
        }
        if let Some(file) = open(&self.partial(rev, drv))? {
            return Ok(Some(Log::Partial(file)));
        }
        let plain = format!("{}.log", drv.base_name());
        Ok(open(&self.folder(rev).join(plain))?.map(Log::Plain))
    }

    /// The newest whole log of a derivation, whichever revision it was built for. Looks through
    /// all revisions: not for an async thread.
    ///
    /// # Errors
    /// Where folders or the log cannot be read.
    pub fn find(&self, drv: &StorePath) -> io::Result<Option<Log>> {
        let mut newest = None;
        for entry in entries(&self.dir)? {
            let name = entry.file_name();
            let rev = name.to_str().and_then(|name| CommitSha::parse(name).ok());
            let Some(file) = rev
                .map(|rev| open(&self.path(&rev, drv)))
                .transpose()?
                .flatten()
            else {
                continue;
            };
            let written = file.metadata()?.modified()?;
            if newest.as_ref().is_none_or(|(at, _)| *at < written) {
                newest = Some((written, file));
            }
        }
        Ok(newest.map(|(_, file)| Log::Complete(file)))
    }

    /// The end of a log, at most so many bytes; empty where there is no log.
    ///
    /// # Errors
    /// Where it is there and cannot be read.
    pub fn tail(&self, rev: &CommitSha, drv: &StorePath, max: usize) -> io::Result<String> {
        let Some(log) = self.open(rev, drv)? else {
            return Ok(String::new());
        };
        // One byte more tells whether the text begins with a line.
        let bytes = last_bytes(log.text()?, max + 1)?;
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

    /// The folder with a revision's logs.
    pub(crate) fn folder(&self, rev: &CommitSha) -> PathBuf {
        self.dir.join(rev.as_str())
    }

    fn path(&self, rev: &CommitSha, drv: &StorePath) -> PathBuf {
        self.folder(rev)
            .join(format!("{}.log.zst", drv.base_name()))
    }

    fn partial(&self, rev: &CommitSha, drv: &StorePath) -> PathBuf {
        self.folder(rev)
            .join(format!("{}.log.part", drv.base_name()))
    }
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn entries(dir: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(dir) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The last so many bytes of what there is to read.
fn last_bytes(mut from: impl Read, max: usize) -> io::Result<Vec<u8>> {
    let mut last = VecDeque::new();
    let mut chunk = [0; 8192];
    loop {
        let read = from.read(&mut chunk)?;
        if read == 0 {
            return Ok(last.into());
        }
        last.extend(&chunk[..read]);
        last.drain(..last.len().saturating_sub(max));
    }
}

#[cfg(test)]
mod tests {
    use super::writer::OPEN_MAX;
    use super::*;
    use crate::limits::Limits;

    fn rev() -> CommitSha {
        CommitSha::parse(&"a".repeat(40)).unwrap()
    }

    fn drv(name: &str) -> StorePath {
        StorePath::parse(&format!("/nix/store/{}-{name}.drv", "0".repeat(32))).unwrap()
    }

    fn limits(log_bytes: u64) -> Limits {
        Limits {
            log_bytes,
            ..Limits::default()
        }
    }

    fn read(logs: &Logs, drv: &StorePath) -> (String, bool) {
        let log = logs.open(&rev(), drv).unwrap().unwrap();
        let is_complete = log.is_complete();
        let mut content = String::new();
        log.text().unwrap().read_to_string(&mut content).unwrap();
        (content, is_complete)
    }

    #[test]
    fn a_log_can_be_read_while_and_after_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let logs = Logs::new(dir.path());
        assert!(logs.open(&rev(), &drv("x")).unwrap().is_none());
        assert_eq!(logs.tail(&rev(), &drv("x"), 10).unwrap(), "");

        let mut writer = LogWriter::new(logs.clone(), rev(), &limits(1000));
        writer.begin(&drv("x")).unwrap();
        writer.line(&drv("x"), "\u{1b}[1mone\u{1b}[0m").unwrap();
        assert_eq!(read(&logs, &drv("x")), ("one\n".into(), false));
        writer.line(&drv("x"), "two").unwrap();
        assert!(logs.find(&drv("x")).unwrap().is_none());
        writer.written(&drv("x")).end().unwrap();
        assert_eq!(read(&logs, &drv("x")), ("one\ntwo\n".into(), true));
        assert!(logs.find(&drv("x")).unwrap().unwrap().is_complete());
        assert_eq!(logs.tail(&rev(), &drv("x"), 5).unwrap(), "two\n");
        logs.remove(&rev()).unwrap();
        logs.remove(&rev()).unwrap();
        assert!(logs.open(&rev(), &drv("x")).unwrap().is_none());
    }

    #[test]
    fn many_logs_are_written_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let logs = Logs::new(dir.path());
        let mut writer = LogWriter::new(logs.clone(), rev(), &limits(1000));
        let drvs: Vec<_> = (0..3 * OPEN_MAX).map(|n| drv(&format!("d{n}"))).collect();
        for drv in &drvs {
            writer.begin(drv).unwrap();
        }
        for round in 0..2 {
            for drv in &drvs {
                writer.line(drv, &format!("round {round}")).unwrap();
            }
        }
        assert!(writer.open_files() <= OPEN_MAX);
        for drv in &drvs {
            writer.written(drv).end().unwrap();
        }
        for drv in &drvs {
            assert_eq!(read(&logs, drv), ("round 0\nround 1\n".into(), true));
        }
    }

    #[test]
    fn a_log_is_bounded_and_a_new_try_replaces_it() {
        let dir = tempfile::tempdir().unwrap();
        let logs = Logs::new(dir.path());
        let mut writer = LogWriter::new(logs.clone(), rev(), &limits(10));
        writer.begin(&drv("x")).unwrap();
        for _ in 0..100 {
            writer.line(&drv("x"), "12345678").unwrap();
        }
        writer.written(&drv("x")).end().unwrap();
        let (content, _) = read(&logs, &drv("x"));
        assert_eq!(content, "12345678\n[this log is cut at 10 bytes]\n");

        let mut writer = LogWriter::new(logs.clone(), rev(), &limits(10));
        writer.begin(&drv("x")).unwrap();
        assert_eq!(read(&logs, &drv("x")), (String::new(), false));
        writer.written(&drv("x")).end().unwrap();
        assert_eq!(read(&logs, &drv("x")), (String::new(), true));
    }

    #[test]
    fn all_logs_of_a_build_together_are_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let logs = Logs::new(dir.path());
        let limits = Limits {
            logs_bytes: 20,
            ..Limits::default()
        };
        let mut writer = LogWriter::new(logs.clone(), rev(), &limits);
        for name in ["a", "b"] {
            writer.begin(&drv(name)).unwrap();
            for _ in 0..100 {
                writer.line(&drv(name), "12345678").unwrap();
            }
        }
        writer.written(&drv("a")).end().unwrap();
        writer.written(&drv("b")).end().unwrap();
        let cut = "[this log is cut: all logs of this build together are too large]\n";
        let first = format!("12345678\n12345678\n{cut}");
        assert_eq!(read(&logs, &drv("a")).0, first);
        assert_eq!(read(&logs, &drv("b")).0, cut);
    }
}
