//! Replays a branch's backports:
//! `replay --repo PATH (--branch REV | --picks FILE) [--against git] [--json] [--limit N]`.

use std::{
    env,
    error::Error,
    io::{IsTerminal, Write, stderr},
    path::PathBuf,
    time::Instant,
};

use picket_treemerge::{
    Attributes, Repository,
    replay::{
        Backport, Figures, Pick, Report, backports, listed, replay_all, replay_with_git,
        resolve_revision,
    },
};

struct Arguments {
    repo: PathBuf,
    from: From,
    against_git: bool,
    json: bool,
    limit: Option<usize>,
}

enum From {
    Branch(String),
    File(PathBuf),
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let (mut repo, mut from) = (None, None);
    let (mut against_git, mut json, mut limit) = (false, false, None);
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--repo" => repo = Some(PathBuf::from(value()?)),
            "--branch" => from = Some(From::Branch(value()?)),
            "--picks" => from = Some(From::File(value()?.into())),
            "--against" if value()? == "git" => against_git = true,
            "--limit" => limit = Some(value()?.parse()?),
            "--json" => json = true,
            _ => return Err(format!("{word} is not understood").into()),
        }
    }
    Ok(Arguments {
        repo: repo.ok_or("--repo PATH is needed")?,
        from: from.ok_or("--branch REV or --picks FILE is needed")?,
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

fn picks(arguments: &Arguments) -> Result<Vec<Backport>, Box<dyn Error>> {
    let Arguments { repo, limit, .. } = arguments;
    match &arguments.from {
        From::Branch(revision) => {
            let tip = resolve_revision(repo, revision)?;
            Ok(backports(&Repository::open(repo)?, tip, *limit)?)
        }
        From::File(path) => {
            let mut picks = listed(&std::fs::read_to_string(path)?)?;
            picks.truncate(limit.unwrap_or(usize::MAX));
            Ok(picks)
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = arguments()?;
    let picks = picks(&arguments)?;
    let total = picks.len();
    let attributes = Attributes::of_repository(&arguments.repo);
    let ours = replay_all(
        &arguments.repo,
        &attributes,
        &picks,
        progress("picket", total),
    )?;
    let mut report = Report {
        picket: Figures::of(&ours),
        git: None,
    };
    if arguments.against_git {
        let scratch = tempfile::tempdir()?;
        let git = replay_with_git(
            &arguments.repo,
            scratch.path(),
            &picks,
            progress("git", total),
        )?;
        disagreements(&ours, &git.picks);
        report.git = Some(Figures::of_git(&git));
    }
    print!("{report}");
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    }
    Ok(())
}
