//! What a large channel costs the service: `cargo xtask bench scale`.
//!
//! The program that is measured is `picket serve` as it is shipped, in a world of its own on
//! loopback: a small nixpkgs, a stand-in for GitHub, a throw-away Nix store, and a database that
//! holds what a team has after years. Nothing is left to be done in it, so that what is measured is
//! looking: pages over HTTP, a look of a worker, and the binary cache beside people who reload
//! pages. Two worlds, one of them ten times the other, show how each figure grows. With `--serving`
//! it is files alone, side by side with nginx: `cargo xtask bench serve`.

mod facts;
mod figures;
mod look;
mod service;
mod serving;
mod sizes;
mod visitor;
mod world;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::figures::{Figures, Json};
use crate::service::Service;
use crate::sizes::Size;
use crate::visitor::Visitor;
use crate::world::World;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let wish = Wish::read()?;
    let tls = rustls::crypto::ring::default_provider();
    if tls.install_default().is_err() {
        bail!("TLS is set up already");
    }
    let runtime = tokio::runtime::Runtime::new()?;
    if wish.serving {
        return runtime.block_on(serve(wish.json));
    }
    let small = runtime.block_on(measure(Size::SMALL))?;
    let large = runtime.block_on(measure(Size::LARGE))?;
    println!("{}", figures::table(&small, &large));
    if wish.json {
        println!("{}", serde_json::to_string(&Json::from(&large))?);
    }
    Ok(())
}

/// What is to be measured, and how it is told.
#[derive(Default)]
struct Wish {
    json: bool,
    /// Files instead of pages.
    serving: bool,
}

impl Wish {
    /// Cargo itself passes `--bench`.
    fn read() -> Result<Self> {
        let mut wish = Self::default();
        for argument in std::env::args().skip(1) {
            match argument.as_str() {
                "--json" => wish.json = true,
                "--serving" => wish.serving = true,
                "--bench" => {}
                other => bail!("{other} is not known here; there are --json and --serving"),
            }
        }
        Ok(wish)
    }
}

async fn serve(json: bool) -> Result<()> {
    let world = World::make(Size::SMALL).await?;
    let rows = serving::measure(&world).await?;
    println!("{}", serving::table(&rows));
    if json {
        println!("{}", serde_json::to_string(&rows)?);
    }
    Ok(())
}

async fn measure(size: Size) -> Result<Figures> {
    eprintln!("making a world of {size}");
    let world = World::make(size).await?;
    eprintln!("starting picket serve");
    let mut service = Service::start(&world).await?;
    let visitor = Visitor::sign_in(&world).await?;
    service.rest().await?;
    visitor.is_read(&world).await?;
    let load_before = load_average()?;
    let queue = visitor.median("queue").await?;
    let channel = visitor.median(&world.channel_path()).await?;
    let candidate = visitor.median(&world.candidate_path()).await?;
    let search = visitor.median("search?q=package777").await?;
    let cache = visitor.cache_under_load(&world).await?;
    let rss_mib = service.resident_mib()?;
    let looks = visitor.looks_of_lanes().await?;
    service.stop()?;
    let look_in_process = look::median_of_looks(&world)
        .await
        .context("looking by itself")?;
    Ok(Figures {
        size,
        queue,
        channel,
        candidate,
        search,
        look: looks.unwrap_or(look_in_process),
        look_in_process,
        cache,
        rss_mib,
        load_before,
    })
}

/// Of the last minute, as the system tells it.
fn load_average() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    let first = text.split_whitespace().next().context("no load average")?;
    Ok(first.parse()?)
}
