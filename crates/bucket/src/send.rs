//! Writing a file into the mirror: by parts where it is large, so that no more than these are in memory.

use std::io;

use bytes::Bytes;
use object_store::path::Path as Key;
use object_store::{
    MultipartUpload, ObjectStore as _, PutMultipartOptions, PutOptions, WriteMultipart,
};
use picket_domain::Sha256;
use picket_releaselog::{Checkpoint, SignedNote};
use sha2::{Digest, Sha256 as Hasher};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::error::BucketError;
use crate::place::{Manner, Place};
use crate::plan::Send;
use crate::scan::{LocalFile, STATED_MAX, modified};

/// A file of up to so many bytes is one request, and a larger one has parts of so many.
const PART: usize = 8 << 20;
/// So many parts of a file are under way at once.
const PARTS_AT_ONCE: usize = 2;
/// S3 takes no more parts of one object.
const PARTS_MAX: u64 = 10_000;

/// What became of a file that was to be written.
#[derive(Debug)]
pub(crate) enum Sent {
    /// It is there now, with these bytes of a file that was written at this time.
    Written {
        size: u64,
        modified: i64,
        sha256: Sha256,
    },
    /// It was there, of a file that was written at another time.
    Same { modified: i64, sha256: Sha256 },
    /// There is no such file any more.
    Vanished,
}

/// Writes a file, unless what is there has the same bytes.
pub(crate) async fn send(place: &Place, send: &Send) -> Result<Sent, BucketError> {
    let file = &send.file;
    if let Some(held) = &file.held {
        return send_held(place, send, held.clone()).await;
    }
    let io = |error| BucketError::Io {
        path: file.path.clone(),
        error,
    };
    let mut opened = match File::open(&file.path).await {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Sent::Vanished),
        Err(error) => return Err(io(error)),
    };
    let metadata = opened.metadata().await.map_err(io)?;
    let modified = modified(&metadata);
    if let Some(there) = send.there {
        let sha256 = hash(&mut opened).await.map_err(io)?;
        if sha256 == there {
            return Ok(Sent::Same { modified, sha256 });
        }
        tokio::io::AsyncSeekExt::rewind(&mut opened)
            .await
            .map_err(io)?;
    }
    let (size, sha256) = if metadata.len() <= PART as u64 {
        whole(place, file, opened).await?
    } else {
        in_parts(place, file, opened, metadata.len()).await?
    };
    Ok(Sent::Written {
        size,
        modified,
        sha256,
    })
}

/// How many entries a checkpoint says that its log has.
fn log_size(note: &[u8]) -> Option<u64> {
    let note = SignedNote::parse(note).ok()?;
    Some(Checkpoint::parse(&note.text).ok()?.size)
}

/// Writes a checkpoint. Clients remember how long the log was.
async fn send_held(place: &Place, send: &Send, content: Bytes) -> Result<Sent, BucketError> {
    let (modified, sha256) = (send.file.modified, Sha256::of(&content));
    if send.there == Some(sha256) {
        return Ok(Sent::Same { modified, sha256 });
    }
    let there = place.read(&send.file.key, STATED_MAX).await?;
    let there = there.and_then(|seen| log_size(&seen.bytes));
    if let (Some(there), Some(here)) = (there, log_size(&content))
        && there > here
    {
        let place = place.name.clone();
        return Err(BucketError::ShorterLog { place, there, here });
    }
    let (size, sha256) = put(place, &send.file, content).await?;
    Ok(Sent::Written {
        size,
        modified,
        sha256,
    })
}

async fn hash(file: &mut File) -> io::Result<Sha256> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer).await? {
            0 => return Ok(Sha256::from_bytes(hasher.finalize().into())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

fn manner(file: &LocalFile) -> Manner {
    Manner {
        content_type: file.kind.content_type(),
        cache_control: file.kind.cache_control(),
        metadata: Vec::new(),
    }
}

async fn whole(
    place: &Place,
    file: &LocalFile,
    mut opened: File,
) -> Result<(u64, Sha256), BucketError> {
    let part = part(&mut opened, PART).await;
    let bytes = part.map_err(|error| BucketError::Io {
        path: file.path.clone(),
        error,
    })?;
    put(place, file, bytes).await
}

async fn put(place: &Place, file: &LocalFile, bytes: Bytes) -> Result<(u64, Sha256), BucketError> {
    let (size, sha256) = (bytes.len() as u64, Sha256::of(&bytes));
    let options = PutOptions {
        attributes: place.attributes(manner(file)),
        ..PutOptions::default()
    };
    let key = Key::from(file.key.as_str());
    let put = place.store.put_opts(&key, bytes.into(), options).await;
    put.map_err(|error| place.failed(&format!("write {}", file.key), &error))?;
    Ok((size, sha256))
}

async fn in_parts(
    place: &Place,
    file: &LocalFile,
    mut opened: File,
    size: u64,
) -> Result<(u64, Sha256), BucketError> {
    let failed = |error| place.failed(&format!("write {}", file.key), &error);
    let options = PutMultipartOptions {
        attributes: place.attributes(manner(file)),
        ..PutMultipartOptions::default()
    };
    let key = Key::from(file.key.as_str());
    let upload: Box<dyn MultipartUpload> = place
        .store
        .put_multipart_opts(&key, options)
        .await
        .map_err(failed)?;
    let least = usize::try_from(size / PARTS_MAX + 1).unwrap_or(usize::MAX);
    let part_size = PART.max(least);
    let mut upload = WriteMultipart::new_with_chunk_size(upload, part_size);
    let mut hasher = Hasher::new();
    let mut written = 0;
    loop {
        let bytes = match part(&mut opened, part_size).await {
            Ok(bytes) if bytes.is_empty() => break,
            Ok(bytes) => bytes,
            Err(error) => {
                // What is given up costs its owner nothing; that it is not is no reason to hide this.
                let _ = upload.abort().await;
                let path = file.path.clone();
                return Err(BucketError::Io { path, error });
            }
        };
        hasher.update(&bytes);
        written += bytes.len() as u64;
        let ready = upload.wait_for_capacity(PARTS_AT_ONCE).await;
        if let Err(error) = ready {
            let _ = upload.abort().await;
            return Err(failed(error));
        }
        upload.put(bytes);
    }
    upload.finish().await.map_err(failed)?;
    Ok((written, Sha256::from_bytes(hasher.finalize().into())))
}

/// The next bytes of a file, as many as are asked for where there are as many.
async fn part(file: &mut File, size: usize) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    file.take(size as u64).read_to_end(&mut bytes).await?;
    Ok(bytes.into())
}
