//! `picket serve`

use std::process::ExitCode;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::cli;
use crate::config::{Allowances, Config};
use crate::service::Service;

pub(crate) async fn run(arguments: cli::Serve) -> anyhow::Result<ExitCode> {
    let allow = Allowances {
        demo_sign_in: arguments.allow_demo_sign_in,
    };
    let config = Config::load(&arguments.config, allow)?;
    let service = Service::open(config).await?;
    let stop = CancellationToken::new();
    stop_on_signals(stop.clone())?;
    service.run(stop).await?;
    info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// The first Ctrl-C or SIGTERM asks to stop; the second one ends the program at once, which loses
/// nothing that a restart does not make up for.
pub(crate) fn stop_on_signals(stop: CancellationToken) -> anyhow::Result<()> {
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
