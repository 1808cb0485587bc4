//! A client of Nix's worker protocol.
//!
//! It says that it speaks version 1.34, that of Nix 2.8, so that every daemon since then answers
//! it alike. Numbers and layouts: `worker-protocol.hh`, `daemon.cc` and `remote-store.cc` of Nix.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use picket_domain::{PathInfo, Sha256, StorePath};
use tokio::io::{AsyncRead, AsyncWrite};

use super::event::{Activities, Event, Field};
use super::status::{BuildResult, Status};
use super::wire::{Reader, Request, garbled};

const CLIENT_MAGIC: u64 = 0x6e69_7863;
const DAEMON_MAGIC: u64 = 0x6478_696f;
const VERSION: u64 = 0x0122;

const OP_ADD_TEMP_ROOT: u64 = 11;
const OP_ADD_INDIRECT_ROOT: u64 = 12;
const OP_SET_OPTIONS: u64 = 19;
const OP_QUERY_PATH_INFO: u64 = 26;
const OP_QUERY_VALID_PATHS: u64 = 31;
const OP_QUERY_MISSING: u64 = 40;
const OP_BUILD_PATHS_WITH_RESULTS: u64 = 46;

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

type Result<T> = std::result::Result<T, ClientError>;

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

/// What would have to be done for some derivations to be there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Derivations that would be built.
    pub(crate) build: Vec<StorePath>,
    /// How many paths would be substituted.
    pub(crate) substitute: usize,
}

/// A connection to a daemon.
#[derive(Debug)]
pub(crate) struct Client<R, W> {
    from: Reader<R>,
    to: W,
    activities: Activities,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Client<R, W> {
    /// Greets the daemon.
    pub(crate) async fn connect(from: R, to: W) -> Result<Self> {
        let mut client = Self {
            from: Reader(from),
            to,
            activities: Activities::default(),
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

    /// The paths among these that are in the store.
    pub(crate) async fn valid(&mut self, paths: &[StorePath]) -> Result<BTreeSet<StorePath>> {
        let request = Request::default()
            .number(OP_QUERY_VALID_PATHS)
            .texts(paths.iter().map(StorePath::as_str))
            .number(0); // do not substitute
        self.ask(request).await?;
        Ok(self.paths().await?.into_iter().collect())
    }

    /// Keeps the garbage collector from a path for as long as this connection lasts.
    pub(crate) async fn add_temp_root(&mut self, path: &StorePath) -> Result<()> {
        let request = Request::default()
            .number(OP_ADD_TEMP_ROOT)
            .text(path.as_str());
        self.ask(request).await?;
        self.from.number().await?;
        Ok(())
    }

    /// Makes a symlink into the store a root of the garbage collector.
    pub(crate) async fn add_indirect_root(&mut self, link: &str) -> Result<()> {
        let request = Request::default().number(OP_ADD_INDIRECT_ROOT).text(link);
        self.ask(request).await?;
        self.from.number().await?;
        Ok(())
    }

    pub(crate) async fn missing(&mut self, drvs: &[StorePath]) -> Result<Missing> {
        let request = Request::default()
            .number(OP_QUERY_MISSING)
            .texts(drvs.iter().map(all_outputs));
        self.ask(request).await?;
        let build = self.paths().await?;
        let substitute = self.paths().await?.len();
        let _unknown = self.paths().await?;
        let (_download_size, _nar_size) = (self.from.number().await?, self.from.number().await?);
        Ok(Missing { build, substitute })
    }

    /// Builds all outputs of these derivations, as far as that goes.
    pub(crate) async fn build(
        &mut self,
        drvs: &[StorePath],
        on_event: &mut (dyn FnMut(Event) + Send),
    ) -> Result<BTreeMap<StorePath, BuildResult>> {
        let request = Request::default()
            .number(OP_BUILD_PATHS_WITH_RESULTS)
            .texts(drvs.iter().map(all_outputs))
            .number(0); // build mode: normal
        request.send(&mut self.to).await?;
        self.drain(on_event).await?;
        let mut results = BTreeMap::new();
        for _ in 0..self.from.count().await? {
            let of = self.from.text().await?;
            let result = self.build_result().await?;
            let drv = of.split(['!', '^']).next().unwrap_or_default();
            results.insert(parse(drv)?, result);
        }
        Ok(results)
    }

    async fn build_result(&mut self) -> Result<BuildResult> {
        let status = Status::of_code(self.from.number().await?);
        let message = self.from.text().await?;
        // How often it was built, whether twice alike, start and stop.
        for _ in 0..4 {
            self.from.number().await?;
        }
        for _ in 0..self.from.count().await? {
            let (_id, _realisation) = (self.from.text().await?, self.from.text().await?);
        }
        Ok(BuildResult { status, message })
    }

    /// What the store knows of a path; `None`: it is not there.
    pub(crate) async fn path_info(&mut self, path: &StorePath) -> Result<Option<PathInfo>> {
        let request = Request::default()
            .number(OP_QUERY_PATH_INFO)
            .text(path.as_str());
        self.ask(request).await?;
        if self.from.number().await? == 0 {
            return Ok(None);
        }
        let deriver = self.from.text().await?;
        let nar_hash = self.from.text().await?;
        let mut references = self.paths().await?;
        references.sort();
        let _registered = self.from.number().await?;
        let nar_size = self.from.number().await?;
        let _ultimate = self.from.number().await?;
        let signatures = self.from.texts().await?;
        let content_address = self.from.text().await?;
        Ok(Some(PathInfo {
            path: path.clone(),
            nar_hash: parse_hash(&nar_hash)?,
            nar_size,
            references,
            deriver: StorePath::parse(&deriver).ok(),
            content_address: Some(content_address).filter(|ca| !ca.is_empty()),
            signatures,
        }))
    }

    async fn paths(&mut self) -> Result<Vec<StorePath>> {
        let texts = self.from.texts().await?;
        let paths: io::Result<Vec<_>> = texts.iter().map(|text| parse(text)).collect();
        Ok(paths?)
    }

    /// Sends a request that works in silence, and waits for the work's end.
    async fn ask(&mut self, request: Request) -> Result<()> {
        request.send(&mut self.to).await?;
        self.drain(&mut |_| {}).await
    }

    /// Reads what the daemon tells, up to the end of its work.
    async fn drain(&mut self, on_event: &mut (dyn FnMut(Event) + Send)) -> Result<()> {
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
                    self.activities.result(id, kind, fields)
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
        Ok(self.activities.started(id, kind, fields))
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

/// A derivation with all of its outputs, as protocol 1.34 writes it.
fn all_outputs(drv: &StorePath) -> String {
    format!("{drv}!*")
}

fn parse(text: &str) -> io::Result<StorePath> {
    StorePath::parse(text).map_err(|error| garbled(&error.to_string()))
}

/// Reads a NAR hash, which the protocol has in hexadecimal, with or without its algorithm.
fn parse_hash(text: &str) -> io::Result<Sha256> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    digits
        .parse()
        .map_err(|_| garbled("a NAR hash that is no SHA-256"))
}
