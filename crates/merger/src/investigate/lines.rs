//! What git prints, line by line, for as long as there is time.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::process::{Child, Output};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use crate::error::Result;
use picket_mirror::{Git, MirrorError};

/// More than any answer has, in bytes.
const MAX_OUTPUT: u64 = 256 << 20;
/// More than any line has, in bytes.
const MAX_LINE: u64 = 64 << 10;
/// How much of what git says is kept for an error message, in bytes.
const MAX_STDERR: u64 = 4096;
/// How many lines git may be ahead.
const AHEAD: usize = 1024;

/// How reading came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Ended {
    /// Git had no more.
    Complete,
    /// The reader wanted no more.
    Enough,
    /// There was no more time.
    OutOfTime,
}

/// Runs git and hands over each line that it prints, without its end, until there are no more, or
/// `take` wants no more, or it is `until`. Git is gone when this returns.
pub(super) fn lines(
    mut git: Git<'_>,
    until: Instant,
    take: impl FnMut(&[u8]) -> Result<ControlFlow<()>>,
) -> Result<Ended> {
    let mut running = Running(git.spawn()?);
    let (stdout, stderr) = (running.0.stdout.take(), running.0.stderr.take());
    thread::scope(|scope| {
        let (send, lines) = sync_channel(AHEAD);
        let reader = scope.spawn(move || stdout.map_or(Ok(()), |stdout| send_lines(stdout, &send)));
        let said = scope.spawn(move || stderr.map_or(Ok(Vec::new()), keep));
        let ended = follow(&lines, until, take);
        drop(lines);
        if !matches!(ended, Ok(Ended::Complete)) {
            drop(running);
            return ended;
        }
        let failed = MirrorError::NoGit;
        reader.join().unwrap_or(Ok(())).map_err(failed)?;
        let stderr = said.join().unwrap_or(Ok(Vec::new())).map_err(failed)?;
        let status = running.0.wait().map_err(failed)?;
        let stdout = Vec::new();
        git.checked(Output {
            status,
            stdout,
            stderr,
        })?;
        Ok(Ended::Complete)
    })
}

/// A child that does not outlive its reader.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        Git::end(&mut self.0);
    }
}

fn follow(
    lines: &Receiver<Vec<u8>>,
    until: Instant,
    mut take: impl FnMut(&[u8]) -> Result<ControlFlow<()>>,
) -> Result<Ended> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Ended::OutOfTime);
        }
        match lines.recv_timeout(left) {
            Ok(line) => match take(&line)? {
                ControlFlow::Continue(()) => {}
                ControlFlow::Break(()) => return Ok(Ended::Enough),
            },
            Err(RecvTimeoutError::Timeout) => return Ok(Ended::OutOfTime),
            Err(RecvTimeoutError::Disconnected) => return Ok(Ended::Complete),
        }
    }
}

/// Ends where nobody wants more.
fn send_lines(stdout: impl Read, lines: &SyncSender<Vec<u8>>) -> io::Result<()> {
    let mut stdout = BufReader::new(stdout.take(MAX_OUTPUT));
    loop {
        let mut line = Vec::new();
        if stdout
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)?
            == 0
        {
            return Ok(());
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        if lines.send(line).is_err() {
            return Ok(());
        }
    }
}

/// Reads all, so that git never waits, and keeps the beginning.
fn keep(mut stderr: impl Read) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    stderr.by_ref().take(MAX_STDERR).read_to_end(&mut kept)?;
    io::copy(&mut stderr, &mut io::sink())?;
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Stdio;
    use std::time::Duration;

    use tempfile::TempDir;

    use super::*;

    fn git(folder: &Path, name: &'static str, arguments: &[&str]) -> Git<'static> {
        Git::local(folder, name, picket_mirror::Limits::default()).args(arguments)
    }

    fn mirror() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        git2::Repository::init_bare(folder.path()).unwrap();
        folder
    }

    fn read(git: Git<'_>, time: Duration, most: usize) -> Result<(Ended, Vec<String>)> {
        let mut read = Vec::new();
        let ended = lines(git, Instant::now() + time, |line| {
            read.push(String::from_utf8_lossy(line).into_owned());
            Ok(match read.len() < most {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            })
        })?;
        Ok((ended, read))
    }

    #[test]
    fn lines_are_read_until_there_are_enough() {
        let mirror = mirror();
        let list = || git(mirror.path(), "config", &["--local", "--list"]);
        let (ended, all) = read(list(), Duration::from_secs(60), usize::MAX).unwrap();
        assert_eq!(ended, Ended::Complete);
        assert!(all.len() > 2 && all.contains(&"core.bare=true".to_owned()));
        let (ended, one) = read(list(), Duration::from_secs(60), 1).unwrap();
        assert_eq!((ended, one.as_slice()), (Ended::Enough, &all[..1]));
    }

    #[test]
    fn a_git_that_does_not_end_is_ended() {
        let mirror = mirror();
        let endless = git(mirror.path(), "hash-object", &["--stdin"]).stdin(Stdio::piped());
        let (ended, read) = read(endless, Duration::from_millis(50), 1).unwrap();
        assert_eq!((ended, read.len()), (Ended::OutOfTime, 0));
    }

    #[test]
    fn what_git_says_of_a_failure_is_told() {
        let mirror = mirror();
        let bad = git(
            mirror.path(),
            "rev-list",
            &["--end-of-options", "nothing", "--"],
        );
        let error = read(bad, Duration::from_secs(60), 1).unwrap_err();
        let said = "git rev-list with the mirror failed: fatal: bad revision 'nothing'";
        assert_eq!(error.to_string(), said);
    }
}
