//! Between the domain's ids and libgit2's, and reading commits by id.

use git2::{Commit, ErrorCode, Oid, Repository};
use picket_domain::CommitSha;
use picket_treemerge::ObjectId;

use crate::error::{MergeError, Result};

pub(crate) fn oid(sha: &CommitSha) -> Oid {
    Oid::from_str(sha.as_str()).expect("a commit id is 40 hexadecimal digits")
}

pub(crate) fn sha(oid: Oid) -> CommitSha {
    CommitSha::parse(&oid.to_string()).expect("libgit2 writes ids as 40 hexadecimal digits")
}

/// The merge engine's name for an object.
pub(crate) fn object_id(oid: Oid) -> ObjectId {
    let bytes = oid.as_bytes().try_into();
    ObjectId::from_bytes(bytes.expect("the mirror's ids have twenty bytes"))
}

/// The domain's name for a commit.
pub(crate) fn sha_of(id: ObjectId) -> CommitSha {
    CommitSha::parse(&id.to_string()).expect("an id is 40 hexadecimal digits")
}

/// The commit, or `None` where the mirror does not have it.
pub(crate) fn find_commit(repo: &Repository, id: Oid) -> Result<Option<Commit<'_>>> {
    found(repo.find_commit(id))
}

/// The commit, which the call cannot do without.
pub(crate) fn need_commit<'r>(repo: &'r Repository, id: &CommitSha) -> Result<Commit<'r>> {
    find_commit(repo, oid(id))?.ok_or_else(|| MergeError::MissingCommit(id.clone()))
}

/// Where a reference stands, or `None` where there is no such reference.
pub(crate) fn find_ref(repo: &Repository, name: &str) -> Result<Option<Oid>> {
    found(repo.refname_to_id(name))
}

/// Whether `commit`'s history, itself included, has `ancestor`.
pub(crate) fn contains(repo: &Repository, commit: Oid, ancestor: Oid) -> Result<bool> {
    // libgit2's own `graph_descendant_of` looks at the whole history where the answer is no.
    Ok(commit == ancestor || found(repo.merge_base(commit, ancestor))? == Some(ancestor))
}

fn found<T>(result: std::result::Result<T, git2::Error>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
