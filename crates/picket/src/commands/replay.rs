//! `picket replay`

mod proposals;

use std::io::{IsTerminal, Write, stderr};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use picket_lab::replay::{
    Backport, Figures, Pick, ProposalFigures, Proposer, Report, backports, listed, replay_all,
    replay_with_git, resolve_revision,
};
use picket_treemerge::{Attributes, Repository};

use crate::cli::{Opponent, Replay};
use proposals::Proposals;

pub(crate) fn run(arguments: &Replay) -> anyhow::Result<ExitCode> {
    let picks = picks(arguments)?;
    let (repo, total) = (&arguments.repo, picks.len());
    let attributes = Attributes::of_repository(repo);
    let proposer: Option<&dyn Proposer> = arguments.proposals.then_some(&Proposals);
    let ours = replay_all(
        repo,
        &attributes,
        proposer,
        &picks,
        progress("picket", total),
    )?;
    let mut figures = Figures::of(&ours);
    figures.proposals = proposer.map(|_| ProposalFigures::of(&ours));
    let mut report = Report {
        picket: figures,
        git: None,
    };
    if let Some(Opponent::Git) = arguments.against {
        // git writes what it merges; here, so that the repository stays as it is.
        let scratch = tempfile::tempdir()?;
        let git = replay_with_git(repo, scratch.path(), &picks, progress("git", total))?;
        print_disagreements(&ours, &git.picks);
        report.git = Some(Figures::of_git(&git));
    }
    if arguments.list {
        proposals::print(&ours);
    }
    print!("{report}");
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    }
    Ok(ExitCode::SUCCESS)
}

fn picks(arguments: &Replay) -> anyhow::Result<Vec<Backport>> {
    let Replay {
        repo,
        branch,
        picks,
        limit,
        ..
    } = arguments;
    if let Some(file) = picks {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let mut picks = listed(&text)?;
        picks.truncate(limit.unwrap_or(usize::MAX));
        return Ok(picks);
    }
    let branch = branch
        .as_deref()
        .context("name a branch with --branch, or picks with --picks")?;
    let repository = Repository::open(repo)
        .with_context(|| format!("{} is no git repository", repo.display()))?;
    Ok(backports(
        &repository,
        resolve_revision(repo, branch)?,
        *limit,
    )?)
}

/// Rewrites one line of a terminal; prints nothing elsewhere.
fn progress(name: &'static str, total: usize) -> impl FnMut(usize) {
    const EVERY: Duration = Duration::from_millis(200);
    let is_terminal = stderr().is_terminal();
    let mut last = Instant::now();
    move |done| {
        if is_terminal && (done == total || last.elapsed() > EVERY) {
            last = Instant::now();
            let end = if done == total { '\n' } else { '\r' };
            // Progress that cannot be shown is no reason to stop.
            let _ = write!(stderr(), "{name}: {done} of {total} picks{end}");
        }
    }
}

fn print_disagreements(ours: &[Pick], git: &[Pick]) {
    for (pick, other) in ours.iter().zip(git) {
        if !pick.outcome.agrees_with(&other.outcome) {
            let Backport { backport, source } = pick.backport;
            println!("{backport} picked from {source}:");
            println!("    picket: {:?}", pick.outcome);
            println!("    git:    {:?}", other.outcome);
        }
    }
}
