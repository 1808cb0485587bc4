//! `cargo xtask`: everything that one does with the source, each in one command.

mod bench;
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
    /// Its arguments: --dir DIR, --port N, --exit, --json; --help says more.
    #[command(disable_help_flag = true)]
    Demo {
        /// Arguments for the demo.
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
    /// Measure, in a release build.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Kill the service at random moments, again and again, and look at what it leaves.
    ///
    /// A hundred kills take some minutes.
    Crash {
        /// How many times.
        #[arg(long, default_value_t = 300)]
        kills: u32,
        /// The seed that an earlier run printed, to choose the same moments; random without it.
        #[arg(long)]
        seed: Option<u64>,
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
            cargo(&["build", "--package", "picket-demo"], &[])?;
            cargo(
                &["run", "--quiet", "--package", "picket-demo", "--"],
                &arguments,
            )
        }
        Task::Test { arguments } => {
            prerequisites::ensure(prerequisites::DEMO)?;
            prerequisites::ensure(prerequisites::TEST)?;
            run_command(end_to_end()?.arg("--workspace").args(&arguments))
        }
        Task::Crash { kills, seed } => {
            prerequisites::ensure(prerequisites::DEMO)?;
            let mut tests = end_to_end()?;
            tests.args(["--package", "picket-tests", "--test", "crash"]);
            tests.args(["--", "random::killed_at_random", "--exact", "--nocapture"]);
            tests.env("PICKET_CRASH_KILLS", kills.to_string());
            if let Some(seed) = seed {
                tests.env("PICKET_CRASH_SEED", seed.to_string());
            }
            run_command(&mut tests)
        }
        Task::Bench(bench) => bench::run(&bench),
        Task::Dependencies => dependencies::check(),
        Task::Setup => {
            prerequisites::ensure(prerequisites::DEMO)?;
            prerequisites::ensure(prerequisites::TEST)
        }
    }
}

/// `cargo test`, with all that it runs built.
///
/// Told where the programs are, the end-to-end tests do not build them once more by themselves, for
/// which most dependencies would be compiled anew. `cargo test` builds only the programs of packages
/// that have integration tests, so they are asked for.
fn end_to_end() -> Result<Command> {
    cargo(&["build", "--workspace", "--bins", "--tests"], &[])?;
    let target = MetadataCommand::new().no_deps().exec()?.target_directory;
    let mut command = cargo_command();
    command
        .arg("test")
        .env("PICKET_PROGRAM", target.join("debug/picket"))
        .env("PICKET_DEMO_PROGRAM", target.join("debug/picket-demo"));
    Ok(command)
}

fn cargo(arguments: &[&str], more: &[String]) -> Result<()> {
    run_command(cargo_command().args(arguments).args(more))
}

/// cargo, without what the cargo that runs us told us of our own package: build scripts look at that,
/// and their crates would be compiled anew whenever one comes by here instead of asking cargo itself.
fn cargo_command() -> Command {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    let is_ours =
        |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_ours) {
            command.env_remove(name);
        }
    }
    command
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
