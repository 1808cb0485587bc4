//! The daemon protocol's primitives: little-endian 64-bit numbers, texts padded to 8 bytes.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Longest text that is taken, in bytes.
const TEXT_MAX: u64 = 64 << 20;
/// Longest list that is taken.
const LIST_MAX: u64 = 4 << 20;

/// An answer that is outside the protocol.
pub(super) fn garbled(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("Nix's daemon sent what is outside its protocol: {what}"),
    )
}

/// A daemon that does not go on.
pub(super) fn silent(patience: Duration) -> io::Error {
    let seconds = patience.as_secs();
    io::Error::new(
        io::ErrorKind::TimedOut,
        format!(
            "Nix's daemon was silent for {seconds} s and was given up: it hangs, or waits for a \
             lock that is not let go"
        ),
    )
}

/// Reads primitives, and waits for each no longer than `patience`.
#[derive(Debug)]
pub(super) struct Reader<R> {
    pub(super) from: R,
    pub(super) patience: Duration,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(super) async fn number(&mut self) -> io::Result<u64> {
        let read = timeout(self.patience, self.from.read_u64_le()).await;
        read.unwrap_or_else(|_| Err(silent(self.patience)))
    }

    /// Texts are bytes to Nix; what is no UTF-8 is replaced.
    pub(super) async fn text(&mut self) -> io::Result<String> {
        let len = self.number().await?;
        if len > TEXT_MAX {
            return Err(garbled("a text that is too long"));
        }
        let mut bytes = Vec::new();
        let padded = len.next_multiple_of(8);
        let mut limited = (&mut self.from).take(padded);
        let read = timeout(self.patience, limited.read_to_end(&mut bytes)).await;
        let read = read.unwrap_or_else(|_| Err(silent(self.patience)))?;
        if read as u64 != padded {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.truncate(len as usize);
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    pub(super) async fn count(&mut self) -> io::Result<u64> {
        let count = self.number().await?;
        if count > LIST_MAX {
            return Err(garbled("a list that is too long"));
        }
        Ok(count)
    }

    pub(super) async fn texts(&mut self) -> io::Result<Vec<String>> {
        let mut texts = Vec::new();
        for _ in 0..self.count().await? {
            texts.push(self.text().await?);
        }
        Ok(texts)
    }
}

/// A request that is being put together.
#[derive(Debug, Default)]
pub(super) struct Request(Vec<u8>);

impl Request {
    pub(super) fn number(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    pub(super) fn text(self, text: &str) -> Self {
        let mut this = self.number(text.len() as u64);
        this.0.extend_from_slice(text.as_bytes());
        let padded = this.0.len().next_multiple_of(8);
        this.0.resize(padded, 0);
        this
    }

    pub(super) fn texts<T: AsRef<str>>(self, texts: impl ExactSizeIterator<Item = T>) -> Self {
        let this = self.number(texts.len() as u64);
        texts.fold(this, |this, text| this.text(text.as_ref()))
    }

    pub(super) async fn send(self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        to.write_all(&self.0).await?;
        to.flush().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(bytes: &[u8]) -> Reader<&[u8]> {
        Reader {
            from: bytes,
            patience: Duration::from_secs(60),
        }
    }

    #[tokio::test]
    async fn what_is_written_can_be_read() {
        let request = Request::default()
            .number(7)
            .text("")
            .text("12345678")
            .texts(["a", "bc"].iter());
        let mut bytes = Vec::new();
        request.send(&mut bytes).await.unwrap();
        assert_eq!(bytes.len() % 8, 0);
        let mut reader = reader(&bytes);
        assert_eq!(reader.number().await.unwrap(), 7);
        assert_eq!(reader.text().await.unwrap(), "");
        assert_eq!(reader.text().await.unwrap(), "12345678");
        assert_eq!(reader.texts().await.unwrap(), ["a", "bc"]);
        assert!(reader.number().await.is_err());
    }

    #[tokio::test]
    async fn lengths_are_not_believed() {
        let huge = u64::MAX.to_le_bytes();
        assert!(reader(&huge).text().await.is_err());
        assert!(reader(&huge).texts().await.is_err());
        let cut = Request::default().number(16).number(0).0;
        assert!(reader(&cut).text().await.is_err());
    }

    #[tokio::test]
    async fn a_daemon_that_hangs_is_given_up() {
        let (_daemon, from) = tokio::io::duplex(64);
        let patience = Duration::from_millis(20);
        let mut reader = Reader { from, patience };
        let error = reader.number().await.unwrap_err().to_string();
        assert!(error.contains("was silent for"), "{error}");
        let (mut daemon, from) = tokio::io::duplex(64);
        daemon.write_all(&16_u64.to_le_bytes()).await.unwrap();
        let mut reader = Reader { from, patience };
        let error = reader.text().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut, "half an answer");
    }
}
