//! `picket replay` on a small repository.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use picket_tests::run;
use serde_json::Value;

fn git(repo: &Path, arguments: &[&str]) -> Result<()> {
    let status = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
        .args(arguments)
        .current_dir(repo)
        .status()?;
    ensure!(status.success(), "git {arguments:?} ended with {status}");
    Ok(())
}

fn commit(repo: &Path, text: &str, message: &str) -> Result<()> {
    std::fs::write(repo.join("default.nix"), text)?;
    git(repo, &["add", "default.nix"])?;
    git(repo, &["commit", "--quiet", "--message", message])
}

fn head(repo: &Path) -> Result<String> {
    let git = Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(repo)
        .output()?;
    Ok(String::from_utf8(git.stdout)?.trim().to_owned())
}

#[test]
fn a_backport_is_replayed_as_git_made_it() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let repo = dir.path();
    git(repo, &["init", "--quiet", "--initial-branch", "master"])?;
    commit(repo, "version 1\n\n\n\n\nend\n", "one")?;
    git(repo, &["branch", "release"])?;
    commit(repo, "version 1\n\n\n\n\nother end\n", "unrelated")?;
    commit(repo, "version 2\n\n\n\n\nother end\n", "fix")?;
    git(repo, &["checkout", "--quiet", "release"])?;
    git(repo, &["cherry-pick", "-x", "master"])?;

    let repo = repo.display().to_string();
    let replay = [
        "replay",
        "--repo",
        &repo,
        "--branch",
        "release",
        "--against",
        "git",
        "--json",
    ];
    let ran = run(replay)?;
    ensure!(ran.code == Some(0), "{}", ran.stderr);
    let json: Value = serde_json::from_str(ran.stdout.lines().last().unwrap_or_default())?;
    for engine in ["picket", "git"] {
        assert_eq!(json[engine]["identical"], 1, "{json}");
        assert_eq!(json[engine]["different"], 0, "{json}");
        assert_eq!(json[engine]["conflict"], 0, "{json}");
    }
    Ok(())
}

/// A version that both sides bumped; people took the newer one.
#[test]
fn what_is_proposed_is_compared_with_what_people_committed() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let repo = dir.path();
    let package = |version| format!("{{\n  pname = \"a\";\n  version = \"{version}\";\n}}\n");
    git(repo, &["init", "--quiet", "--initial-branch", "master"])?;
    commit(repo, &package("1.0"), "one")?;
    git(repo, &["checkout", "--quiet", "-b", "release"])?;
    commit(repo, &package("1.0.1"), "a fix")?;
    git(repo, &["checkout", "--quiet", "master"])?;
    commit(repo, &package("1.1"), "a: 1.0 -> 1.1")?;
    let source = head(repo)?;
    git(repo, &["checkout", "--quiet", "release"])?;
    let message = format!("a: 1.0.1 -> 1.1\n\n(cherry picked from commit {source})");
    commit(repo, &package("1.1"), &message)?;

    let text = repo.display().to_string();
    let replay = ["replay", "--repo", &text, "--branch", "release"];
    let ran = run(replay
        .into_iter()
        .chain(["--proposals", "--list", "--json"]))?;
    ensure!(ran.code == Some(0), "{}", ran.stderr);
    let first = ran.stdout.lines().next().unwrap_or_default();
    assert_eq!(
        first,
        format!("{}\t{source}\tidentical\tdefault.nix", head(repo)?)
    );
    let json: Value = serde_json::from_str(ran.stdout.lines().last().unwrap_or_default())?;
    assert_eq!(json["picket"]["conflict"], 1, "{json}");
    assert_eq!(json["picket"]["proposals_identical"], 1, "{json}");
    Ok(())
}

#[test]
fn what_is_no_repository_is_an_error() -> Result<()> {
    let ran = run(["replay", "--repo", "/nowhere", "--branch", "master"])?;
    ensure!(
        ran.code == Some(1) && ran.stderr.contains("/nowhere"),
        "{}",
        ran.stderr
    );
    Ok(())
}

/// A repository with an extension that no git knows: git says which, and so does a replay.
#[test]
fn where_git_refuses_its_own_words_are_shown() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let repo = dir.path();
    git(repo, &["init", "--quiet", "--initial-branch", "master"])?;
    commit(repo, "version 1\n", "one")?;
    let picks = repo.join("picks");
    let id = head(repo)?;
    std::fs::write(&picks, format!("{id} {id}\n"))?;
    git(repo, &["config", "core.repositoryformatversion", "1"])?;
    git(repo, &["config", "extensions.fromTheFuture", "true"])?;

    let (repo, picks) = (repo.display().to_string(), picks.display().to_string());
    let by_name = ["replay", "--repo", &repo, "--branch", "master"];
    let by_git = [
        "replay",
        "--repo",
        &repo,
        "--picks",
        &picks,
        "--against",
        "git",
    ];
    for ran in [run(by_name)?, run(by_git)?] {
        ensure!(
            ran.code == Some(1) && ran.stderr.to_lowercase().contains("fromthefuture"),
            "{}",
            ran.stderr
        );
    }
    Ok(())
}

#[test]
fn a_branch_that_is_not_there_is_an_error() -> Result<()> {
    let dir = tempfile::tempdir()?;
    git(dir.path(), &["init", "--quiet"])?;
    let repo = dir.path().display().to_string();
    let ran = run(["replay", "--repo", &repo, "--branch", "nowhere"])?;
    let wanted = "\"nowhere\" names no commit";
    ensure!(
        ran.code == Some(1) && ran.stderr.contains(wanted),
        "{}",
        ran.stderr
    );
    Ok(())
}
