//! The mirror of upstream: a bare repository, and the calls that work in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use git2::Repository;
use picket_domain::{Base, BranchName, CommitSha, PrNumber, ReleaseName, Timestamp};
use picket_treemerge::{Kind, Objects as _};

use crate::address::GitAddress;
use crate::base;
use crate::committer::Committer;
use crate::error::{MirrorError, Result, at};
use crate::fetch::{self, Fetched, FetchedBranch, Fetcher, is_fetched};
use crate::git::{Limits, READERS, Reading, WriteLock};
use crate::ids::{find_ref, need_commit, object_id, oid, sha};
use crate::maintenance::{self, Maintained, Size};
use crate::reference::use_objects_of;
use crate::release::{self, PushRefs, Pushed, ReleaseRefs};
use crate::trees;

/// A bare mirror of upstream, with Picket's own branches and tags in it.
///
/// Every call opens the repository anew, so that it may be used from any number of threads. All calls
/// block: on disk, and where they say so on
/// the network.
#[derive(Debug, Clone)]
pub struct Mirror {
    dir: PathBuf,
    upstream: GitAddress,
    committer: Committer,
    limits: Limits,
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
    /// [`MirrorError::Address`] for other addresses, [`MirrorError::NotAMirror`] where the
    /// folder holds something else.
    pub fn open(dir: &Path, upstream: &str) -> Result<Self> {
        Self::open_of(dir, GitAddress::parse(upstream)?)
    }

    /// As [`Mirror::open`], for an address that was checked.
    ///
    /// # Errors
    /// [`MirrorError::NotAMirror`] where the folder holds something else.
    pub fn open_of(dir: &Path, upstream: GitAddress) -> Result<Self> {
        let dir = std::path::absolute(dir).map_err(at(dir))?;
        if is_absent_or_empty(&dir)? {
            create(&dir)?;
        }
        Repository::open_bare(&dir).map_err(|_| MirrorError::NotAMirror(dir.clone()))?;
        Ok(Self {
            dir,
            upstream,
            committer: Committer::default(),
            limits: Limits::default(),
        })
    }

    /// The same mirror with another committer of the commits that it makes. The committer is part
    /// of their ids.
    #[must_use]
    pub fn with_committer(mut self, committer: Committer) -> Self {
        self.committer = committer;
        self
    }

    /// The same mirror with other limits of how long git may take.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Makes the mirror use the objects of a clone on this machine, so that it fetches only what
    /// that one lacks. The clone must stay from then on, and lose no object.
    ///
    /// # Errors
    /// [`MirrorError::NotAReference`] where it is no full clone.
    pub fn use_objects_of(&self, reference: &Path) -> Result<()> {
        use_objects_of(&self.dir, reference)
    }

    /// Fetches those of upstream's branches that have moved, and says of each what came of it. One
    /// that cannot be had does not stop the others. Uses the network.
    ///
    /// # Errors
    /// [`MirrorError::Transport`] where upstream cannot be reached, [`MirrorError::Busy`] where
    /// another writer does not let go of the mirror.
    pub fn fetch_branches(
        &self,
        branches: &[BranchName],
    ) -> Result<BTreeMap<BranchName, FetchedBranch>> {
        self.fetch(&self.upstream, |fetcher| {
            fetch::fetch_branches(fetcher, branches)
        })
    }

    /// Where upstream's branch stood when it was last fetched.
    ///
    /// # Errors
    /// [`MirrorError::Git`] where the mirror cannot be read.
    pub fn branch_tip(&self, branch: &BranchName) -> Result<Option<CommitSha>> {
        let tip = find_ref(&self.repository()?, &fetch::branch_ref(branch))?;
        Ok(tip.map(sha))
    }

    /// Fetches a pull request at this head, and keeps it as `refs/pr/<n>/<head>`, also when the
    /// pull request moves on. Uses the network only where the mirror lacks it.
    ///
    /// # Errors
    /// As of [`Mirror::fetch_branches`].
    pub fn fetch_pull_request(&self, pr: PrNumber, head: &CommitSha) -> Result<Fetched> {
        if is_fetched(&self.repository()?, pr, head)? {
            return Ok(Fetched::Present);
        }
        let fetch = |fetcher: &Fetcher<'_>| fetch::fetch_pull_request(fetcher, pr, head);
        self.fetch(&self.upstream, fetch)
    }

    /// Fetches the branch on which somebody resolved a pull request's conflicts, and returns where
    /// it stands. The last one of each pull request is kept. Uses the network.
    ///
    /// # Errors
    /// [`MirrorError::NoBranch`] where the remote does not have it, and as of
    /// [`Mirror::fetch_branches`].
    pub fn fetch_resolution(
        &self,
        remote: &GitAddress,
        pr: PrNumber,
        branch: &BranchName,
    ) -> Result<CommitSha> {
        let fetch = |fetcher: &Fetcher<'_>| fetch::fetch_resolution(fetcher, pr, branch);
        self.fetch(remote, fetch).map(sha)
    }

    /// Fetches back a release's commit that the mirror has lost, from where it was pushed to: by
    /// its tag, or by its id. Uses the network.
    ///
    /// # Errors
    /// As of [`Mirror::fetch_branches`].
    pub fn fetch_release(
        &self,
        remote: &GitAddress,
        tag: &ReleaseName,
        rev: &CommitSha,
    ) -> Result<Fetched> {
        self.fetch(remote, |fetcher| release::fetch_release(fetcher, tag, rev))
    }

    pub(crate) fn fetch<T>(
        &self,
        from: &GitAddress,
        fetch: impl FnOnce(&Fetcher<'_>) -> Result<T>,
    ) -> Result<T> {
        let lock = self.write_lock()?;
        fetch(&Fetcher {
            repo: &self.repository()?,
            mirror: &self.dir,
            lock: &lock,
            from,
            limits: self.limits,
        })
    }

    /// Whether the mirror has a commit, and its tree.
    ///
    /// # Errors
    /// [`MirrorError::Git`] where the mirror cannot be read.
    pub fn has_commit(&self, rev: &CommitSha) -> Result<bool> {
        let repo = self.repository()?;
        let commit = crate::ids::find_commit(&repo, oid(rev))?;
        Ok(commit.is_some_and(|commit| commit.tree().is_ok()))
    }

    /// What Picket records of a base, whose branch was fetched before.
    ///
    /// # Errors
    /// [`MirrorError::MissingCommit`] where it was not, [`MirrorError::Version`] where the commit's
    /// tree is not nixpkgs.
    pub fn base(&self, rev: &CommitSha, seen_at: Timestamp) -> Result<Base> {
        base::base(&self.repository()?, (&self.dir, self.limits), rev, seen_at)
    }

    /// Writes a release's commit: the tip's tree, with the parents (previous release, tip), or only
    /// the tip for a first release. Equal arguments give an equal commit.
    ///
    /// # Errors
    /// [`MirrorError::MissingCommit`] where the mirror lacks a parent.
    pub fn release_commit(
        &self,
        previous: Option<&CommitSha>,
        tip: &CommitSha,
        message: &str,
    ) -> Result<CommitSha> {
        // Upkeep takes away the folders of objects that are empty.
        let _reading = self.reading()?;
        release::release_commit(&self.repository()?, &self.committer, previous, tip, message)
    }

    /// Puts a release's tag and the channel's branch in their places in the mirror. The database
    /// says where that is: what stands elsewhere is moved.
    ///
    /// # Errors
    /// [`MirrorError::MissingCommit`] where the mirror lacks the release's commit.
    pub fn set_release_refs(&self, refs: &ReleaseRefs) -> Result<()> {
        let lock = self.write_lock()?;
        release::set_release_refs(&self.repository()?, &lock, refs)
    }

    /// Puts a channel's branch and its releases' tags on a remote. The branch only fast-forwards;
    /// where it contains the release already, it stays. Tags never move. What a push left half done
    /// is found out by looking, and done. Uses the network.
    ///
    /// # Errors
    /// [`MirrorError::MissingCommit`] where the mirror lacks a commit. What the remote makes of it
    /// is no error but an outcome.
    pub fn push_refs(&self, remote: &GitAddress, refs: &PushRefs) -> Result<Pushed> {
        let lock = self.write_lock()?;
        let push = release::Push {
            repo: &self.repository()?,
            mirror: &self.dir,
            limits: self.limits,
            remote,
            refs,
        };
        release::push_refs(&push, &lock)
    }

    /// Puts the mirror's objects in order, for as long as [`Limits::local`] allows each step: packs
    /// what is loose, rolls small packs into larger ones, writes what makes history quick to walk,
    /// and drops what nothing refers to and is older than two weeks. The commits of `keep` are kept
    /// with all that they consist of; so is what any reference leads to. May be killed at any
    /// moment, and then goes on at the next call.
    ///
    /// # Errors
    /// [`MirrorError::Transport`] where git fails, [`MirrorError::Busy`] where another writer does
    /// not let go of the mirror.
    pub fn maintain(&self, keep: &BTreeSet<CommitSha>) -> Result<Maintained> {
        let lock = self.write_lock()?;
        maintenance::maintain(&self.repository()?, &self.dir, (&lock, self.limits), keep)
    }

    /// Lets go of all heads of these pull requests, which nobody needs any more.
    ///
    /// # Errors
    /// [`MirrorError::Git`] where the mirror cannot be written.
    pub fn forget_pull_requests(&self, prs: &[PrNumber]) -> Result<usize> {
        let lock = self.write_lock()?;
        maintenance::forget_pull_requests(&self.repository()?, &lock, prs)
    }

    /// How large the mirror is.
    ///
    /// # Errors
    /// [`MirrorError::Transport`] where git cannot tell.
    pub fn size(&self) -> Result<Size> {
        maintenance::size(&self.repository()?, &self.dir, self.limits)
    }

    /// Writes a commit's tree to a new folder: all of it or, where that fails, nothing. What is
    /// there already is left as it is.
    ///
    /// # Errors
    /// [`MirrorError::UnwritableTree`] where the tree is to blame, whatever the machine;
    /// [`MirrorError::File`] where the folder cannot be written.
    pub fn export(&self, rev: &CommitSha, dest: &Path) -> Result<()> {
        let _reading = self.reading()?;
        trees::export(&self.repository()?, rev, dest)
    }

    /// A file of a commit; `None` where it has none at this path, or a longer one than `most` bytes.
    ///
    /// # Errors
    /// [`MirrorError::MissingCommit`] where the mirror lacks the commit.
    pub fn file(&self, rev: &CommitSha, path: &str, most: u64) -> Result<Option<Vec<u8>>> {
        let _reading = self.reading()?;
        let tree = object_id(need_commit(&self.repository()?, rev)?.tree_id());
        let objects = self.objects()?;
        let file = trees::entry_at(&objects, tree, path.as_bytes())?;
        match file.filter(|it| it.mode.is_regular()) {
            Some(file) if objects.blob_size(&file.id)? <= most => {
                Ok(Some(objects.read(&file.id, Kind::Blob)?.to_vec()))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// The repository, for one call.
    ///
    /// # Errors
    /// [`MirrorError::Git`] where it cannot be opened.
    pub fn repository(&self) -> Result<Repository> {
        Ok(Repository::open_bare(&self.dir)?)
    }

    /// Its objects, for one call: what is fetched later is not seen.
    ///
    /// # Errors
    /// [`MirrorError::Unreadable`] where they cannot be opened.
    pub fn objects(&self) -> Result<picket_treemerge::Repository> {
        picket_treemerge::Repository::open(&self.dir).map_err(|error| MirrorError::Unreadable {
            reason: error.to_string(),
        })
    }

    /// Keeps what is in the mirror where it is, for as long as the answer lives.
    ///
    /// # Errors
    /// [`MirrorError::Busy`] where upkeep does not end.
    pub fn reading(&self) -> Result<Reading> {
        Reading::start(&self.dir, self.limits.lock)
    }

    pub(crate) fn write_lock(&self) -> Result<WriteLock> {
        WriteLock::take(&self.dir, self.limits.lock)
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Who makes the commits in it.
    pub fn committer(&self) -> &Committer {
        &self.committer
    }

    /// How long git may take in it.
    pub fn limits(&self) -> Limits {
        self.limits
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
    let readers = new.join(READERS);
    fs::write(&readers, "").map_err(at(readers))?;
    fs::rename(&new, dir).map_err(at(dir))
}
