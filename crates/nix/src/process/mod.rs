//! Running Nix's programs: bounded, and gone as a whole when nobody waits for them any more.

mod group;
pub mod proc;

use std::convert::Infallible;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Pid;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::{interval, timeout};

pub use group::Group;

/// How often a program's memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How much of what a program writes to its error output is kept: the last bytes.
const STDERR_MAX: usize = 64 * 1024;

/// What a program came to.
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// Its output.
    pub stdout: Vec<u8>,
    /// The last part of its error output.
    pub stderr: String,
}

/// Why a program did not come to an end of its own.
#[derive(Debug)]
pub enum RunError {
    /// It could not be started.
    Spawn(io::Error),
    /// Its output could not be read.
    Io(io::Error),
    /// It ran for too long.
    TimedOut,
    /// It wrote more than it may.
    TooMuchOutput,
}

/// What a program may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How long it may run.
    pub within: Duration,
    /// Bytes of its output.
    pub stdout_max: u64,
    /// Bytes of its address space.
    pub memory_max: Option<u64>,
}

/// What a program took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// How long it ran.
    pub elapsed: Duration,
    /// The most memory that it was seen to have.
    pub peak_bytes: u64,
}

impl Usage {
    /// Adds what another program took after this one.
    pub fn add(&mut self, other: &Self) {
        self.elapsed += other.elapsed;
        self.peak_bytes = self.peak_bytes.max(other.peak_bytes);
    }
}

/// Runs a program to its end, within a time and with at most so many bytes of output.
pub async fn run(
    command: Command,
    within: Duration,
    stdout_max: u64,
) -> Result<Finished, RunError> {
    let bounds = Bounds {
        within,
        stdout_max,
        memory_max: None,
    };
    run_measured(command, &bounds).await.1
}

/// Runs a program to its end within bounds, and says what it took, also where it did not end.
pub async fn run_measured(
    command: Command,
    bounds: &Bounds,
) -> (Usage, Result<Finished, RunError>) {
    let mut peak_bytes = 0;
    let begun = Instant::now();
    let ended = run_to_end(command, bounds, &mut peak_bytes).await;
    let usage = Usage {
        elapsed: begun.elapsed(),
        peak_bytes,
    };
    (usage, ended)
}

async fn run_to_end(
    mut command: Command,
    bounds: &Bounds,
    peak: &mut u64,
) -> Result<Finished, RunError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut group = Group::spawn(&mut command).map_err(RunError::Spawn)?;
    let leader = group.leader();
    if let (Some(leader), Some(bytes)) = (leader, bounds.memory_max) {
        proc::limit_memory(leader, bytes).map_err(RunError::Io)?;
    }
    let stdout = group.child().stdout.take().expect("stdout is piped");
    let stderr = group.child().stderr.take().expect("stderr is piped");
    let finish = async {
        let (stdout, stderr) = tokio::try_join!(bounded(stdout, bounds.stdout_max), async {
            last_bytes(stderr).await.map_err(RunError::Io)
        },)?;
        let status = group.wait().await.map_err(RunError::Io)?;
        Ok(Finished {
            status,
            stdout,
            stderr,
        })
    };
    tokio::select! {
        ended = timeout(bounds.within, finish) => ended.unwrap_or(Err(RunError::TimedOut)),
        never = watch_memory(leader, peak) => match never {},
    }
}

/// Looks at a program's memory for as long as it is polled.
async fn watch_memory(leader: Option<Pid>, peak: &mut u64) -> Infallible {
    let mut looks = interval(LOOK_EVERY);
    loop {
        looks.tick().await;
        *peak = leader.and_then(proc::peak_memory).unwrap_or(0).max(*peak);
    }
}

async fn bounded(from: impl AsyncRead + Unpin, max: u64) -> Result<Vec<u8>, RunError> {
    let mut bytes = Vec::new();
    let mut limited = from.take(max + 1);
    limited
        .read_to_end(&mut bytes)
        .await
        .map_err(RunError::Io)?;
    if bytes.len() as u64 > max {
        return Err(RunError::TooMuchOutput);
    }
    Ok(bytes)
}

/// Reads to the end, keeping the last part.
pub async fn last_bytes(mut from: impl AsyncRead + Unpin) -> io::Result<String> {
    let mut kept = Vec::new();
    let mut chunk = vec![0; 8192];
    loop {
        let read = from.read(&mut chunk).await?;
        if read == 0 {
            return Ok(String::from_utf8_lossy(&kept).into_owned());
        }
        kept.extend_from_slice(&chunk[..read]);
        if kept.len() > 2 * STDERR_MAX {
            kept.drain(..kept.len() - STDERR_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn output_and_end_are_told() {
        let done = run(shell("echo out; echo err >&2; exit 3"), LONG, 100)
            .await
            .unwrap();
        assert_eq!(done.status.code(), Some(3));
        assert_eq!(done.stdout, b"out\n");
        assert_eq!(done.stderr, "err\n");
    }

    #[tokio::test]
    async fn output_is_bounded() {
        let endless = shell("while :; do echo yes; done");
        assert!(matches!(
            run(endless, LONG, 1000).await,
            Err(RunError::TooMuchOutput)
        ));
        let chatty =
            shell("i=0; while [ $i -lt 40000 ]; do echo line >&2; i=$((i+1)); done; echo last >&2");
        let done = run(chatty, LONG, 1000).await.unwrap();
        assert!(done.stderr.len() <= 2 * STDERR_MAX);
        assert!(done.stderr.ends_with("last\n"));
    }

    #[tokio::test]
    async fn what_runs_for_too_long_is_stopped_with_its_children() {
        // The pipe stays open until the last of the group is gone: the read below ends then.
        let (reader, writer) = io::pipe().unwrap();
        let mut command = shell("sleep 600 & sleep 600");
        command.stderr(Stdio::null()).stdout(writer);
        let group = Group::spawn(&mut command).unwrap();
        drop(command);
        drop(group);
        let ended = tokio::task::spawn_blocking(move || {
            io::Read::read_to_end(&mut { reader }, &mut Vec::new())
        });
        assert_eq!(timeout(LONG, ended).await.unwrap().unwrap().unwrap(), 0);

        let slow = run(shell("sleep 600"), Duration::from_millis(50), 100).await;
        assert!(matches!(slow, Err(RunError::TimedOut)));
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_told() {
        let none = Command::new("/nonexistent/nix");
        assert!(matches!(run(none, LONG, 10).await, Err(RunError::Spawn(_))));
    }

    #[tokio::test]
    async fn memory_is_bounded_and_told() {
        let bounds = Bounds {
            within: LONG,
            stdout_max: 100,
            memory_max: Some(64 << 20),
        };
        // A shell variable that doubles until there is no room for it.
        let greedy = "x=0123456789; while :; do x=$x$x; done";
        let (usage, ended) = run_measured(shell(greedy), &bounds).await;
        assert!(!ended.unwrap().status.success());
        assert!(usage.peak_bytes <= 64 << 20, "{}", usage.peak_bytes);
    }

    #[tokio::test]
    async fn what_is_deaf_to_the_request_to_stop_is_killed() {
        let (reader, writer) = io::pipe().unwrap();
        let mut command = shell("trap '' TERM; setsid sleep 600 & while :; do sleep 600; done");
        command.stderr(Stdio::null()).stdout(writer);
        let group = Group::spawn(&mut command).unwrap();
        drop(command);
        // A session of its own, as Nix's builders have.
        while proc::descendants(group.leader().unwrap()).len() < 2 {
            tokio::task::yield_now().await;
        }
        drop(group);
        let ended = tokio::task::spawn_blocking(move || {
            io::Read::read_to_end(&mut { reader }, &mut Vec::new())
        });
        assert_eq!(timeout(LONG, ended).await.unwrap().unwrap().unwrap(), 0);
    }
}
