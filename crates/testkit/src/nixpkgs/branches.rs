//! The branches: their names, where they are, and moving them.

use anyhow::{Context, Result};
use git2::{BranchType, Oid, Repository};

/// The branch that pull requests are opened against.
pub const MASTER: &str = "master";
/// The stable branch that backports are merged into.
pub const RELEASE_BRANCH: &str = "release-26.05";
/// The channel's branch: where the release branch was when its tests last succeeded.
pub const CHANNEL_BRANCH: &str = "nixos-26.05";

/// The commit that a branch is at.
pub(super) fn branch_tip(repository: &Repository, branch: &str) -> Result<Oid> {
    repository
        .find_branch(branch, BranchType::Local)
        .with_context(|| format!("nixpkgs has no branch {branch}"))?
        .get()
        .target()
        .with_context(|| format!("the branch {branch} is no plain reference"))
}

/// Points a branch at a commit.
pub(super) fn set_branch(repository: &Repository, branch: &str, commit: Oid) -> Result<()> {
    repository.reference(
        &format!("refs/heads/{branch}"),
        commit,
        true,
        "picket-testkit",
    )?;
    Ok(())
}
