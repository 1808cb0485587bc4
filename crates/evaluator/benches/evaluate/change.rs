//! A tree with one file changed.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use picket_domain::CommitSha;
use picket_evaluator::Revision;

/// Writes the tree anew with one file changed: it gets one more line, which to Nix is a comment.
pub(crate) fn changed(tree: &Path, file: &Path, number: u32, dir: &Path) -> Result<Revision> {
    let copy = dir.join(format!("changed-{number}"));
    let copied = Command::new("cp")
        .arg("--recursive")
        .arg("--no-target-directory")
        .arg("--preserve=mode,links")
        .arg(tree)
        .arg(&copy)
        .status()?;
    ensure!(copied.success(), "{} cannot be copied", tree.display());
    let changed = copy.join(file);
    let mut opened = fs::OpenOptions::new()
        .append(true)
        .open(&changed)
        .with_context(|| file.display().to_string())?;
    writeln!(opened, "# touched")?;
    Ok(Revision {
        rev: CommitSha::parse(&format!("{number:040x}")).context("a commit id")?,
        tree: copy,
    })
}
