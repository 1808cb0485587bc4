//! `picket check-config`

use std::process::ExitCode;

use picket_evaluator::{EvaluateError, Sandbox};

use crate::cli;
use crate::config::{Allowances, Config};

pub(crate) async fn run(arguments: &cli::CheckConfig) -> anyhow::Result<ExitCode> {
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
    println!("{}", sandbox(&config).await);
    Ok(ExitCode::SUCCESS)
}

/// What keeps evaluations apart from this machine, in words.
async fn sandbox(config: &Config) -> String {
    let evaluation = &config.limits.evaluation;
    match Sandbox::find().await {
        _ if !evaluation.restricted => {
            "evaluation: not restricted, and in no sandbox (nix.restrict_evaluation)".to_owned()
        }
        Sandbox::None if evaluation.unsandboxed => {
            "evaluation: there is no sandbox here; what nobody has approved is evaluated all the \
             same (nix.evaluate_unsandboxed)"
                .to_owned()
        }
        Sandbox::None => format!("evaluation: {}", EvaluateError::NoSandbox),
        found @ (Sandbox::Bubblewrap | Sandbox::Landlock) => {
            format!("evaluation: in a sandbox of {found}")
        }
    }
}
