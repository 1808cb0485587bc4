//! Between the domain's ids and libgit2's, and reading commits by id.

use git2::{Commit, ErrorCode, ObjectType, Oid, Repository};
use picket_domain::CommitSha;
use picket_treemerge::ObjectId;

use crate::error::{MirrorError, Result};

/// libgit2's name for a commit.
pub fn oid(sha: &CommitSha) -> Oid {
    Oid::from_str(sha.as_str()).expect("a commit id is 40 hexadecimal digits")
}

/// The domain's name for a commit of libgit2's.
pub fn sha(oid: Oid) -> CommitSha {
    CommitSha::parse(&oid.to_string()).expect("libgit2 writes ids as 40 hexadecimal digits")
}

/// The merge engine's name for an object.
pub fn object_id(oid: Oid) -> ObjectId {
    let bytes = oid.as_bytes().try_into();
    ObjectId::from_bytes(bytes.expect("the mirror's ids have twenty bytes"))
}

/// The domain's name for a commit.
pub fn sha_of(id: ObjectId) -> CommitSha {
    CommitSha::parse(&id.to_string()).expect("an id is 40 hexadecimal digits")
}

/// The commit, or `None` where the mirror does not have it.
///
/// # Errors
/// Where the mirror cannot be read.
pub fn find_commit(repo: &Repository, id: Oid) -> Result<Option<Commit<'_>>> {
    found(repo.find_commit(id))
}

/// Whether the mirror has a commit, also one that libgit2 cannot make out.
///
/// # Errors
/// Where the mirror cannot be read.
pub fn has_commit(repo: &Repository, id: Oid) -> Result<bool> {
    Ok(match found(repo.odb()?.read_header(id))? {
        Some((_, kind)) => kind == ObjectType::Commit,
        None => false,
    })
}

/// The commit, which the call cannot do without.
///
/// # Errors
/// Where the mirror cannot be read, or lacks it.
pub fn need_commit<'r>(repo: &'r Repository, id: &CommitSha) -> Result<Commit<'r>> {
    find_commit(repo, oid(id))?.ok_or_else(|| MirrorError::MissingCommit(id.clone()))
}

/// Where a reference stands, or `None` where there is no such reference.
///
/// # Errors
/// Where the mirror cannot be read.
pub fn find_ref(repo: &Repository, name: &str) -> Result<Option<Oid>> {
    found(repo.refname_to_id(name))
}

/// What libgit2 found; `None` where it says that there is no such thing.
pub(crate) fn found<T>(result: std::result::Result<T, git2::Error>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
