//! What a worker writes to its error output, by the question that it belongs to.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::Notify;

/// How much of what is said about one question is kept, in bytes: the last.
const KEPT: usize = 32 << 10;

/// The error output, read as it comes.
#[derive(Debug, Clone)]
pub(super) struct Complaints {
    said: Arc<Mutex<Said>>,
    changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Said {
    /// What was said since the last mark.
    current: Vec<u8>,
    /// Bytes of that, with what is not kept.
    current_bytes: u64,
    /// What was said before the last mark, since the one before it.
    last: Vec<u8>,
    /// How many marks were seen.
    marks: u64,
    ended: bool,
}

impl Complaints {
    /// Reads until the end. `mark` is a line that divides what belongs to one question from the
    /// next; whoever writes the rest must not know it.
    pub(super) fn read(from: impl AsyncRead + Send + Unpin + 'static, mark: String) -> Self {
        let complaints = Self {
            said: Arc::default(),
            changed: Arc::default(),
        };
        let reading = complaints.clone();
        tokio::spawn(async move {
            // An error output that cannot be read has ended.
            let _ = reading
                .read_all(BufReader::new(from), mark.as_bytes())
                .await;
            reading.said().ended = true;
            reading.changed.notify_waiters();
        });
        complaints
    }

    async fn read_all(
        &self,
        mut from: impl AsyncBufRead + Unpin,
        mark: &[u8],
    ) -> std::io::Result<()> {
        // The last bytes read, as many as it takes to see that a line is the mark.
        let mut line: Vec<u8> = Vec::new();
        loop {
            let chunk = from.fill_buf().await?;
            if chunk.is_empty() {
                return Ok(());
            }
            let end = chunk.iter().position(|b| *b == b'\n');
            let used = end.map_or(chunk.len(), |end| end + 1);
            self.said().push(&chunk[..used]);
            if line.len() <= mark.len() {
                line.extend_from_slice(&chunk[..used.min(mark.len() + 2)]);
            }
            from.consume(used);
            if end.is_some() {
                if line.strip_suffix(b"\n") == Some(mark) {
                    self.said().mark(mark.len() + 1);
                    self.changed.notify_waiters();
                }
                line.clear();
            }
        }
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().expect("nobody panics while holding it")
    }

    /// How many bytes were said since the last mark.
    pub(super) fn bytes(&self) -> u64 {
        self.said().current_bytes
    }

    /// What was said before the mark of this number, once that is there.
    pub(super) async fn before(&self, mark: u64) -> String {
        self.wait(|said| said.marks >= mark).await;
        let said = self.said();
        let bytes = if said.marks >= mark {
            &said.last
        } else {
            &said.current
        };
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// What was said last, once there is no more.
    pub(super) async fn last_words(&self) -> String {
        self.wait(|_| false).await;
        String::from_utf8_lossy(&self.said().current).into_owned()
    }

    /// Waits until something is so, or the output has ended.
    async fn wait(&self, is_so: impl Fn(&Said) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let said = self.said();
                if said.ended || is_so(&said) {
                    return;
                }
            }
            changed.await;
        }
    }
}

impl Said {
    fn push(&mut self, bytes: &[u8]) {
        self.current_bytes += bytes.len() as u64;
        self.current.extend_from_slice(bytes);
        if self.current.len() > 2 * KEPT {
            let cut = self.current.len() - KEPT;
            self.current.drain(..cut);
        }
    }

    fn mark(&mut self, length: usize) {
        let end = self.current.len().saturating_sub(length);
        self.current.truncate(end);
        self.last = std::mem::take(&mut self.current);
        self.current_bytes = 0;
        self.marks += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_said_belongs_to_a_question() {
        let said: &[u8] = b"one\nmark\nmark \nxmark\ntwo\nmark\nthree";
        let complaints = Complaints::read(said, "mark".to_owned());
        assert_eq!(complaints.last_words().await, "three");
        assert_eq!(complaints.before(2).await, "mark \nxmark\ntwo\n");
        assert_eq!(complaints.bytes(), 5);
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded() {
        let flood = "flood\n".repeat(100_000) + "last\n";
        let length = flood.len() as u64;
        let reader = std::io::Cursor::new(flood);
        let complaints = Complaints::read(reader, "mark".to_owned());
        let kept = complaints.last_words().await;
        assert!(kept.len() <= 2 * KEPT && kept.ends_with("last\n"));
        assert_eq!(complaints.bytes(), length);
    }
}
