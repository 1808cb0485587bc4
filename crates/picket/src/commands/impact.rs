//! `picket impact`

use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context;
use picket_impact::{ImpactError, JobSet, Laboratory, Limits, Progress, Setting};

use crate::cli::Impact;

/// How often it is told how far a long evaluation is.
const TELL_EVERY: Duration = Duration::from_secs(5);

pub(crate) async fn run(arguments: Impact) -> anyhow::Result<ExitCode> {
    // It waits for Nix and for the disk all the time.
    tokio::task::spawn_blocking(move || work_out(&arguments)).await?
}

fn work_out(arguments: &Impact) -> anyhow::Result<ExitCode> {
    let budget = Duration::try_from_secs_f64(arguments.budget).context("--budget is no time")?;
    // Nix takes no other paths for a store.
    let cache = std::path::absolute(&arguments.cache).context("--cache is no path")?;
    let setting = Setting {
        system: arguments.system.clone(),
        job_set: arguments
            .jobset
            .clone()
            .map_or(JobSet::TopLevel, JobSet::File),
        limits: Limits {
            memory_bytes: arguments.memory_mib.map(|mib| mib << 20),
            unsandboxed: arguments.unsandboxed,
            ..Limits::default()
        },
        mass_rebuild: arguments.mass_rebuild,
        cache_bytes: arguments.cache_mib << 20,
        ..Setting::new(cache)
    };
    let laboratory = Laboratory::open(&arguments.repo, setting)?.telling(told_now_and_then());
    let (base, head) = (&arguments.base, &arguments.head);
    let impact = laboratory
        .estimate(base, head, budget)
        .and_then(|estimate| {
            if arguments.full {
                laboratory.exact(base, head, estimate)
            } else {
                Ok(estimate)
            }
        });
    let impact = match impact {
        Err(error @ ImpactError::NoSandbox) => {
            return Err(error).context(
                "--unsandboxed goes without, at the risk that the change's author reads what you can",
            );
        }
        impact => impact?,
    };
    print!("{impact}");
    if arguments.json {
        println!("{}", serde_json::to_string(&impact)?);
    }
    Ok(ExitCode::SUCCESS)
}

fn told_now_and_then() -> impl Fn(Progress) + Send + Sync {
    let last = Mutex::new(Instant::now());
    move |Progress { done, all }| {
        let mut last = last.lock().expect("nobody panics while holding it");
        if last.elapsed() >= TELL_EVERY {
            *last = Instant::now();
            eprintln!("evaluated {done} of {all} attributes");
        }
    }
}
