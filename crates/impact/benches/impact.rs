//! Estimates beside exact answers, over real commits: how long each takes, and what the estimate
//! misses.
//!
//! `cargo xtask bench impact --repo PATH --commits N`

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use picket_impact::{Impact, Laboratory, Setting};
use serde::Serialize;

/// Compares estimates with exact answers.
#[derive(Parser)]
struct Arguments {
    /// A clone of nixpkgs.
    #[arg(long)]
    repo: PathBuf,
    /// The newest commit.
    #[arg(long, default_value = "HEAD")]
    head: String,
    /// How many commits, merges aside.
    #[arg(long, default_value_t = 100)]
    commits: usize,
    /// These commits instead, each against its first parent. Can be repeated.
    #[arg(long)]
    commit: Vec<String>,
    /// A file that gets each commit's impact, a JSON object a line.
    #[arg(long)]
    details: Option<PathBuf>,
    /// The folder for trees, derivations and what is known of them.
    #[arg(long)]
    cache: Option<PathBuf>,
    /// The system.
    #[arg(long, default_value = "x86_64-linux")]
    system: String,
    /// Make the last line of the output a JSON object.
    #[arg(long)]
    json: bool,
    /// What cargo adds.
    #[arg(long, hide = true)]
    bench: bool,
}

/// The figures over all commits.
#[derive(Serialize, Default)]
struct Figures {
    commits: usize,
    attributes_changed: usize,
    missed: usize,
    too_many: usize,
    recall_percent: f64,
    too_many_percent: f64,
    estimate_seconds_median: f64,
    estimate_seconds_95: f64,
    estimate_seconds_max: f64,
    exact_seconds_median: f64,
    within_a_fifth: usize,
    within_two_seconds: usize,
    not_all_known: usize,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let scratch = tempfile::tempdir()?;
    let cache = arguments.cache.clone();
    let setting = Setting {
        system: arguments.system.clone(),
        ..Setting::new(cache.unwrap_or_else(|| scratch.path().to_owned()))
    };
    let laboratory = Laboratory::open(&arguments.repo, setting)?;
    let mut details = arguments.details.as_ref().map(File::create).transpose()?;
    let mut all = Vec::new();
    for (base, head, subject) in commits(&arguments)? {
        let estimate = laboratory.estimate(&base, &head, Duration::from_millis(1200));
        let impact = estimate.and_then(|estimate| laboratory.exact(&base, &head, estimate));
        match impact {
            Ok(impact) => {
                print(&head, &subject, &impact);
                if let Some(details) = &mut details {
                    let named = serde_json::json!({ "commit": head, "impact": impact });
                    writeln!(details, "{named}")?;
                }
                all.push(impact);
            }
            Err(error) => println!("{} {subject}: {error}", &head[..10]),
        }
    }
    let figures = figures(&all);
    println!("{}", serde_json::to_string_pretty(&figures)?);
    if arguments.json {
        println!("{}", serde_json::to_string(&figures)?);
    }
    Ok(())
}

/// Pairs of parent and commit, the oldest first: each commit's tree is the next one's base.
fn commits(arguments: &Arguments) -> Result<Vec<(String, String, String)>> {
    let mut git = Command::new("git");
    git.arg("-C").arg(&arguments.repo);
    git.args(["log", "--min-parents=1", "--format=%P %H %s"]);
    if arguments.commit.is_empty() {
        let count = arguments.commits.to_string();
        git.args(["--no-merges", "-n", &count, &arguments.head, "--"]);
    } else {
        git.args(["--no-walk=unsorted", "--format=%P %H %s"])
            .args(arguments.commit.iter().rev())
            .arg("--");
    }
    let output = git.output()?;
    if !output.status.success() {
        bail!("git log: {}", String::from_utf8_lossy(&output.stderr));
    }
    let pair = |line: &str| {
        let mut parts = line.splitn(3, ' ').map(ToOwned::to_owned);
        let mut part = || parts.next().context("git log prints three parts a line");
        Ok((part()?, part()?, part().unwrap_or_default()))
    };
    let pairs: Result<Vec<_>> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(pair)
        .collect();
    Ok(pairs?.into_iter().rev().collect())
}

fn print(head: &str, subject: &str, impact: &Impact) {
    let subject: String = subject.chars().take(60).collect();
    let what = &impact.differences;
    let exact = impact.exact.as_ref();
    println!(
        "{} {subject}: {} of {} changed, {} added, {} removed, {} failing, {} working; estimate {:.2} s of {} attributes, exact {:.1} s; missed {:?}, too many {:?}; {:?}",
        &head[..10],
        what.changed.len(),
        impact.attributes,
        what.added.len(),
        what.removed.len(),
        what.newly_failing.len(),
        what.newly_working.len(),
        impact.estimate_seconds,
        impact.evaluated,
        exact.map_or(0.0, |it| it.exact_seconds),
        exact.map(|it| some(&it.missed)),
        exact.map(|it| some(&it.too_many)),
        exact.map(|it| &it.estimate_unknown),
    );
}

fn some(names: &[String]) -> (usize, &[String]) {
    (names.len(), &names[..names.len().min(8)])
}

fn figures(all: &[Impact]) -> Figures {
    let exact = || all.iter().filter_map(|it| it.exact.as_ref());
    let mut estimates: Vec<_> = all.iter().map(|it| it.estimate_seconds).collect();
    let mut exacts: Vec<_> = exact().map(|it| it.exact_seconds).collect();
    estimates.sort_by(f64::total_cmp);
    exacts.sort_by(f64::total_cmp);
    let at = |sorted: &[f64], part: f64| {
        let place = (sorted.len() as f64 * part) as usize;
        sorted
            .get(place.min(sorted.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    };
    let what = |it: &Impact| {
        let it = &it.differences;
        let lists = [&it.changed, &it.added, &it.removed, &it.newly_working];
        lists.iter().map(|it| it.len()).sum::<usize>() + it.newly_failing.len()
    };
    let changed: usize = all.iter().map(what).sum();
    let missed: usize = exact().map(|it| it.estimate_missed).sum();
    let too_many: usize = exact().map(|it| it.estimate_too_many).sum();
    let percent = |part: usize| 100.0 * part as f64 / changed.max(1) as f64;
    let is_fifth = |it: &&Impact| {
        let exact = it.exact.as_ref().map_or(0.0, |it| it.exact_seconds);
        it.estimate_seconds * 5.0 <= exact
    };
    Figures {
        commits: all.len(),
        attributes_changed: changed,
        missed,
        too_many,
        recall_percent: 100.0 - percent(missed),
        too_many_percent: percent(too_many),
        estimate_seconds_median: at(&estimates, 0.5),
        estimate_seconds_95: at(&estimates, 0.95),
        estimate_seconds_max: at(&estimates, 1.0),
        exact_seconds_median: at(&exacts, 0.5),
        within_a_fifth: all.iter().filter(is_fifth).count(),
        within_two_seconds: estimates.iter().filter(|it| **it < 2.0).count(),
        not_all_known: exact().filter(|it| !it.estimate_unknown.is_empty()).count(),
    }
}
