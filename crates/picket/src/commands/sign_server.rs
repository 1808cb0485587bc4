//! `picket sign-server`

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use picket_publisher::SecretKey;
use picket_signer::{Limits, Rules, Signer, listen, serve};
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::cli;
use crate::process::stop_on_signals;

pub(crate) async fn run(arguments: cli::SignServer) -> anyhow::Result<ExitCode> {
    let keys = arguments.keys.iter().map(|file| SecretKey::read_file(file));
    let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&arguments.state)
        .with_context(|| format!("cannot make {}", arguments.state.display()))?;
    let rules = Rules {
        store_dir: arguments.store_dir,
        channels: arguments.channels.into_iter().collect(),
        latest_seconds: arguments.latest_hours * 3_600,
    };
    let signer = Signer::open(keys, &arguments.state, rules)?;
    let listener = listen(arguments.socket.as_deref())?;
    listener.set_nonblocking(true)?;
    let listener = UnixListener::from_std(listener)?;
    for key in signer.public_keys() {
        info!("signs with {key}");
    }
    let stop = CancellationToken::new();
    stop_on_signals(stop.clone())?;
    info!("listening");
    serve(listener, Arc::new(signer), Limits::default(), stop).await;
    info!("stopped");
    Ok(ExitCode::SUCCESS)
}
