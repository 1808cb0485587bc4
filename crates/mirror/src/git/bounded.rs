//! A process that ends: by itself, or because it has had its time.
//!
//! It is the first of a process group of its own, and the group is killed as a whole: git starts
//! others (`git-remote-https`, `ssh`), and one that lived on would keep the mirror locked.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long git may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A fetch, push or question to another side as a whole.
    pub transport: Duration,
    /// Such a one without a sign of life: git tells of its progress each second.
    pub stall: Duration,
    /// Work in the mirror alone.
    pub local: Duration,
    /// Waiting for another writer, or another reader, of the mirror.
    pub lock: Duration,
}

/// Six hours for a first clone over a slow line; ten minutes for anything to move, for work in the
/// mirror, and for another's turn to end.
impl Default for Limits {
    fn default() -> Self {
        let (hour, ten_minutes) = (Duration::from_secs(3600), Duration::from_secs(600));
        Self {
            transport: 6 * hour,
            stall: ten_minutes,
            local: ten_minutes,
            lock: ten_minutes,
        }
    }
}

/// How a process ended.
pub(super) enum Ended {
    /// By itself.
    Itself(Output),
    /// It was killed after this long; with what it had said on its standard error.
    TookTooLong(Duration, Vec<u8>),
    /// It was killed because nothing came from it for this long.
    Stalled(Duration, Vec<u8>),
}

enum Event {
    Out(Vec<u8>),
    Err(Vec<u8>),
    Closed,
    Failed(io::Error),
}

/// What is read of a process.
pub(super) struct Reader<'a> {
    pub(super) total: Duration,
    pub(super) stall: Duration,
    /// Takes what comes on standard error, as it comes.
    pub(super) said: &'a mut dyn FnMut(&[u8]),
}

/// Makes the command the first of a process group.
pub(super) fn in_group(command: &mut Command) {
    command.process_group(0);
}

/// Kills a child and all that it started.
pub(super) fn kill_group(child: &mut Child) {
    if let Some(pid) = i32::try_from(child.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw)
    {
        // Fails only where all have ended.
        let _all_ended = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
    drop(child.kill());
    drop(child.wait());
}

/// Runs a command to its end, or to the end of its time.
pub(super) fn run(command: &mut Command, mut reader: Reader<'_>) -> io::Result<Ended> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    in_group(command);
    let mut child = command.spawn()?;
    let (send, events) = channel();
    if let Some(stdout) = child.stdout.take() {
        follow(stdout, send.clone(), Event::Out);
    }
    if let Some(stderr) = child.stderr.take() {
        follow(stderr, send, Event::Err);
    }
    let ended = collect(&mut child, &events, &mut reader);
    kill_group(&mut child);
    ended
}

/// Reads in a thread of its own, which ends with what it reads.
fn follow(mut pipe: impl Read + Send + 'static, send: Sender<Event>, event: fn(Vec<u8>) -> Event) {
    thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let next = match pipe.read(&mut buffer) {
                Ok(0) => Event::Closed,
                Ok(count) => event(buffer[..count].to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Event::Failed(error),
            };
            let is_end = matches!(next, Event::Closed | Event::Failed(_));
            if send.send(next).is_err() || is_end {
                return;
            }
        }
    });
}

fn collect(
    child: &mut Child,
    events: &Receiver<Event>,
    reader: &mut Reader<'_>,
) -> io::Result<Ended> {
    let start = Instant::now();
    let (mut stdout, mut stderr, mut open) = (Vec::new(), Vec::new(), 2);
    while open > 0 {
        let left = reader.total.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Ok(Ended::TookTooLong(reader.total, stderr));
        }
        match events.recv_timeout(left.min(reader.stall)) {
            Ok(Event::Out(bytes)) => stdout.extend(bytes),
            Ok(Event::Err(bytes)) => {
                (reader.said)(&bytes);
                stderr.extend(bytes);
            }
            Ok(Event::Closed) => open -= 1,
            Ok(Event::Failed(error)) => return Err(error),
            Err(RecvTimeoutError::Timeout) if left > reader.stall => {
                return Ok(Ended::Stalled(reader.stall, stderr));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let surplus = stderr.len().saturating_sub(4 * 4096);
        stderr.drain(..surplus);
    }
    // Who has closed both has nothing left to do but end.
    let status = child.wait()?;
    Ok(Ended::Itself(Output {
        status,
        stdout,
        stderr,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(script: &str, total: u64, stall: u64) -> Ended {
        let mut command = Command::new("sh");
        let reader = Reader {
            total: Duration::from_millis(total),
            stall: Duration::from_millis(stall),
            said: &mut |_| {},
        };
        run(command.args(["-c", script]), reader).unwrap()
    }

    #[test]
    fn what_ends_by_itself_is_read_whole() {
        let Ended::Itself(output) = ended("echo out; echo err >&2; exit 3", 60_000, 60_000) else {
            panic!("it ends");
        };
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(
            (&*output.stdout, &*output.stderr),
            (&b"out\n"[..], &b"err\n"[..])
        );
    }

    #[test]
    fn what_stalls_or_goes_on_for_ever_is_killed_with_its_children() {
        let stalled = ended("echo hello >&2; tail -f /dev/null & wait", 60_000, 300);
        assert!(matches!(stalled, Ended::Stalled(_, said) if said == b"hello\n"));
        let endless = ended("while :; do echo x; done", 300, 60_000);
        assert!(matches!(endless, Ended::TookTooLong(..)));
    }
}
