//! The server: each connection is bounded in size and time, and none holds up another.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use picket_domain::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use crate::journal::Peer;
use crate::protocol::{Answer, HEAD, Kind, PREFACE, keys_frame};
use crate::signer::Signer;

/// After an error that is not about one connection, such as too many open files.
const PAUSE: Duration = Duration::from_millis(500);
/// Answers under way are sent to their end when the server stops, but for no longer than this.
const FINISH_WITHIN: Duration = Duration::from_secs(5);

/// How much clients may take of the server.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at the same time.
    pub connections: usize,
    /// Those of one user.
    pub of_one_user: usize,
    /// How long a connection may rest before a question.
    pub rest: Duration,
    /// How long a question may take to come, and an answer to be taken.
    pub transfer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 32,
            of_one_user: 8,
            rest: Duration::from_secs(10),
            transfer: Duration::from_secs(30),
        }
    }
}

/// Answers until told to stop.
pub async fn serve(
    listener: UnixListener,
    signer: Arc<Signer>,
    limits: Limits,
    stop: CancellationToken,
) {
    let (open, under_way) = (Arc::new(Open::default()), TaskTracker::new());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let peer = accepted.and_then(|(stream, _)| Ok((peer(&stream)?, stream)));
        let (peer, stream) = match peer {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!("no connection can be taken: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let place = Open::place(&open, peer, limits);
        let connection = Connection {
            stream,
            peer,
            signer: Arc::clone(&signer),
            limits,
            stop: stop.clone(),
        };
        under_way.spawn(async move {
            if let Err(error) = connection.run(place).await {
                debug!("a connection ended: {error}");
            }
        });
    }
    drop(listener);
    under_way.close();
    if tokio::time::timeout(FINISH_WITHIN, under_way.wait())
        .await
        .is_err()
    {
        debug!("some answers were not taken to their end");
    }
}

fn peer(stream: &UnixStream) -> io::Result<Peer> {
    let credentials = stream.peer_cred()?;
    Ok(Peer {
        uid: credentials.uid(),
        pid: credentials.pid(),
    })
}

/// How many connections each user has.
#[derive(Debug, Default)]
struct Open(Mutex<HashMap<u32, usize>>);

/// One of them; given back when it is dropped.
struct Place {
    open: Arc<Open>,
    uid: u32,
}

impl Open {
    fn place(open: &Arc<Self>, peer: Peer, limits: Limits) -> Option<Place> {
        let mut users = open.users();
        let all: usize = users.values().sum();
        let of_user = users.entry(peer.uid).or_default();
        if all >= limits.connections || *of_user >= limits.of_one_user {
            return None;
        }
        *of_user += 1;
        Some(Place {
            open: Arc::clone(open),
            uid: peer.uid,
        })
    }

    fn users(&self) -> MutexGuard<'_, HashMap<u32, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut users = self.open.users();
        if let Some(of_user) = users.get_mut(&self.uid) {
            *of_user -= 1;
        }
        users.retain(|_, of_user| *of_user > 0);
    }
}

struct Connection {
    stream: UnixStream,
    peer: Peer,
    signer: Arc<Signer>,
    limits: Limits,
    stop: CancellationToken,
}

impl Connection {
    /// Until the client has no more questions, or breaks the protocol.
    async fn run(mut self, place: Option<Place>) -> io::Result<()> {
        let Some(_place) = place else {
            let why = "there are too many connections: try again later".to_owned();
            return self.send(&Answer::Refused(why).frame()).await;
        };
        let mut preface = [0; PREFACE.len()];
        if !self.next(&mut preface).await? {
            return Ok(());
        }
        if preface != *PREFACE {
            let why = "this signer speaks its own protocol, version 1";
            return self.turn_away(&preface, why.to_owned()).await;
        }
        let keys = self.signer.public_keys();
        let keys: String = keys.iter().map(|key| format!("{key}\n")).collect();
        self.send(&keys_frame(&keys)).await?;
        let mut head = [0; HEAD];
        while self.next(&mut head).await? {
            let (kind, length) = match Kind::of_head(head) {
                Ok(head) => head,
                Err(why) => return self.turn_away(&head, why).await,
            };
            let body = self.body(length).await?;
            let answer = self.answer(kind, body).await?;
            self.send(&answer.frame()).await?;
        }
        Ok(())
    }

    /// What begins a question; not where the client has ended, or the server is to stop.
    async fn next(&mut self, head: &mut [u8]) -> io::Result<bool> {
        let stop = self.stop.clone();
        let read = within(self.limits.rest, self.stream.read_exact(head));
        let read = tokio::select! {
            read = read => read,
            () = stop.cancelled() => return Ok(false),
        };
        match read {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Memory is taken for what has come, not for what was announced.
    async fn body(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        let mut rest = (&mut self.stream).take(length as u64);
        within(self.limits.transfer, rest.read_to_end(&mut body)).await?;
        if body.len() == length {
            return Ok(body);
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    async fn answer(&self, kind: Kind, body: Vec<u8>) -> io::Result<Answer> {
        let (signer, peer) = (Arc::clone(&self.signer), self.peer);
        let answer = move || signer.answer(peer, kind, &body, Timestamp::now());
        Ok(tokio::task::spawn_blocking(answer).await?)
    }

    async fn turn_away(&mut self, head: &[u8], why: String) -> io::Result<()> {
        let (signer, peer, head) = (Arc::clone(&self.signer), self.peer, head.to_vec());
        let turn_away = move || signer.turn_away(peer, &head, why, Timestamp::now());
        let answer = tokio::task::spawn_blocking(turn_away).await?;
        self.send(&answer.frame()).await
    }

    async fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        within(self.limits.transfer, self.stream.write_all(frame)).await
    }
}

async fn within<T>(time: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match tokio::time::timeout(time, work).await {
        Ok(done) => done,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}
