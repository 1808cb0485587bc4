//! Merges triples of trees (`BASE OURS THEIRS` in each line of stdin) with this engine and with git,
//! and prints every disagreement: `triples REPOSITORY < FILE`.

use std::{error::Error, io::stdin, path::PathBuf};

use picket_lab::replay::{GitAnswer, GitMerges, Triple};
use picket_treemerge::{AllText, Outcome, Repository, merge};

fn main() -> Result<(), Box<dyn Error>> {
    let path = PathBuf::from(std::env::args().nth(1).ok_or("REPOSITORY is needed")?);
    let mut triples = Vec::new();
    for line in stdin().lines() {
        let ids = line?
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<Vec<_>, _>>()?;
        let [base, ours, theirs] = ids[..] else {
            return Err("a line is not three ids".into());
        };
        triples.push(Triple { base, ours, theirs });
    }
    let scratch = tempfile::tempdir()?;
    let git = GitMerges::run(&path, scratch.path(), &triples, |_| ())?;
    let repository = Repository::open(&path)?;
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for (triple, git) in triples.iter().zip(&git.merges) {
        let ours = merge(
            &repository,
            &AllText,
            triple.base,
            triple.ours,
            triple.theirs,
        );
        let agreed = match (&ours, git.answer) {
            (Ok(Outcome::Merged(merged)), GitAnswer::Merged(tree)) if merged.tree == tree => {
                "merged"
            }
            (Ok(Outcome::Conflict(_)), GitAnswer::Conflict) => "conflict",
            (Ok(Outcome::Unsure(_)), _) => "unsure",
            (Err(_), GitAnswer::GaveUp) => "missing",
            _ => "DISAGREE",
        };
        *counts.entry(agreed).or_default() += 1;
        if agreed == "DISAGREE" || agreed == "unsure" {
            println!("{} {} {}", triple.base, triple.ours, triple.theirs);
            match ours {
                Ok(Outcome::Merged(merged)) => println!("    picket: {}", merged.tree),
                Ok(Outcome::Conflict(conflicts)) => {
                    for path in conflicts.paths.iter().take(8) {
                        println!("    picket: {path}");
                    }
                }
                Ok(Outcome::Unsure(reason)) => println!("    picket: {reason}"),
                Err(error) => println!("    picket: {error}"),
            }
            println!("    git: {:?}", git.answer);
        }
    }
    println!("{counts:?}");
    Ok(())
}
