//! A client of Nix's worker protocol: its greeting, its settings, and what a daemon says while it
//! works. What is asked for is in `questions`, `batch` and `building`.
//!
//! It says that it speaks version 1.34, that of Nix 2.8, so that every daemon since then answers
//! it alike. Numbers and layouts: `worker-protocol.hh`, `daemon.cc` and `remote-store.cc` of Nix.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::event::{Event, Field, started, told};
use super::wire::{Reader, Request, garbled, silent};

const CLIENT_MAGIC: u64 = 0x6e69_7863;
const DAEMON_MAGIC: u64 = 0x6478_696f;
const VERSION: u64 = 0x0122;

const OP_SET_OPTIONS: u64 = 19;

const STDERR_NEXT: u64 = 0x6f6c_6d67;
const STDERR_LAST: u64 = 0x616c_7473;
const STDERR_ERROR: u64 = 0x6378_7470;
const STDERR_START_ACTIVITY: u64 = 0x5354_5254;
const STDERR_STOP_ACTIVITY: u64 = 0x5354_4f50;
const STDERR_RESULT: u64 = 0x5253_4c54;

/// Nix's `lvlInfo`: errors, warnings and what a person wants to see.
const VERBOSITY_INFO: u64 = 3;

/// Why a request has no answer.
#[derive(Debug)]
pub(crate) enum ClientError {
    /// The connection broke, or what came is no answer.
    Io(io::Error),
    /// The daemon refused or failed. The connection can be used further.
    Refused(String),
}

impl From<io::Error> for ClientError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

pub(super) type Result<T> = std::result::Result<T, ClientError>;

/// The settings that a client sends. They replace what the daemon is set to, so that settings that
/// are not meant to change have to be known.
#[derive(Debug, Clone)]
pub(crate) struct ClientOptions {
    pub(crate) max_jobs: u64,
    pub(crate) cores: u64,
    pub(crate) substitute: bool,
    pub(crate) silent_seconds: u64,
    /// Further settings by name. A daemon that does not trust the client ignores most of them.
    pub(crate) overrides: Vec<(String, String)>,
}

/// A connection to a daemon.
#[derive(Debug)]
pub(crate) struct Client<R, W> {
    pub(super) from: Reader<R>,
    to: W,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Client<R, W> {
    /// Greets the daemon, and waits for each part of its answers for so long at most.
    pub(crate) async fn connect(from: R, to: W, patience: Duration) -> Result<Self> {
        let mut client = Self {
            from: Reader { from, patience },
            to,
        };
        Request::default()
            .number(CLIENT_MAGIC)
            .send(&mut client.to)
            .await?;
        if client.from.number().await? != DAEMON_MAGIC {
            return Err(garbled("another greeting").into());
        }
        let version = client.from.number().await?;
        if version & 0xff00 != VERSION & 0xff00 || version < VERSION {
            return Err(garbled("a protocol version older than Nix 2.8's").into());
        }
        // The version, and two fields that are obsolete: processor affinity, reserved space.
        let greeting = Request::default().number(VERSION).number(0).number(0);
        greeting.send(&mut client.to).await?;
        client.from.text().await?;
        client.drain(&mut |_| {}).await?;
        Ok(client)
    }

    /// For how long to wait for each part of an answer from now on.
    pub(crate) fn set_patience(&mut self, patience: Duration) {
        self.from.patience = patience;
    }

    pub(crate) async fn set_options(&mut self, options: &ClientOptions) -> Result<()> {
        let mut request = Request::default()
            .number(OP_SET_OPTIONS)
            .number(0) // keep-failed
            .number(1) // keep-going
            .number(0) // fallback
            .number(VERBOSITY_INFO)
            .number(options.max_jobs)
            .number(options.silent_seconds)
            .number(1) // obsolete: use the build hook
            .number(1) // builders' output: as log lines, not as messages
            .number(0) // obsolete
            .number(0) // obsolete
            .number(options.cores)
            .number(u64::from(options.substitute))
            .number(options.overrides.len() as u64);
        for (name, value) in &options.overrides {
            request = request.text(name).text(value);
        }
        self.ask(request).await
    }

    /// Sends a request that works in silence, and waits for the work's end.
    pub(super) async fn ask(&mut self, request: Request) -> Result<()> {
        self.send(request).await?;
        self.drain(&mut |_| {}).await
    }

    pub(super) async fn send(&mut self, request: Request) -> Result<()> {
        let sent = timeout(self.from.patience, request.send(&mut self.to)).await;
        sent.unwrap_or_else(|_| Err(silent(self.from.patience)))?;
        Ok(())
    }

    /// Reads what the daemon tells, up to the end of its work.
    pub(super) async fn drain(&mut self, on_event: &mut (dyn FnMut(Event) + Send)) -> Result<()> {
        loop {
            let event = match self.from.number().await? {
                STDERR_LAST => return Ok(()),
                STDERR_ERROR => return Err(ClientError::Refused(self.error().await?)),
                STDERR_NEXT => Some(Event::Message(self.from.text().await?)),
                STDERR_START_ACTIVITY => self.start().await?,
                STDERR_STOP_ACTIVITY => {
                    self.from.number().await?;
                    None
                }
                STDERR_RESULT => {
                    let (id, kind) = (self.from.number().await?, self.from.number().await?);
                    let fields = self.fields().await?;
                    told(id, kind, fields)
                }
                _ => return Err(garbled("an unknown message").into()),
            };
            if let Some(event) = event {
                on_event(event);
            }
        }
    }

    async fn start(&mut self) -> Result<Option<Event>> {
        let (id, _level) = (self.from.number().await?, self.from.number().await?);
        let (kind, _text) = (self.from.number().await?, self.from.text().await?);
        let fields = self.fields().await?;
        let _parent = self.from.number().await?;
        Ok(started(id, kind, fields))
    }

    async fn fields(&mut self) -> Result<Vec<Field>> {
        let mut fields = Vec::new();
        for _ in 0..self.from.count().await? {
            fields.push(match self.from.number().await? {
                0 => Field::Number(self.from.number().await?),
                1 => Field::Text(self.from.text().await?),
                _ => return Err(garbled("an unknown type of field").into()),
            });
        }
        Ok(fields)
    }

    /// An error: type, level, name, message, position, and a trace of positions and texts.
    async fn error(&mut self) -> Result<String> {
        self.from.text().await?;
        self.from.number().await?;
        self.from.text().await?;
        let message = self.from.text().await?;
        self.from.number().await?;
        for _ in 0..self.from.count().await? {
            self.from.number().await?;
            self.from.text().await?;
        }
        Ok(message)
    }
}
