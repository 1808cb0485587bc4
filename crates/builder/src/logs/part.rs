//! Parts of logs: what is new since the last look, and the end.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use picket_domain::{CommitSha, StorePath};
use picket_nix::text;

use super::{Log, Logs, last_bytes};

/// Most of a log that is handed out at once, in bytes.
const PART_MAX: usize = 64 << 10;

/// A part of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPart {
    /// Whole lines.
    pub text: String,
    /// Where the part ends in the log, in bytes: the next one begins there.
    pub end: u64,
    /// Whether it is the end of a log to which nothing comes any more.
    pub is_last: bool,
}

impl Logs {
    /// What a log has from this place on: of one that is being written the next lines, at most
    /// 64 KiB; of a whole one the end, at most as much. `None`: there is no log.
    ///
    /// # Errors
    /// Where it is there and cannot be read.
    pub fn after(
        &self,
        rev: &CommitSha,
        drv: &StorePath,
        from: u64,
    ) -> io::Result<Option<LogPart>> {
        Ok(Some(match self.open(rev, drv)? {
            None => return Ok(None),
            Some(Log::Partial(file)) => next(file, from)?,
            Some(log @ (Log::Complete(_) | Log::Plain(_))) => rest(log.text()?, from)?,
        }))
    }

    /// The end of a log, at most so many bytes. `None`: there is no log.
    ///
    /// # Errors
    /// Where it is there and cannot be read.
    pub fn end(&self, rev: &CommitSha, drv: &StorePath, max: usize) -> io::Result<Option<LogPart>> {
        Ok(Some(match self.open(rev, drv)? {
            None => return Ok(None),
            Some(Log::Partial(file)) => {
                let bytes = file.metadata()?.len();
                let part = next(file, bytes.saturating_sub(max.min(PART_MAX) as u64))?;
                let text = text::tail(&part.text, max).to_owned();
                LogPart { text, ..part }
            }
            Some(log @ (Log::Complete(_) | Log::Plain(_))) => {
                let part = rest(log.text()?, 0)?;
                let text = text::tail(&part.text, max).to_owned();
                LogPart { text, ..part }
            }
        }))
    }
}

/// The whole lines of a growing log from this place on.
fn next(mut file: File, from: u64) -> io::Result<LogPart> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(PART_MAX as u64).read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n');
    // A line longer than a part is handed out in pieces.
    let whole = match whole {
        Some(at) => at + 1,
        None if bytes.len() == PART_MAX => PART_MAX,
        None => 0,
    };
    bytes.truncate(whole);
    Ok(LogPart {
        text: String::from_utf8_lossy(&bytes).into_owned(),
        end: from + whole as u64,
        is_last: false,
    })
}

/// The end of a whole log, as far as it is after this place.
fn rest(mut log: impl Read, from: u64) -> io::Result<LogPart> {
    let skipped = io::copy(&mut (&mut log).take(from), &mut io::sink())?;
    let mut counted = Counted {
        log,
        bytes: skipped,
    };
    let last = last_bytes(&mut counted, PART_MAX)?;
    Ok(LogPart {
        text: String::from_utf8_lossy(&last).into_owned(),
        end: counted.bytes,
        is_last: true,
    })
}

struct Counted<R> {
    log: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.log.read(into)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::logs::LogWriter;

    #[test]
    fn a_growing_log_is_handed_out_part_by_part() {
        let dir = tempfile::tempdir().unwrap();
        let logs = Logs::new(dir.path());
        let rev = CommitSha::parse(&"a".repeat(40)).unwrap();
        let drv = StorePath::parse(&format!("/nix/store/{}-x.drv", "0".repeat(32))).unwrap();
        assert_eq!(logs.after(&rev, &drv, 0).unwrap(), None);
        let mut writer = LogWriter::new(logs.clone(), rev.clone(), &Limits::default());
        writer.begin(&drv).unwrap();
        let part = |text: &str, end, is_last| {
            let text = text.to_owned();
            Some(LogPart { text, end, is_last })
        };
        assert_eq!(logs.after(&rev, &drv, 0).unwrap(), part("", 0, false));
        writer.line(&drv, "one").unwrap();
        writer.line(&drv, "two").unwrap();
        assert_eq!(
            logs.after(&rev, &drv, 0).unwrap(),
            part("one\ntwo\n", 8, false)
        );
        assert_eq!(logs.end(&rev, &drv, 4).unwrap(), part("two\n", 8, false));
        writer.line(&drv, "three").unwrap();
        assert_eq!(
            logs.after(&rev, &drv, 8).unwrap(),
            part("three\n", 14, false)
        );
        writer.written(&drv).end().unwrap();
        assert_eq!(
            logs.after(&rev, &drv, 8).unwrap(),
            part("three\n", 14, true)
        );
        assert_eq!(logs.after(&rev, &drv, 14).unwrap(), part("", 14, true));
        assert_eq!(logs.end(&rev, &drv, 6).unwrap(), part("three\n", 14, true));
    }
}
