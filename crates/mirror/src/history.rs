//! Histories, also such as have commits in them that libgit2 cannot make out.
//!
//! Git takes commits whose author or committer line is not as it should be, and so old repositories
//! have some. libgit2 gives up a whole walk at one. It is the faster of the two, so it is asked
//! first, and git where it fails.

use git2::{ErrorCode, ObjectType, Oid, Repository, Sort};
use picket_treemerge::{Commit, ObjectId};

use crate::error::{MirrorError, Result};
use crate::git::{Git, Limits};
use crate::ids::{found, sha};

/// A commit as it is written, whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawCommit {
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents, in their order.
    pub parents: Vec<Oid>,
    /// Its message; in which encoding is not known.
    pub message: Vec<u8>,
}

impl RawCommit {
    /// Reads a commit.
    ///
    /// # Errors
    /// Where the mirror cannot be read, or has no such commit.
    pub fn read(repo: &Repository, id: Oid) -> Result<Self> {
        let missing = || MirrorError::MissingCommit(sha(id));
        let odb = repo.odb()?;
        let object = found(odb.read(id))?.ok_or_else(missing)?;
        if object.kind() != ObjectType::Commit {
            return Err(missing());
        }
        let commit = Commit::parse(object.data()).ok_or_else(missing)?;
        let parents = commit
            .parents
            .iter()
            .map(|id| Oid::from_bytes(id.as_bytes()));
        Ok(Self {
            tree: commit.tree,
            parents: parents.collect::<std::result::Result<_, _>>()?,
            message: object.data()[commit.message_at.min(object.data().len())..].to_vec(),
        })
    }
}

/// The commits that are in the histories of `from` and in none of `without`: at most `most`, each
/// before its parents.
///
/// # Errors
/// Where the mirror cannot be read.
pub fn walk(repo: &Repository, from: &[Oid], without: &[Oid], most: usize) -> Result<Vec<Oid>> {
    match walk_by_libgit2(repo, from, without, most) {
        Ok(commits) => Ok(commits),
        Err(error) => walk_by_git(repo, from, without, most).map_err(|_| error),
    }
}

fn walk_by_libgit2(
    repo: &Repository,
    from: &[Oid],
    without: &[Oid],
    most: usize,
) -> Result<Vec<Oid>> {
    let mut walk = repo.revwalk()?;
    walk.set_sorting(Sort::TOPOLOGICAL)?;
    from.iter().try_for_each(|id| walk.push(*id))?;
    without.iter().try_for_each(|id| walk.hide(*id))?;
    let commits: std::result::Result<_, _> = walk.take(most).collect();
    Ok(commits?)
}

fn walk_by_git(repo: &Repository, from: &[Oid], without: &[Oid], most: usize) -> Result<Vec<Oid>> {
    let listed = Git::local(repo.path(), "rev-list", Limits::default())
        .args(["--topo-order".to_owned(), format!("--max-count={most}")])
        .args(from.iter().map(Oid::to_string))
        .args(without.iter().map(|id| format!("^{id}")))
        .output()?;
    Ok(ids(&listed))
}

/// The best common ancestors of two commits; none where they have none in common.
///
/// # Errors
/// Where the mirror cannot be read.
pub fn merge_bases(repo: &Repository, one: Oid, other: Oid) -> Result<Vec<Oid>> {
    match repo.merge_bases(one, other) {
        Ok(bases) => Ok(bases.iter().copied().collect()),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(Vec::new()),
        Err(error) => match by_merge_base(repo, "--all", &[one, other]) {
            Ok(listed) => Ok(listed.as_deref().map(ids).unwrap_or_default()),
            Err(_) => Err(error.into()),
        },
    }
}

/// Whether `commit`'s history, itself included, has `ancestor`.
///
/// # Errors
/// Where the mirror cannot be read.
pub fn contains(repo: &Repository, commit: Oid, ancestor: Oid) -> Result<bool> {
    if commit == ancestor {
        return Ok(true);
    }
    // libgit2's own `graph_descendant_of` looks at the whole history where the answer is no.
    match found(repo.merge_base(commit, ancestor)) {
        Ok(base) => Ok(base == Some(ancestor)),
        Err(error) => match by_merge_base(repo, "--is-ancestor", &[ancestor, commit]) {
            Ok(yes) => Ok(yes.is_some()),
            Err(_) => Err(error),
        },
    }
}

/// Asks git about two commits; `None` where its answer is no, or that there is nothing.
fn by_merge_base(repo: &Repository, how: &str, commits: &[Oid; 2]) -> Result<Option<Vec<u8>>> {
    let git = Git::local(repo.path(), "merge-base", Limits::default());
    let mut git = git.args([how]).args(commits.iter().map(Oid::to_string));
    let output = git.run()?;
    match output.status.code() {
        Some(1) => Ok(None),
        _ => git.checked(output).map(Some),
    }
}

fn ids(lines: &[u8]) -> Vec<Oid> {
    let lines = String::from_utf8_lossy(lines);
    lines
        .lines()
        .filter_map(|line| Oid::from_str(line).ok())
        .collect()
}
