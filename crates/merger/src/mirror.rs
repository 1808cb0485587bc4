//! The mirror of upstream: a bare repository, and the calls that work in it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::Repository;
use picket_domain::{Base, BranchName, Candidate, CommitSha, PrNumber, Timestamp};
use picket_treemerge::NewObjects;

use crate::commit::Committer;
use crate::diff::{Diff, diff};
use crate::engine::{Engine, treemerge};
use crate::error::{MergeError, Result, at};
use crate::fetch::{self, Fetched};
use crate::history::Histories;
use crate::ids::{find_ref, need_commit, oid, sha};
use crate::opened::Opened;
use crate::publish::{PublishRefs, publish_refs};
use crate::reference::use_objects_of;
use crate::remote::RemoteUrl;
use crate::{base, export, patch, release, source};

/// A bare mirror of upstream, with Picket's own branches and tags in it.
///
/// Clones share one memory of what they have read; every call opens the repository anew, so that
/// they may be used from any number of threads. All calls block: on disk, and where they say so on
/// the network.
#[derive(Debug, Clone)]
pub struct Mirror {
    dir: PathBuf,
    upstream: RemoteUrl,
    committer: Committer,
    engine: Engine,
    histories: Arc<Histories>,
}

/// What libgit2 and git find in the mirror's own configuration. Whatever a user's or a system's
/// configuration could change is set here, because libgit2 reads those too.
const CONFIG: [(&str, &str); 5] = [
    ("core.attributesFile", "/dev/null"),
    // A deterministic object that a power cut left empty would never be written again.
    ("core.fsyncObjectFiles", "true"),
    ("fetch.writeCommitGraph", "true"),
    ("gc.auto", "0"),
    ("gc.pruneExpire", "never"),
];

impl Mirror {
    /// Opens the mirror in this folder, and makes an empty one where there is none. `upstream` is
    /// the address that is fetched from: an `https`, `http`, `ssh` or `file` URL, or an absolute
    /// path.
    ///
    /// # Errors
    /// [`MergeError::RemoteRefused`] for other addresses, [`MergeError::NotAMirror`] where the
    /// folder holds something else.
    pub fn open(dir: &Path, upstream: &str) -> Result<Self> {
        let upstream = RemoteUrl::parse(upstream)?;
        let dir = std::path::absolute(dir).map_err(at(dir))?;
        if is_absent_or_empty(&dir)? {
            create(&dir)?;
        }
        Repository::open_bare(&dir).map_err(|_| MergeError::NotAMirror(dir.clone()))?;
        let (committer, histories) = (Committer::default(), Arc::default());
        Ok(Self {
            dir,
            upstream,
            committer,
            engine: treemerge,
            histories,
        })
    }

    /// The same mirror with another committer of the commits that it makes. The committer is part
    /// of their ids.
    #[must_use]
    pub fn with_committer(mut self, committer: Committer) -> Self {
        self.committer = committer;
        self
    }

    /// The same mirror with another merge engine. What it makes is released only where git makes
    /// the same.
    #[must_use]
    pub fn with_engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// Makes the mirror use the objects of a clone on this machine, so that it fetches only what
    /// that one lacks. The clone must stay from then on, and lose no object.
    ///
    /// # Errors
    /// [`MergeError::NotAReference`] where it is no full clone.
    pub fn use_objects_of(&self, reference: &Path) -> Result<()> {
        use_objects_of(&self.dir, reference)
    }

    /// Fetches upstream's branches to `refs/upstream/<branch>` and returns those that upstream does
    /// not have; one that it had before stays as it was. Uses the network.
    ///
    /// # Errors
    /// [`MergeError::Transport`] where upstream cannot be reached.
    pub fn fetch_branches(&self, branches: &[BranchName]) -> Result<Vec<BranchName>> {
        fetch::branches(&self.dir, &self.upstream, branches)
    }

    /// Where upstream's branch stood when it was last fetched.
    ///
    /// # Errors
    /// [`MergeError::Mirror`] where the mirror cannot be read.
    pub fn branch_tip(&self, branch: &BranchName) -> Result<Option<CommitSha>> {
        let tip = find_ref(&self.repository()?, &fetch::branch_ref(branch))?;
        Ok(tip.map(sha))
    }

    /// Fetches a pull request at this head, and keeps it as `refs/pr/<n>/<head>` for ever, also
    /// when the pull request moves on. Uses the network only where the mirror lacks it.
    ///
    /// # Errors
    /// [`MergeError::Transport`] where upstream cannot be reached.
    pub fn fetch_pull_request(&self, pr: PrNumber, head: &CommitSha) -> Result<Fetched> {
        fetch::pull_request(&self.dir, &self.upstream, pr, head)
    }

    /// What Picket records of a base, whose branch was fetched before.
    ///
    /// # Errors
    /// [`MergeError::MissingCommit`] where it was not, [`MergeError::Version`] where the commit's
    /// tree is not nixpkgs.
    pub fn base(&self, rev: &CommitSha, seen_at: Timestamp) -> Result<Base> {
        base::base(&self.repository()?, &self.dir, rev, seen_at)
    }

    /// Writes a release's commit: the tip's tree, with the parents (previous release, tip), or only
    /// the tip for a first release. Equal arguments give an equal commit.
    ///
    /// # Errors
    /// [`MergeError::MissingCommit`] where the mirror lacks a parent.
    pub fn release_commit(
        &self,
        previous: Option<&CommitSha>,
        tip: &CommitSha,
        message: &str,
    ) -> Result<CommitSha> {
        release::release_commit(&self.repository()?, &self.committer, previous, tip, message)
    }

    /// Puts a release's tag and the channel's branch in their places, first in the mirror, then on
    /// the remote, if one is given. The branch only fast-forwards; where it contains the release
    /// already, it stays. What a push left half done is found out by looking, and done. Uses the
    /// network if a remote is given.
    ///
    /// # Errors
    /// [`MergeError::NotFastForward`] and [`MergeError::TagTaken`] where somebody else moved the
    /// branch or used the tag, [`MergeError::Transport`] where the remote refused or cannot be
    /// reached.
    pub fn publish_refs(&self, refs: &PublishRefs) -> Result<()> {
        publish_refs(&self.repository()?, &self.dir, refs)
    }

    /// Writes a commit's tree to a new folder: all of it or, where that fails, nothing. What is
    /// there already is left as it is.
    ///
    /// # Errors
    /// [`MergeError::UnsafePath`] where the tree holds a path such as `.git` or `..`,
    /// [`MergeError::File`] where the folder cannot be written.
    pub fn export(&self, rev: &CommitSha, dest: &Path) -> Result<()> {
        export::export(&self.repository()?, rev, dest)
    }

    /// What a candidate changes at its present head, all its commits taken together.
    ///
    /// # Errors
    /// [`MergeError::MissingCommit`] where the head was not fetched.
    pub fn diff(&self, candidate: &Candidate) -> Result<Diff> {
        let opened = self.opened()?;
        let (repo, head) = (&opened.repo, &candidate.head);
        if !fetch::is_fetched(repo, candidate.pr, head)? {
            return Err(MergeError::MissingCommit(head.clone()));
        }
        let Ok(source) = self.source(repo, candidate, head)? else {
            return Ok(Diff::default());
        };
        match opened.change(source.from, oid(head))? {
            Some(_) => diff(repo, source.from, head),
            None => Ok(Diff::of_too_many()),
        }
    }

    /// What one commit changes against its first parent, for people: as the texts of
    /// [`Assessed::patches`](crate::Assessed::patches), so that the two can be compared.
    ///
    /// # Errors
    /// [`MergeError::MissingCommit`] where it was not fetched.
    pub fn patch(&self, commit: &CommitSha) -> Result<String> {
        let opened = self.opened()?;
        let found = need_commit(&opened.repo, commit)?;
        match opened.change_of(&found)? {
            Some(change) => patch::text(&opened.with(&NewObjects::default()), &change.changes),
            None => Ok("(more than can be shown)\n".to_owned()),
        }
    }

    pub(crate) fn source(
        &self,
        repo: &Repository,
        candidate: &Candidate,
        head: &CommitSha,
    ) -> Result<std::result::Result<source::Source, source::NoSource>> {
        let branch = find_ref(repo, &fetch::branch_ref(&candidate.base_branch))?;
        source::find(repo, candidate, head, branch)
    }

    pub(crate) fn repository(&self) -> Result<Repository> {
        Ok(Repository::open_bare(&self.dir)?)
    }

    /// The mirror as it is now, for one call.
    pub(crate) fn opened(&self) -> Result<Opened> {
        Opened::new(&self.dir, self.engine)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn committer(&self) -> &Committer {
        &self.committer
    }

    pub(crate) fn histories(&self) -> &Histories {
        &self.histories
    }
}

fn is_absent_or_empty(dir: &Path) -> Result<bool> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(at(dir)(error)),
    }
}

/// Makes the repository beside its place and moves it there when it is whole.
fn create(dir: &Path) -> Result<()> {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = dir.with_file_name(name);
    match fs::remove_dir_all(&new) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(at(new)(error)),
    }
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).map_err(at(parent))?;
    }
    let mut options = git2::RepositoryInitOptions::new();
    options
        .bare(true)
        .external_template(false)
        .initial_head("picket");
    let mut config = Repository::init_opts(&new, &options)?.config()?;
    for (key, value) in CONFIG {
        config.set_str(key, value)?;
    }
    fs::rename(&new, dir).map_err(at(dir))
}
