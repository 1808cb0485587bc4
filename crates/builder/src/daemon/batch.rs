//! Many requests at once, where each is small and its answer is too.

use picket_domain::StorePath;
use tokio::io::{AsyncRead, AsyncWrite};

use super::client::{Client, ClientError, Result};
use super::wire::Request;

const OP_ADD_TEMP_ROOT: u64 = 11;
const OP_ADD_INDIRECT_ROOT: u64 = 12;

/// How much is sent before an answer is read, in bytes: half of what a pipe takes.
const BATCH_BYTES: usize = 32 << 10;
/// What a request has beside its text: two numbers and the padding.
const REQUEST_OVERHEAD: usize = 24;

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Client<R, W> {
    /// Keeps the garbage collector from paths for as long as this connection lasts.
    pub(crate) async fn add_temp_roots(&mut self, paths: &[StorePath]) -> Result<()> {
        let paths: Vec<_> = paths.iter().map(StorePath::as_str).collect();
        self.do_all(OP_ADD_TEMP_ROOT, &paths).await
    }

    /// Makes symlinks into the store roots of the garbage collector.
    pub(crate) async fn add_indirect_roots(&mut self, links: &[String]) -> Result<()> {
        let links: Vec<_> = links.iter().map(String::as_str).collect();
        self.do_all(OP_ADD_INDIRECT_ROOT, &links).await
    }

    /// Makes one request for each text; the answers say no more than that it was done.
    async fn do_all(&mut self, op: u64, texts: &[&str]) -> Result<()> {
        for batch in batches(texts) {
            self.send_all(op, batch).await?;
            let mut refused = None;
            for _ in batch {
                let answered = self.done().await;
                keep_refusal(answered, &mut refused)?;
            }
            refused.map_or(Ok(()), |message| Err(ClientError::Refused(message)))?;
        }
        Ok(())
    }

    /// Sends the requests of a batch, whose answers are then to be read in the same order.
    pub(super) async fn send_all(&mut self, op: u64, texts: &[&str]) -> Result<()> {
        let request = texts.iter().fold(Request::default(), |request, text| {
            request.number(op).text(text)
        });
        self.send(request).await
    }

    async fn done(&mut self) -> Result<()> {
        self.drain(&mut |_| {}).await?;
        self.from.number().await?;
        Ok(())
    }
}

/// Texts in groups that may be sent before the first answer is read: a pipe takes them whole, so
/// that neither side waits for the other.
pub(super) fn batches<'a>(texts: &'a [&'a str]) -> impl Iterator<Item = &'a [&'a str]> {
    let mut rest = texts;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |text: &&&str| {
            bytes += text.len() + REQUEST_OVERHEAD;
            bytes <= BATCH_BYTES
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (batch, after) = rest.split_at_checked(count)?;
        rest = after;
        Some(batch)
    })
}

/// Sets a refusal aside, since the answers to the batch's other requests are still to be read.
pub(super) fn keep_refusal<T>(
    answer: Result<T>,
    refused: &mut Option<String>,
) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(ClientError::Refused(message)) => {
            refused.get_or_insert(message);
            Ok(None)
        }
        Err(ClientError::Io(error)) => Err(ClientError::Io(error)),
    }
}
