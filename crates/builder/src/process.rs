//! Running Nix's programs: bounded, and gone as a whole when nobody waits for them any more.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long a cancelled program may take to stop its own children before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// How much of what a program writes to its error output is kept: the last bytes.
const STDERR_MAX: usize = 64 * 1024;

/// A running program that leads a process group of its own.
///
/// When dropped before its end, the group is asked to stop (Nix then stops its builders, which
/// have sessions of their own and would not be reached by a signal to the group) and killed
/// where it does not.
#[derive(Debug)]
pub(crate) struct Group {
    child: Option<Child>,
    leader: Option<Pid>,
}

impl Group {
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let leader = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        Ok(Self {
            child: Some(child),
            leader,
        })
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        self.child
            .as_mut()
            .expect("the child is taken out in drop alone")
    }

    /// Waits for the program's end.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child().wait().await?;
        self.leader = None;
        Ok(status)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let (Some(mut child), Some(leader)) = (self.child.take(), self.leader) else {
            return;
        };
        // A group that is gone already is as it should be.
        let _ = kill_process_group(leader, Signal::TERM);
        drop(child.stdin.take());
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            let _ = kill_process_group(leader, Signal::KILL);
            return;
        };
        runtime.spawn(async move {
            if timeout(GRACE, child.wait()).await.is_err() {
                let _ = kill_process_group(leader, Signal::KILL);
                let _ = child.wait().await;
            }
        });
    }
}

/// What a program came to.
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    /// The last part of its error output.
    pub(crate) stderr: String,
}

/// Why a program did not come to an end of its own.
#[derive(Debug)]
pub(crate) enum RunError {
    /// It could not be started.
    Spawn(io::Error),
    /// Its output could not be read.
    Io(io::Error),
    /// It ran for too long.
    TimedOut,
    /// It wrote more than it may.
    TooMuchOutput,
}

/// Runs a program to its end, within a time and with at most so many bytes of output.
pub(crate) async fn run(
    mut command: Command,
    within: Duration,
    stdout_max: u64,
) -> Result<Finished, RunError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut group = Group::spawn(&mut command).map_err(RunError::Spawn)?;
    let stdout = group.child().stdout.take().expect("stdout is piped");
    let stderr = group.child().stderr.take().expect("stderr is piped");
    let finish = async {
        let (stdout, stderr) = tokio::try_join!(bounded(stdout, stdout_max), async {
            last_bytes(stderr).await.map_err(RunError::Io)
        },)?;
        let status = group.wait().await.map_err(RunError::Io)?;
        Ok(Finished {
            status,
            stdout,
            stderr,
        })
    };
    timeout(within, finish)
        .await
        .unwrap_or(Err(RunError::TimedOut))
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
pub(crate) async fn last_bytes(mut from: impl AsyncRead + Unpin) -> io::Result<String> {
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
}
