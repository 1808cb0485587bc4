//! One run of the demo.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;
use picket::config::{Allowances, Config};
use picket::logging::{self, LogFormat, PROGRESS};
use picket::{Service, stop_on_signals};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::cli::Demo;
use crate::report::Report;
use crate::scene::Scene;
use crate::world::World;

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = Demo::parse();
    logging::init(LogFormat::Progress);
    let result = picket::use_tls()
        .and_then(|()| Ok(tokio::runtime::Runtime::new()?))
        .and_then(|runtime| runtime.block_on(run(arguments)));
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Demo) -> anyhow::Result<ExitCode> {
    let stop = CancellationToken::new();
    stop_on_signals(stop.clone())?;
    let Some(world) = stop
        .run_until_cancelled(World::start(&arguments.dir, arguments.port))
        .await
    else {
        return Ok(ExitCode::FAILURE);
    };
    let world = world?;
    let allow = Allowances { demo_sign_in: true };
    let config = Config::load(&world.config_file, allow)?;
    let service = Service::open(config).await?;
    let mut running = tokio::spawn(service.run(stop.clone()));
    let played = tokio::select! {
        played = play(&world, &arguments) => played,
        ended = &mut running => ended?.and_then(|()| bail!("stopped before the demo was through")),
    };
    if played.is_ok() && !arguments.exit {
        running.await??;
        return Ok(ExitCode::SUCCESS);
    }
    stop.cancel();
    end(running).await?;
    played.map(|()| ExitCode::SUCCESS)
}

async fn play(world: &World, arguments: &Demo) -> anyhow::Result<()> {
    let scene = Scene::new(world);
    let timing = scene.play().await?;
    let report = scene.report(timing).await?;
    verify(&report, world).await?;
    print(&report, world, arguments)
}

async fn verify(report: &Report, world: &World) -> anyhow::Result<()> {
    let keys = [world.public_key.clone()];
    let verified = picket_publisher::verify(&report.channel_url, &keys).await;
    if !verified.is_good() {
        bail!("the channel does not verify:\n{verified}");
    }
    info!(target: PROGRESS, "verified the channel from outside");
    Ok(())
}

/// Results go to standard output, and with --json its last line is the object.
fn print(report: &Report, world: &World, arguments: &Demo) -> anyhow::Result<()> {
    println!("{report}");
    if !arguments.exit {
        println!("{}", report.invitation(&world.people));
    }
    if arguments.json {
        println!("{}", serde_json::to_string(report)?);
    }
    Ok(())
}

async fn end(running: JoinHandle<anyhow::Result<()>>) -> anyhow::Result<()> {
    running.await.context("the service panicked")?
}
