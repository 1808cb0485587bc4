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
