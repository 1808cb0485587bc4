//! `cargo xtask`: everything that one does with the source, each in one command.

mod dependencies;
mod prerequisites;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;
use clap::{Parser, Subcommand};

/// Picket's tasks. Each installs what it needs first, and says so.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run Picket's demo: a small world in which a security fix goes the whole way.
    ///
    /// Arguments are those of `picket demo`: --dir DIR, --port N, --exit, --json.
    #[command(disable_help_flag = true)]
    Demo {
        /// Arguments for `picket demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run all tests: units, each crate against the real thing, and end to end.
    #[command(disable_help_flag = true)]
    Test {
        /// Arguments for `cargo test`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check every dependency's licence and origin.
    Dependencies,
    /// Install what demo and tests need from the system's packages, and stop.
    Setup,
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Demo { arguments } => {
            prerequisites::ensure(prerequisites::DEMO)?;
            cargo(&["build", "--package", "picket"], &[])?;
            cargo(
                &["run", "--quiet", "--package", "picket", "--", "demo"],
                &arguments,
            )
        }
        Task::Test { arguments } => {
            prerequisites::ensure(prerequisites::DEMO)?;
            prerequisites::ensure(prerequisites::TEST)?;
            // Building the tests builds the program too. Told where it is, the end-to-end tests do
            // not build it once more by itself, for which most dependencies would be compiled anew.
            cargo(&["test", "--workspace", "--no-run"], &[])?;
            let program = MetadataCommand::new().no_deps().exec()?.target_directory;
            let program = program.join("debug/picket");
            run_command(
                cargo_command()
                    .args(["test", "--workspace"])
                    .args(&arguments)
                    .env("PICKET_PROGRAM", program),
            )
        }
        Task::Dependencies => dependencies::check(),
        Task::Setup => {
            prerequisites::ensure(prerequisites::DEMO)?;
            prerequisites::ensure(prerequisites::TEST)
        }
    }
}

fn cargo(arguments: &[&str], more: &[String]) -> Result<()> {
    run_command(cargo_command().args(arguments).args(more))
}

fn cargo_command() -> Command {
    Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
}

/// Runs a command to its end, with this program's own standard streams.
fn run_command(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}
