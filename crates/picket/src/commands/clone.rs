//! A git repository that is there already.

use std::path::{Path, PathBuf};

use anyhow::bail;
use picket_merger::Merger;

/// The mirror's own repository, or any clone.
pub(super) fn open(repo: &Path) -> anyhow::Result<Merger> {
    let repo = git_dir(repo)?;
    Ok(Merger::open(&repo, &repo.display().to_string())?)
}

/// The folder with the objects, of a clone with a work tree too.
fn git_dir(repo: &Path) -> anyhow::Result<PathBuf> {
    let inner = repo.join(".git");
    let dir = if inner.is_dir() { &inner } else { repo };
    if !dir.join("objects").is_dir() {
        bail!("{} is no git repository", repo.display());
    }
    Ok(std::path::absolute(dir)?)
}
