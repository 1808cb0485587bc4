//! The service's side: asks the signer.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use picket_files::{read_bounded, write_private};
use picket_publisher::{Fingerprint, LogToSign, PublicKey, Sign, SignError, Signature};
use rustix::net::sockopt::{self, Timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use thiserror::Error;

use crate::protocol::{
    self, Answer, Kind, PATHS_BYTES_MAX, PATHS_MAX, PREFACE, log_body, paths_body, read_keys,
};

/// A signer that takes longer to tell its keys does not run: it has nothing to write down for that.
const GREETED_WITHIN: Duration = Duration::from_secs(10);
/// One that takes longer for a question has stopped.
const PATIENCE: Duration = Duration::from_secs(60);
/// No file of public keys is longer.
const KEYS_MAX: u64 = 64 << 10;

/// Why there is no client: nobody knows the signer's public keys.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The signer does not answer, and never did.
    #[error(
        "{error}\nIts public keys are not known yet, and pages and releases tell them: start `picket \
         sign-server` first. Once it has answered, it may be away when this starts"
    )]
    NeverAnswered {
        /// Why it does not.
        error: SignError,
    },
    /// The file in which the keys are kept cannot be read or written.
    #[error("{path}: {error}")]
    Kept {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file in which the keys are kept holds something else.
    #[error("{path} holds no public keys: {reason}; remove it while the signer runs")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Asks a signer, over a connection for each question.
#[derive(Debug)]
pub struct Client {
    socket: PathBuf,
    keys: Vec<PublicKey>,
}

impl Client {
    /// A client of the signer that listens here. What keys it has it tells; they are kept in a file, for
    /// the time that it is away.
    ///
    /// # Errors
    /// Where it is away and its keys are not known, and where they cannot be kept.
    pub fn open(socket: &Path, kept: &Path) -> Result<Self, ClientError> {
        let at = |error| ClientError::Kept {
            path: kept.to_owned(),
            error,
        };
        let socket = socket.to_owned();
        let kept_text = read_bounded(kept, KEYS_MAX).map_err(at)?;
        match Self::connect(&socket) {
            Ok((_, keys)) => {
                let text = text_of(&keys).into_bytes();
                if kept_text.as_ref() != Some(&text) {
                    write_private(kept, &text).map_err(at)?;
                }
                Ok(Self { socket, keys })
            }
            Err(error) => {
                let text = kept_text.ok_or(ClientError::NeverAnswered {
                    error: error.clone(),
                })?;
                let keys = keys_of(&String::from_utf8_lossy(&text));
                let keys = keys.map_err(|reason| ClientError::Damaged {
                    path: kept.to_owned(),
                    reason,
                })?;
                tracing::warn!("{error}");
                Ok(Self { socket, keys })
            }
        }
    }

    /// What keys the signer has that listens here.
    ///
    /// # Errors
    /// Where it cannot be asked.
    pub fn ask_keys(socket: &Path) -> Result<Vec<PublicKey>, SignError> {
        Self::connect(socket).map(|(_, keys)| keys)
    }

    fn connect(socket: &Path) -> Result<(UnixStream, Vec<PublicKey>), SignError> {
        let greet = || {
            let mut stream = connected(socket)?;
            io::Write::write_all(&mut stream, PREFACE)?;
            let keys = read_keys(&mut stream)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Ok((stream, keys))
        };
        let (stream, keys) = greet().map_err(|error| unreachable(socket, &error))?;
        let keys = keys_of(&keys).map_err(|why| unreachable(socket, &io::Error::other(why)))?;
        Ok((stream, keys))
    }

    /// A connection to a signer that has the keys that this process tells clients of.
    fn connection(&self) -> Result<UnixStream, SignError> {
        let (stream, keys) = Self::connect(&self.socket)?;
        if keys == self.keys {
            return Ok(stream);
        }
        Err(SignError::OtherKeys {
            now: names(&keys),
            then: names(&self.keys),
        })
    }

    fn ask(&self, stream: &mut UnixStream, kind: Kind, body: &[u8]) -> Result<Answer, SignError> {
        let asked = protocol::ask(stream, kind, body);
        // Who is turned away before all of it was read is told why all the same.
        match (Answer::read(stream), asked) {
            (Ok(answer), _) => Ok(answer),
            (Err(_), Err(error)) | (Err(error), Ok(())) => Err(unreachable(&self.socket, &error)),
        }
    }

    /// The signatures of so many things, each by every key.
    fn signed(&self, answer: Answer, of: usize) -> Result<Vec<Vec<Signature>>, SignError> {
        let is_whole = |signatures: &Vec<Signature>| {
            let by = signatures.iter().map(Signature::key_name);
            by.eq(self.keys.iter().map(PublicKey::name))
        };
        match answer {
            Answer::Signed(all) if all.len() == of && all.iter().all(is_whole) => Ok(all),
            Answer::Signed(_) => Err(unreachable(
                &self.socket,
                &io::Error::other("it gave other signatures than it was asked for"),
            )),
            Answer::Refused(why) | Answer::Unknown(why) => Err(SignError::Refused(why)),
            Answer::Hindered(why) => Err(SignError::Hindered(why)),
        }
    }

    fn sign_file(
        &self,
        stream: &mut UnixStream,
        kind: Kind,
        file: &[u8],
    ) -> Result<Vec<Signature>, SignError> {
        let answer = self.ask(stream, kind, file)?;
        let signed = self.signed(answer, 1)?;
        Ok(signed.into_iter().flatten().collect())
    }
}

impl Sign for Client {
    fn public_keys(&self) -> &[PublicKey] {
        &self.keys
    }

    fn can_sign(&self) -> Result<(), SignError> {
        self.connection().map(drop)
    }

    fn sign_paths(&self, fingerprints: &[Fingerprint]) -> Result<Vec<Vec<Signature>>, SignError> {
        if fingerprints.is_empty() {
            return Ok(Vec::new());
        }
        let mut stream = self.connection()?;
        let mut all = Vec::with_capacity(fingerprints.len());
        for some in portions(fingerprints) {
            let answer = self.ask(&mut stream, Kind::Paths, &paths_body(some))?;
            all.extend(self.signed(answer, some.len())?);
        }
        Ok(all)
    }

    fn sign_release(&self, manifest: &[u8]) -> Result<Vec<Signature>, SignError> {
        self.sign_file(&mut self.connection()?, Kind::Release, manifest)
    }

    /// Where the signer does not know the release, since its key signed that elsewhere, it is asked for
    /// that first.
    fn sign_latest(&self, statement: &[u8], manifest: &[u8]) -> Result<Vec<Signature>, SignError> {
        let mut stream = self.connection()?;
        match self.ask(&mut stream, Kind::Latest, statement)? {
            Answer::Unknown(_) => {
                self.sign_file(&mut stream, Kind::Release, manifest)?;
                self.sign_file(&mut stream, Kind::Latest, statement)
            }
            answer => Ok(self.signed(answer, 1)?.into_iter().flatten().collect()),
        }
    }

    /// Where the signer does not know the entries before the new ones, since its key signed them elsewhere,
    /// it is given all of them.
    fn sign_checkpoint(&self, log: &LogToSign<'_>) -> Result<Vec<Signature>, SignError> {
        let mut stream = self.connection()?;
        let origin = &log.checkpoint.origin;
        let new = log.entries.get(log.known..).unwrap_or_default();
        let body = log_body(origin, log.known, new);
        match self.ask(&mut stream, Kind::Log, &body)? {
            Answer::Unknown(_) => {
                let body = log_body(origin, 0, log.entries);
                self.sign_file(&mut stream, Kind::Log, &body)
            }
            answer => Ok(self.signed(answer, 1)?.into_iter().flatten().collect()),
        }
    }
}

/// As many as one question takes, in order.
fn portions(fingerprints: &[Fingerprint]) -> impl Iterator<Item = &[Fingerprint]> {
    let mut left = fingerprints;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |it: &&Fingerprint| {
            bytes += it.as_str().len() + 1;
            bytes <= PATHS_BYTES_MAX
        };
        let some = left.iter().take(PATHS_MAX).take_while(fits).count();
        let (some, rest) = left.split_at(some);
        left = rest;
        (!some.is_empty()).then_some(some)
    })
}

/// Waits for no longer than it has patience, not even where nobody takes connections any more.
fn connected(socket: &Path) -> io::Result<UnixStream> {
    let flags = SocketFlags::CLOEXEC;
    let stream = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    for which in [Timeout::Send, Timeout::Recv] {
        sockopt::set_socket_timeout(&stream, which, Some(GREETED_WITHIN))?;
    }
    connect(&stream, &SocketAddrUnix::new(socket)?)?;
    Ok(UnixStream::from(stream))
}

fn unreachable(socket: &Path, error: &io::Error) -> SignError {
    let reason = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ended in the middle of an answer".to_owned(),
        io::ErrorKind::WouldBlock => "it does not answer".to_owned(),
        _ => error.to_string(),
    };
    SignError::Unreachable {
        place: socket.display().to_string(),
        reason,
    }
}

fn keys_of(text: &str) -> Result<Vec<PublicKey>, String> {
    let keys = text.lines().map(PublicKey::parse);
    let keys: Vec<_> = keys
        .collect::<Result<_, _>>()
        .map_err(|it| it.to_string())?;
    if keys.is_empty() {
        return Err("there is none".to_owned());
    }
    Ok(keys)
}

fn text_of(keys: &[PublicKey]) -> String {
    keys.iter().map(|key| format!("{key}\n")).collect()
}

fn names(keys: &[PublicKey]) -> String {
    let names: Vec<_> = keys.iter().map(|key| key.name().as_str()).collect();
    names.join(", ")
}
