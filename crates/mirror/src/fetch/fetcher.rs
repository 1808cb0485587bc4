//! One side to fetch from, with the mirror locked.

use std::path::Path;

use git2::{Oid, Repository};
use picket_domain::PrNumber;

use super::Fetched;
use crate::address::GitAddress;
use crate::error::{MirrorError, Result};
use crate::git::{Git, Limits, WriteLock};
use crate::ids::{find_ref, has_commit};

/// How git says that a fetched reference does not exist.
const NO_REF: &str = "couldn't find remote ref ";
/// How the other side says that it does not have a commit, or does not hand it out.
const NO_COMMIT: [&str; 3] = ["not our ref", "unadvertised object", "no such remote ref"];

/// Fetches from one side into the mirror.
pub(crate) struct Fetcher<'a> {
    pub(crate) repo: &'a Repository,
    pub(crate) mirror: &'a Path,
    pub(crate) lock: &'a WriteLock,
    pub(crate) from: &'a GitAddress,
    pub(crate) limits: Limits,
}

/// Under what the heads of a pull request are kept.
pub(crate) fn kept_prefix(pr: PrNumber) -> String {
    format!("refs/pr/{pr}/")
}

impl Fetcher<'_> {
    /// Takes what blocks a fetch out of its way: half packs, stale locks, and references whose
    /// commits were lost, because git does not fetch what it believes to have.
    pub(crate) fn prepare(&self, names: &[&str]) -> Result<()> {
        self.lock.clear_half_packs()?;
        self.lock.clear_stale(names.iter().copied())?;
        for name in names {
            let target = find_ref(self.repo, name)?;
            if let Some(lost) = target
                && !has_commit(self.repo, lost)?
            {
                tracing::warn!(name, %lost, "a commit is missing from the mirror and fetched again");
                self.repo.find_reference(name)?.delete()?;
            }
        }
        Ok(())
    }

    /// Where these references stand on the other side; those that do not exist are left out.
    pub(crate) fn listed(&self, names: &[String]) -> Result<Vec<(String, Oid)>> {
        let git = Git::remote(self.mirror, "ls-remote", self.from, self.limits);
        git.with_refs(names).stdin(self.lock.stdin()?).listed()
    }

    /// Fetches references of the other side to references of the mirror.
    pub(crate) fn fetch(&self, refs: &[(String, String)]) -> Result<()> {
        let refspecs: Vec<_> = refs
            .iter()
            .map(|(from, to)| format!("+{from}:{to}"))
            .collect();
        Git::remote(self.mirror, "fetch", self.from, self.limits)
            .args(["--progress", "--no-tags", "--no-write-fetch-head"])
            .args(["--no-auto-maintenance", "--no-recurse-submodules"])
            .with_refs(&refspecs)
            .stdin(self.lock.stdin()?)
            .with_progress()
    }

    /// Fetches a reference or a commit that may not be there.
    pub(crate) fn fetch_if_there(&self, refs: &(String, String)) -> Result<Fetched> {
        match self.fetch(std::slice::from_ref(refs)) {
            Ok(()) => Ok(Fetched::Present),
            Err(error) if lacks(&error, &refs.0) => Ok(Fetched::Gone),
            Err(error) => Err(error),
        }
    }
}

/// Whether git failed because the other side does not have this reference, or commit.
fn lacks(error: &MirrorError, name: &str) -> bool {
    let MirrorError::Transport { message, .. } = error else {
        return false;
    };
    let is_ref = name.starts_with("refs/");
    let mut lines = message.split("; ");
    lines.any(|line| match line.split_once(NO_REF) {
        Some((_, missing)) => missing.trim() == name,
        None => !is_ref && NO_COMMIT.iter().any(|phrase| line.contains(phrase)),
    })
}
