//! The fake GitHub on top of a real git repository.

use std::path::Path;

use anyhow::Result;
use git2::{Oid, Repository, Signature, Time};
use picket_testkit::github::{GitHub, PullRequestSpec};
use serde_json::{Value, json};

/// Writes a commit with these files to a branch.
fn commit(
    repo: &Repository,
    branch: &str,
    parents: &[Oid],
    message: &str,
    files: &[(&str, &str)],
) -> Result<Oid> {
    let mut tree = repo.treebuilder(None)?;
    for (name, content) in files {
        let blob = repo.blob(content.as_bytes())?;
        tree.insert(name, blob, 0o100_644)?;
    }
    let tree = repo.find_tree(tree.write()?)?;
    let who = Signature::new("Ada", "ada@example.org", &Time::new(1_795_000_000, 0))?;
    let parents: Vec<_> = parents
        .iter()
        .map(|oid| repo.find_commit(*oid))
        .collect::<Result<_, _>>()?;
    let parents: Vec<_> = parents.iter().collect();
    let name = format!("refs/heads/{branch}");
    let oid = repo.commit(None, &who, &who, message, &tree, &parents)?;
    repo.reference(&name, oid, true, "test")?;
    Ok(oid)
}

const LONG: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n";

/// `master` has moved on since `fix` left it; `fix` has two commits.
fn repository(path: &Path) -> Result<(Repository, Oid, Oid)> {
    let repo = Repository::init_bare(path)?;
    let root = commit(&repo, "master", &[], "root", &[("a", LONG), ("b", "b\n")])?;
    let files = [("a", LONG), ("b", "b\nmore\n")];
    let first = commit(&repo, "fix", &[root], "b: 1 -> 2\n\nCVE-2026-1234", &files)?;
    let files = [("renamed", LONG), ("b", "b\nmore\n"), ("new", "x\n")];
    let head = commit(&repo, "fix", &[first], "a: rename", &files)?;
    let files = [("a", LONG), ("b", "b\n"), ("unrelated", "u\n")];
    commit(&repo, "master", &[root], "unrelated", &files)?;
    Ok((repo, first, head))
}

async fn get(github: &GitHub, path: &str) -> Result<Value> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = format!("{}/repos/NixOS/nixpkgs/pulls/{path}", github.url());
    Ok(reqwest::get(url).await?.error_for_status()?.json().await?)
}

#[tokio::test]
async fn commits_and_files_come_from_git() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (repo, first, head) = repository(folder.path())?;
    let github = GitHub::builder("NixOS", "nixpkgs").git_repository(folder.path());
    let github = github.start().await?;
    let number = github.open_pull_request(PullRequestSpec {
        number: Some(4711),
        head_ref: "fix".into(),
        ..Default::default()
    })?;
    assert_eq!(number, 4711);
    assert_eq!(repo.refname_to_id("refs/pull/4711/head")?, head);

    let commits = get(&github, "4711/commits").await?;
    let shas: Vec<_> = (0..2).map(|place| &commits[place]["sha"]).collect();
    assert_eq!(shas, [&json!(first.to_string()), &json!(head.to_string())]);
    assert_eq!(
        commits[0]["commit"]["message"],
        "b: 1 -> 2\n\nCVE-2026-1234"
    );

    let files = get(&github, "4711/files").await?;
    let row = |place: usize| {
        let file = &files[place];
        json!([
            file["filename"],
            file["status"],
            file["additions"],
            file["deletions"],
            file["previous_filename"]
        ])
    };
    let rows: Vec<_> = (0..3).map(row).collect();
    assert_eq!(rows[0], json!(["b", "modified", 1, 0, null]));
    assert_eq!(rows[1], json!(["new", "added", 1, 0, null]));
    assert_eq!(rows[2], json!(["renamed", "renamed", 0, 0, "a"]));
    Ok(())
}

#[tokio::test]
async fn a_forced_push_and_a_merge_follow_git() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (repo, first, head) = repository(folder.path())?;
    let github = GitHub::builder("NixOS", "nixpkgs").git_repository(folder.path());
    let github = github.start().await?;
    let number = github.open_pull_request(PullRequestSpec {
        head_ref: "fix".into(),
        ..Default::default()
    })?;
    github.push(number, &first.to_string())?;
    assert_eq!(repo.refname_to_id("refs/pull/1/head")?, first);
    let commits = get(&github, "1/commits").await?;
    assert_eq!(commits.as_array().map(Vec::len), Some(1));

    github.merge(number, &head.to_string())?;
    let pull = get(&github, "1").await?;
    assert_eq!(pull["merge_commit_sha"], json!(head.to_string()));
    assert_eq!(pull["merged"], json!(true));
    assert!(github.push(number, "no-such-branch").is_err());
    Ok(())
}
