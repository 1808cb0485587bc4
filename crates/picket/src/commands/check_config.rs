//! `picket check-config`

use std::process::ExitCode;

use crate::cli;
use crate::config::{Allowances, Config};

pub(crate) fn run(arguments: &cli::CheckConfig) -> anyhow::Result<ExitCode> {
    let allow = Allowances {
        demo_sign_in: arguments.allow_demo_sign_in,
    };
    let config = Config::load(&arguments.config, allow)?;
    let names: Vec<_> = config
        .channels
        .iter()
        .map(|channel| channel.policy.channel.as_str())
        .collect();
    println!(
        "{}: good; channels: {}",
        arguments.config.display(),
        names.join(", ")
    );
    Ok(ExitCode::SUCCESS)
}
