//! Answers that are read as they are sent.

use std::io::{self, Read};

use axum::body::{Body, Bytes};
use futures_util::stream::try_unfold;
use tokio::task::spawn_blocking;

/// How much is read at a time, in bytes.
const CHUNK: usize = 64 << 10;

/// A body of what there is to read. It is read as far as the client takes it, so that a slow client
/// holds no thread.
pub(crate) fn body(from: Box<dyn Read + Send>) -> Body {
    Body::from_stream(try_unfold(from, |mut from| async move {
        let read = spawn_blocking(move || {
            let mut chunk = vec![0; CHUNK];
            let bytes = from.read(&mut chunk)?;
            chunk.truncate(bytes);
            io::Result::Ok((chunk, from))
        });
        let (chunk, from) = read.await.map_err(io::Error::other)??;
        Ok::<_, io::Error>((!chunk.is_empty()).then(|| (Bytes::from(chunk), from)))
    }))
}
