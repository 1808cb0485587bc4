//! The `picket` program as a process.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// How long a log line may take to come.
const PATIENCE: Duration = Duration::from_secs(360);

/// The program, built once for all tests of a run.
///
/// # Panics
/// Where it does not build.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| build("picket", "PICKET_PROGRAM").expect("picket must build"))
}

/// The demo's program, likewise.
///
/// # Panics
/// Where it does not build.
pub fn demo_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM
        .get_or_init(|| build("picket-demo", "PICKET_DEMO_PROGRAM").expect("the demo must build"))
}

/// What a `picket sign-server` is told.
#[derive(Debug, Clone)]
pub struct SignServer {
    /// The file of its key.
    pub key: PathBuf,
    /// Its folder.
    pub state: PathBuf,
    /// Where it listens.
    pub socket: PathBuf,
    /// The store folder that clients have.
    pub store_dir: PathBuf,
}

impl SignServer {
    /// As arguments, but for the socket.
    pub fn arguments(&self) -> Vec<OsString> {
        let pairs = [
            ("--key", &self.key),
            ("--state", &self.state),
            ("--store-dir", &self.store_dir),
        ];
        let flat = pairs.map(|(name, path)| [name.into(), path.clone().into_os_string()]);
        flat.into_iter().flatten().collect()
    }
}

/// Builds a package's program, unless a variable says where it is.
fn build(package: &str, variable: &str) -> Result<PathBuf> {
    if let Some(program) = std::env::var_os(variable) {
        return Ok(PathBuf::from(program));
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--package", package, "--bin", package])
        .arg("--message-format=json")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit());
    // Cargo has set these for this test. Build scripts that depend on them would run again, and all
    // that is built after them be built again, now and at the next run of the tests.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_"]
            .iter()
            .any(|begin| name.starts_with(begin))
        {
            cargo.env_remove(&*name);
        }
    }
    let output = cargo.output()?;
    let messages = String::from_utf8(output.stdout)?;
    let executable = messages.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    executable.context("cargo named no program")
}

/// One line of the program's JSON log.
#[derive(Debug, Clone)]
pub struct LogLine(Value);

impl LogLine {
    /// The event's message.
    pub fn message(&self) -> &str {
        self.0["message"].as_str().unwrap_or_default()
    }

    /// The event's level: `INFO`, `WARN`, ..
    pub fn level(&self) -> &str {
        self.0["level"].as_str().unwrap_or_default()
    }

    /// Whether it tells how far the work is.
    pub fn is_progress(&self) -> bool {
        self.0["target"] == "picket::progress"
    }

    /// The whole event.
    pub fn json(&self) -> &Value {
        &self.0
    }
}

/// A running `picket serve`, or `picket sign-server`; killed when dropped.
#[derive(Debug)]
pub struct Picket {
    child: Child,
    lines: Receiver<LogLine>,
}

impl Picket {
    /// Starts `picket serve` on a configuration.
    ///
    /// # Errors
    /// Where the program cannot be started.
    pub fn serve(config: &Path) -> Result<Self> {
        let mut command = Command::new(program());
        command.args(["serve", "--allow-demo-sign-in", "--log-format", "json"]);
        command.arg("--config").arg(config);
        command.env("PICKET_LOG", "info,picket::progress=debug");
        Self::spawn(command)
    }

    /// Starts `picket sign-server`, and waits until it listens on this socket.
    ///
    /// # Errors
    /// Where the program cannot be started, or ends.
    pub fn sign_server(setting: &SignServer) -> Result<Self> {
        let mut command = Command::new(program());
        command.args(["sign-server", "--log-format", "json"]);
        command.arg("--socket").arg(&setting.socket);
        command.args(setting.arguments());
        let signer = Self::spawn(command)?;
        signer.wait_for(|line| line.message() == "listening")?;
        Ok(signer)
    }

    /// Runs a command that logs as JSON.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn spawn(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::null());
        Self::spawn_with_input(command)
    }

    /// [`Picket::spawn`], with the command's own standard input.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn spawn_with_input(mut command: Command) -> Result<Self> {
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let stderr = child.stderr.take().context("standard error is a pipe")?;
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                // What is not JSON (a panic, say) must be seen in the test's own output.
                match serde_json::from_str(&line) {
                    Ok(event) => {
                        if sender.send(LogLine(event)).is_err() {
                            return;
                        }
                    }
                    Err(_) => eprintln!("picket: {line}"),
                }
            }
        });
        Ok(Self { child, lines })
    }

    /// Waits for a log line; returns it and forgets those before it.
    ///
    /// # Errors
    /// Where the program ends, or the line does not come within two minutes.
    pub fn wait_for(&self, is_it: impl Fn(&LogLine) -> bool) -> Result<LogLine> {
        let mut last = None;
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if is_it(&line) => return Ok(line),
                Ok(line) => last = Some(line),
                Err(error) => bail!("the line did not come ({error}); the last one was {last:?}"),
            }
        }
    }

    /// The next log line; `None` where none came within this time.
    ///
    /// # Errors
    /// Where the program has ended.
    pub fn next_line(&self, within: Duration) -> Result<Option<LogLine>> {
        match self.lines.recv_timeout(within) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => bail!("picket has ended by itself"),
        }
    }

    /// Kills it at once, as a power cut does.
    ///
    /// # Errors
    /// Where it cannot be signalled.
    pub fn kill(self) -> Result<()> {
        self.kill_and_read()?;
        Ok(())
    }

    /// The same, and what it still wrote before it died.
    ///
    /// # Errors
    /// Where it cannot be signalled, or something that it started outlives it.
    pub fn kill_and_read(mut self) -> Result<Vec<LogLine>> {
        self.child.kill()?;
        self.child.wait()?;
        let mut lines = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => lines.push(line),
                Err(RecvTimeoutError::Disconnected) => return Ok(lines),
                Err(RecvTimeoutError::Timeout) => {
                    bail!("picket is dead, but something that it started still runs")
                }
            }
        }
    }

    /// Asks it to stop, as Ctrl-C does, and waits until it has.
    ///
    /// # Errors
    /// Where it does not end well.
    pub fn stop(self) -> Result<()> {
        self.end_by("-INT")
    }

    /// The same by SIGTERM, as systemd does.
    ///
    /// # Errors
    /// Where it does not end well.
    pub fn terminate(self) -> Result<()> {
        self.end_by("-TERM")
    }

    fn end_by(mut self, signal: &str) -> Result<()> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status()?;
        let ended = self.child.wait()?;
        if !sent.success() || !ended.success() {
            bail!("it ended with {ended}");
        }
        Ok(())
    }
}

impl Drop for Picket {
    fn drop(&mut self) {
        // It may have ended by itself, or been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
