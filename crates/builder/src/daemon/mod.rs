//! Nix's daemon, spoken to through `nix-daemon --stdio`.
//!
//! That works with a store of one's own as well as with the machine's daemon, needs no rights
//! that other Nix commands do not need, and gives a typed result for each derivation, which no
//! Nix command does.

mod batch;
mod building;
mod client;
mod event;
mod paths;
mod questions;
#[cfg(test)]
mod recorded;
mod status;
mod wire;

use std::ops::{Deref, DerefMut};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{BufReader, BufWriter};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::error::BuildError;
use crate::limits::Limits;
use picket_nix::process::{Group, RunError, last_bytes};
use picket_nix::text;
use picket_nix::{Nix, Settings};

pub(crate) use client::ClientError;
use client::{Client, ClientOptions};
pub(crate) use event::Event;
pub(crate) use questions::Missing;
pub(crate) use status::{BuildResult, Status};

const PROGRAM: &str = "nix-daemon";

/// A connection, and the process behind it, which ends with it.
#[derive(Debug)]
pub(crate) struct Daemon {
    client: Client<BufReader<ChildStdout>, BufWriter<ChildStdin>>,
    process: Process,
}

impl Daemon {
    /// Starts a daemon process and greets it.
    pub(crate) async fn start(
        nix: &Nix,
        settings: &Settings,
        limits: &Limits,
    ) -> Result<Self, BuildError> {
        let mut command = nix.command(PROGRAM);
        command.arg("--stdio");
        nix.add_options(&mut command);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group = Group::spawn(&mut command)
            .map_err(|error| nix.failed(PROGRAM, RunError::Spawn(error)))?;
        let child = group.child();
        let stdin = child.stdin.take().expect("stdin is piped");
        let stdout = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        let mut process = Process {
            stderr: Some(tokio::spawn(async move {
                last_bytes(stderr).await.unwrap_or_default()
            })),
            _group: group,
        };
        let greet = async {
            let (from, to) = (BufReader::new(stdout), BufWriter::new(stdin));
            let mut client = Client::connect(from, to, limits.answer_time()).await?;
            client.set_options(&options(nix, settings, limits)).await?;
            Ok(client)
        };
        match timeout(limits.answer_time(), greet).await {
            Ok(Ok(client)) => Ok(Self { client, process }),
            Ok(Err(error)) => Err(BuildError::store(process.explain(error).await)),
            Err(_) => Err(BuildError::store("Nix's daemon does not answer")),
        }
    }

    /// Makes the error of a request into one for the caller.
    pub(crate) async fn store_error(&mut self, error: ClientError) -> BuildError {
        BuildError::store(self.explain(error).await)
    }

    /// Says, for a person, why a request has no answer.
    pub(crate) async fn explain(&mut self, error: ClientError) -> String {
        self.process.explain(error).await
    }
}

impl Deref for Daemon {
    type Target = Client<BufReader<ChildStdout>, BufWriter<ChildStdin>>;

    fn deref(&self) -> &Self::Target {
        &self.client
    }
}

impl DerefMut for Daemon {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.client
    }
}

#[derive(Debug)]
struct Process {
    stderr: Option<JoinHandle<String>>,
    _group: Group,
}

impl Process {
    /// A broken connection is told with the daemon's own last words, if it has ended.
    async fn explain(&mut self, error: ClientError) -> String {
        let error = match error {
            ClientError::Refused(message) => {
                return text::head(text::clean(&message).trim(), text::MESSAGE_MAX);
            }
            ClientError::Io(error) => error,
        };
        let last_words = match self.stderr.take() {
            Some(reading) => timeout(Duration::from_secs(2), reading).await,
            None => return error.to_string(),
        };
        match last_words {
            Ok(Ok(said)) if !said.trim().is_empty() => {
                let said = text::clean(&said);
                format!("{} ({error})", text::tail(said.trim(), 2000))
            }
            _ => error.to_string(),
        }
    }
}

fn options(nix: &Nix, settings: &Settings, limits: &Limits) -> ClientOptions {
    let own = [
        ("timeout", limits.build_seconds),
        ("max-build-log-size", limits.log_bytes),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_string()));
    ClientOptions {
        max_jobs: settings.max_jobs,
        cores: settings.cores,
        substitute: settings.substitute,
        silent_seconds: limits.silent_seconds,
        overrides: nix.options().iter().cloned().chain(own).collect(),
    }
}
