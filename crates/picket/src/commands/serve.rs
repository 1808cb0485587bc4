//! `picket serve`

use std::process::ExitCode;

use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::cli;
use crate::config::{Allowances, Config};
use crate::process::stop_on_signals;
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
