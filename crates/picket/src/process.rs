//! What a program sets up once, at its start.

use anyhow::{Context, anyhow};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

/// Chooses the TLS provider: more than one may be linked in through dependencies.
///
/// # Errors
/// Where another one was chosen before.
pub fn use_tls() -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow!("another TLS provider was installed before the program started"))
}

/// The first Ctrl-C or SIGTERM asks to stop; the second one ends the program at once, which loses
/// nothing that a restart does not make up for.
///
/// # Errors
/// Where signals cannot be listened for.
pub fn stop_on_signals(stop: CancellationToken) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if stop.is_cancelled() {
                std::process::exit(130);
            }
            info!("stopping; once more to stop at once");
            stop.cancel();
        }
    });
    Ok(())
}
