//! The mirror of upstream: a bare repository, and the calls that work in it.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::Repository;
use picket_domain::{
    ApprovedPick, Assembly, Base, BranchName, Candidate, ChainSpec, CommitSha, ContentId, PatchId,
    PickOutcome, PickResult, PrNumber, ResolvedSet, Timestamp,
};

use crate::chain::Chain;
use crate::commit::Committer;
use crate::diff::{Diff, diff};
use crate::error::{MergeError, Result, at};
use crate::fetch::{self, Fetched};
use crate::history::Histories;
use crate::ids::{find_ref, need_commit, sha};
use crate::publish::{PublishRefs, publish_refs};
use crate::remote::RemoteUrl;
use crate::{base, export, release, source};

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
    histories: Arc<Histories>,
}

/// What people made of conflicting files, by the hash under which it is kept.
pub type Contents = BTreeMap<ContentId, Vec<u8>>;

/// What came of looking at one pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessed {
    /// Whether and how it picks.
    pub outcome: PickOutcome,
    /// What each picked commit changes, for people: as `git diff` prints it, with three lines of
    /// context, without numbers of lines and without renames. At most 64 KiB each; one that is cut
    /// says so in its last line.
    pub patches: BTreeMap<PatchId, String>,
}

/// What came of making a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    /// What came of each pick.
    pub assembly: Assembly,
    /// What each picked commit changes, as in [`Assessed::patches`].
    pub patches: BTreeMap<PatchId, String>,
}

/// What libgit2 and git find in the mirror's own configuration. Everything that a user's or a
/// system's configuration could change in a merge is set here, because libgit2 reads those too.
const CONFIG: [(&str, &str); 6] = [
    ("core.attributesFile", "/dev/null"),
    // A deterministic object that a power cut left empty would never be written again.
    ("core.fsyncObjectFiles", "true"),
    ("fetch.writeCommitGraph", "true"),
    ("gc.auto", "0"),
    ("gc.pruneExpire", "never"),
    ("merge.default", "text"),
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

    /// Whether and how a candidate, at its present head, picks onto a base. Nothing is written to
    /// the mirror: the commits that the outcome names exist only once a chain is assembled, and
    /// then with approvals and so with other ids.
    ///
    /// # Errors
    /// [`MergeError::MissingCommit`] where the base was not fetched, [`MergeError::Mirror`] where
    /// the mirror cannot be read.
    pub fn assess(
        &self,
        base: &CommitSha,
        candidate: &Candidate,
        resolved: &ResolvedSet,
        contents: &Contents,
    ) -> Result<Assessed> {
        let repo = self.repository()?;
        let odb = repo.odb()?;
        let _in_memory = odb.add_new_mempack_backend(i32::MAX)?;
        let commit = need_commit(&repo, base)?;
        let pick = ApprovedPick {
            pr: candidate.pr,
            head: candidate.head.clone(),
            approvals: Vec::new(),
            approved_at: Timestamp::from_unix(commit.time().seconds()),
            resolved: resolved.clone(),
        };
        let mut chain = Chain::new(&repo, &self.committer, &commit, contents);
        let outcome = self.pick(&repo, &mut chain, base, &pick, candidate)?;
        let patches = chain.texts;
        Ok(Assessed { outcome, patches })
    }

    /// Makes the picks of a chain in order, each on those before it. One that does not apply is
    /// set aside as a whole and the chain goes on without it. Equal specs and upstream histories
    /// give equal commits.
    ///
    /// # Errors
    /// [`MergeError::MissingCommit`] where the base was not fetched,
    /// [`MergeError::UnknownCandidate`] where a pick's candidate is not handed over,
    /// [`MergeError::Mirror`] where the mirror cannot be read or written.
    pub fn assemble(
        &self,
        spec: &ChainSpec,
        candidates: &BTreeMap<PrNumber, Candidate>,
        contents: &Contents,
    ) -> Result<Assembled> {
        let repo = self.repository()?;
        let base = need_commit(&repo, &spec.base)?;
        let mut chain = Chain::new(&repo, &self.committer, &base, contents);
        let mut picks = Vec::with_capacity(spec.picks.len());
        for (done, pick) in (1..).zip(&spec.picks) {
            let unknown = || MergeError::UnknownCandidate(pick.pr);
            let candidate = candidates.get(&pick.pr).ok_or_else(unknown)?;
            let outcome = self.pick(&repo, &mut chain, &spec.base, pick, candidate)?;
            let (pr, of, what) = (pick.pr, spec.picks.len(), told(&outcome));
            tracing::info!(
                target: "picket::progress",
                channel = %spec.channel, pr = pr.0, done, of,
                "pick {done} of {of}: #{pr} {what}"
            );
            picks.push(PickResult {
                pr,
                head: pick.head.clone(),
                outcome,
            });
        }
        let (assembly, patches) = (Assembly { picks }, chain.texts);
        Ok(Assembled { assembly, patches })
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
        let repo = self.repository()?;
        if !fetch::is_fetched(&repo, candidate.pr, &candidate.head)? {
            return Err(MergeError::MissingCommit(candidate.head.clone()));
        }
        match self.source(&repo, candidate, &candidate.head)? {
            Ok(source) => diff(&repo, source.from, &candidate.head),
            Err(_) => Ok(Diff::default()),
        }
    }

    fn pick(
        &self,
        repo: &Repository,
        chain: &mut Chain<'_>,
        base: &CommitSha,
        pick: &ApprovedPick,
        candidate: &Candidate,
    ) -> Result<PickOutcome> {
        let source = match self.source(repo, candidate, &pick.head)? {
            Ok(source) => source,
            Err(source::NoSource(reason)) => return Ok(PickOutcome::Unavailable { reason }),
        };
        let known = self
            .histories
            .known(repo, crate::ids::oid(base), source.branch)?;
        chain.pick(pick, &source, &known)
    }

    fn source(
        &self,
        repo: &Repository,
        candidate: &Candidate,
        head: &CommitSha,
    ) -> Result<std::result::Result<source::Source, source::NoSource>> {
        let branch = find_ref(repo, &fetch::branch_ref(&candidate.base_branch))?;
        source::find(repo, candidate, head, branch)
    }

    fn repository(&self) -> Result<Repository> {
        Ok(Repository::open_bare(&self.dir)?)
    }
}

fn told(outcome: &PickOutcome) -> &'static str {
    match outcome {
        PickOutcome::Picked { .. } => "picked",
        PickOutcome::Contained => "is in the base already",
        PickOutcome::Conflict { .. } => "conflicts and is set aside",
        PickOutcome::Disputed { .. } => "is merged otherwise by git and is set aside",
        PickOutcome::Unavailable { .. } => "cannot be picked and is set aside",
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
