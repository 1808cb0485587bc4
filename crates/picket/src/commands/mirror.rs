//! `picket mirror`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use picket_bucket::{BucketError, Depth, Mirror, Report, Target};
use picket_publisher::PublicDir;
use picket_reconcile::Dirs;
use serde_json::json;

use super::gc::size;
use crate::cli;
use crate::config::{Allowances, Config};

pub(crate) async fn run(arguments: &cli::Mirror) -> anyhow::Result<ExitCode> {
    let (public, targets) = places(arguments)?;
    let mut code = ExitCode::SUCCESS;
    // One that fails keeps no other from being brought up to date.
    for target in &targets {
        match bring(arguments, &public, target).await {
            Ok(report) if arguments.json => {
                let line = json!({"mirror": target.to_string(), "dry_run": arguments.dry_run, "report": report});
                println!("{line}");
            }
            Ok(report) => print!("{}", text(target, &report, arguments.dry_run)),
            Err(error) => {
                eprintln!("error: {:#}", anyhow::Error::from(error));
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

/// The public folder, and where it is copied to.
fn places(arguments: &cli::Mirror) -> anyhow::Result<(PathBuf, Vec<Target>)> {
    if let Some(from) = &arguments.from {
        let to = arguments.to.clone().context("--from needs --to")?;
        return Ok((from.clone(), vec![by_hand(arguments, to)?]));
    }
    let file = arguments
        .config
        .as_ref()
        .context("name --config, or --from")?;
    // Nobody signs in here, so that a demo's sign-in is no reason to refuse.
    let config = Config::load(file, Allowances { demo_sign_in: true })?;
    let targets = config.mirrors.into_iter().map(|mirror| mirror.target);
    let all: Vec<_> = targets.collect();
    if all.is_empty() {
        bail!("{} has no section [[mirror]]", file.display());
    }
    let is_wanted = |target: &Target| match &arguments.to {
        None => true,
        Some(to) => to.to_string() == target.to_string(),
    };
    let wanted: Vec<_> = all.iter().filter(|it| is_wanted(it)).cloned().collect();
    if wanted.is_empty() {
        let names: Vec<_> = all.iter().map(ToString::to_string).collect();
        bail!(
            "{} has no such mirror, but {}",
            file.display(),
            names.join(", ")
        );
    }
    Ok((Dirs::new(&config.data_dir).public(), wanted))
}

fn by_hand(arguments: &cli::Mirror, to: Target) -> anyhow::Result<Target> {
    match to {
        Target::Bucket(mut bucket) => {
            bucket.endpoint.clone_from(&arguments.endpoint);
            bucket.region.clone_from(&arguments.region);
            bucket
                .credentials_file
                .clone_from(&arguments.credentials_file);
            bucket.conditional_writes = !arguments.no_conditional_writes;
            Ok(Target::Bucket(bucket))
        }
        Target::Folder(_)
            if arguments.endpoint.is_some()
                || arguments.region.is_some()
                || arguments.credentials_file.is_some()
                || arguments.no_conditional_writes =>
        {
            bail!(
                "{to} is a folder: what is for buckets has no meaning there; write s3://BUCKET/PREFIX"
            )
        }
        Target::Folder(_) => Ok(to),
    }
}

async fn bring(
    arguments: &cli::Mirror,
    public: &std::path::Path,
    target: &Target,
) -> Result<Report, BucketError> {
    let mirror = Mirror::open(PublicDir::new(public), target)?;
    if arguments.adopt {
        mirror.adopt().await?;
    }
    match arguments.dry_run {
        true => mirror.preview().await,
        false => mirror.update(Depth::Listing).await,
    }
}

fn text(target: &Target, report: &Report, dry_run: bool) -> String {
    let (wrote, removed, led, stated) = match dry_run {
        true => ("would write", "would remove", "would lead", "would state"),
        false => ("wrote", "removed", "led", "stated"),
    };
    if report.is_nothing() {
        return format!(
            "{target}: up to date, {} of {} in all\n",
            files(report.objects),
            size(report.bytes)
        );
    }
    let mut text = format!(
        "{target}: {wrote} {} of {}, {removed} {}, {} were there\n",
        files(report.written),
        size(report.written_bytes),
        report.removed,
        report.unchanged
    );
    for (channel, release) in &report.moved {
        text.push_str(&format!("{target}: {led} {channel} to {release}\n"));
    }
    for channel in &report.stated {
        text.push_str(&format!(
            "{target}: {stated} which release of {channel} is current\n"
        ));
    }
    text
}

fn files(count: u64) -> String {
    match count {
        1 => "1 file".to_owned(),
        other => format!("{other} files"),
    }
}
