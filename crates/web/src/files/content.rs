//! The bytes of a file that is sent.
//!
//! What is small is read at once, where the request is answered: the system has it in memory, and
//! handing the work to another thread would take longer than the work. What is large is read ahead
//! by other threads, a block at a time.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::task::{JoinHandle, spawn_blocking};

/// Files of up to so many bytes are small.
pub(super) const SMALL: u64 = 64 << 10;
/// What is read of a large one at a time.
const BLOCK: u64 = 512 << 10;

/// These bytes of a file that is small.
pub(super) fn read(mut file: &File, bytes: &Range<u64>) -> io::Result<Bytes> {
    file.seek(SeekFrom::Start(bytes.start))?;
    block(file, bytes.end - bytes.start).map(Bytes::from)
}

/// These bytes of any file.
pub(super) fn stream(file: File, bytes: Range<u64>) -> Body {
    let start = bytes.start;
    let first = Reading::begin(file, bytes, Some(start));
    let blocks = stream::try_unfold(first, async |reading| match reading {
        Some(reading) => reading.next().await.map(Some),
        None => Ok::<_, io::Error>(None),
    });
    Body::from_stream(blocks)
}

/// A block that is being read.
struct Reading {
    /// What comes after it.
    rest: Range<u64>,
    block: JoinHandle<io::Result<(File, Vec<u8>)>>,
}

impl Reading {
    /// Begins to read the next block; `None` where nothing is left.
    fn begin(mut file: File, bytes: Range<u64>, seek: Option<u64>) -> Option<Self> {
        let length = BLOCK.min(bytes.end - bytes.start);
        (length > 0).then(|| Self {
            rest: bytes.start + length..bytes.end,
            block: spawn_blocking(move || {
                if let Some(start) = seek {
                    file.seek(SeekFrom::Start(start))?;
                }
                let block = block(&file, length)?;
                Ok((file, block))
            }),
        })
    }

    /// The block, and the one after it, which is read while this one is sent.
    async fn next(self) -> io::Result<(Bytes, Option<Self>)> {
        let (file, block) = self.block.await??;
        Ok((block.into(), Self::begin(file, self.rest, None)))
    }
}

/// So many bytes of a file. One that got shorter is an error: the client was told its length.
fn block(file: &File, length: u64) -> io::Result<Vec<u8>> {
    let capacity = usize::try_from(length).map_err(io::Error::other)?;
    let mut bytes = Vec::with_capacity(capacity);
    if file.take(length).read_to_end(&mut bytes)? < capacity {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn any_part_of_a_file_is_sent_whole() {
        let length = 2 * BLOCK + 7;
        let content: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, &content).unwrap();
        for part in [
            0..length,
            0..1,
            5..BLOCK + 5,
            BLOCK..length,
            length - 1..length,
        ] {
            let expected = &content[part.start as usize..part.end as usize];
            let sent = stream(File::open(&path).unwrap(), part.clone());
            assert_eq!(
                sent.collect().await.unwrap().to_bytes(),
                expected,
                "{part:?}"
            );
            let read = read(&File::open(&path).unwrap(), &part).unwrap();
            assert_eq!(read, expected, "{part:?}");
        }
    }

    #[tokio::test]
    async fn a_file_that_got_shorter_ends_in_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "short").unwrap();
        let sent = stream(File::open(&path).unwrap(), 0..6);
        assert!(sent.collect().await.is_err());
    }
}
