//! What is known elsewhere is read again where its files were replaced.

use std::sync::Arc;
use std::time::{Duration, Instant};

use picket_evidence::Evidence;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tracing::error;

/// The shortest time between two looks at the files.
const PAUSE: Duration = Duration::from_secs(30);

/// A look takes at most one part in this many of the time: there may be hundred thousands of files.
const SHARE: u32 = 50;

/// Looks at the files at once and then again and again, until told to stop. Nobody waits for it.
pub(crate) async fn keep_fresh(evidence: Arc<Evidence>, stop: CancellationToken) {
    while !evidence.standings().is_empty() {
        let began = Instant::now();
        let looking = Arc::clone(&evidence);
        // What broke down left what was known before.
        if let Err(broken) = spawn_blocking(move || looking.look()).await {
            error!("reading what is known of vulnerabilities broke down: {broken}");
        }
        let pause = PAUSE.max(began.elapsed() * SHARE);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
