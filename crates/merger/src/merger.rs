//! A mirror in which pull requests are picked.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use git2::{Oid, Repository};
use picket_domain::{Candidate, CommitSha};
use picket_mirror::{Committer, Diff, Mirror, MirrorError, is_fetched, need_commit};
use picket_treemerge::NewObjects;

use crate::engine::{Engine, treemerge};
use crate::error::Result;
use crate::history::known::{Histories, Known};
use crate::history::source::{self, NoSource, Source};
use crate::patch;
use crate::pick::fault::own_fault;
use crate::snapshot::Snapshot;

/// A mirror in which pull requests are picked, and all that a [`Mirror`] is besides.
///
/// Clones share one memory of what they have read. All calls block: on disk, and where they say so
/// on the network.
#[derive(Debug, Clone)]
pub struct Merger {
    mirror: Mirror,
    engine: Engine,
    histories: Arc<Histories>,
}

impl Deref for Merger {
    type Target = Mirror;

    fn deref(&self) -> &Mirror {
        &self.mirror
    }
}

impl Merger {
    /// Picks in this mirror.
    #[must_use]
    pub fn new(mirror: Mirror) -> Self {
        Self {
            mirror,
            engine: treemerge,
            histories: Arc::default(),
        }
    }

    /// Picks in the mirror in this folder, as of [`Mirror::open`].
    ///
    /// # Errors
    /// As of [`Mirror::open`].
    pub fn open(dir: &Path, upstream: &str) -> Result<Self> {
        Ok(Self::new(Mirror::open(dir, upstream)?))
    }

    /// The same merger with another committer of the commits that it makes. The committer is part
    /// of their ids.
    #[must_use]
    pub fn with_committer(mut self, committer: Committer) -> Self {
        self.mirror = self.mirror.with_committer(committer);
        self
    }

    /// The same merger with another merge engine. What it makes is released only where git makes
    /// the same.
    #[must_use]
    pub fn with_engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// What a candidate changes at its present head, all its commits taken together.
    ///
    /// # Errors
    /// [`MirrorError::MissingCommit`] where the head was not fetched.
    pub fn diff(&self, candidate: &Candidate) -> Result<Diff> {
        let (repo, head) = (self.repository()?, &candidate.head);
        if !is_fetched(&repo, candidate.pr, head)? {
            return Err(MirrorError::MissingCommit(head.clone()).into());
        }
        match self.source(&repo, candidate, head)? {
            Ok(source) => Ok(self.diff_between(source.from, head)?),
            Err(NoSource(_)) => Ok(Diff::default()),
        }
    }

    /// The same as a patch that `git apply` takes; `None` where it has more than `most` bytes, or where
    /// the candidate's commits cannot be told.
    ///
    /// # Errors
    /// [`MirrorError::MissingCommit`] where the head was not fetched.
    pub fn whole_patch(&self, candidate: &Candidate, most: usize) -> Result<Option<Vec<u8>>> {
        let (repo, head) = (self.repository()?, &candidate.head);
        if !is_fetched(&repo, candidate.pr, head)? {
            return Err(MirrorError::MissingCommit(head.clone()).into());
        }
        let patch = || match self.source(&repo, candidate, head)? {
            Ok(source) => Ok(self.patch_between(source.from, head, most)?),
            Err(NoSource(_)) => Ok(None),
        };
        // Objects that are at fault have no text, and are no fault of this service.
        Ok(own_fault(patch())?.unwrap_or(None))
    }

    /// What one commit changes against its first parent, for people: as the texts of
    /// [`Assessed::patches`](crate::Assessed::patches), so that the two can be compared.
    ///
    /// # Errors
    /// [`MirrorError::MissingCommit`] where it was not fetched.
    pub fn patch(&self, commit: &CommitSha) -> Result<String> {
        let snapshot = self.snapshot()?;
        let found = need_commit(&snapshot.repo, commit)?;
        match snapshot.change_of(&found)? {
            Some(change) => patch::text(&snapshot.with(&NewObjects::default()), &change.changes),
            None => Ok("(more than can be shown)\n".to_owned()),
        }
    }

    pub(crate) fn source(
        &self,
        repo: &Repository,
        candidate: &Candidate,
        head: &CommitSha,
    ) -> Result<std::result::Result<Source, NoSource>> {
        let branch = self.branch_tip(&candidate.base_branch)?;
        let branch = branch.as_ref().map(picket_mirror::oid);
        source::find(repo, candidate, head, branch)
    }

    /// The mirror as it is now, for one call.
    pub(crate) fn snapshot(&self) -> Result<Snapshot> {
        Snapshot::new(self, self.engine)
    }

    /// What `base` has that `branch`, the tip of a development branch, lacks.
    pub(crate) fn known<'r>(
        &self,
        repo: &'r Repository,
        base: Oid,
        branch: Oid,
    ) -> Result<Known<'r>> {
        self.histories.known(repo, base, branch)
    }
}
