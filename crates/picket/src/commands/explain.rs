//! `picket explain`

use std::process::ExitCode;

use anyhow::bail;
use picket_domain::{
    CommitSha, FileVersion, PickOutcome, Policy, PrNumber, Renames, Timestamp, resolve,
};
use picket_merger::{Explanation, ResolvedPath};
use picket_store::Store;
use serde_json::json;

use super::clone;
use crate::cli::{self, PickName};
use crate::config::{Allowances, Config};
use picket_reconcile::Dirs;

pub(crate) async fn run(arguments: &cli::Explain) -> anyhow::Result<ExitCode> {
    let (mirror, picks) = match (&arguments.config, &arguments.repo) {
        (Some(config), _) => {
            // Nobody signs in here, so that a demo's sign-in is no reason to refuse.
            let config = Config::load(config, Allowances { demo_sign_in: true })?;
            let mirror = clone::open(&Dirs::new(&config.data_dir).mirror())?;
            (mirror, named(&config, &arguments.pick).await?)
        }
        (None, Some(repo)) => match &arguments.pick {
            PickName::Commit(commit) => (clone::open(repo)?, vec![commit.clone()]),
            PickName::PullRequest(pr) => {
                bail!("only --config tells which commits the pick of #{pr} has: name one of them")
            }
        },
        (None, None) => bail!("name a configuration file, or a repository"),
    };
    let explain = |pick| mirror.explain(pick).map_err(anyhow::Error::from);
    let explanations = picks
        .iter()
        .map(explain)
        .collect::<anyhow::Result<Vec<_>>>()?;
    if arguments.json {
        println!("{}", serde_json::to_string(&json_of(&explanations))?);
        return Ok(ExitCode::SUCCESS);
    }
    let texts: Vec<_> = explanations.iter().map(text).collect();
    print!("{}", texts.join("\n"));
    Ok(ExitCode::SUCCESS)
}

async fn named(config: &Config, pick: &PickName) -> anyhow::Result<Vec<CommitSha>> {
    let pr = match pick {
        PickName::Commit(commit) => return Ok(vec![commit.clone()]),
        PickName::PullRequest(pr) => *pr,
    };
    let store = Store::open_existing(config.database_url.expose()).await?;
    for channel in &config.channels {
        if let Some(commits) = picked(&store, &channel.policy, pr).await? {
            return Ok(commits);
        }
    }
    bail!("no channel's present chain has a pick of #{pr}: name one of its commits instead")
}

/// The commits of a pull request in a channel's present chain.
async fn picked(
    store: &Store,
    policy: &Policy,
    pr: PrNumber,
) -> anyhow::Result<Option<Vec<CommitSha>>> {
    let facts = store.facts(policy).await?;
    let assembly = resolve(&facts, Timestamp::now()).assembly;
    let outcome = assembly.as_ref().and_then(|it| it.outcome(pr));
    Ok(match outcome {
        Some(PickOutcome::Picked { commits, .. }) => {
            Some(commits.iter().map(|it| it.commit.clone()).collect())
        }
        _ => None,
    })
}

fn json_of(explanations: &[Explanation]) -> serde_json::Value {
    let one = |it: &Explanation| json!({ "explanation": it, "steps": it.steps() });
    explanations.iter().map(one).collect()
}

fn text(it: &Explanation) -> String {
    let base = match &it.base {
        Some(base) => base.as_str(),
        None => "the empty tree",
    };
    let options = &it.options;
    let mut lines = vec![
        format!("{:<12}{}", "pick", it.commit),
        format!("{:<12}{}", "tree", it.tree),
        format!("{:<12}{}", "of", it.source),
        format!("{:<12}{base}", "its parent"),
        format!("{:<12}{}", "picked onto", it.onto),
        format!("{:<12}{}", "author", it.author.escape_debug()),
        format!("{:<12}{}", "committer", it.committer.escape_debug()),
        format!("{:<12}{}, checked by {}", "made by", it.engine, it.git),
        format!(
            "{:<12}renames from {} % of the content, up to {} files; {} diff; directory renames: {}",
            "options",
            options.rename_similarity,
            options.rename_limit,
            options.diff_algorithm,
            options.directory_renames
        ),
        format!("{:<12}{}", "renames", renames(it.renames)),
    ];
    lines.extend(it.resolved.iter().map(resolved));
    lines.push(
        "\nThe same commit, made by git alone in a clone that has these commits:\n".to_owned(),
    );
    lines.extend(
        it.steps()
            .iter()
            .map(|step| format!("    {}", step.replace('\n', "\n    "))),
    );
    lines.join("\n") + "\n"
}

fn renames(renames: Renames) -> String {
    match renames {
        Renames::NotNeeded => "not needed".to_owned(),
        Renames::Followed { found } => format!("looked for, {found} found"),
        Renames::GaveUp { found } => {
            format!("too many files for those that are not exact, as for git; {found} found")
        }
    }
}

fn resolved(file: &ResolvedPath) -> String {
    let blob = |version: &Option<FileVersion>| match version {
        Some(version) => version.blob.to_string(),
        None => "absent".to_owned(),
    };
    format!(
        "{:<12}{:?}: base {}, ours {}, theirs {}, made {}",
        "resolved",
        file.path,
        blob(&file.versions.base),
        blob(&file.versions.ours),
        blob(&file.versions.theirs),
        blob(&file.result)
    )
}
