//! How many may watch logs at a time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many logs are watched at a time, over all clients.
const MOST: usize = 100;

/// The logs that are watched. Clones share the number.
#[derive(Debug, Clone)]
pub struct Streams(Arc<Semaphore>);

/// One log that is watched, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Watching {
    _permit: OwnedSemaphorePermit,
}

impl Streams {
    /// Begins to watch a log; `None`: as many are watched as may be.
    pub(crate) fn begin(&self) -> Option<Watching> {
        let permit = Arc::clone(&self.0).try_acquire_owned();
        permit.ok().map(|permit| Watching { _permit: permit })
    }
}

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }
}
