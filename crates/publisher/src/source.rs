//! Files by their address: over HTTP, or from a folder of this machine (`file://`).

use std::io::{self, Read};
use std::path::PathBuf;

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use reqwest::{Client, Response};
use tokio::sync::mpsc::{self, Receiver, Sender};
use url::Url;

use crate::digest::CHUNK;
use crate::http::{self, Answer, HttpError, Validators};

/// Pieces of a body that may wait for their reader.
const WAITING: usize = 16;

/// Where files come from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Http(Client),
    Files,
}

impl Source {
    /// What gets files at addresses like this one.
    pub(crate) fn of(url: &Url) -> Result<Self, HttpError> {
        if url.scheme() == "file" {
            return Ok(Self::Files);
        }
        let client = http::client().map_err(|reason| HttpError::new(url, reason))?;
        Ok(Self::Http(client))
    }

    /// Opens a file; `None` where there is none.
    pub(crate) async fn open(&self, url: &Url) -> Result<Option<Body>, HttpError> {
        match self {
            Self::Http(client) => {
                let response = http::get(client, url).await?;
                Ok(response.map(|response| Body::of_response(url, response)))
            }
            Self::Files => Body::of_file(url).await,
        }
    }

    /// Reads a whole file, of at most `limit` bytes; `None` where there is none.
    pub(crate) async fn read(&self, url: &Url, limit: u64) -> Result<Option<Vec<u8>>, HttpError> {
        match self.open(url).await? {
            Some(body) => body.read(limit).await.map(Some),
            None => Ok(None),
        }
    }

    /// The same, where it is not the file that is known already. A file of this machine is always
    /// read.
    pub(crate) async fn read_if_new(
        &self,
        url: &Url,
        known: &Validators,
        limit: u64,
    ) -> Result<IfNew, HttpError> {
        let Self::Http(client) = self else {
            let content = self.read(url, limit).await?;
            let new = |content| IfNew::New {
                content,
                validators: Validators::default(),
                from: url.clone(),
            };
            return Ok(content.map_or(IfNew::Absent, new));
        };
        Ok(match http::get_if_new(client, url, known).await? {
            Answer::Absent => IfNew::Absent,
            Answer::Same => IfNew::Same,
            Answer::There(response) => {
                let (validators, from) = (Validators::of(&response), response.url().clone());
                let content = Body::of_response(url, response).read(limit).await?;
                IfNew::New {
                    content,
                    validators,
                    from,
                }
            }
        })
    }
}

/// What came of reading a file that may be known.
#[derive(Debug)]
pub(crate) enum IfNew {
    /// There is none.
    Absent,
    /// It is the one that is known.
    Same,
    /// It is another one.
    New {
        content: Vec<u8>,
        /// How to recognise it.
        validators: Validators,
        /// Where it came from, redirects followed.
        from: Url,
    },
}

/// The content of a file, as it arrives.
#[derive(Debug)]
pub(crate) struct Body {
    url: Url,
    pieces: Receiver<io::Result<Bytes>>,
}

impl Body {
    fn of_response(url: &Url, response: Response) -> Self {
        let (to, pieces) = mpsc::channel(WAITING);
        tokio::spawn(feed_response(response, to));
        let url = url.clone();
        Self { url, pieces }
    }

    async fn of_file(url: &Url) -> Result<Option<Self>, HttpError> {
        let no_path = |()| HttpError::new(url, "not the address of a file");
        let path = url.to_file_path().map_err(no_path)?;
        if !tokio::fs::try_exists(&path).await.unwrap_or(true) {
            return Ok(None);
        }
        let (to, pieces) = mpsc::channel(WAITING);
        tokio::task::spawn_blocking(move || feed_file(path, &to));
        let url = url.clone();
        Ok(Some(Self { url, pieces }))
    }

    /// All of it, which must be at most `limit` bytes.
    async fn read(mut self, limit: u64) -> Result<Vec<u8>, HttpError> {
        let url = &self.url;
        let mut content = Vec::new();
        while let Some(piece) = self.pieces.recv().await {
            let piece = piece.map_err(|error| HttpError::new(url, error.to_string()))?;
            if content.len() as u64 + piece.len() as u64 > limit {
                return Err(HttpError::new(url, format!("more than {limit} bytes long")));
            }
            content.extend_from_slice(&piece);
        }
        Ok(content)
    }

    /// Does blocking work on the content, on a thread of its own.
    pub(crate) async fn consume<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut BodyReader) -> io::Result<T> + Send + 'static,
    ) -> Result<T, HttpError> {
        let Self { url, pieces } = self;
        let mut reader = BodyReader {
            pieces,
            piece: Bytes::new(),
            lost: None,
        };
        let done = tokio::task::spawn_blocking(move || work(&mut reader)).await;
        let done = done.unwrap_or_else(|error| Err(io::Error::other(error)));
        done.map_err(|error| HttpError::new(&url, error.to_string()))
    }
}

/// Reads a body on a thread that may block.
#[derive(Debug)]
pub(crate) struct BodyReader {
    pieces: Receiver<io::Result<Bytes>>,
    piece: Bytes,
    /// Why the rest cannot be had: every later read says so too.
    lost: Option<String>,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            if let Some(lost) = &self.lost {
                return Err(io::Error::other(lost.clone()));
            }
            match self.pieces.blocking_recv() {
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(error)) => self.lost = Some(error.to_string()),
                None => return Ok(0),
            }
        }
        let n = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut buffer[..n]);
        Ok(n)
    }
}

/// Ends early where nobody reads any more.
async fn feed_response(response: Response, to: Sender<io::Result<Bytes>>) {
    let url = response.url().clone();
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| io::Error::other(HttpError::of(&url, &error).reason));
        if to.send(piece).await.is_err() {
            return;
        }
    }
}

fn feed_file(path: PathBuf, to: &Sender<io::Result<Bytes>>) {
    let feed = || -> io::Result<()> {
        let mut file = std::fs::File::open(path)?;
        loop {
            let mut piece = vec![0; CHUNK];
            let n = file.read(&mut piece)?;
            piece.truncate(n);
            if n == 0 || to.blocking_send(Ok(piece.into())).is_err() {
                return Ok(());
            }
        }
    };
    if let Err(error) = feed() {
        // Where nobody reads any more, nobody wants to know.
        let _ = to.blocking_send(Err(error));
    }
}
