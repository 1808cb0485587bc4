//! The `git` program, which fetches, pushes and counts.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::error::{MergeError, Result};
use crate::remote::{PROTOCOLS, RemoteUrl};

/// How much of what git says is kept for an error message, in bytes.
const KEPT_STDERR: usize = 4096;

/// Variables of the caller's environment that would point git somewhere else.
const FOREIGN: [&str; 12] = [
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
];

/// One run of `git` in the mirror.
pub(crate) struct Git<'a> {
    command: Command,
    name: &'static str,
    remote: &'a dyn std::fmt::Display,
}

impl<'a> Git<'a> {
    /// `git <name>`, shut off from all configuration but the mirror's own, never asking anybody
    /// anything, and giving up on a connection that stalls.
    pub(crate) fn new(
        mirror: &Path,
        name: &'static str,
        remote: &'a dyn std::fmt::Display,
    ) -> Self {
        let mut command = Command::new("git");
        for variable in FOREIGN {
            command.env_remove(variable);
        }
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_ALLOW_PROTOCOL", PROTOCOLS)
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("LC_ALL", "C");
        if std::env::var_os("GIT_SSH_COMMAND").is_none() {
            let ssh = "ssh -oBatchMode=yes -oConnectTimeout=30 -oServerAliveInterval=30";
            command.env("GIT_SSH_COMMAND", ssh);
        }
        command.arg("--git-dir").arg(mirror);
        command.args([
            "-c",
            "http.lowSpeedLimit=1000",
            "-c",
            "http.lowSpeedTime=60",
            name,
        ]);
        command.stdin(Stdio::null());
        Self {
            command,
            name,
            remote,
        }
    }

    pub(crate) fn args<T: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What follows is never taken for an option.
    pub(crate) fn remote_and(mut self, url: &RemoteUrl, refs: &[String]) -> Self {
        self.command
            .args(["--end-of-options", url.as_str()])
            .args(refs);
        self
    }

    pub(crate) fn stdin(mut self, stdin: Stdio) -> Self {
        self.command.stdin(stdin);
        self
    }

    /// Runs it to its end and returns what it wrote to its standard output.
    pub(crate) fn output(mut self) -> Result<Vec<u8>> {
        let output = self.run()?;
        self.checked(output)
    }

    /// Starts it, for a caller that reads what it writes while it runs.
    pub(crate) fn spawn(&mut self) -> Result<Child> {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command.spawn().map_err(MergeError::NoGit)
    }

    /// Runs it to its end, whatever that is.
    pub(crate) fn run(&mut self) -> Result<Output> {
        self.command.output().map_err(MergeError::NoGit)
    }

    /// Runs it to its end, and says how far it is.
    pub(crate) fn with_progress(mut self) -> Result<()> {
        self.command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(MergeError::NoGit)?;
        let stderr = follow(&mut child, self.name).map_err(MergeError::NoGit)?;
        let status = child.wait().map_err(MergeError::NoGit)?;
        let stdout = Vec::new();
        self.checked(Output {
            status,
            stdout,
            stderr,
        })
        .map(drop)
    }

    /// What it wrote to its standard output, where it succeeded.
    pub(crate) fn checked(&self, output: Output) -> Result<Vec<u8>> {
        if output.status.success() {
            return Ok(output.stdout);
        }
        let message = match told(&output.stderr) {
            said if said.is_empty() => output.status.to_string(),
            said => said,
        };
        Err(MergeError::Transport {
            command: self.name,
            remote: self.remote.to_string(),
            message,
        })
    }
}

/// The end of what git said, as one line without its progress counts.
fn told(stderr: &[u8]) -> String {
    let start = stderr.len().saturating_sub(KEPT_STDERR);
    let text = String::from_utf8_lossy(&stderr[start..]);
    let lines = text.split(['\n', '\r']).map(str::trim);
    let lines = lines.filter(|line| {
        // The mirror sets it for libgit2; git has newer names for it.
        !line.is_empty()
            && !line.starts_with("warning: core.fsyncObjectFiles")
            && count(line).is_none()
    });
    let line = lines.collect::<Vec<_>>().join("; ");
    line.chars().filter(|c| !c.is_control()).collect()
}

/// What takes less than this is not worth a line of progress.
const QUICK: Duration = Duration::from_secs(1);

/// Reads a child's messages to their end; progress of what takes long goes to the log, once every
/// tenth.
fn follow(child: &mut Child, command: &'static str) -> io::Result<Vec<u8>> {
    let Some(mut stderr) = child.stderr.take() else {
        return Ok(Vec::new());
    };
    let (mut kept, mut line, mut shown) = (Vec::new(), Vec::new(), None);
    let start = Instant::now();
    while let Some(byte) = next_byte(&mut stderr)? {
        if !matches!(byte, b'\r' | b'\n') {
            if line.len() < KEPT_STDERR {
                line.push(byte);
            }
            continue;
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        match count(&text) {
            Some((phase, percent)) => {
                let now = (phase.to_owned(), percent / 10);
                if start.elapsed() >= QUICK && shown.as_ref() != Some(&now) {
                    tracing::info!(target: "picket::progress", command, percent, "git {command}: {phase} {percent}%");
                    shown = Some(now);
                }
            }
            None => kept.extend(line.iter().copied().chain([b'\n'])),
        }
        kept.drain(..kept.len().saturating_sub(KEPT_STDERR));
        line.clear();
    }
    kept.append(&mut line);
    Ok(kept)
}

/// A byte at a time: git's messages are short, and a progress line should not wait for a buffer.
fn next_byte(stderr: &mut ChildStderr) -> io::Result<Option<u8>> {
    let mut byte = [0];
    loop {
        match stderr.read(&mut byte) {
            Ok(0) => return Ok(None),
            Ok(_) => return Ok(Some(byte[0])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The phase and percentage of a line such as `Receiving objects:  42% (42/100), 1.2 MiB`.
fn count(line: &str) -> Option<(&str, u8)> {
    let (phase, rest) = line.split_once(':')?;
    let (percent, _) = rest.trim_start().split_once('%')?;
    let percent = percent.parse().ok().filter(|percent| *percent <= 100)?;
    // Lines that the other side wrote have their origin in front, which matters to nobody.
    Some((phase.trim_start_matches("remote").trim(), percent))
        .filter(|(phase, _)| !phase.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_lines_are_told_from_messages() {
        assert_eq!(
            count("Receiving objects:  42% (42/100), 1.2 MiB"),
            Some(("Receiving objects", 42))
        );
        assert_eq!(count("fatal: couldn't find remote ref x"), None);
        assert_eq!(count("error: 100 things: no"), None);
    }

    #[test]
    fn an_error_is_the_messages_in_one_line() {
        let stderr =
            b"Counting objects:  10% (1/10)\rCounting objects: 100% (10/10)\nfatal: no\x1b[31m\n";
        assert_eq!(told(stderr), "fatal: no[31m");
    }
}
