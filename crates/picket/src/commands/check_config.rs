//! `picket check-config`

use std::process::ExitCode;

use picket_evaluator::{EvaluateError, Sandbox};
use picket_publisher::{PublicKey, SecretKey};
use picket_signer::Client;

use crate::cli;
use crate::config::{Allowances, Config, Signing};

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
    println!("{}", signing(config.signing).await?);
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

/// Who signs, in words. A signer that is away is no fault of the configuration.
async fn signing(signing: Signing) -> anyhow::Result<String> {
    let names = |keys: Vec<PublicKey>| {
        let names: Vec<_> = keys.iter().map(|key| key.name().to_string()).collect();
        names.join(", ")
    };
    Ok(match signing {
        Signing::Keys(keys) => {
            let keys = keys.iter().map(SecretKey::public).collect();
            format!("signing: by this process, with {}", names(keys))
        }
        Signing::Server(socket) => {
            let asked = tokio::task::spawn_blocking(move || Client::ask_keys(&socket)).await?;
            match asked {
                Ok(keys) => format!("signing: by a process of its own, with {}", names(keys)),
                Err(error) => format!("signing: by a process of its own; now {error}"),
            }
        }
    })
}
