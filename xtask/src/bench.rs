//! The benches: what they measure, and how each is built and run.

use std::path::{Path, PathBuf};

use anyhow::Result;
use cargo_metadata::MetadataCommand;
use clap::Subcommand;

use crate::{cargo, cargo_command, prerequisites, run_command};

/// What can be measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// What a channel of 10,000 candidates costs the service: pages, looks, the cache under load.
    ///
    /// Starts `picket serve` in two worlds of its own, of 1,000 and of 10,000 candidates, on
    /// loopback, and takes about three minutes once it is compiled.
    Scale {
        /// Make the last line of the output a JSON object with the larger world's figures.
        #[arg(long)]
        json: bool,
    },
    /// Narinfos, 404s and NARs from `picket serve`, side by side with nginx on the same files.
    ///
    /// Takes about a minute once it is compiled.
    Serve {
        /// Make the last line of the output a JSON list.
        #[arg(long)]
        json: bool,
    },
    /// Evaluating a real nixpkgs: the top level, or a job set of it, side by side with plain Nix.
    Evaluate {
        /// What is evaluated: `--tree FOLDER` or `--repo CLONE [--rev REV]`, and, but for the top
        /// level, `--file JOBS.nix`, `--arg NAME=JSON`, `--attribute PATH`; `--one-by-one` asks Nix
        /// for each job by itself, too; `--memory-mib N`, `--workers N`; `--json` makes the last line
        /// of the output a JSON object.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Writing a signed binary cache, side by side with `nix copy`.
    Publish,
    /// What commits change: estimates side by side with exact answers.
    Impact {
        /// A clone of nixpkgs that the installed Nix can evaluate.
        #[arg(long)]
        repo: PathBuf,
        /// The newest commit.
        #[arg(long, default_value = "HEAD")]
        head: String,
        /// How many commits.
        #[arg(long, default_value_t = 100)]
        commits: usize,
        /// The folder for what is learnt of trees, for the next run. A throw-away one unless named.
        #[arg(long)]
        cache: Option<PathBuf>,
        /// Make the last line of the output a JSON object with the figures.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    prerequisites::ensure(prerequisites::DEMO)?;
    match bench {
        Bench::Scale { json } => scale(*json, &[]),
        Bench::Serve { json } => {
            prerequisites::ensure(prerequisites::SERVE)?;
            scale(*json, &["--serving"])
        }
        Bench::Evaluate { arguments } => {
            let of = [
                "bench",
                "--package",
                "picket-evaluator",
                "--bench",
                "evaluate",
                "--",
            ];
            run_command(cargo_command().args(of).args(arguments))
        }
        Bench::Publish => cargo(&["bench", "--package", "picket-publisher"], &[]),
        Bench::Impact {
            repo,
            head,
            commits,
            cache,
            json,
        } => impact(repo, head, *commits, cache.as_deref(), *json),
    }
}

fn impact(repo: &Path, head: &str, commits: usize, cache: Option<&Path>, json: bool) -> Result<()> {
    let mut bench = cargo_command();
    // Cargo runs benches in their package's folder.
    let repo = std::path::absolute(repo)?;
    bench.args([
        "bench",
        "--package",
        "picket-impact",
        "--bench",
        "impact",
        "--",
    ]);
    bench
        .arg("--repo")
        .arg(repo)
        .args(["--head", head, "--commits", &commits.to_string()]);
    if let Some(cache) = cache {
        bench.arg("--cache").arg(std::path::absolute(cache)?);
    }
    if json {
        bench.arg("--json");
    }
    run_command(&mut bench)
}

/// Both commands choose the same packages: otherwise most dependencies would be compiled once more,
/// with other features.
fn scale(json: bool, more: &[&str]) -> Result<()> {
    const OF: [&str; 6] = [
        "--package",
        "picket",
        "--package",
        "picket-lab",
        "--bench",
        "scale",
    ];
    run_command(
        cargo_command()
            .args(["build", "--release", "--bin", "picket"])
            .args(OF),
    )?;
    let target = MetadataCommand::new().no_deps().exec()?.target_directory;
    let mut bench = cargo_command();
    bench.arg("bench").args(OF).arg("--").args(more);
    if json {
        bench.arg("--json");
    }
    run_command(bench.env("PICKET_PROGRAM", target.join("release/picket")))
}
