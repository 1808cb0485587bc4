//! What evaluating a real tree costs, side by side with plain Nix: `cargo xtask bench evaluate`.
//!
//! The tree is anybody's clone of nixpkgs; nothing of it comes with Picket. Its store is a throw-away
//! one. Evaluated are the names of the top level, or the jobs of `--file`: once with an empty store,
//! where every derivation is written, once more when they are all there, and once as it was kept;
//! then once for each `--change FILE`, with that file as if somebody had touched it.

mod arguments;
mod change;
mod plain;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use picket_domain::{CommitSha, JobName};
use picket_evaluator::{
    Cache, Evaluated, Evaluation, Evaluator, JobSet, Limits, Request, Revision, Walk,
    check_requirements,
};
use picket_nix::{Installed, Nix, NixConfig};
use picket_testkit::nix::NixStore;
use serde::Serialize;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What was measured. Times are in seconds.
#[derive(Debug, Serialize)]
struct Figures {
    names: usize,
    failing: usize,
    first_seconds: f64,
    again_seconds: f64,
    kept_seconds: f64,
    after_changes: Vec<AfterChange>,
    /// The largest worker's, in MiB.
    peak_mib: u64,
    plain_seconds: Option<f64>,
    plain_names: Option<usize>,
    sandbox: String,
    nix: String,
}

fn run() -> Result<()> {
    let arguments = Arguments::parse()?;
    let dir = tempfile::tempdir()?;
    let tree = arguments.tree(&dir.path().join("tree"))?;
    let runtime = tokio::runtime::Runtime::new()?;
    let figures = runtime.block_on(measure(&arguments, &tree, dir.path()))?;
    println!("{}", table(&figures));
    if arguments.json {
        println!("{}", serde_json::to_string(&figures)?);
    }
    Ok(())
}

async fn measure(arguments: &Arguments, tree: &Path, dir: &Path) -> Result<Figures> {
    let store = NixStore::create(&dir.join("nix"))?;
    let nix = Nix::new(NixConfig {
        environment: store.environment(),
        ..NixConfig::default()
    });
    let installed = nix.installed().await?;
    check_requirements(&installed, tree).await?;
    let limits = Limits {
        seconds: 6 * 3600,
        job_seconds: 1800,
        memory_bytes: arguments.memory_mib.map(|mib| mib << 20),
        workers: arguments.workers,
        ..Limits::default()
    };
    let evaluator = Evaluator::new(nix, &dir.join("state"), limits);
    let bench = Bench {
        revision: Revision {
            rev: CommitSha::parse(&"0".repeat(40)).context("a commit id")?,
            tree: tree.to_owned(),
        },
        jobs: JobSet {
            file: arguments.file.clone(),
            arguments: arguments.values.clone(),
            attributes: arguments.attributes.clone(),
        },
        walk: arguments.walk(),
        evaluator,
        installed,
    };
    let (first_seconds, first) = bench.evaluate(Cache::Use).await?;
    let (again_seconds, again) = bench.evaluate(Cache::Skip).await?;
    let (kept_seconds, _) = bench.evaluate(Cache::Use).await?;
    report_failing(&again);
    if first.jobs.keys().ne(again.jobs.keys()) {
        bail!("two evaluations of one tree found different jobs");
    }
    let mut after_changes = Vec::new();
    for (number, file) in (1..).zip(&arguments.changes) {
        let revision = change::changed(&bench.revision.tree, file, number, dir)?;
        after_changes.push(bench.after(&revision, file).await?);
    }
    let plain = match bench.walk {
        Walk::TopLevel | Walk::Packages => Some(plain::nix_env(&store, tree, dir, &again.jobs)?),
        Walk::Jobs if arguments.one_by_one => {
            Some(plain::one_by_one(&store, tree, &bench.jobs, &again.jobs)?)
        }
        Walk::Jobs => None,
    };
    Ok(Figures {
        names: again.jobs.len(),
        failing: again.jobs.values().filter(|job| job.is_err()).count(),
        first_seconds,
        again_seconds,
        kept_seconds,
        after_changes,
        peak_mib: first.cost.peak_bytes.max(again.cost.peak_bytes) >> 20,
        plain_seconds: plain.as_ref().map(|plain| plain.0),
        plain_names: plain.as_ref().map(|plain| plain.1),
        sandbox: bench.evaluator.sandbox().await.to_string(),
        nix: bench.installed.version.to_string(),
    })
}

/// What it takes when one file is another one. Times are in seconds.
#[derive(Debug, Serialize)]
struct AfterChange {
    file: PathBuf,
    seconds: f64,
    /// How many names, sets among them, were taken over.
    taken_over: u32,
    /// How many names are others.
    differ: usize,
}

struct Bench {
    evaluator: Evaluator,
    installed: Installed,
    revision: Revision,
    jobs: JobSet,
    walk: Walk,
}

impl Bench {
    /// Evaluates the tree with one file changed.
    async fn after(&self, revision: &Revision, file: &Path) -> Result<AfterChange> {
        let (_, before) = self.evaluate(Cache::Use).await?;
        let (seconds, after) = self.evaluate_at(revision, Cache::Use).await?;
        let differs = |name: &&JobName| before.jobs.get(*name) != after.jobs.get(*name);
        Ok(AfterChange {
            file: file.to_owned(),
            seconds,
            taken_over: after.taken_over,
            differ: after.jobs.keys().filter(differs).count(),
        })
    }

    async fn evaluate(&self, cache: Cache) -> Result<(f64, Evaluated)> {
        self.evaluate_at(&self.revision, cache).await
    }

    async fn evaluate_at(&self, revision: &Revision, cache: Cache) -> Result<(f64, Evaluated)> {
        let request = Request {
            walk: self.walk,
            ..Request::new(&self.installed, revision, &self.jobs)
        };
        let begun = Instant::now();
        let evaluation = self.evaluator.evaluate(request, cache).await?;
        let took = seconds(begun.elapsed());
        eprintln!("evaluated in {took:.1} s");
        match evaluation {
            Evaluation::Jobs(evaluated) => Ok((took, evaluated)),
            Evaluation::Failed { error } => bail!("the tree does not evaluate: {error}"),
            Evaluation::Unfinished(unfinished) => bail!("not finished: {}", unfinished.detail),
        }
    }
}

fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

/// Names what fails, by message.
fn report_failing(evaluated: &Evaluated) {
    let mut by_message: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, job) in &evaluated.jobs {
        if let Err(error) = job {
            let error = error.to_string();
            let first = error.lines().next().unwrap_or_default().to_owned();
            by_message.entry(first).or_default().push(name.as_str());
        }
    }
    for (message, names) in by_message {
        eprintln!("{}: {message}", names.join(" "));
    }
}

fn told(after: &AfterChange) -> String {
    format!(
        "after a change to {}: {:.1} s, {} names taken over, {} differ\n",
        after.file.display(),
        after.seconds,
        after.taken_over,
        after.differ
    )
}

fn table(figures: &Figures) -> String {
    let plain = match (figures.plain_seconds, figures.plain_names) {
        (Some(seconds), Some(names)) => format!("\nplain Nix, {names} names: {seconds:.1} s"),
        _ => String::new(),
    };
    let changes: String = figures.after_changes.iter().map(told).collect();
    format!(
        "{} names, {} of which fail (Nix {}, sandbox: {})\n\
         empty store: {:.1} s\nfull store: {:.1} s\nas kept: {:.3} s\n{changes}\
         largest worker: {} MiB{plain}",
        figures.names,
        figures.failing,
        figures.nix,
        figures.sandbox,
        figures.first_seconds,
        figures.again_seconds,
        figures.kept_seconds,
        figures.peak_mib,
    )
}
