//! Pull requests out of a real git repository.

use std::path::Path;

use anyhow::{Context, Result};
use git2::{Delta, DiffFindOptions, Oid, Patch, Repository, Sort};

use super::spec::{FileSpec, FileStatus};
use super::world::{Commit, Content};

/// Reads what merging `head` into the branch `base` would bring, as GitHub shows it: the commits
/// that the base does not have, and the files against the merge base.
pub(super) fn content(repository: &Path, base: &str, head: &str) -> Result<Content> {
    let repo = open(repository)?;
    let base_oid = repo
        .find_reference(&format!("refs/heads/{base}"))
        .with_context(|| format!("no branch {base} in {}", repository.display()))?
        .peel_to_commit()?
        .id();
    let head_oid = resolve(&repo, head)?;
    Ok(Content {
        base_sha: base_oid.to_string(),
        head_sha: head_oid.to_string(),
        commits: commits(&repo, base_oid, head_oid)?,
        files: files(&repo, base_oid, head_oid)?,
    })
}

/// Writes `refs/pull/<number>/head`.
pub(super) fn write_head(repository: &Path, number: u64, head: &str) -> Result<()> {
    let repo = open(repository)?;
    let name = format!("refs/pull/{number}/head");
    repo.reference(&name, Oid::from_str(head)?, true, "pull request")?;
    Ok(())
}

/// The id of the commit that a revision names.
pub(super) fn commit_id(repository: &Path, revision: &str) -> Result<String> {
    Ok(resolve(&open(repository)?, revision)?.to_string())
}

fn open(repository: &Path) -> Result<Repository> {
    Repository::open(repository)
        .with_context(|| format!("no git repository at {}", repository.display()))
}

fn resolve(repo: &Repository, revision: &str) -> Result<Oid> {
    let object = repo
        .revparse_single(revision)
        .with_context(|| format!("no revision {revision}"))?;
    Ok(object.peel_to_commit()?.id())
}

fn commits(repo: &Repository, base: Oid, head: Oid) -> Result<Vec<Commit>> {
    let mut walk = repo.revwalk()?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
    walk.push(head)?;
    walk.hide(base)?;
    walk.map(|oid| {
        let commit = repo.find_commit(oid?)?;
        let author = commit.author();
        Ok(Commit {
            sha: commit.id().to_string(),
            tree: commit.tree_id().to_string(),
            parents: commit.parent_ids().map(|id| id.to_string()).collect(),
            message: lossy(commit.message_bytes()),
            author: lossy(author.name_bytes()),
            email: lossy(author.email_bytes()),
            at: commit.time().seconds(),
        })
    })
    .collect()
}

fn files(repo: &Repository, base: Oid, head: Oid) -> Result<Vec<FileSpec>> {
    let merge_base = repo.merge_base(base, head)?;
    let old = repo.find_commit(merge_base)?.tree()?;
    let new = repo.find_commit(head)?.tree()?;
    let mut diff = repo.diff_tree_to_tree(Some(&old), Some(&new), None)?;
    diff.find_similar(Some(DiffFindOptions::new().renames(true)))?;
    (0..diff.deltas().len())
        .map(|index| {
            let delta = diff.get_delta(index).context("a delta of the diff")?;
            let path = |file: git2::DiffFile<'_>| lossy(file.path_bytes().unwrap_or_default());
            let (_, additions, deletions) = match Patch::from_diff(&diff, index)? {
                Some(patch) => patch.line_stats()?,
                None => (0, 0, 0),
            };
            let status = match delta.status() {
                Delta::Added => FileStatus::Added,
                Delta::Deleted => FileStatus::Removed,
                Delta::Renamed => FileStatus::Renamed {
                    from: path(delta.old_file()),
                },
                Delta::Copied => FileStatus::Copied {
                    from: path(delta.old_file()),
                },
                Delta::Typechange => FileStatus::Changed,
                _ => FileStatus::Modified,
            };
            Ok(FileSpec {
                path: match status {
                    FileStatus::Removed => path(delta.old_file()),
                    _ => path(delta.new_file()),
                },
                status,
                additions: additions as u64,
                deletions: deletions as u64,
            })
        })
        .collect()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
