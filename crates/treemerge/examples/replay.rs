//! Replays a branch's backports:
//! `replay --repo PATH --branch REV [--against git] [--json] [--limit N]`.

use std::{
    env,
    error::Error,
    io::{IsTerminal, Write, stderr},
    path::PathBuf,
    time::Instant,
};

use picket_treemerge::{
    AllText, Repository,
    replay::{Figures, GitPicks, Pick, Report, backports, replay_all, resolve_revision},
};

struct Arguments {
    repo: PathBuf,
    branch: String,
    against_git: bool,
    json: bool,
    limit: Option<usize>,
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let (mut repo, mut branch) = (None, None);
    let (mut against_git, mut json, mut limit) = (false, false, None);
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--repo" => repo = Some(PathBuf::from(value()?)),
            "--branch" => branch = Some(value()?),
            "--against" if value()? == "git" => against_git = true,
            "--limit" => limit = Some(value()?.parse()?),
            "--json" => json = true,
            _ => return Err(format!("{word} is not understood").into()),
        }
    }
    Ok(Arguments {
        repo: repo.ok_or("--repo PATH is needed")?,
        branch: branch.ok_or("--branch REV is needed")?,
        against_git,
        json,
        limit,
    })
}

fn progress(name: &'static str, total: usize) -> impl FnMut(usize) {
    let terminal = stderr().is_terminal();
    let mut last = Instant::now();
    move |done| {
        if terminal && (done == total || last.elapsed().as_millis() > 200) {
            last = Instant::now();
            let end = if done == total { '\n' } else { '\r' };
            let _ = write!(stderr(), "{name}: {done} of {total} picks{end}");
        }
    }
}

fn disagreements(ours: &[Pick], git: &[Pick]) {
    for (pick, other) in ours.iter().zip(git) {
        if !pick.outcome.agrees_with(&other.outcome) {
            let pair = pick.backport;
            println!("{} picked from {}:", pair.backport, pair.source);
            println!("    picket: {:?}", pick.outcome);
            println!("    git:    {:?}", other.outcome);
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = arguments()?;
    let tip = resolve_revision(&arguments.repo, &arguments.branch)?;
    let picks = backports(&Repository::open(&arguments.repo)?, tip, arguments.limit)?;
    let total = picks.len();
    let ours = replay_all(&arguments.repo, &AllText, &picks, progress("picket", total))?;
    let mut report = Report { picket: Figures::of(&ours), git: None };
    if arguments.against_git {
        let scratch = tempfile::tempdir()?;
        let git =
            GitPicks::run(&arguments.repo, scratch.path(), &picks, progress("git", total))?;
        disagreements(&ours, &git.picks);
        report.git = Some(Figures::of_git(&git));
    }
    print!("{report}");
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    }
    Ok(())
}
