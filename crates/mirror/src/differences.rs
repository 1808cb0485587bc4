//! What leads from one commit to another: for a page, and as a file.

use git2::{Oid, Repository};
use picket_domain::CommitSha;

use crate::error::{MirrorError, Result};
use crate::ids::{object_id, oid};
use crate::mirror::Mirror;
use crate::trees::{self, Diff};

impl Mirror {
    /// What leads from a commit, or from nothing, to another one, for a page.
    ///
    /// # Errors
    /// [`MirrorError::MissingCommit`] where the mirror lacks it.
    pub fn diff_between(&self, from: Option<Oid>, to: &CommitSha) -> Result<Diff> {
        let _reading = self.reading()?;
        let repo = self.repository()?;
        match self.are_too_many(&repo, from, to)? {
            false => trees::diff(&repo, from, to),
            true => Ok(Diff::of_too_many()),
        }
    }

    /// The same as a patch that `git apply` takes; `None` where it has more than `most` bytes, or more
    /// files than are looked at.
    ///
    /// # Errors
    /// [`MirrorError::MissingCommit`] where the mirror lacks it.
    pub fn patch_between(
        &self,
        from: Option<Oid>,
        to: &CommitSha,
        most: usize,
    ) -> Result<Option<Vec<u8>>> {
        let _reading = self.reading()?;
        let repo = self.repository()?;
        match self.are_too_many(&repo, from, to)? {
            false => trees::patch(&repo, from, to, most),
            true => Ok(None),
        }
    }

    /// Whether more files change than can be looked at.
    fn are_too_many(&self, repo: &Repository, from: Option<Oid>, to: &CommitSha) -> Result<bool> {
        let objects = self.objects()?;
        let tree = |id: Oid| Ok::<_, MirrorError>(object_id(repo.find_commit(id)?.tree_id()));
        let start = from.map_or(Ok(picket_treemerge::ObjectId::EMPTY_TREE), tree)?;
        Ok(trees::changes(&objects, start, tree(oid(to))?)?.is_none())
    }
}
